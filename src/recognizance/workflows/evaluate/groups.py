"""Report what one threshold means for each group of people."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.differentials import differentials, garbe, verdict
from recognizance.accuracy.rates import Proportion
from recognizance.accuracy.verification import Trials, count_fmr, count_fnmr, threshold_at_fmr
from recognizance.errors import InsufficientTrialsError
from recognizance.workflows.evaluate.trial_list import Labels, TrialList
from recognizance.workflows.evaluate.written import number, proportion


def by_group(
    trials: TrialList,
    labels: Labels,
    scores: NDArray[np.float64],
    attributes: Sequence[str],
    percent: float,
    threshold: float,
) -> dict[str, Any]:
    """Count errors at one threshold within each group, and between groups; ready for JSON.

    A pair belongs to a group if both photographs do.  Pairs with a photograph of unknown group are counted, and are in
    no row.  ``score_for_global_fmr`` is the threshold that would give a group the false match rate that the threshold
    gives over all pairs.
    """
    of = {name: labels.group(name, attributes) for name in trials.photographs}
    names = sorted({group for group in of.values() if group is not None})
    numbers = {None: -1} | {name: index for index, name in enumerate(names)}
    first = np.array([numbers[of[pair.a]] for pair in trials.pairs])
    second = np.array([numbers[of[pair.b]] for pair in trials.pairs])
    unknown = (first == -1) | (second == -1)
    mated = np.array([pair.mated for pair in trials.pairs])
    overall = count_fmr(Trials(scores[mated], scores[~mated]), threshold)
    rows, fmr, fnmr = [], {}, {}
    for index, name in enumerate(names):
        within = (first == index) & (second == index)
        counted = Trials(scores[within & mated], scores[within & ~mated])
        fmr[name], fnmr[name] = count_fmr(counted, threshold), count_fnmr(counted, threshold)
        rows.append(
            {
                "group": name,
                "mated": len(counted.mated),
                "nonmated": len(counted.nonmated),
                "fmr": proportion(fmr[name]),
                "fnmr": proportion(fnmr[name]),
                "score_for_global_fmr": _own_threshold(counted, overall),
            }
        )
    between = ~unknown & (first != second)
    return {
        "attribute": " × ".join(attributes),
        "percent": percent,
        "rows": rows,
        "between_groups": proportion(count_fmr(Trials(scores[:0], scores[between & ~mated]), threshold)),
        "pairs_without_group": int(unknown.sum()),
        "differentials": _differentials(fmr, fnmr),
        "verdict": f"False matches: {verdict(fmr)} False non-matches: {verdict(fnmr)}",
    }


def _own_threshold(counted: Trials, overall: Proportion) -> float | None:
    if not overall.errors:
        return None
    try:
        return number(threshold_at_fmr(counted.nonmated, overall.rate))
    except InsufficientTrialsError:
        return None


def _differentials(fmr: dict[str, Proportion], fnmr: dict[str, Proportion]) -> dict[str, Any] | None:
    """Write the measures of difference; None unless every group's rates are measured."""
    if len(fmr) < 2 or not all(rate.is_measured for rates in (fmr, fnmr) for rate in rates.values()):
        return None
    return {
        "fmr": asdict(differentials(fmr)),
        "fnmr": asdict(differentials(fnmr)),
        "garbe": garbe(fmr, fnmr),
    }
