"""Intervals over subjects, against the variance summed trial by trial and SciPy's quantiles."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from accuracy.populations import draw_population
from recognizance.accuracy.comparisons import EVERYBODY
from recognizance.accuracy.designs import EveryPair, ListedPairs, OneSubjectEach
from recognizance.accuracy.rates import wilson_interval
from recognizance.accuracy.subjects import TrialSet, count_by_subject, count_over, student_975


def summed_trial_by_trial(
    first: NDArray[np.intp], second: NDArray[np.intp], wrong: NDArray[np.bool_]
) -> tuple[float, float]:
    """The interval by the definition: a sum over every two trials that share a subject."""
    trials = len(wrong)
    rate = wrong.mean()
    residual = wrong - rate
    shared = (
        (first[:, None] == first[None, :])
        | (first[:, None] == second[None, :])
        | (second[:, None] == first[None, :])
        | (second[:, None] == second[None, :])
    )
    subjects = len(np.unique(np.concatenate([first, second])))
    variance = residual @ shared @ residual / trials**2 * subjects / (subjects - 1)
    effective = min(rate * (1 - rate) / variance, trials)
    return wilson_interval(rate * effective, effective, float(stats.t.ppf(0.975, subjects - 1)))


@pytest.mark.parametrize("seed", range(4))
def test_an_interval_is_the_sum_over_trials_that_share_a_subject(seed: int) -> None:
    random = np.random.default_rng(seed)
    first, second = np.triu_indices(20, 1)
    again = random.integers(0, len(first), 150)  # some two are compared several times, and some not at all
    first, second = first[again], second[again]
    wrong = random.random(len(first)) < 0.05 + 0.5 * (first < 4)
    counted = count_over(ListedPairs(first, second, 20), first[wrong], second[wrong])
    assert counted.errors == wrong.sum()
    assert counted.interval == pytest.approx(summed_trial_by_trial(first, second, wrong), abs=1e-4)
    one = count_by_subject(wrong, first)
    assert one.interval == pytest.approx(summed_trial_by_trial(first, first, wrong), abs=1e-4)


def test_ten_people_who_always_fail_are_ten_failures_and_not_five_hundred() -> None:
    people = np.repeat(np.arange(100), 50)
    low, high = count_by_subject(people < 10, people).interval
    assert (low, high) == pytest.approx(wilson_interval(10, 100), abs=0.003)
    narrow = wilson_interval(500, 5_000)
    assert high - low > 5 * (narrow[1] - narrow[0])


def test_trials_of_as_many_people_as_trials_are_independent() -> None:
    people = np.arange(4_000)
    assert count_by_subject(people % 10 == 0, people).interval == pytest.approx(wilson_interval(400, 4_000), abs=1e-4)


def test_without_an_error_people_count_once_and_one_person_says_nothing() -> None:
    people = np.repeat(np.arange(10), 10)
    none = np.zeros(100, dtype=bool)
    assert count_by_subject(none, people).interval == wilson_interval(0, 10)
    assert count_by_subject(~none, people).interval == wilson_interval(10, 10)
    assert count_by_subject(none, np.zeros(100, dtype=np.intp)).interval == (0.0, 1.0)
    assert count_by_subject(np.arange(100) < 5, np.zeros(100, dtype=np.intp)).interval == (0.0, 1.0)
    assert count_over(OneSubjectEach(np.zeros(3)), people[:0], people[:0]).trials == 0


def test_without_an_error_photographs_of_the_same_two_people_say_no_more_than_one_pair() -> None:
    nobody = np.zeros(0, dtype=np.intp)
    once, often = (EveryPair(np.full((1, 40), photographs), np.zeros((0, 40))) for photographs in (1.0, 5.0))
    assert often.trials == 25 * once.trials == 19_500
    assert count_over(once, nobody, nobody).interval == pytest.approx(wilson_interval(0, 780))
    assert count_over(often, nobody, nobody).interval == pytest.approx(wilson_interval(0, 780))
    # Where look-alikes match in all their photographs, samples without an error are frequent: the bound has to hold.
    random = np.random.default_rng(0)
    alike, match = 1e-3, 0.7
    without = random.binomial(780, alike, 2_000) == 0
    assert without.mean() > 0.3
    assert wilson_interval(0, 19_500)[1] < alike * match < count_over(often, nobody, nobody).interval[1]


def test_intervals_hold_the_rate_and_do_not_depend_on_order() -> None:
    drawn = draw_population(60, 20, 1)
    listed = drawn.listed()
    trials = listed.nonmated(drawn.groups, EVERYBODY)
    shuffled = np.random.default_rng(0).permutation(len(trials.scores))
    again = TrialSet(trials.design, trials.second[shuffled], trials.first[shuffled], trials.scores[shuffled])
    for threshold in (0.0, 0.2, 0.4):
        counted = trials.matching(threshold)
        assert counted.interval[0] <= counted.rate <= counted.interval[1]
        assert again.matching(threshold) == counted
        missed = trials.missing(threshold)
        assert missed.errors == counted.trials - counted.errors
        assert missed.interval == pytest.approx((1 - counted.interval[1], 1 - counted.interval[0]))


@pytest.mark.parametrize("freedom", [1, 2, 5, 9, 10, 11, 15, 30, 100, 100_000])
def test_quantiles_are_scipys(freedom: int) -> None:
    assert student_975(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=2e-4)


def test_below_what_is_held_a_rate_is_refused() -> None:
    drawn = draw_population(60, 20, 1)
    trials = drawn.all_with_all(0.2).nonmated(drawn.groups, EVERYBODY)
    assert trials.matching(0.2).errors
    with pytest.raises(ValueError, match=r"held from 0\.2"):
        trials.matching(0.19)


def test_a_threshold_is_not_rounded_to_the_precision_of_the_scores() -> None:
    threshold = 0.5269236854986511  # 85 % of the shipped calibration
    scores = np.array([threshold, np.nextafter(np.float32(threshold), np.float32(1))], dtype=np.float32)
    assert float(scores[0]) < threshold < float(scores[1])
    strangers = TrialSet(ListedPairs(np.array([0, 0]), np.array([1, 2]), 3), np.array([0, 0]), np.array([1, 2]), scores)
    assert strangers.matching(threshold).errors == 1
