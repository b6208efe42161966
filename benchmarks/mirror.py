"""What averaging with the mirrored crop gains, and what it costs.

    python benchmarks/mirror.py [--json FILE]

True match rate over all mated pairs of four sets with known identities, at the thresholds of the shipped
calibration of each recipe.  No photograph is left out for its quality; one in which no face is found counts as a
failure to enrol, and its pairs as not compared.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

import samples
from recognizance.accuracy.rates import wilson_interval
from recognizance.biometrics import Template
from recognizance.bootstrap import open_calibration
from recognizance.scoring import Calibration
from recognizance.settings import read_settings
from recognizance.workflows.engine import Engine

RATES = (1e-4, 1e-5, 1e-6)


@dataclass
class Trials:
    """Mated and non-mated scores of one set."""

    photographs: int
    failures: int
    mated: np.ndarray[Any, np.dtype[np.float64]]
    nonmated: np.ndarray[Any, np.dtype[np.float64]]


def templates(one: Engine, paths: list[Path]) -> dict[Path, Template]:
    """Make the template of each photograph's largest face; those without a face are absent."""
    made = {}
    for path in paths:
        found = samples.largest(one, path)
        if found is not None:
            made[path] = found[2]
    return made


def all_pairs(one: Engine, listed: list[samples.Photograph]) -> Trials:
    """Compare every photograph of a set with every other."""
    made = templates(one, [item.path for item in listed])
    kept = [item for item in listed if item.path in made]
    matrix = samples.unit_matrix([made[item.path] for item in kept]).astype(np.float64)
    scores = matrix @ matrix.T
    mated, nonmated = [], []
    for first, second in combinations(range(len(kept)), 2):
        (mated if kept[first].subject == kept[second].subject else nonmated).append(scores[first, second])
    return Trials(len(listed), len(listed) - len(kept), np.array(mated), np.array(nonmated))


def labelled_pairs(one: Engine, pairs: list[tuple[Path, Path, bool]]) -> Trials:
    """Compare the pairs that a set lists."""
    paths = sorted({path for first, second, _ in pairs for path in (first, second)})
    made = templates(one, paths)
    scores: dict[bool, list[float]] = {True: [], False: []}
    for first, second, same in pairs:
        if first in made and second in made:
            scores[same].append(float(made[first].vector @ made[second].vector))
    return Trials(len(paths), len(paths) - len(made), np.array(scores[True]), np.array(scores[False]))


def sets(one: Engine) -> dict[str, Trials]:
    """Compare within each set."""
    turned = ("front", "left_3quarter", "right_3quarter")
    return {
        "MEDS-II": all_pairs(one, samples.meds2()),
        "London, front": all_pairs(one, samples.london(turned[:1])),
        "London, front and ¾": all_pairs(one, samples.london(turned)),
        "johns": all_pairs(one, samples.johns()),
        "deepface": labelled_pairs(one, samples.deepface_pairs()),
    }


def cost(plain: Engine, mirrored: Engine, repeats: int = 40) -> dict[str, float]:
    """Time both recipes in turns: ms to align and embed one face."""
    photograph = samples.london(("front",))[0]
    image = samples.read(plain, photograph.path)
    faces = plain.faces(image)[:1]
    seconds: dict[str, list[float]] = {"plain": [], "mirror": []}
    for _ in range(repeats):
        for name, one in (("plain", plain), ("mirror", mirrored)):
            start = time.perf_counter()
            one.templates(image, faces)
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) * 1e3 for name, values in seconds.items()}


def judge(trials: dict[str, Trials], calibration: Calibration) -> dict[str, Any]:
    """Count matches at the calibrated thresholds."""
    result: dict[str, Any] = {}
    for name, trial in trials.items():
        row: dict[str, Any] = {
            "photographs": trial.photographs,
            "without_a_face": trial.failures,
            "mated_pairs": len(trial.mated),
            "nonmated_pairs": len(trial.nonmated),
            "highest_nonmated_score": round(float(trial.nonmated.max(initial=-1)), 4),
        }
        for rate in RATES:
            threshold = calibration.overall.score_at(rate)
            hits = int((trial.mated >= threshold).sum())
            wrong = int((trial.nonmated >= threshold).sum())
            low, high = wilson_interval(hits, len(trial.mated))
            row[f"{rate:.0e}"] = {
                "threshold": round(threshold, 4),
                "matched": hits,
                "rate": hits / len(trial.mated),
                "interval_95": [low, high],
                "false_matches": wrong,
            }
        result[name] = row
    return result


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    engines = {"plain": samples.engine(), "mirror": samples.engine(mirror=True)}
    result: dict[str, Any] = {}
    for name, one in engines.items():
        calibration = open_calibration(read_settings(home=samples.HOME, mirror=name == "mirror"))
        result[name] = judge(sets(one), calibration)
    spent = cost(engines["plain"], engines["mirror"])
    print(f"{samples.machine()}\n")
    for rate in RATES:
        key = f"{rate:.0e}"
        print(
            f"True match rate at the calibrated FMR {key} "
            f"(threshold {result['plain']['MEDS-II'][key]['threshold']} plain, "
            f"{result['mirror']['MEDS-II'][key]['threshold']} mirrored)\n"
        )
        samples.table(
            ("set", "mated pairs", "plain", "95 %", "mirrored", "95 %", "non-mated pairs", "false matches, plain / m."),
            [
                (
                    name,
                    row["mated_pairs"],
                    *(
                        cell
                        for kind in ("plain", "mirror")
                        for cell in (
                            f"{result[kind][name][key]['rate']:.4f}",
                            "–".join(f"{bound:.4f}" for bound in result[kind][name][key]["interval_95"]),
                        )
                    ),
                    row["nonmated_pairs"],
                    f"{row[key]['false_matches']} / {result['mirror'][name][key]['false_matches']}",
                )
                for name, row in result["plain"].items()
            ],
        )
    samples.table(
        ("set", "photographs", "without a face", "highest non-mated score, plain", "mirrored"),
        [
            (
                name,
                row["photographs"],
                row["without_a_face"],
                row["highest_nonmated_score"],
                result["mirror"][name]["highest_nonmated_score"],
            )
            for name, row in result["plain"].items()
        ],
    )
    print(f"align + embed one face: plain {spent['plain']:.1f} ms, mirrored {spent['mirror']:.1f} ms")
    samples.write_json(options.json, {"machine": samples.machine(), "cost_ms": spent, "sets": result})


if __name__ == "__main__":
    main()
