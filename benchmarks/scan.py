"""The certified scan against reading the memory, numpy, faiss-cpu and pgvector, all exact, in turns of one run.

    python benchmarks/scan.py [--references 1000000] [--rounds 15] [--postgresql BIN] [--json FILE]

Bars, one query on one thread among 1,000,000 templates of 128 numbers: at most 1.6 times a plain read of the same int8
bytes; at least 2.5 times as fast as numpy's float32 product, twice as fast as faiss-cpu's IndexFlatIP, 20 times as
fast as pgvector without an index; of 32 queries at once, each at least twice as fast as faiss does it; 16 clients at
once get at least 1.8 times the answers that scans of their own would give them, whether at the server's usual threshold
or for the best ten of all.  With --references 10000000: under 250 ms a query, in under 2 GB beyond the file.

Ratios are medians over the turns, so that a busy machine slows all alike.  Peers are left out, and that is said, where
they are not installed.  BIN is a folder with PostgreSQL's server programs whose installation has pgvector; by default
Debian's.  Above 2,000,000 references the peers' matrices are left out.
"""

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import samples
from recognizance.biometrics import Template
from recognizance.bootstrap import open_calibration
from recognizance.gallery import Machine, ScanGallery
from recognizance.gallery.folder import SegmentFolder
from recognizance.gallery.quantisation import quantise_probe
from recognizance.gallery.segment import Request, Segment
from recognizance.settings import read_settings
from recognizance.workflows.bench import material, searching

DIMENSION = 128
LIMIT = 10
BATCH = 32
CLIENTS = 16
EVERYTHING = -1.0
"""The best of all: no threshold spares the search any work."""
USUAL_PERCENT = 80.0
"""What the server takes where a request names no threshold."""
PEERS_MAX = 2_000_000
COPY_ROWS = 16_384

BARS_AT_LEAST = {"numpy": 2.5, "faiss": 2.0, "faiss of 32": 2.0, "pgvector": 20.0}
BAR_READ, BAR_CLIENTS, BAR_MS, BAR_RESIDENT_MB = 1.6, 1.8, 250.0, 2000.0

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_TUNINGS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")

LABELS = {
    "read by max": "reading the same bytes only",
    "scan": "**the scan**",
    "read by sum": "reading the same bytes only",
    "scan of 32": "**the scan**, each of 32 queries at once",
    "numpy": "numpy, float32 product",
    "faiss": "faiss-cpu, IndexFlatIP",
    "faiss of 32": "faiss-cpu, each of 32 queries at once",
    "pgvector": "pgvector, exact, in PostgreSQL's memory",
}
"""As the README calls them."""

Contestant = Callable[[int], Any]


def on_one_thread() -> None:
    """Begin anew where numpy would compute with several threads, or with another machine's kernels."""
    if any(os.environ.get(name) != value for name, value in _ONE_THREAD.items()) or any(
        name in os.environ for name in _TUNINGS
    ):
        kept = {name: value for name, value in os.environ.items() if name not in _TUNINGS}
        os.execve(sys.executable, [sys.executable, *sys.argv], kept | _ONE_THREAD)  # noqa: S606 - this program again


def ours(segment: Segment, gallery: ScanGallery, probes: NDArray[np.float32]) -> dict[str, Contestant]:
    """Give what reads the memory, and what searches it."""
    words = segment.storage.codes.view(np.int64)
    requests = [Request(quantise_probe(probe), LIMIT, EVERYTHING) for probe in probes]
    return {
        "read by max": lambda turn: words.max(),
        "scan": lambda turn: search(gallery, probes[turn % len(probes)]),
        "read by sum": lambda turn: words.sum(),
        "scan of 32": lambda turn: segment.search(requests[:BATCH], threads=1, helpers=None),
    }


def search(gallery: ScanGallery, probe: NDArray[np.float32], threshold: float = EVERYTHING) -> list[str]:
    """Search as the server does; the best first."""
    found = gallery.search(Template(probe, material.MODEL), limit=LIMIT, threshold=threshold)
    return [candidate.identifier for candidate in found]


