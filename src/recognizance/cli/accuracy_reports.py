"""Accuracy reports as commands take them in: whole, or what a threshold costs in missed mates."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizance.cli.errors import MisuseError

if TYPE_CHECKING:
    from recognizance.scoring import Calibration


@dataclass(frozen=True, slots=True)
class Measured:
    """The false non-match rates of a sample.

    Attributes
    ----------
    scores, fnmr : tuple of float
        Thresholds, and the rate in 0..1 at each.
    mated, nonmated, photographs : int
        The sample's size.
    pairs_file : str
    """

    scores: tuple[float, ...]
    fnmr: tuple[float, ...]
    mated: int
    nonmated: int
    photographs: int
    pairs_file: str

    def missed_at(self, score: float) -> dict[str, Any] | None:
        """Give the rate of missed mates at a score, with how far to trust it; None outside what was measured."""
        from recognizance.accuracy.advice import fnmr_at
        from recognizance.accuracy.rates import Proportion

        rate = fnmr_at(self.scores, self.fnmr, score)
        if rate is None:
            return None
        counted = Proportion(round(rate * self.mated), self.mated)
        return {"fnmr": rate, "interval": list(counted.interval), "measured": counted.is_measured}

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest score measured."""
        return min(self.scores), max(self.scores)


def load_report(path: Path) -> dict[str, Any]:
    """Load a report of any kind that `recognizance evaluate` makes.

    Raises
    ------
    MisuseError
        If it is none.
    """
    from recognizance.workflows.evaluate.document import FORMAT

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        told = document["format"], document["kind"]
    except (KeyError, TypeError, ValueError) as error:
        raise MisuseError(
            f"{path} is not an accuracy report ({error}).", "Give the report.json of `recognizance evaluate`."
        ) from error
    if told[0] != FORMAT:
        raise MisuseError(
            f"{path} is of the format {told[0]!r}, not {FORMAT!r}.", "Give the report.json of `recognizance evaluate`."
        )
    return dict(document)


def read_report(path: Path, calibration: "Calibration") -> Measured:
    """Read a report of `recognizance evaluate verify`.

    Raises
    ------
    MisuseError
        If it is none, or measured with another calibration.
    """
    from recognizance.workflows.evaluate.document import FORMAT

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT or document["kind"] != "verify":
            raise MisuseError(
                f"{path} is a report of the format {document['format']!r} and kind {document['kind']!r}.",
                "The cost in missed mates is in reports of `recognizance evaluate verify`.",
            )
        digest, sample, curve = document["service"]["calibration"], document["sample"], document["det"]
        points = [
            (float(score), float(rate))
            for score, rate in zip(curve["score"], curve["fnmr"], strict=True)
            if score is not None and rate is not None and abs(score) <= 1
        ]
        measured = Measured(
            tuple(score for score, _ in points),
            tuple(rate for _, rate in points),
            int(sample["mated"]),
            int(sample["nonmated"]),
            int(sample["photographs"]),
            str(sample["pairs_file"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MisuseError(
            f"{path} is not an accuracy report ({error}).", "Make one with `recognizance evaluate verify --pairs …`."
        ) from error
    if not points or measured.mated < 1 or not all(0 <= rate <= 1 for rate in measured.fnmr):
        raise MisuseError(f"{path} has no rates of mated comparisons.", "Measure with mated pairs too.")
    if digest != calibration.digest:
        raise MisuseError(
            f"{path} was measured with the calibration {str(digest)[:16]}…, and the settings' is "
            f"{calibration.digest[:16]}…: its scores mean something else.",
            "Measure again with the model of the settings, or choose the report's model "
            "(RECOGNIZANCE_EMBEDDER, RECOGNIZANCE_MIRROR).",
        )
    return measured
