"""Whether a 95 % interval holds the truth in 95 of 100 samples.

Draws many samples from populations whose error rate is known, and counts how often each interval holds it.

    python benchmarks/interval_coverage.py [--samples 1000]
"""

import argparse
import math
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.bootstrap import bootstrap_interval
from recognizance.accuracy.rates import wilson_interval

Interval = tuple[float, float]
RESAMPLES = 400  # enough for a quantile of 2.5 % here; a report takes 1,000
PERSON, CHANCE = 0.6, 0.8
"""How much of a comparison's score is its people's and how much is of the moment: squares add up to one."""


def independent(rate: float, trials: int) -> Callable[[np.random.Generator], Interval]:
    """Trials that have nothing to do with one another: what Wilson's interval takes them for."""
    return lambda random: wilson_interval(int(random.binomial(trials, rate)), trials)


def mated(rate: float, people: int, pairs: int, *, drawn: bool) -> Callable[[np.random.Generator], Interval]:
    """Comparisons of people with themselves, some of whom fail more often than others."""
    subject = np.repeat(np.arange(people), pairs)

    def sample(random: np.random.Generator) -> Interval:
        own = random.beta(rate * 4, (1 - rate) * 4, people)
        failed = (random.random(people * pairs) < own[subject]).astype(np.float64)
        return _interval(failed, subject, subject, people, int(random.integers(1 << 30)), drawn=drawn)

    return sample


def nonmated(people: int, threshold: float, *, drawn: bool) -> Callable[[np.random.Generator], Interval]:
    """All pairs of people, some of whom look like many others."""
    first, second = np.triu_indices(people, 1)

    def sample(random: np.random.Generator) -> Interval:
        alike = random.normal(0, 1, people)
        scores = PERSON * (alike[first] + alike[second]) / math.sqrt(2) + CHANCE * random.normal(0, 1, len(first))
        matched = (scores >= threshold).astype(np.float64)
        return _interval(matched, first, second, people, int(random.integers(1 << 30)), drawn=drawn)

    return sample


def _interval(
    errors: NDArray[np.float64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    people: int,
    seed: int,
    *,
    drawn: bool,
) -> Interval:
    if not drawn:
        return wilson_interval(int(errors.sum()), len(errors))

    def rate(weights: NDArray[np.float64]) -> float:
        return float(weights @ errors / weights.sum())

    return bootstrap_interval(rate, first, second, people, seed=seed, resamples=RESAMPLES)


def main() -> int:
    """Print how often each interval holds the truth; fail if one that should hold it in 93 to 97 of 100 does not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    samples = parser.parse_args().samples
    threshold, rate = 1.2815515655, 0.1
    cases = [
        ("Wilson, 3,000 independent trials, rate 0.01", 0.01, independent(0.01, 3_000), True),
        ("Wilson, 1,000 independent trials, rate 0.1", rate, independent(rate, 1_000), True),
        ("Wilson, 100,000 independent trials, rate 0.001", 0.001, independent(0.001, 100_000), True),
        ("Wilson, mated, 200 people × 10", rate, mated(rate, 200, 10, drawn=False), False),
        ("people drawn, mated, 200 people × 10", rate, mated(rate, 200, 10, drawn=True), True),
        ("Wilson, all pairs of 150 people", rate, nonmated(150, threshold, drawn=False), False),
        ("people drawn, all pairs of 150 people", rate, nonmated(150, threshold, drawn=True), True),
    ]
    missed = 0
    print("| interval | truth | held in, % of samples | ± |\n|---|---|---|---|")
    for name, truth, sample, expected in cases:
        random = np.random.default_rng(20)
        held = sum(low <= truth <= high for low, high in (sample(random) for _ in range(samples)))
        share = held / samples
        uncertain = 1.96 * math.sqrt(share * (1 - share) / samples)
        print(f"| {name} | {truth:g} | {100 * share:.1f} | {100 * uncertain:.1f} |", flush=True)
        missed += expected and not 0.93 <= share <= 0.97
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
