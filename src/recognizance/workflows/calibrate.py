"""Make a model's calibration from photographs of different people."""

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.fitting import Tail, fit_curve
from recognizance.accuracy.nonmated import Histogram, count_nonmated, keep_one_of_each
from recognizance.accuracy.rates import wilson_interval
from recognizance.biometrics import QualityLevel
from recognizance.detection.filter import goodness, shortcomings
from recognizance.errors import CalibrationError, ImageError
from recognizance.scoring import Curve
from recognizance.scoring.calibration import FORMAT, calibration_digest
from recognizance.workflows.engine import Engine, require_face

SAME_PERSON_SCORE = 0.55
"""Above this, two photographs are taken to show one person.  Fixed before any threshold was looked at; for
SFace no two people of known identity in the London and MEDS-II sets who pass the quality filter and were
photographed from the front reach it (docs/method/calibration.md)."""

TRUNCATION_MARGIN = 0.05
"""Counts this close below the same-person score are not used: they lack the strangers that the rule dropped."""

SENSITIVITY = (0.50, 0.55, 0.60, 0.65, None)
"""Other rules for the same decision, whose thresholds are published beside the chosen one's; None: no rule."""

_EXPONENTS = range(2, 8)


@dataclass(frozen=True)
class Sample:
    """Photographs of people, one face each.

    ``groups`` names each photograph's group, e.g. its labels joined; ``description`` is for people to read.
    """

    photographs: tuple[Path, ...]
    groups: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class _Face:
    group: str
    template: NDArray[np.float32]
    goodness: float
    sha256: bytes


def read_sample(photos: Path, labels: Path, group_by: Sequence[str], description: str) -> Sample:
    """Read the list of photographs and their groups from a CSV file with a column ``file``.

    Raises
    ------
    CalibrationError
        If a column or a photograph is missing.
    """
    try:
        with labels.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CalibrationError(f"The labels {labels} cannot be read: {error}.") from error
    missing = {"file", *group_by} - set(rows[0] if rows else ())
    if missing:
        raise CalibrationError(
            f"{labels} has no column {', '.join(sorted(missing))}.",
            "It needs a column `file` and one for each label that --group-by names.",
        )
    paths = tuple(photos / row["file"] for row in rows)
    absent = [path for path in paths if not path.is_file()]
    if absent:
        raise CalibrationError(f"{len(absent)} photographs of {labels} are missing, the first is {absent[0]}.")
    return Sample(paths, tuple(" / ".join(row[name] for name in group_by) for row in rows), description)


def calibrate(
    engine: Engine,
    sample: Sample,
    *,
    threads: int,
    now: datetime,
    version: str,
    same_person_score: float | None = SAME_PERSON_SCORE,
    progress: Callable[[int], None] = lambda done: None,
) -> str:
    """Make the text of a calibration file.

    Faces that fail QualityFilter AUTO are left out; of faces that score at least `same_person_score`, one is
    kept; then every face is compared with every other.

    Raises
    ------
    CalibrationError
        If too few usable faces remain.
    """
    faces, unusable, filtered = _faces(engine, sample, threads, progress)
    if len(faces) < 2:
        raise CalibrationError("No two photographs of the sample hold a usable face.")
    names = sorted({face.group for face in faces})
    templates = np.stack([face.template for face in faces])
    groups = np.array([names.index(face.group) for face in faces], dtype=np.intp)
    order = np.argsort([-face.goodness for face in faces], kind="stable")

    def count(score: float | None) -> tuple[int, Histogram, list[Histogram]]:
        kept = np.arange(len(faces)) if score is None else keep_one_of_each(templates, order, score)
        return len(kept), *count_nonmated(templates[kept], groups[kept], len(names))

    kept, overall, within = count(same_person_score)
    counted_to = _counted_to(same_person_score)
    overall_curve, tail = fit_curve(overall, counted_to=counted_to)
    pooled = Histogram(np.sum([histogram.counts for histogram in within], axis=0))
    same_group, _ = fit_curve(pooled, counted_to=counted_to)
    group_curves = {
        name: fit_curve(histogram, counted_to=counted_to)[0] for name, histogram in zip(names, within, strict=True)
    }
    sensitivity = []
    for score in dict.fromkeys((*SENSITIVITY, same_person_score)):
        number, histogram, _ = count(score)
        try:
            thresholds = _thresholds(fit_curve(histogram, counted_to=_counted_to(score))[0])
        except CalibrationError:  # the rule links nearly everybody: it is not one for this model
            thresholds = {}
        sensitivity.append({"same_person_score": score, "faces": number, **thresholds})
    body: dict[str, Any] = {
        "format": FORMAT,
        "model": engine.model,
        "overall": _write_curve(overall_curve),
        "same_group": _write_curve(same_group),
        "groups": {name: _write_curve(curve) for name, curve in group_curves.items()},
        "provenance": {
            "made_at": now.isoformat(timespec="seconds"),
            "made_by": f"recognizance {version}",
            "sample": sample.description,
            "photographs": len(sample.photographs),
            "photographs_sha256": _list_digest(faces),
            "photographs_without_usable_face": unusable,
            "faces_failing_quality_filter_auto": filtered,
            "same_person_score": same_person_score,
            "counted_to_score": counted_to,
            "faces_compared": kept,
            "comparisons": overall.total,
            "comparisons_within_groups": pooled.total,
            "tail": _write_tail(tail),
            "thresholds": _thresholds(overall_curve),
            "sensitivity_to_same_person_score": sensitivity,
            "groups": _group_table(names, within, overall_curve),
        },
    }
    return json.dumps({**body, "digest": calibration_digest(body)}, separators=(",", ":"), ensure_ascii=False) + "\n"


