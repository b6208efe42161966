"""Report what one threshold means for each group of people."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.bootstrap import DrawnRates, draw_subjects, drawn_rates, middle, middle_of_ratios
from recognizance.accuracy.comparisons import EVERYBODY, Comparisons
from recognizance.accuracy.differentials import differentials, garbe, verdict
from recognizance.accuracy.rates import Proportion
from recognizance.accuracy.subjects import TrialSet
from recognizance.accuracy.verification import threshold_at_fmr
from recognizance.errors import InsufficientTrialsError
from recognizance.workflows.evaluate.people import Grouping
from recognizance.workflows.evaluate.written import distribution, number, proportion


def by_group(
    comparisons: Comparisons, grouping: Grouping, thresholds: Mapping[int, float], edges: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Count errors within each group, and between groups, at each threshold by its percent; ready for JSON.

    A pair belongs to a group if both photographs do.  Pairs with a photograph of unknown group are counted, and are in
    no row.  ``score_for_global_fmr`` is the threshold that would give a group the false match rate that the threshold
    gives over all pairs.
    """
    numbers = range(len(grouping.names))
    mated = {grouping.names[index]: comparisons.mated(grouping.of, index) for index in numbers}
    nonmated = {grouping.names[index]: comparisons.nonmated(grouping.of, index) for index in numbers}
    shapes = {
        grouping.names[index]: distribution(comparisons.distribution(grouping.of, index, edges)) for index in numbers
    }
    everybody, between = comparisons.nonmated(grouping.of, EVERYBODY), comparisons.between(grouping.of)
    pairs = everybody.design.trials + comparisons.mated(grouping.of, EVERYBODY).design.trials
    within = sum(sets[name].design.trials for sets in (mated, nonmated) for name in grouping.names)
    crossed = _mated_between(comparisons, grouping)
    tables = []
    for percent, threshold in thresholds.items():
        overall = everybody.matching(threshold)
        fmr = {name: trials.matching(threshold) for name, trials in nonmated.items()}
        fnmr = {name: trials.missing(threshold) for name, trials in mated.items()}
        tables.append(
            {
                "attribute": grouping.attribute,
                "percent": percent,
                "rows": [
                    {
                        "group": name,
                        "mated": fnmr[name].trials,
                        "nonmated": fmr[name].trials,
                        "fmr": proportion(fmr[name]),
                        "fnmr": proportion(fnmr[name]),
                        "score_for_global_fmr": _own_threshold(nonmated[name], overall),
                        "distribution": shapes[name],
                    }
                    for name in grouping.names
                ],
                "between_groups": proportion(between.matching(threshold)),
                "pairs_without_group": pairs - within - between.design.trials - crossed,
                "differentials": _differentials(fmr, fnmr, mated, nonmated, threshold),
                "verdict": f"False matches: {verdict(fmr)} {_verdict_on_misses(fnmr)}",
            }
        )
    return tables


def missed_by_group(
    comparisons: Comparisons, grouping: Grouping, thresholds: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Give each group's false non-match rate at thresholds, for `recognizance advise`; ready for JSON."""
    return [
        {
            "attribute": grouping.attribute,
            "group": name,
            **missed_at(comparisons.mated(grouping.of, index), thresholds),
        }
        for index, name in enumerate(grouping.names)
    ]


def missed_at(mated: TrialSet, thresholds: NDArray[np.float64]) -> dict[str, Any]:
    """Write the false non-match rate at each threshold, with the ends of its interval."""
    counted = [mated.missing(threshold) for threshold in thresholds]
    return {
        "mated": mated.design.trials,
        "fnmr": [number(proportion.rate) for proportion in counted],
        "fnmr_low": [proportion.interval[0] for proportion in counted],
        "fnmr_high": [proportion.interval[1] for proportion in counted],
    }


def _mated_between(comparisons: Comparisons, grouping: Grouping) -> int:
    """Count mated pairs whose two photographs are of two known groups: a person may have grown older."""
    known = np.where(grouping.of >= 0, 0, -1)
    within = sum(comparisons.mated(grouping.of, index).design.trials for index in range(len(grouping.names)))
    return comparisons.mated(known, 0).design.trials - within


def _verdict_on_misses(fnmr: Mapping[str, Proportion]) -> str:
    if not any(rate.trials for rate in fnmr.values()):
        return "False non-matches: nobody was compared with themselves."
    return f"False non-matches: {verdict(fnmr)}"


def _own_threshold(trials: TrialSet, overall: Proportion) -> float | None:
    if not overall.errors:
        return None
    try:
        return number(threshold_at_fmr(trials.scores, overall.rate, trials.design.trials))
    except InsufficientTrialsError:
        return None


def _differentials(
    fmr: Mapping[str, Proportion],
    fnmr: Mapping[str, Proportion],
    mated: Mapping[str, TrialSet],
    nonmated: Mapping[str, TrialSet],
    threshold: float,
) -> dict[str, Any] | None:
    """Write the measures of difference with their intervals; None of a rate that a group's trials do not measure."""
    counted = [len(rates) > 1 and all(rate.is_measured for rate in rates.values()) for rates in (fmr, fnmr)]
    if not any(counted):
        return None
    draws = draw_subjects(len(next(iter(mated.values())).design.by_subject))
    taken, missed = (
        DrawnRates({name: drawn_rates(kept.design, *kept.matches(threshold), draws) for name, kept in trials.items()})
        if measured
        else None
        for trials, measured in zip((nonmated, mated), counted, strict=True)
    )
    if missed is not None:
        missed = DrawnRates({name: 1 - rates for name, rates in missed.rates.items()})
    both = taken is not None and missed is not None
    return {
        "fmr": taken and {**asdict(differentials(fmr)), "intervals": difference_intervals(taken)},
        "fnmr": missed and {**asdict(differentials(fnmr)), "intervals": difference_intervals(missed)},
        "garbe": garbe(fmr, fnmr) if both else None,
        "garbe_interval": middle((taken.gini() + missed.gini()) / 2) if taken and missed else None,
    }


def difference_intervals(drawn: DrawnRates) -> dict[str, Any]:
    """Write the intervals of the measures of difference."""
    return {
        "max_over_min": middle_of_ratios(drawn.max_over_min()),
        "max_over_geometric_mean": middle_of_ratios(drawn.max_over_geometric_mean()),
        "gini": middle(drawn.gini()),
    }