def faiss_index(matrix: NDArray[np.float32]) -> Any:
    """Make faiss-cpu's exact index with one thread; None if it is not installed."""
    try:
        import faiss
    except ImportError:
        print("faiss-cpu is left out: it is not installed.", file=sys.stderr)
        return None
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(DIMENSION)
    index.add(matrix)
    return index


@contextmanager
def pgvector(
    matrix: NDArray[np.float32], programs: Path | None
) -> Iterator[Callable[[NDArray[np.float32]], list[int]] | None]:
    """Serve the rows from a PostgreSQL of our own, from its memory; yields the search, or None where it cannot be."""
    try:
        import psycopg

        sys.path.insert(0, str(samples.PROJECT / "tests"))
        from postgresql.cluster import Cluster, find_programs
    except ImportError as error:
        print(f"pgvector is left out: {error}.", file=sys.stderr)
        yield None
        return
    programs = programs or find_programs()
    if programs is None or (not any(programs.parent.rglob("vector.control")) and not _has_debians(programs)):
        print("pgvector is left out: no PostgreSQL with pgvector was found; see --postgresql.", file=sys.stderr)
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="rz-pgv-", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(programs, Path(folder))
        try:
            cluster.stop()
            cluster.start(shared_buffers=f"{matrix.nbytes // 2**20 * 2 + 256}MB", max_wal_size="8GB")
            with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
                connection.execute("CREATE EXTENSION vector")
                connection.execute(f"CREATE UNLOGGED TABLE faces (row serial, template vector({DIMENSION}))")
                connection.execute("ALTER TABLE faces ALTER template SET STORAGE PLAIN")
                _copy(connection, matrix)
                connection.execute("VACUUM ANALYZE faces")
                connection.execute("SET max_parallel_workers_per_gather = 0")
                connection.execute("SET jit = off")
                version = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
                print(f"PostgreSQL {connection.info.server_version // 10000}, pgvector {version[0] if version else ''}")

                def nearest(probe: NDArray[np.float32]) -> list[int]:
                    text = "[" + ",".join(map(repr, probe.astype(float).tolist())) + "]"
                    rows = connection.execute(
                        "SELECT row FROM faces ORDER BY template <#> %s::vector LIMIT %s", (text, LIMIT)
                    )
                    return [row[0] - 1 for row in rows]

                yield nearest
        finally:
            cluster.stop_at_once()


def _has_debians(programs: Path) -> bool:
    return (Path("/usr/share/postgresql") / programs.parent.name / "extension" / "vector.control").exists()


