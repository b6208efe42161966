"""`recognizance enrol` on one core and on two, beside the sum of its stages' own costs.

    python benchmarks/enrolment.py [--photos 300] [--rounds 3] [--json FILE]

Server and command run as people run them, in processes of their own, on the cores that they are given.  Within each
round, in turn: the stages alone (read, decode and detect, embed), one after the other on one core; `enrol` on that
core; `enrol` on two cores.  Ratios are medians over the rounds.

Bars: photographs a second on two cores at least 1.7 times those on one; what a photograph costs (seconds × cores) at
most 1.25 times the sum of the stages.  On a machine that does other things too, look at the same ratio by CPU time:
server and command together, without the command's start, over the stages.

Two sets: "mixed" has FairFace's thumbnails (224 px), London's portraits (480 px), and portraits and groups of 12
megapixels, made by enlarging and putting together London's; "thumbnails" is FairFace alone, where everything that is
not a stage weighs most.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

import samples
from recognizance.biometrics import QualityLevel
from recognizance.detection.filter import shortcomings
from reduced_decoding import scene

SCALING_MIN, OVERHEAD_MAX = 1.7, 1.25
STAGES = ("read", "decode + detect", "embed")
CPU = "CPU"
SHARES = {"thumbnail": 0.6, "portrait": 0.25, "large": 0.15}


def make_set(kind: str, count: int, folder: Path) -> Path:
    """Write the photographs of a set into a folder, the kinds mixed evenly."""
    made = folder / kind
    made.mkdir()
    wanted = {name: round(count * share) for name, share in SHARES.items()} if kind == "mixed" else {"thumbnail": count}
    thumbnails = sorted((samples.folder("fairface") / "images").glob("*.jpg"))
    portraits = [item.path for item in samples.london(("front",))]
    data: dict[str, Callable[[int], bytes]] = {
        "thumbnail": lambda number: thumbnails[number].read_bytes(),
        "portrait": lambda number: portraits[number % len(portraits)].read_bytes(),
        # Every third one shows six people, whose faces are too small for a reduced picture.
        "large": lambda number: scene(portraits[number * 6 :][:6], 180 if number % 3 == 2 else 1100),
    }
    for name, number in wanted.items():
        for row in range(number):
            (made / f"{row / number:.4f}-{name}-{row}.jpg").write_bytes(data[name](row))
    return made


def stages(folder: Path) -> dict[str, float]:
    """Measure the stages in a process of its own on one core; milliseconds a photograph."""
    program = "import sys; sys.path.insert(0, sys.argv[1]); import enrolment; enrolment.stages_here(sys.argv[2])"
    command = [sys.executable, "-c", program, str(Path(__file__).parent), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, preexec_fn=_on(1))
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def stages_here(folder: str) -> None:
    """Do what `stages` says in this process, and print it."""
    one = samples.engine()
    paths = sorted(Path(folder).iterdir())
    clock = time.perf_counter

    def run(path: Path) -> tuple[float, ...]:
        began = clock()
        data = path.read_bytes()
        read = clock()
        image, faces = one.look(data, 1 << 30)
        chosen = [face for face in faces if not shortcomings(face, image, QualityLevel.AUTO)]
        seen = clock()
        one.templates(image, chosen)
        return read - began, seen - read, clock() - seen

    for path in paths[:10]:
        run(path)
    before = time.process_time()
    costs = list(zip(*map(run, paths), strict=True))
    spent = time.process_time() - before
    found = {name: 1000 * statistics.mean(cost) for name, cost in zip(STAGES, costs, strict=True)}
    print(json.dumps({**found, CPU: 1000 * spent / len(paths)}))


def enrol(folder: Path, cores: int) -> dict[str, float]:
    """Enrol a folder into a new home on some cores; give the rate, and the processes' CPU time."""
    with tempfile.TemporaryDirectory(prefix="recognizance-bench-") as place:
        environment = {
            **os.environ,
            "RECOGNIZANCE_HOME": str(Path(place) / "home"),
            "RECOGNIZANCE_CACHE": str(samples.HOME / "cache"),
            "RECOGNIZANCE_PORT": "0",
        }
        program = [sys.executable, "-m", "recognizance"]
        server = subprocess.Popen(
            [*program, "serve"], env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=_on(cores)
        )
        try:
            assert server.stdout is not None
            for line in server.stdout:
                if "Ctrl-C stops it" in line:
                    break
            command = [*program, "enrol", str(folder), "--gallery", "bench"]

            def run() -> tuple[str, float]:
                before = _cpu_s(server.pid)
                done = subprocess.run(
                    command, env=environment, capture_output=True, text=True, preexec_fn=_on(cores), check=False
                )
                return done.stdout + done.stderr, _cpu_s(server.pid) - before

            busy, began = _busy_s(), time.monotonic()
            output, spent = run()
            others = (_busy_s() - busy - spent) / (time.monotonic() - began)
            _, start = run()  # finds everything in its journal
        finally:
            server.terminate()
            server.wait(60)
    told = re.search(r"from ([\d,]+) photographs in ([\d.]+) s", output)
    if told is None:
        sys.exit(output)
    photographs, seconds = int(told[1].replace(",", "")), float(told[2])
    return {
        "per_second": photographs / seconds,
        "cost_ms": 1000 * cores * seconds / photographs,
        "cpu_ms": 1000 * (spent - start) / photographs,
        "others_cores": others,
    }


