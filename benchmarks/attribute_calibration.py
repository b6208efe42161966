"""Calibrate the age and gender networks on labelled photographs, and check them on others.

    python benchmarks/attribute_calibration.py [--measured FILE.npz] [--write]

Fitted to FairFace's photographs with even numbers; checked on those with odd ones, on London's (self-reported) and
MEDS-II's (recorded).  ``--measured`` keeps what the networks say, so that a second run need not ask them again;
``--write`` replaces the calibration that is shipped.
"""

import argparse
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, QuantileRegressor

import attribute_samples
import recognizance.attributes
import samples
from attribute_samples import Labelled
from recognizance.accuracy.rates import wilson_interval
from recognizance.attributes.age_gender import AgeAndGender
from recognizance.attributes.calibration import FORMAT, AttributeCalibration, read_attribute_calibration
from recognizance.inference.manifest import read_manifest

COVERAGE = 0.8
CONFIDENCES = (50, 60, 70, 80, 90, 95, 99, 100)
FILE = Path(recognizance.attributes.__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Measured:
    """Photographs in which a face was found: ``male``, expected age and spread, one row each."""

    labels: list[Labelled]
    said: NDArray[np.float64]
    absent: int

    def only(self, mask: NDArray[np.bool_]) -> "Measured":
        """Give some of them."""
        return Measured([label for label, kept in zip(self.labels, mask, strict=True) if kept], self.said[mask], 0)

    @property
    def male(self) -> NDArray[np.bool_]:
        """The labels."""
        return np.array([label.male for label in self.labels])

    @property
    def ages(self) -> NDArray[np.int64]:
        """The labels, first and last year of the band."""
        return np.array([label.ages for label in self.labels])

    @property
    def log_odds(self) -> NDArray[np.float64]:
        """What the gender network says."""
        bounded = self.said[:, 0].clip(1e-6, 1 - 1e-6)
        return np.log(bounded / (1 - bounded))


def measure(labels: list[Labelled], known: dict[str, NDArray[np.float64]]) -> Measured:
    """Ask the networks about the largest face of each photograph."""
    one = samples.engine(threads=2)
    estimator = one.estimator
    assert isinstance(estimator, AgeAndGender)

    def ask(label: Labelled) -> NDArray[np.float64]:
        image, faces = one.look(label.path.read_bytes(), 1 << 30)
        return np.array(estimator.measure(image, faces[0]) if faces else (np.nan,) * 3)

    new = [label for label in labels if str(label.path) not in known]
    with ThreadPoolExecutor(2) as pool:
        known.update(zip((str(label.path) for label in new), pool.map(ask, new), strict=True))
    said = np.array([known[str(label.path)] for label in labels])
    there = ~np.isnan(said[:, 0])
    return Measured([x for x, kept in zip(labels, there, strict=True) if kept], said[there], int((~there).sum()))


def fit(sample: Measured) -> dict[str, Any]:
    """Fit a logistic curve to the genders, and two regression quantiles to the ages."""
    curve = LogisticRegression(C=np.inf).fit(sample.log_odds[:, None], sample.male)
    # A band is taken as five ages of the same weight, in the middle of each fifth.
    parts = (np.arange(5) + 0.5) / 5
    ages = (sample.ages[:, :1] + parts * (sample.ages[:, 1:] + 1 - sample.ages[:, :1])).ravel()
    rows = np.repeat(sample.said[:, 1:], len(parts), axis=0)
    ends = [
        QuantileRegressor(quantile=quantile, alpha=0, fit_intercept=False, solver="highs").fit(rows, ages).coef_
        for quantile in ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
    ]
    return {
        "gender": {"slope": round(float(curve.coef_[0, 0]), 4), "offset": round(float(curve.intercept_[0]), 4)},
        "age": {
            "coverage": COVERAGE,
            "low": [round(float(value), 4) for value in ends[0]],
            "high": [round(float(value), 4) for value in ends[1]],
        },
    }


@dataclass(frozen=True)
class Answers:
    """What the server would say, and how that compares with the labels; one element each."""

    wrong: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    held: NDArray[np.float64]
    below: NDArray[np.bool_]
    above: NDArray[np.bool_]
    width: NDArray[np.float64]

    def row(self, mask: NDArray[np.bool_]) -> tuple[str, ...]:
        """Write a row of a table: n, gender wrong with interval and confidence, ages held and the range's width."""
        count, wrong = int(mask.sum()), int(self.wrong[mask].sum())
        low, high = wilson_interval(wrong, count)
        return (
            str(count),
            f"{wrong / count:.3f}",
            f"{low:.3f}–{high:.3f}",
            f"{self.confidence[mask].mean():.1f}",
            f"{self.held[mask].mean():.2f}",
            f"{np.median(self.width[mask]):.0f}",
        )


HEAD = ("n", "gender wrong", "95 %", "mean confidence", "age held", "median years of a range")


def answers(calibration: AttributeCalibration, sample: Measured) -> Answers:
    """Answer as the server does.  Of a band, the share of its years that lie in the range counts as held."""
    genders = [calibration.gender(male) for male in sample.said[:, 0]]
    ranges = np.array([calibration.ages(mean, spread) for _, mean, spread in sample.said])
    first, last = sample.ages.T
    shared = np.minimum(ranges[:, 1], last) - np.maximum(ranges[:, 0], first) + 1
    return Answers(
        wrong=np.array([gender == "Male" for gender, _ in genders]) != sample.male,
        confidence=np.array([confidence for _, confidence in genders]),
        held=shared.clip(0) / (last - first + 1),
        below=last < ranges[:, 0],
        above=first > ranges[:, 1],
        width=np.diff(ranges, axis=1)[:, 0] + 1,
    )


def tables(sample: Measured, found: Answers) -> None:
    """Print the tables of docs/method/attributes.md about FairFace's part for checking."""
    print("Reliability of the confidence\n")
    rows = []
    for low, high in pairwise(CONFIDENCES):
        mask = (found.confidence >= low) & (found.confidence < high)
        right = int((~found.wrong)[mask].sum())
        least, most = wilson_interval(right, int(mask.sum()))
        mean = found.confidence[mask].mean()
        rows.append((f"{low}–{high}", mask.sum(), f"{mean:.1f}", f"{100 * right / mask.sum():.1f}",
                     f"{100 * least:.1f}–{100 * most:.1f}"))  # fmt: skip
    samples.table(("confidence", "n", "mean", "same as the label, %", "95 %"), rows)
    print("By labelled race and gender\n")
    race = np.array([label.race for label in sample.labels])
    rows = [
        (name, "male" if male else "female", *found.row((race == name) & (sample.male == male)))
        for name in sorted(set(race))
        for male in (False, True)
    ]
    samples.table(("race", "gender", *HEAD), [*rows, ("all", "", *found.row(np.ones(len(race), dtype=bool)))])
    print("By labelled age\n")
    rows = []
    for first in sorted(set(sample.ages[:, 0])):
        mask = sample.ages[:, 0] == first
        rows.append(
            (f"{first}–", *found.row(mask), f"{found.below[mask].mean():.2f}", f"{found.above[mask].mean():.2f}")
        )
    samples.table(("ages", *HEAD, "younger", "older"), rows)


def main() -> None:
    """Fit, check, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measured", type=Path)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    known: dict[str, NDArray[np.float64]] = {}
    if asked.measured is not None and asked.measured.is_file():
        with np.load(asked.measured) as kept:
            known = dict(zip(kept["names"].tolist(), kept["said"], strict=True))
    fairface = measure(attribute_samples.fairface(), known)
    others = {
        "London, front": measure(attribute_samples.london(), known),
        "London, three-quarter": measure(attribute_samples.london(("left_3quarter", "right_3quarter")), known),
        "MEDS-II": measure(attribute_samples.meds2(), known),
    }
    if asked.measured is not None:
        np.savez(asked.measured, names=np.array(list(known)), said=np.array(list(known.values())))
    fitted = np.array([label.fitted for label in fairface.labels])
    training, checking = fairface.only(fitted), fairface.only(~fitted)
    entries = read_manifest(None)
    spelt = {
        "format": FORMAT,
        "models": {"age": entries["dlib_age"].sha256, "gender": entries["dlib_gender"].sha256},
        **fit(training),
        "provenance": {},
    }
    found = answers(read_attribute_calibration(json.dumps(spelt)), checking)
    labels = samples.folder("fairface") / "labels.csv"
    spelt["provenance"] = {
        "sample": "FairFace, 600 adults of each of 7 races and 2 genders, as annotators judged them (CC BY 4.0)",
        "labels_sha256": hashlib.sha256(labels.read_bytes()).hexdigest(),
        "fitted_to": "photographs with even numbers",
        "faces_fitted": len(training.labels),
        "faces_checked": len(checking.labels),
        "without_a_face": fairface.absent,
        "checked_gender_wrong": round(float(found.wrong.mean()), 4),
        "checked_mean_confidence_percent": round(float(found.confidence.mean()), 2),
        "checked_age_held": round(float(found.held.mean()), 4),
        "command": "python benchmarks/attribute_calibration.py --write",
    }
    text = json.dumps(spelt, indent=1, ensure_ascii=False) + "\n"
    print(text)
    tables(checking, found)
    calibration = read_attribute_calibration(text)
    print("Other sets\n")
    rows = []
    for name, sample in others.items():
        found = answers(calibration, sample)
        for gender, mask in (("female", ~sample.male), ("male", sample.male)):
            rows.append(
                (name, gender, *found.row(mask), f"{found.below[mask].mean():.2f}", f"{found.above[mask].mean():.2f}")
            )
    samples.table(("set", "gender", *HEAD, "younger", "older"), rows)
    if asked.write:
        FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