def _copy(connection: Any, matrix: NDArray[np.float32]) -> None:
    """Send the rows in PostgreSQL's binary form: a field's length, pgvector's header, big-endian numbers."""
    form = np.dtype([("fields", ">i2"), ("length", ">i4"), ("head", ">i2", 2), ("numbers", ">f4", DIMENSION)])
    with connection.cursor().copy("COPY faces (template) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for start in range(0, len(matrix), COPY_ROWS):
            some = matrix[start : start + COPY_ROWS]
            rows = np.zeros(len(some), form)
            rows["fields"], rows["length"], rows["head"][:, 0], rows["numbers"] = 1, 4 + 4 * DIMENSION, DIMENSION, some
            copy.write(rows.tobytes())
        copy.write(b"\xff\xff")


def race(contestants: dict[str, Contestant], rounds: int) -> dict[str, list[float]]:
    """Let all take turns; milliseconds of each turn."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for work in contestants.values():
        work(0)
    names = list(contestants)
    for turn in range(rounds):
        for name in [*names[turn % len(names) :], *names[: turn % len(names)]]:
            start = time.perf_counter()
            contestants[name](turn)
            taken[name].append((time.perf_counter() - start) * 1e3)
    return taken


class Unshared:
    """In the place of shared passes: everybody's own."""

    def __init__(self, answer: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        self._answer = answer

    def ask(self, asked: Any) -> Any:
        """Make a pass for one."""
        return self._answer([asked])[0]


def clients(
    galleries: dict[str, ScanGallery], probes: NDArray[np.float32], threshold: float, rounds: int
) -> dict[str, list[float]]:
    """Let clients search at once for short turns; answers a second of each turn."""
    rates: dict[str, list[float]] = {name: [] for name in galleries}
    for turn in range(rounds + 1):
        for name in sorted(galleries, reverse=bool(turn % 2)):
            rate = _rate(galleries[name], probes, threshold)
            if turn:
                rates[name].append(rate)
    return rates


def _rate(gallery: ScanGallery, probes: NDArray[np.float32], threshold: float, seconds: float = 1.5) -> float:
    numbers, barrier = itertools.count(), threading.Barrier(CLIENTS)
    done = [0] * CLIENTS

    def client(place: int) -> float:
        barrier.wait()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            search(gallery, probes[next(numbers) % len(probes)], threshold)
            done[place] += 1
        return time.perf_counter()

    with ThreadPoolExecutor(CLIENTS) as pool:
        began = time.perf_counter()
        ended = max(pool.map(client, range(CLIENTS)))
    return sum(done) / (ended - began)


def ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """Give the median over the turns."""
    return statistics.median(one / other for one, other in zip(slower, faster, strict=True))


def _ours(name: str) -> str:
    return "scan of 32" if name.endswith("of 32") else "scan"


class Verdicts:
    """Bars, met or missed."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = {}
        self.missed = False

    def judge(self, what: str, value: float, bar: float, *, at_most: bool = False) -> None:
        """Print and remember one."""
        met = value <= bar if at_most else value >= bar
        self.missed |= not met
        self.figures[what] = value
        wanted = f"at {'most' if at_most else 'least'} {bar:g}"
        print(f"{what}: {value:.2f}; the bar is {wanted}: {'met' if met else 'MISSED'}", flush=True)


def compare(folder: Path, rows: int, options: argparse.Namespace, verdicts: Verdicts) -> dict[str, Any]:
    """Measure ours against the peers, and 16 clients."""
    probes = material.unit_rows(np.random.default_rng(1), 64, DIMENSION)
    gallery = material.open_gallery(folder, DIMENSION)
    gallery.load()
    (segment,) = gallery.segments
    contestants = ours(segment, gallery, probes)
    with ExitStack() as closing:
        if rows <= PEERS_MAX:
            matrix = segment.storage.vectors(np.arange(rows))
            contestants["numpy"] = lambda turn: matrix @ probes[turn % len(probes)]
            if (index := faiss_index(matrix)) is not None:
                contestants["faiss"] = lambda turn: index.search(probes[turn % len(probes)][None], LIMIT)
                contestants["faiss of 32"] = lambda turn: index.search(probes[:BATCH], LIMIT)
            if (nearest := closing.enter_context(pgvector(matrix, options.postgresql))) is not None:
                contestants["pgvector"] = lambda turn: nearest(probes[turn % len(probes)])
            _require_same(contestants, gallery, segment, matrix, probes[0])
        taken = race(contestants, options.rounds)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    per_query = {name: value / (BATCH if name.endswith("of 32") else 1) for name, value in medians.items()}
    reading = min(("read by max", "read by sum"), key=medians.__getitem__)
    shown = [name for name in taken if not name.startswith("read by") or name == reading]
    samples.table(
        (f"{rows:,} references × {DIMENSION}, one thread", "ms a query", "times ours"),
        [(LABELS[name], f"{per_query[name]:.3g}", f"{ratio(taken[name], taken[_ours(name)]):.2f}") for name in shown],
    )
    verdicts.judge("scan / plain read", ratio(taken["scan"], taken[reading]), BAR_READ, at_most=True)
    for name, bar in BARS_AT_LEAST.items():
        if name in taken:
            verdicts.judge(f"{name} / ours", ratio(taken[name], taken[_ours(name)]), bar)
    return {"ms_a_query": per_query}


def _require_same(
    contestants: dict[str, Contestant],
    gallery: ScanGallery,
    segment: Segment,
    matrix: NDArray[np.float32],
    probe: NDArray[np.float32],
) -> None:
    """Make sure that all give the same answer: they are measured at the same work."""
    best = np.argsort(-(matrix.astype(np.float64) @ probe.astype(np.float64)), kind="stable")[:LIMIT]
    found = segment.rows_of(search(gallery, probe))
    assert set(found.tolist()) == set(best.tolist()), "the scan is not exact"
    if "faiss" in contestants:
        assert set(contestants["faiss"](0)[1][0].tolist()) == set(best.tolist()), "faiss differs"
    if "pgvector" in contestants:
        assert set(contestants["pgvector"](0)) == set(best.tolist()), "pgvector differs"


def compare_clients(folder: Path, options: argparse.Namespace, verdicts: Verdicts) -> dict[str, Any]:
    """Measure clients that share passes against the better of two ways of not sharing them."""
    cores = len(os.sched_getaffinity(0))
    probes = material.unit_rows(np.random.default_rng(3), 256, DIMENSION)
    with ThreadPoolExecutor(cores) as helpers:
        galleries = {
            name: _gallery(folder, Machine(threads, helpers))
            for name, threads in (("shared", cores), ("own, one thread", 1), ("own, all threads", cores))
        }
        for name, gallery in galleries.items():
            if name != "shared":
                vars(gallery)["_passes"] = Unshared(gallery._scan)
        usual = open_calibration(read_settings(home=samples.HOME)).score_at_percent(USUAL_PERCENT)
        rounds = max(3, options.rounds // 3)
        rates = {threshold: clients(galleries, probes, threshold, rounds) for threshold in (usual, EVERYTHING)}
    medians = {name: [statistics.median(of_threshold[name]) for of_threshold in rates.values()] for name in galleries}
    samples.table(
        (f"answers a second to {CLIENTS} clients, median", f"threshold {USUAL_PERCENT:g} %", "the best of all"),
        [(name, *(f"{value:.1f}" for value in values)) for name, values in medians.items()],
    )
    for place, (what, of_threshold) in enumerate(
        zip((f"at {USUAL_PERCENT:g} %", "of all"), rates.values(), strict=True)
    ):
        better = max((name for name in medians if name != "shared"), key=lambda name: medians[name][place])
        value = ratio(of_threshold["shared"], of_threshold[better])
        verdicts.judge(f"shared passes / {better}, {what}", value, BAR_CLIENTS)
    return {"answers_per_second": medians}


def _gallery(folder: Path, machine: Machine) -> ScanGallery:
    segments = SegmentFolder(folder, material.OpenKeys(), model=material.MODEL, dimension=DIMENSION)
    gallery = ScanGallery(material.MODEL, DIMENSION, folder=segments, machine=machine)
    gallery.load()
    return gallery


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--references", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--postgresql", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    on_one_thread()
    verdicts, rows = Verdicts(), options.references
    machine, versions = samples.machine(), samples.versions("numba", "numpy", "faiss-cpu")
    print(f"{rows:,} templates of {DIMENSION} numbers, {options.rounds} turns; {machine}; {versions}")
    samples.HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scan-", dir=samples.HOME) as made:
        folder = Path(made) / "gallery"
        material.require_room(Path(made), rows, DIMENSION)
        material.fill(folder, rows, DIMENSION, progress=lambda count: None)
        fresh = searching.measure(searching.Task(str(folder), rows, DIMENSION, 2, with_numpy=False))
        print(
            f"in a fresh process: {fresh.search_ms:.1f} ms a search, ready in {fresh.ready_s:.2f} s, "
            f"{fresh.resident_mb:.0f} MB resident and {fresh.kernels_mb:.0f} MB of compiled code\n"
        )
        result = compare(folder, rows, options, verdicts)
        if rows <= PEERS_MAX:
            result |= compare_clients(folder, options, verdicts)
        else:
            verdicts.judge("ms a query", fresh.search_ms, BAR_MS, at_most=True)
            verdicts.judge("resident MB", fresh.resident_mb, BAR_RESIDENT_MB, at_most=True)
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}")
    whole = {"references": rows, "machine": machine, "versions": versions, "fresh_process": asdict(fresh)}
    samples.write_json(options.json, {**whole, **result, "bars": verdicts.figures})
    return 1 if verdicts.missed else 0


if __name__ == "__main__":
    sys.exit(main())
