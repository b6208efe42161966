"""How an error rate differs over groups of people."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from recognizance.accuracy.rates import RULE_OF_30, Proportion


@dataclass(frozen=True, slots=True)
class Differentials:
    """How far groups' rates lie apart in a sample; says nothing on whether the sample is large enough (`verdict`).

    Attributes
    ----------
    max_over_min : float or None
        Highest rate over lowest, 1 or more; None where the lowest is 0.
    max_over_geometric_mean : float or None
        Highest rate over the rates' geometric mean, 1 or more; None where a rate is 0.
    gini : float or None
        0 (all rates are equal) to 1 (one group has all errors), see `gini`.
    worst, best : str or None
        The groups of the highest and of the lowest rate, the first by name among equals; None where all are equal.

    All are None with fewer than two groups, or with a group without trials: leaving it out would flatter the rest.
    """

    max_over_min: float | None = None
    max_over_geometric_mean: float | None = None
    gini: float | None = None
    worst: str | None = None
    best: str | None = None


def gini(rates: Mapping[str, Proportion]) -> float | None:
    """Measure how unequal groups' rates are; each group counts once, whatever its number of trials.

    Parameters
    ----------
    rates : mapping of str to Proportion
        By name of the group.

    Returns
    -------
    float or None
        ``n / (n - 1) * sum_i sum_j |x_i - x_j| / (2 n**2 mean(x))``, 0..1; 0 where all rates are 0.
        None with fewer than two groups, or with a group without trials.

    References
    ----------
    Howard et al.: Evaluating proposed fairness models for face recognition algorithms, arXiv:2203.05051 (2022); the
    factor n / (n - 1) makes 1 the upper bound for any number of groups n.
    """
    if not _has_rates(rates):
        return None
    ordered = sorted(group.rate for group in rates.values())
    total = math.fsum(ordered)
    if total == 0:
        return 0.0
    # The sum over pairs above the diagonal is half the double sum; sorted, so the answer is free of the order.
    apart = math.fsum(high - low for rank, high in enumerate(ordered) for low in ordered[:rank])
    return min(1.0, apart / ((len(ordered) - 1) * total))


def differentials(rates: Mapping[str, Proportion]) -> Differentials:
    """Measure how far groups' rates lie apart.

    Parameters
    ----------
    rates : mapping of str to Proportion
        One error rate at one threshold, by name of the group.

    References
    ----------
    NIST IR 8429 (2022): max/min, max over geometric mean, Gini. ISO/IEC 19795-10:2024.
    """
    if not _has_rates(rates):
        return Differentials()
    worst, best = _extremes(rates)
    highest, lowest = rates[worst].rate, rates[best].rate
    positive = lowest > 0
    excess = math.fsum(sorted(math.log(highest / group.rate) for group in rates.values())) if positive else 0.0
    return Differentials(
        max_over_min=highest / lowest if positive else None,
        max_over_geometric_mean=math.exp(excess / len(rates)) if positive else None,
        gini=gini(rates),
        worst=worst if highest > lowest else None,
        best=best if highest > lowest else None,
    )


def garbe(fmr: Mapping[str, Proportion], fnmr: Mapping[str, Proportion], alpha: float = 0.5) -> float | None:
    """Sum up how unequal both error rates are at one threshold (Gini aggregation rate for biometric equitability).

    Parameters
    ----------
    fmr, fnmr : mapping of str to Proportion
        False match and false non-match rates of the same groups, by name.
    alpha : float
        Weight of false matches, 0..1.

    Returns
    -------
    float or None
        ``alpha * gini(fmr) + (1 - alpha) * gini(fnmr)``, 0 (equal) to 1; None where either has no Gini coefficient.

    Raises
    ------
    ValueError
        If `alpha` is outside 0..1, or the groups are not the same.

    References
    ----------
    Howard et al.: Evaluating proposed fairness models for face recognition algorithms, arXiv:2203.05051 (2022).
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"A weight of {alpha} is outside 0..1.")
    if fmr.keys() != fnmr.keys():
        raise ValueError(f"Only one of the two rates has the groups {sorted(fmr.keys() ^ fnmr.keys())}.")
    of_fmr, of_fnmr = gini(fmr), gini(fnmr)
    if of_fmr is None or of_fnmr is None:
        return None
    return min(1.0, alpha * of_fmr + (1 - alpha) * of_fnmr)


