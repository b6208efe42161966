"""What searches cost, measured in a process of their own: with a fresh memory, and numpy on one thread.

Everything that is compared takes turns, so that a busy neighbour slows all alike; figures are medians.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Template
from recognizance.errors import RecognizanceError
from recognizance.gallery import ScanGallery
from recognizance.gallery.kernels import prepare
from recognizance.gallery.quantisation import quantise_probe
from recognizance.gallery.segment import Request
from recognizance.workflows.bench.material import MODEL, open_gallery, unit_rows

BATCH = 32
LIMIT = 10
"""The best ten of all, without a threshold that would spare the search some work."""

_TURNS_MIN, _TURNS_MAX = 7, 61
_SECONDS = 6.0
_PROBES = 64
_SAMPLE_ROWS = 65_536
_EVERYTHING = -1.0

_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_TUNINGS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Some machines set these for the sake of old programs; they slow numpy, which is to be measured at its best."""


@dataclass(frozen=True)
class Task:
    """What to measure: the gallery of a folder that `material.fill` has made."""

    folder: str
    references: int
    dimension: int
    threads: int
    with_numpy: bool


@dataclass(frozen=True)
class Searches:
    """What was measured of one gallery.

    Attributes
    ----------
    search_ms : float
        One query, one thread.
    search_all_threads_ms : float
        One query, all threads.
    batch_search_ms : float
        Of each of `BATCH` queries that share a pass, one thread.
    streaming_read_ms : float
        Reading the same int8 bytes once, one thread: what no exact search in memory can beat.
    numpy_ms : float or None
        Multiplying a float32 matrix of as many rows with a query, one thread, without ranking; None if there was no
        memory for it.
    ready_s : float
        From nothing to the end of the first search: compiled code loaded, files read and checked.
    resident_mb : float
        What the process grew by from before it opened the files to after searches; the compiled code, which all
        galleries share, is told apart as ``kernels_mb``.
    """

    references: int
    search_ms: float
    search_all_threads_ms: float
    batch_search_ms: float
    streaming_read_ms: float
    numpy_ms: float | None
    ready_s: float
    resident_mb: float
    kernels_mb: float


def measure(task: Task) -> Searches:
    """Measure in a fresh process.

    Raises
    ------
    RecognizanceError
        If it fails.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _TUNINGS}
    done = subprocess.run(  # noqa: S603 - this program's own module
        [sys.executable, "-m", __name__],
        input=json.dumps(asdict(task)),
        env=kept | dict.fromkeys(_ONE_THREAD, "1"),
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.returncode}"]
        raise RecognizanceError(f"The process that measures {task.references:,} references failed: {last[0]}.")
    return Searches(**json.loads(done.stdout))


def measure_here(task: Task) -> Searches:
    """Measure in this process, which has opened nothing yet."""
    probes = unit_rows(np.random.default_rng(1), _PROBES, task.dimension)
    before, began = _resident_mb(), time.perf_counter()
    prepare(task.dimension)
    kernels_mb = _resident_mb() - before
    before = _resident_mb()
    gallery = open_gallery(Path(task.folder), task.dimension)
    gallery.load()
    gallery.require_sound()
    _search(gallery, probes[0])
    ready_s = time.perf_counter() - began
    for probe in probes:
        _search(gallery, probe)
    resident_mb = _resident_mb() - before
    with ThreadPoolExecutor(task.threads) as helpers:
        medians = _in_turns(_contestants(task, gallery, probes, helpers))
    return Searches(
        references=task.references,
        search_ms=medians["search"],
        search_all_threads_ms=medians["search_all_threads"],
        batch_search_ms=medians["batch"] / BATCH,
        streaming_read_ms=min(medians[name] for name in medians if name.startswith("read_")),
        numpy_ms=medians.get("numpy"),
        ready_s=ready_s,
        resident_mb=resident_mb,
        kernels_mb=kernels_mb,
    )


def _contestants(
    task: Task, gallery: ScanGallery, probes: NDArray[np.float32], helpers: Executor
) -> dict[str, Callable[[int], object]]:
    """Give what takes turns, by name; each is told the number of the turn."""
    (segment,) = gallery.segments
    codes = segment.storage.codes
    words = codes[: len(codes) // 8 * 8].view(np.int64)
    requests = [Request(quantise_probe(probe), LIMIT, _EVERYTHING) for probe in probes]
    contestants: dict[str, Callable[[int], object]] = {
        # Which of these is the fastest differs between machines and versions of numpy.
        "read_max": lambda turn: words.max(),
        "search": lambda turn: _search(gallery, probes[turn % _PROBES]),
        "read_sum": lambda turn: words.sum(),
        "search_all_threads": lambda turn: segment.search(
            [requests[turn % _PROBES]], threads=task.threads, helpers=helpers
        ),
        "batch": lambda turn: segment.search(requests[:BATCH], threads=1, helpers=None),
    }
    if task.with_numpy:
        matrix = np.resize(
            unit_rows(np.random.default_rng(2), _SAMPLE_ROWS, task.dimension), (task.references, task.dimension)
        )
        contestants["numpy"] = lambda turn: matrix @ probes[turn % _PROBES]
    return contestants


def _in_turns(contestants: dict[str, Callable[[int], object]]) -> dict[str, float]:
    """Let all take turns; medians in milliseconds."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    began = time.perf_counter()
    for turn in range(_TURNS_MAX):
        if turn >= _TURNS_MIN and time.perf_counter() - began > _SECONDS:
            break
        for name, work in contestants.items():
            start = time.perf_counter()
            work(turn)
            taken[name].append((time.perf_counter() - start) * 1e3)
    return {name: statistics.median(times) for name, times in taken.items()}


def _search(gallery: ScanGallery, probe: NDArray[np.float32]) -> object:
    return gallery.search(Template(probe, MODEL), limit=LIMIT, threshold=_EVERYTHING)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    json.dump(asdict(measure_here(Task(**json.load(sys.stdin)))), sys.stdout)
