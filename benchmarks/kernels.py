"""Candidates for the loop over one-byte rows, each against a plain read of the same bytes, one thread.

    pip install simsimd numkong; python benchmarks/kernels.py [--references 1000000]

What is printed led to docs/decisions/0010.  Times are medians of turns taken one after another; each kind runs in a
process of its own, which also says what it adds to the memory of the process.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

DIMENSION = 128
KINDS = ("numba, 16-bit probe", "simsimd", "numkong", "numpy float32")
TURNS = 25
_PACKAGES = {"simsimd": "simsimd", "numkong": "numkong"}


def resident_mb() -> float:
    """Read how much memory the process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(kind: str, references: int) -> dict[str, float]:
    """Time one kind and the plain read in turns."""
    import numpy as np

    from recognizance.gallery.kernels import prepare
    from recognizance.gallery.quantisation import quantise, quantise_probe

    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((references, DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    parts = [quantise(vectors[start : start + 65_536]) for start in range(0, references, 65_536)]
    codes, scales = np.concatenate([part.codes for part in parts]), np.concatenate([part.scales for part in parts])
    before = resident_mb()
    run: Callable[[], object]
    if kind.startswith("numba"):
        kernels = prepare(DIMENSION)
        probe = quantise_probe(vectors[0])
        rows, rough = np.empty((1, 4096), np.int64), np.empty((1, 4096), np.float32)
        bar = np.array([0.3 / probe.step], np.float32)

        def run() -> object:
            found = (bar, rows, rough, np.zeros(1, np.int64))
            return kernels.scan(codes.reshape(-1), scales, 0, references, probe.codes[None], *found)

    elif kind == "numpy float32":

        def run() -> object:
            return vectors @ vectors[0]

    else:
        library = importlib.import_module(kind)

        def run() -> object:
            return library.cdist(codes[:1], codes, metric="dot")

    run()
    added = resident_mb() - before
    words = codes.reshape(-1).view(np.int64)
    taken: dict[str, list[float]] = {"read": [], "kernel": []}
    for _ in range(TURNS):
        for name, task in (("read", words.max), ("kernel", run)):
            began = time.perf_counter()
            task()
            taken[name].append(time.perf_counter() - began)
    read, kernel = (1e3 * statistics.median(taken[name]) for name in ("read", "kernel"))
    return {"read_ms": read, "kernel_ms": kernel, "ratio": kernel / read, "memory_mb": added}


def main() -> None:
    """Measure every kind that is installed and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--references", type=int, default=1_000_000)
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.kind:
        print(json.dumps(measure(arguments.kind, arguments.references)))
        return
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    environment |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    print(f"{'kind':22} {'ms':>7} {'read, ms':>9} {'ratio':>6} {'adds, MB':>9}")
    for kind in KINDS:
        if kind in _PACKAGES and importlib.util.find_spec(_PACKAGES[kind]) is None:
            print(f"{kind:22} not installed")
            continue
        command = [sys.executable, __file__, "--kind", kind, "--references", str(arguments.references)]
        found = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
        columns = f"{found['kernel_ms']:7.2f} {found['read_ms']:9.2f} {found['ratio']:6.2f} {found['memory_mb']:9.0f}"
        print(f"{kind:22} {columns}")


if __name__ == "__main__":
    main()