def verdict(rates: Mapping[str, Proportion]) -> str:
    """Say in plain language what a sample shows of a difference between groups.

    Parameters
    ----------
    rates : mapping of str to Proportion
        One error rate at one threshold, by name of the group.

    Returns
    -------
    str
        ``insufficient: ...`` with what is missing, with fewer than two groups or where a group's rate is not measured
        (`Proportion.is_measured`). Else how many times as frequent the worst group's errors are as the best group's,
        and whether the sample shows it (`lie_apart`).
    """
    missing = [f"{name!r} has {_shortfall(rates[name])}" for name in sorted(rates) if not rates[name].is_measured]
    if missing:
        needed = f"at least {RULE_OF_30} errors and {RULE_OF_30} trials without error are needed in each group"
        missing.insert(0, needed)
    if len(rates) < 2:
        missing.insert(0, f"a comparison needs at least 2 groups, here {'is 1' if rates else 'are none'}")
    if missing:
        return f"insufficient: {'; '.join(missing)}."
    worst, best = _extremes(rates)
    if rates[worst].rate == rates[best].rate:
        return (
            f"All {len(rates)} groups have errors equally often in this sample ({_percent(rates[worst].rate)}), "
            "which does not show that there is no difference."
        )
    said = f"{_comparison(rates, worst, best)}; their 95 % intervals"
    if lie_apart(rates[worst], rates[best], len(rates)):
        return f"{said} do not overlap, so this sample shows the difference."
    if rates[worst].interval[0] > rates[best].interval[1]:
        said += (
            f" do not overlap, but of {len(rates)} groups two lie as far apart by chance more often than 1 time in 20"
        )
    else:
        said += " overlap"
    said += ", so the difference is not shown by this sample, nor is its absence."
    # A small group may be the worst by chance, while two larger ones do lie apart.
    higher = max(sorted(rates), key=lambda name: rates[name].interval[0])
    lower = min(sorted(rates), key=lambda name: rates[name].interval[1])
    if lie_apart(rates[higher], rates[lower], len(rates)):
        said += f" It does show one between others: {_comparison(rates, higher, lower)}."
    return said


def lie_apart(worse: Proportion, better: Proportion, groups: int) -> bool:
    """Tell whether a sample shows that errors of one of many groups are more frequent than those of another.

    Their 95 % intervals must not overlap.  With many groups some two do not by chance alone, so that the difference has
    to exceed its interval also at the level that leaves one mistake in 20 samples over all pairs of groups.

    References
    ----------
    The difference's interval: Newcombe: Interval estimation for the difference between independent proportions, Stat.
    Med. 17 (1998), method 10; its level: Bonferroni's.
    """
    if worse.interval[0] <= better.interval[1]:
        return False
    quantile = NormalDist().inv_cdf(1 - 0.025 / math.comb(groups, 2))
    half = math.hypot(worse.rate - worse.interval[0], better.interval[1] - better.rate)
    return worse.rate - better.rate > quantile / NormalDist().inv_cdf(0.975) * half


def _has_rates(rates: Mapping[str, Proportion]) -> bool:
    return len(rates) > 1 and all(group.trials for group in rates.values())


def _extremes(rates: Mapping[str, Proportion]) -> tuple[str, str]:
    """Name the groups of the highest and of the lowest rate, the first by name among equals."""
    names = sorted(rates)
    return max(names, key=lambda name: rates[name].rate), min(names, key=lambda name: rates[name].rate)


def _comparison(rates: Mapping[str, Proportion], worse: str, better: str) -> str:
    ratio = rates[worse].rate / rates[better].rate
    values = [f"{_percent(rates[name].rate)}, {_span(rates[name])}" for name in (worse, better)]
    return f"errors of {worse!r} are {ratio:,.2f} times as frequent as those of {better!r} ({' against '.join(values)})"


def _shortfall(group: Proportion) -> str:
    """Tell how many errors were seen and what it would take to measure the rate."""
    if not group.trials:
        return "no trials"
    seen = f"{_count(group.errors, 'error')} in {_count(group.trials, 'trial')}"
    rarer = min(group.errors, group.trials - group.errors)
    if rarer:
        return f"{seen} (about {-(-RULE_OF_30 * group.trials // rarer):,} trials would do at this rate)"
    # Rule of 3: what was never seen in n trials is rarer than 3 in n, so 30 of it take 10 n trials or more.
    least = max(2 * RULE_OF_30, RULE_OF_30 // 3 * group.trials)
    return f"{seen} ({least:,} trials or more would do, by the rule of 3)"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"


def _span(group: Proportion) -> str:
    low, high = group.interval
    return f"{100 * low:.3g} to {_percent(high)}"