def _busy_s() -> float:
    """Give the CPU time of the whole machine."""
    used = psutil.cpu_times()
    return float(sum(used[:8]) - used.idle - used.iowait)


def _cpu_s(server: int) -> float:
    """Give the CPU time of a server, and of the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(psutil.Process(server).cpu_times()[:2]) + used.ru_utime + used.ru_stime


def _on(cores: int) -> Callable[[], None]:
    chosen = sorted(os.sched_getaffinity(0))[:cores]
    return lambda: os.sched_setaffinity(0, chosen)


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Run the rounds on one set."""
    alone: list[dict[str, float]] = []
    runs: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for number in range(rounds):
        alone.append(stages(folder))
        for cores, found in runs.items():
            found.append(enrol(folder, cores))
        print(
            f"round {number + 1}: stages {sum(alone[-1][name] for name in STAGES):.1f} ms "
            f"(CPU {alone[-1][CPU]:.1f}), one core {runs[1][-1]['cost_ms']:.1f} ms (CPU {runs[1][-1]['cpu_ms']:.1f}), "
            f"two cores {runs[2][-1]['cost_ms']:.1f} ms (CPU {runs[2][-1]['cpu_ms']:.1f}, "
            f"while others used {runs[2][-1]['others_cores']:.1f} cores)",
            flush=True,
        )
    sums = [sum(costs[name] for name in STAGES) for costs in alone]
    return {
        "stages_ms": {name: statistics.median(costs[name] for costs in alone) for name in STAGES},
        "stages_sum_ms": statistics.median(sums),
        "per_second": {cores: statistics.median(run["per_second"] for run in found) for cores, found in runs.items()},
        "others_cores": statistics.median(run["others_cores"] for run in runs[2]),
        "cpu_over_stages": {
            cores: statistics.median(run["cpu_ms"] / costs[CPU] for run, costs in zip(found, alone, strict=True))
            for cores, found in runs.items()
        },
        "two_cores_over_one": statistics.median(
            two["per_second"] / one["per_second"] for one, two in zip(runs[1], runs[2], strict=True)
        ),
        "cost_over_stages": {
            cores: statistics.median(run["cost_ms"] / own for run, own in zip(found, sums, strict=True))
            for cores, found in runs.items()
        },
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("This benchmark needs two cores.")
    found = {}
    with tempfile.TemporaryDirectory(prefix="recognizance-photos-") as place:
        for kind in ("mixed", "thumbnails"):
            print(f"{kind}:", flush=True)
            found[kind] = measure(make_set(kind, arguments.photos, Path(place)), arguments.rounds)
    print()
    samples.table(
        (
            "set",
            *(f"{name}, ms" for name in STAGES),
            "one core, a second",
            "two cores",
            "ratio",
            "cost / stages: one, two",
            "by CPU time",
        ),
        [
            (
                kind,
                *(f"{row['stages_ms'][name]:.1f}" for name in STAGES),
                f"{row['per_second'][1]:.1f}",
                f"{row['per_second'][2]:.1f}",
                f"{row['two_cores_over_one']:.2f} (bar {SCALING_MIN})",
                f"{row['cost_over_stages'][1]:.2f}, {row['cost_over_stages'][2]:.2f} (bar {OVERHEAD_MAX})",
                f"{row['cpu_over_stages'][1]:.2f}, {row['cpu_over_stages'][2]:.2f}",
            )
            for kind, row in found.items()
        ],
    )
    samples.write_json(
        arguments.json, {"machine": samples.machine(), "photos": arguments.photos, "rounds": arguments.rounds, **found}
    )


if __name__ == "__main__":
    main()
