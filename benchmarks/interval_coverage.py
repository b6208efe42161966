"""Whether a 95 % interval holds the truth in 95 of 100 samples.

Draws many samples from populations whose rates are known, and counts how often each interval holds them.

    python benchmarks/interval_coverage.py [--samples 2000]
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.bootstrap import DrawnRates, draw_subjects, drawn_rates, equal_error_interval, middle
from recognizance.accuracy.designs import EveryPair, OneSubjectEach
from recognizance.accuracy.rates import wilson_interval
from recognizance.accuracy.subjects import TrialSet, count_over
from recognizance.accuracy.verification import Trials, det, equal_error

Interval = tuple[float, float]
PERSON, CHANCE = 0.6, 0.8
"""How much of a comparison's score is its people's and how much is of the moment: squares add up to one."""
APART = 3.0
"""How far mated comparisons score above others."""


def independent(rate: float, trials: int) -> Callable[[np.random.Generator], Interval]:
    """Draw trials that have nothing to do with one another."""
    return lambda random: wilson_interval(int(random.binomial(trials, rate)), trials)


def mated_errors(
    random: np.random.Generator, rate: float, people: int, pairs: int
) -> tuple[OneSubjectEach, NDArray[np.intp]]:
    """Draw comparisons of people with themselves, some of whom fail more often: the trials, and whose failed."""
    trials = random.integers(1, 2 * pairs, people)
    failed = random.binomial(trials, random.beta(rate * 4, (1 - rate) * 4, people))
    return OneSubjectEach(trials.astype(np.float64)), np.repeat(np.arange(people), failed)


def mated(rate: float, people: int, pairs: int, *, wilson: bool = False) -> Callable[[np.random.Generator], Interval]:
    """Draw samples of a false non-match rate."""

    def sample(random: np.random.Generator) -> Interval:
        design, failed = mated_errors(random, rate, people, pairs)
        if wilson:
            return wilson_interval(len(failed), design.trials)
        return count_over(design, failed, failed).interval

    return sample


def everybody(random: np.random.Generator, people: int) -> TrialSet:
    """Compare all people with all, some of whom look like many others."""
    first, second = np.triu_indices(people, 1)
    alike = random.normal(0, 1, people)
    scores = PERSON * (alike[first] + alike[second]) / math.sqrt(2) + CHANCE * random.normal(0, 1, len(first))
    return TrialSet(EveryPair(np.ones((1, people)), np.zeros((0, people))), first, second, scores)


def nonmated(people: int, threshold: float, *, wilson: bool = False) -> Callable[[np.random.Generator], Interval]:
    """Draw samples of a false match rate."""

    def sample(random: np.random.Generator) -> Interval:
        counted = everybody(random, people).matching(threshold)
        return wilson_interval(counted.errors, counted.trials) if wilson else counted.interval

    return sample


def equal(people: int) -> Callable[[np.random.Generator], Interval]:
    """Draw samples of an equal error rate, each of the people compared three times with themselves."""

    def sample(random: np.random.Generator) -> Interval:
        strangers = everybody(random, people)
        whose = np.repeat(np.arange(people), 3)
        own = PERSON * random.normal(0, 1, people)[whose] + CHANCE * random.normal(0, 1, len(whose)) + APART
        same = TrialSet(OneSubjectEach(np.full(people, 3.0)), whose, whose, own)
        _, threshold = equal_error(det(Trials(own, np.asarray(strangers.scores))))
        found = equal_error_interval(same, strangers, threshold, people, seed=int(random.integers(1 << 30)))
        return found or (0.0, 0.0)

    return sample


def unequal(rates: tuple[float, ...], people: int, pairs: int) -> Callable[[np.random.Generator], Interval]:
    """Draw samples of the Gini coefficient of groups' false non-match rates."""

    def sample(random: np.random.Generator) -> Interval:
        drawn = {}
        draws = draw_subjects(people * len(rates), resamples=400, seed=int(random.integers(1 << 30)))
        for number, rate in enumerate(rates):
            design, failed = mated_errors(random, rate, people, pairs)
            begin = number * people
            group = draws[:, begin : begin + people]
            drawn[str(number)] = drawn_rates(design, failed, failed, group)
        return middle(DrawnRates(drawn).gini()) or (0.0, 0.0)

    return sample


def gini_of(rates: tuple[float, ...]) -> float:
    """Give the truth."""
    apart = sum(abs(one - other) for one in rates for other in rates)
    return apart / (2 * (len(rates) - 1) * sum(rates))


def cases() -> Iterator[tuple[str, float, Callable[[np.random.Generator], Interval], bool, int]]:
    """Name each case: its truth, how a sample is drawn, whether it should hold it, and the part of the samples."""

    def normal_above(threshold: float) -> float:
        return 0.5 * math.erfc(threshold / math.sqrt(2))

    yield "independent trials (Wilson), 3,000, rate 0.01", 0.01, independent(0.01, 3_000), True, 1
    yield "independent trials (Wilson), 100,000, rate 0.001", 0.001, independent(0.001, 100_000), True, 1
    yield "Wilson, mated, 200 people × 1 to 19", 0.1, mated(0.1, 200, 10, wilson=True), False, 1
    yield "over subjects, mated, 200 people × 1 to 19", 0.1, mated(0.1, 200, 10), True, 1
    yield "over subjects, mated, 50 people × 1 to 19", 0.1, mated(0.1, 50, 10), True, 1
    yield "over subjects, mated, 20 people × 1 to 19", 0.1, mated(0.1, 20, 10), True, 1
    yield "over subjects, mated, 1,000 people × 1 to 5, rate 0.02", 0.02, mated(0.02, 1000, 3), True, 1
    yield "Wilson, all pairs of 150 people", 0.1, nonmated(150, 1.2815515655, wilson=True), False, 1
    yield "over subjects, all pairs of 150 people", 0.1, nonmated(150, 1.2815515655), True, 1
    yield "over subjects, all pairs of 60 people", 0.1, nonmated(60, 1.2815515655), True, 1
    yield "over subjects, all pairs of 300 people, rate 0.01", 0.01, nonmated(300, 2.3263478740), True, 4
    # Where the two curves cross: both errors are normal, of the same spread.
    yield "people drawn, equal error, all pairs of 100", normal_above(APART / 2), equal(100), True, 8
    rates = (0.05, 0.1, 0.2, 0.3)
    yield "people drawn, Gini of 4 groups of 150", gini_of(rates), unequal(rates, 150, 5), True, 4


def main() -> int:
    """Print how often each interval holds the truth; fail if one that should hold it in 93 to 97 of 100 does not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=2000, help="a part of them where a sample takes long")
    wanted = parser.parse_args().samples
    missed = 0
    print("| interval | truth | held in, % of samples | ± | samples |\n|---|---|---|---|---|")
    for name, truth, sample, expected, part in cases():
        random = np.random.default_rng(20)
        samples = wanted // part
        held = sum(low <= truth <= high for low, high in (sample(random) for _ in range(samples)))
        share = held / samples
        uncertain = 1.96 * math.sqrt(share * (1 - share) / samples)
        print(f"| {name} | {truth:.3g} | {100 * share:.1f} | {100 * uncertain:.1f} | {samples:,} |", flush=True)
        missed += expected and not 0.93 - uncertain <= share <= 0.97 + uncertain
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
