"""Report the error rates of one-to-one comparisons, overall and group by group."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.bootstrap import bootstrap_interval
from recognizance.accuracy.rates import Proportion
from recognizance.accuracy.verification import (
    FOLDS,
    Trials,
    count_fmr,
    count_fnmr,
    det,
    equal_error,
    ten_fold_accuracy,
    threshold_at_fmr,
)
from recognizance.errors import InsufficientTrialsError
from recognizance.workflows.evaluate.curve import thin
from recognizance.workflows.evaluate.document import CAVEATS, Told, opening
from recognizance.workflows.evaluate.groups import by_group
from recognizance.workflows.evaluate.service import NO_FACE, UNREADABLE, Compared, Scale
from recognizance.workflows.evaluate.trial_list import SUBJECT, Labels, TrialList
from recognizance.workflows.evaluate.written import number, proportion

PERCENTS = (80, 85, 90, 95, 99)
FMRS = (1e-3, 1e-4, 1e-5, 1e-6)
INTERVALS = (
    "Wilson's intervals take comparisons to be independent; those of one person are not, so they are too narrow: where "
    "some people fail, or look like others, far more than the rest, the truth lies outside much more often than once "
    "in twenty.  The equal error rate's interval draws people instead."
)


def report(
    trials: TrialList,
    labels: Labels,
    compared: Compared,
    scale: Scale,
    group_by: Sequence[Sequence[str]],
    told: Told,
) -> dict[str, Any]:
    """Make the report of a verification, ready for JSON; docs/method/accuracy.md has the definitions.

    Raises
    ------
    InsufficientTrialsError
        Without mated or without nonmated pairs.
    """
    mated = np.array([pair.mated for pair in trials.pairs])
    counted = Trials(compared.scores[mated], compared.scores[~mated])
    curve = det(counted)
    subjects = _subjects(trials, labels)
    thresholds = {percent: scale.score_at_percent(percent) for percent in PERCENTS}
    reasons = list(compared.failures.values())
    photographs = len(trials.photographs)
    rate, threshold = equal_error(curve)
    low, high = _equal_error_interval(trials, compared.scores, mated, subjects)
    kept = thin(curve)
    return {
        **opening("verify", told),
        "sample": {
            "description": told.description,
            "licence": told.licence,
            "pairs_file": trials.path.name,
            "pairs_sha256": trials.sha256,
            "photographs": photographs,
            "photographs_sha256": compared.photographs_sha256,
            "mated": len(counted.mated),
            "nonmated": len(counted.nonmated),
            "subjects": len(set(subjects.values())),
            "failures": {
                "no_face": proportion(Proportion(reasons.count(NO_FACE), photographs)),
                "unreadable": proportion(Proportion(reasons.count(UNREADABLE), photographs)),
            },
        },
        "rates_at_percent": [
            {
                "percent": percent,
                "score": number(score),
                "fmr": proportion(count_fmr(counted, score)),
                "fnmr": proportion(count_fnmr(counted, score)),
            }
            for percent, score in thresholds.items()
        ],
        "equal_error": {"rate": number(rate), "score": number(threshold), "interval": [number(low), number(high)]},
        "true_match_at_fmr": [_true_match(counted, fmr) for fmr in FMRS],
        "ten_folds": _ten_folds(compared.scores, mated),
        "det": {
            "score": [number(value) for value in curve.thresholds[kept]],
            "fmr": [number(value) for value in curve.fmr[kept]],
            "fnmr": [number(value) for value in curve.fnmr[kept]],
        },
        "groups": [
            by_group(trials, labels, compared.scores, attributes, percent, thresholds[percent])
            for attributes in group_by
            for percent in (80, 99)
        ],
        "caveats": [*CAVEATS, INTERVALS],
    }


def _subjects(trials: TrialList, labels: Labels) -> dict[str, str]:
    """Name whom each photograph shows: by its label, else as one person with those that it is mated with."""
    leader = {name: name for name in trials.photographs}

    def lead(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for pair in trials.pairs:
        if pair.mated:
            leader[lead(pair.b)] = lead(pair.a)
    return {name: labels.of.get(name, {}).get(SUBJECT) or f"photographs with {lead(name)}" for name in leader}


def _equal_error_interval(
    trials: TrialList, scores: NDArray[np.float64], mated: NDArray[np.bool_], subjects: dict[str, str]
) -> tuple[float, float]:
    numbers = {name: index for index, name in enumerate(dict.fromkeys(subjects.values()))}
    first = np.array([numbers[subjects[pair.a]] for pair in trials.pairs], dtype=np.intp)
    second = np.array([numbers[subjects[pair.b]] for pair in trials.pairs], dtype=np.intp)
    order = np.argsort(scores, kind="stable")
    same = mated[order]

    def measure(weights: NDArray[np.float64]) -> float:
        drawn = weights[order]
        below = np.cumsum(np.where(same, drawn, 0.0))
        above = np.cumsum(np.where(same, 0.0, drawn)[::-1])[::-1]
        if not below[-1] or not above[0]:
            return math.nan
        missed, taken = below / below[-1], above / above[0]
        crossing = int(np.argmin(np.abs(missed - taken)))
        return float((missed[crossing] + taken[crossing]) / 2)

    return bootstrap_interval(measure, first, second, len(numbers))


def _true_match(counted: Trials, fmr: float) -> dict[str, Any]:
    try:
        threshold = threshold_at_fmr(counted.nonmated, fmr)
    except InsufficientTrialsError as error:
        return {"fmr": fmr, "score": None, "tmr": None, "reason": error.message}
    missed = count_fnmr(counted, threshold)
    matched = Proportion(missed.trials - missed.errors, missed.trials)
    return {"fmr": fmr, "score": number(threshold), "tmr": proportion(matched), "reason": None}


def _ten_folds(scores: NDArray[np.float64], mated: NDArray[np.bool_]) -> dict[str, Any] | None:
    """Part the pairs into ten in turn, mated and nonmated apart.

    None with fewer than ten of either, or where one is more than twice the other: where nearly all pairs are of two
    people, whoever always says so is right nearly always.
    """
    few, many = sorted((int(mated.sum()), int((~mated).sum())))
    if few < FOLDS or many > 2 * few:
        return None
    folds = np.where(mated, np.cumsum(mated) - 1, np.cumsum(~mated) - 1) % FOLDS
    accuracy, error = ten_fold_accuracy(scores, mated, folds.astype(np.intp))
    return {"accuracy": number(accuracy), "standard_error": number(error), "folds": FOLDS}
