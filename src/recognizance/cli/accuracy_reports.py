"""Accuracy reports as commands take them in: whole, or what a threshold costs in missed mates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizance.cli.errors import MisuseError

if TYPE_CHECKING:
    from recognizance.scoring import Calibration


@dataclass(frozen=True, slots=True)
class Missed:
    """How often mates are missed, by threshold.

    Attributes
    ----------
    of : str
        A group, or "" for everybody.
    mated : int
        Comparisons.
    fnmr, low, high : tuple of float
        The rate in 0..1 and its 95 % interval at each score of the report.
    """

    of: str
    mated: int
    fnmr: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def at(self, scores: Sequence[float], score: float) -> dict[str, Any] | None:
        """Give the rate at a score, with how far to trust it; None outside what was measured."""
        from recognizance.accuracy.advice import fnmr_at
        from recognizance.accuracy.rates import Proportion

        rate, low, high = (fnmr_at(scores, values, score) for values in (self.fnmr, self.low, self.high))
        if rate is None or low is None or high is None:
            return None
        counted = Proportion(round(rate * self.mated), self.mated)
        return {"fnmr": rate, "interval": [low, high], "measured": counted.is_measured, "mated": self.mated}


@dataclass(frozen=True, slots=True)
class Measured:
    """The false non-match rates of a sample.

    Attributes
    ----------
    scores : tuple of float
        Thresholds.
    everybody : Missed
    groups : tuple of Missed
    nonmated, photographs : int
        The sample's size.
    list_name : str
        The list of pairs, or what stood in its place.
    """

    scores: tuple[float, ...]
    everybody: Missed
    groups: tuple[Missed, ...]
    nonmated: int
    photographs: int
    list_name: str

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
        if "calibration" not in document["service"]:
            raise MisuseError(
                f"{path} was measured at another service, whose percents are not those of the settings' calibration.",
                "Measure the model of the settings: `recognizance evaluate verify` without --endpoint.",
            )
        digest, sample, curve = document["service"]["calibration"], document["sample"], document["det"]
        kept = [place for place, score in enumerate(curve["score"]) if score is not None and abs(score) <= 1]
        measured = Measured(
            tuple(float(curve["score"][place]) for place in kept),
            _missed("", curve, kept),
            tuple(
                _missed(f"{group['group']} ({group['attribute']})", group, kept)
                for group in document["det_by_group"]
                if group["mated"]
            ),
            int(sample["nonmated"]),
            int(sample["photographs"]),
            str(sample["pairs_file"] or "all with all"),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MisuseError(
            f"{path} is not an accuracy report ({error}).", "Make one with `recognizance evaluate verify --pairs …`."
        ) from error
    if not kept or measured.everybody.mated < 1 or not all(0 <= rate <= 1 for rate in measured.everybody.fnmr):
        raise MisuseError(f"{path} has no rates of mated comparisons.", "Measure with mated pairs too.")
    if digest != calibration.digest:
        raise MisuseError(
            f"{path} was measured with the calibration {str(digest)[:16]}…, and the settings' is "
            f"{calibration.digest[:16]}…: its scores mean something else.",
            "Measure again with the model of the settings, or choose the report's model "
            "(RECOGNIZANCE_EMBEDDER, RECOGNIZANCE_MIRROR).",
        )
    return measured


def _missed(of: str, curve: Mapping[str, Any], kept: Sequence[int]) -> Missed:
    rates, lows, highs = (
        tuple(float(curve[name][place]) for place in kept) for name in ("fnmr", "fnmr_low", "fnmr_high")
    )
    return Missed(of, int(curve["mated"]), rates, lows, highs)