def _faces(
    engine: Engine, sample: Sample, threads: int, progress: Callable[[int], None]
) -> tuple[list[_Face], int, int]:
    """Find each photograph's largest face; count those without one and those that fail the filter."""

    def one(path: Path, group: str) -> _Face | str:
        try:
            image, faces = engine.look(path.read_bytes(), bytes_max=1 << 30)
            face, _ = require_face(faces)
        except ImageError:
            return "unusable"
        if shortcomings(face, image, QualityLevel.AUTO):
            return "filtered"
        (template,) = engine.templates(image, [face])
        return _Face(group, template.vector, goodness(face), image.sha256)

    found: list[_Face | str] = []
    with ThreadPoolExecutor(threads) as pool:
        for result in pool.map(one, sample.photographs, sample.groups):
            found.append(result)
            progress(len(found))
    return (
        [item for item in found if isinstance(item, _Face)],
        found.count("unusable"),
        found.count("filtered"),
    )


def _counted_to(same_person_score: float | None) -> float:
    return 1.0 if same_person_score is None else round(same_person_score - TRUNCATION_MARGIN, 6)


def _thresholds(curve: Curve) -> dict[str, float]:
    return {f"score_at_fmr_1e-{exponent}": round(curve.score_at(10.0**-exponent), 4) for exponent in _EXPONENTS}


def _group_table(names: Sequence[str], within: Sequence[Histogram], overall: Curve) -> dict[str, Any]:
    """Count each group's false matches at the overall thresholds for FMR 1e-3 and 1e-4."""
    table: dict[str, Any] = {}
    for name, histogram in zip(names, within, strict=True):
        row: dict[str, Any] = {"comparisons": histogram.total}
        for exponent in (3, 4):
            errors = int(histogram.at_least(np.array([overall.score_at(10.0**-exponent)]))[0])
            low, high = wilson_interval(errors, histogram.total)
            row[f"fmr_at_overall_1e-{exponent}"] = {
                "false_matches": errors,
                "fmr": round(errors / max(histogram.total, 1), 7),
                "interval_95": [round(low, 7), round(high, 7)],
            }
        table[name] = row
    return table


def _list_digest(faces: Sequence[_Face]) -> str:
    """Digest the sorted digests of the photographs used."""
    return hashlib.sha256(b"".join(sorted(face.sha256 for face in faces))).hexdigest()


def _write_curve(curve: Curve) -> dict[str, Any]:
    return {
        "scores": [round(float(score), 6) for score in curve.scores],
        "log10_fmr": [float(rate) for rate in curve.log10_fmr],
        "measured_to": curve.measured_to,
    }


def _write_tail(tail: Tail) -> dict[str, float]:
    return {
        "constant": round(tail.constant, 6),
        "slope": round(tail.slope, 6),
        "curvature": round(tail.curvature, 6),
        "residual_log10": round(tail.residual, 4),
    }
