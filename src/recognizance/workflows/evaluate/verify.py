"""Report the error rates of one-to-one comparisons, overall and group by group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recognizance.accuracy.bootstrap import equal_error_interval
from recognizance.accuracy.comparisons import EVERYBODY, Comparisons, Listed
from recognizance.accuracy.rates import Proportion
from recognizance.accuracy.subjects import TrialSet
from recognizance.accuracy.verification import FOLDS, Det, equal_error, ten_fold_accuracy, threshold_at_fmr
from recognizance.errors import InsufficientTrialsError
from recognizance.workflows.evaluate.curve import thin
from recognizance.workflows.evaluate.document import CAVEATS, Told, opening
from recognizance.workflows.evaluate.groups import by_group, missed_at, missed_by_group
from recognizance.workflows.evaluate.people import Grouping
from recognizance.workflows.evaluate.service import NO_FACE, PERCENT, UNREADABLE, Scale
from recognizance.workflows.evaluate.written import distribution, number, proportion

PERCENTS = (80, 85, 90, 95, 99)
LOWEST_PERCENT = PERCENTS[0]
GROUP_PERCENTS = (80, 99)
FMRS = (1e-3, 1e-4, 1e-5, 1e-6)
COSINE_EDGES = np.linspace(-1, 1, 81)
PERCENT_EDGES = np.linspace(0, 100, 81)


@dataclass(frozen=True, eq=False)
class Verification:
    """What was compared with what.

    Attributes
    ----------
    comparisons : Comparisons
        Of the photographs, by their index.
    failures : mapping of str to str
        By name of the photograph: why it gave no template.
    photographs_sha256 : str
    pairs_file, pairs_sha256 : str or None
        The list of pairs; None where all photographs were compared with all.
    labels_file, labels_sha256 : str or None
        The file that tells who is who, and who belongs to which group.
    repeated : int
        How many photographs are the very file of another.
    """

    comparisons: Comparisons
    failures: Mapping[str, str]
    photographs_sha256: str
    pairs_file: str | None = None
    pairs_sha256: str | None = None
    labels_file: str | None = None
    labels_sha256: str | None = None
    repeated: int = 0


def report(compared: Verification, groupings: Sequence[Grouping], scale: Scale, told: Told) -> dict[str, Any]:
    """Make the report of a verification, ready for JSON; docs/method/accuracy.md has the definitions.

    Raises
    ------
    InsufficientTrialsError
        Without mated or without nonmated pairs.
    """
    comparisons = compared.comparisons
    photographs = len(comparisons.subjects)
    everybody = np.full(photographs, -1, dtype=np.intp)
    mated, nonmated = comparisons.mated(everybody, EVERYBODY), comparisons.nonmated(everybody, EVERYBODY)
    if not mated.design.trials or not nonmated.design.trials:
        raise InsufficientTrialsError("A trade-off needs comparisons of the same and of different people.")
    thresholds = {percent: scale.score_at_percent(percent) for percent in PERCENTS}
    of_groups = {percent: thresholds[percent] for percent in GROUP_PERCENTS}
    edges = PERCENT_EDGES if told.service.get("score_is") == PERCENT else COSINE_EDGES
    curve = comparisons.det()
    kept = thin(curve)
    reasons = list(compared.failures.values())
    return {
        **opening("verify", told),
        "intervals": "subjects",
        "sample": {
            "description": told.description,
            "licence": told.licence,
            "pairs_file": compared.pairs_file,
            "pairs_sha256": compared.pairs_sha256,
            "labels_file": compared.labels_file,
            "labels_sha256": compared.labels_sha256,
            "photographs": photographs,
            "photographs_sha256": compared.photographs_sha256,
            "repeated": compared.repeated,
            "mated": mated.design.trials,
            "nonmated": nonmated.design.trials,
            "subjects": len(np.unique(comparisons.subjects)),
            "failures": {
                "no_face": proportion(Proportion(reasons.count(NO_FACE), photographs)),
                "unreadable": proportion(Proportion(reasons.count(UNREADABLE), photographs)),
            },
        },
        "rates_at_percent": [
            {
                "percent": percent,
                "score": number(score),
                "fmr": proportion(nonmated.matching(score)),
                "fnmr": proportion(mated.missing(score)),
            }
            for percent, score in thresholds.items()
        ],
        "equal_error": _equal_error(curve, mated, nonmated),
        "true_match_at_fmr": [_true_match(mated, nonmated, fmr) for fmr in FMRS],
        "ten_folds": _ten_folds(comparisons) if isinstance(comparisons, Listed) else None,
        "det": {
            "score": [number(value) for value in curve.thresholds[kept]],
            "fmr": [number(value) for value in curve.fmr[kept]],
            **missed_at(mated, curve.thresholds[kept]),
        },
        "distribution": distribution(comparisons.distribution(everybody, EVERYBODY, edges)),
        "groups": [table for grouping in groupings for table in by_group(comparisons, grouping, of_groups, edges)],
        "det_by_group": [
            curve_of
            for grouping in groupings
            for curve_of in missed_by_group(comparisons, grouping, curve.thresholds[kept])
        ],
        "caveats": [*CAVEATS, *_caveats(compared.repeated)],
    }


def _caveats(repeated: int) -> list[str]:
    if not repeated:
        return []
    return [
        f"{repeated:,} photographs are the very file of another one.  Compared with it they match whatever the program "
        "does: as one person's the misses are too few, as two people's they are false matches of the labels."
    ]


def _equal_error(curve: Det, mated: TrialSet, nonmated: TrialSet) -> dict[str, Any]:
    rate, threshold = equal_error(curve)
    at = int(np.searchsorted(curve.thresholds, threshold))
    counted = [
        Proportion(round(float(rates[at]) * trials), trials)
        for rates, trials in ((curve.fmr, nonmated.design.trials), (curve.fnmr, mated.design.trials))
    ]
    bounds = equal_error_interval(mated, nonmated, threshold, len(mated.design.by_subject))
    return {
        "rate": number(rate),
        "score": number(threshold),
        "interval": bounds or [None, None],
        "measured": all(one.is_measured for one in counted),
    }


def _true_match(mated: TrialSet, nonmated: TrialSet, fmr: float) -> dict[str, Any]:
    try:
        threshold = threshold_at_fmr(nonmated.scores, fmr, nonmated.design.trials)
    except InsufficientTrialsError as error:
        return {"fmr": fmr, "score": None, "tmr": None, "reason": error.message}
    matched = mated.matching(threshold)
    return {"fmr": fmr, "score": number(threshold), "tmr": proportion(matched), "reason": None}


def _ten_folds(comparisons: Listed) -> dict[str, Any] | None:
    """Part the pairs into ten in turn, mated and nonmated apart.

    None with fewer than ten of either, or where one is more than twice the other: where nearly all pairs are of two
    people, whoever always says so is right nearly always.
    """
    mated = comparisons.is_mated
    few, many = sorted((int(mated.sum()), int((~mated).sum())))
    if few < FOLDS or many > 2 * few:
        return None
    folds = np.where(mated, np.cumsum(mated) - 1, np.cumsum(~mated) - 1) % FOLDS
    accuracy, error, wrong = ten_fold_accuracy(comparisons.scores, mated, folds.astype(np.intp))
    return {
        "accuracy": number(accuracy),
        "standard_error": number(error),
        "folds": FOLDS,
        "wrong": wrong,
        "pairs": len(mated),
        "measured": Proportion(wrong, len(mated)).is_measured,
    }
