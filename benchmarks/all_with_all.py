"""How long it takes to compare all photographs with all, and how much memory, beyond making templates.

Templates are drawn: as many as photographs, of people with a few each, in groups.  Beside it stands what no program can
do without: the multiplication of all templates by all, alone.

    python benchmarks/all_with_all.py [--photographs 13000]
"""

import argparse
import resource
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import samples
from recognizance.accuracy.all_with_all import AllWithAll, choose_floor
from recognizance.bootstrap import open_calibration
from recognizance.settings import read_settings
from recognizance.workflows.evaluate.document import Told
from recognizance.workflows.evaluate.people import Grouping
from recognizance.workflows.evaluate.verify import LOWEST_PERCENT, Verification, report

DIMENSION = 128
ROWS = 512


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=int, default=13_000)
    photographs = parser.parse_args().photographs
    random = np.random.default_rng(0)
    people = photographs * 2 // 3
    subjects = np.unique(random.integers(0, people, photographs), return_inverse=True)[1].astype(np.intp)
    drawn = random.normal(0, 1, (people, DIMENSION))[subjects] + random.normal(0, 0.9, (photographs, DIMENSION))
    templates = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    failed = random.random(photographs) < 0.01
    groupings = [
        Grouping(name, tuple(f"group {number}" for number in range(count)), random.integers(-1, count, photographs))
        for name, count in (("7 groups", 7), ("2 groups", 2), ("14 groups", 14))
    ]
    begun = time.perf_counter()
    for start in range(0, photographs, ROWS):
        templates[start : start + ROWS] @ templates[start:].T
    multiplied = time.perf_counter() - begun
    with TemporaryDirectory() as home:
        calibration = open_calibration(read_settings(home=Path(home)))
    begun = time.perf_counter()
    floor = choose_floor(templates, failed, calibration.score_at_percent(LOWEST_PERCENT))
    verification = Verification(AllWithAll(subjects, templates, failed, floor), {}, "")
    made = report(verification, groupings, calibration, Told("", "", "", datetime.now(UTC), {}))
    took = time.perf_counter() - begun
    pairs = made["sample"]["mated"] + made["sample"]["nonmated"]
    samples.table(
        ("photographs", "comparisons", "report, s", "multiplication alone, s", "peak memory, MB"),
        [
            (
                f"{photographs:,}",
                f"{pairs:,}",
                f"{took:.1f}",
                f"{multiplied:.1f}",
                f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}",
            )
        ],
    )


if __name__ == "__main__":
    main()
