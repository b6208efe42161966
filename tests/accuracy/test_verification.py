"""Rates one to one, against scikit-learn's on the same scores, and by their properties."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import det_curve, roc_curve

from recognizance.accuracy.verification import (
    Trials,
    count_fmr,
    count_fnmr,
    det,
    equal_error,
    ten_fold_accuracy,
    threshold_at_fmr,
)
from recognizance.errors import InsufficientTrialsError

FAILED = -math.inf
SCORES = st.lists(st.integers(-20, 20).map(lambda value: value / 20), min_size=1, max_size=40)


def of(mated: list[float], nonmated: list[float]) -> Trials:
    return Trials(np.array(mated, dtype=np.float64), np.array(nonmated, dtype=np.float64))


def drawn(seed: int, *, rounded: bool) -> Trials:
    random = np.random.default_rng(seed)
    mated, nonmated = random.normal(0.5, 0.15, 700), random.normal(0.0, 0.15, 4_000)
    if rounded:  # many ties
        mated, nonmated = mated.round(2), nonmated.round(2)
    return Trials(mated, nonmated)


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_trade_off_is_scikit_learns(seed: int, rounded: bool) -> None:
    trials = drawn(seed, rounded=rounded)
    truth = np.concatenate([np.ones(len(trials.mated)), np.zeros(len(trials.nonmated))])
    scores = np.concatenate([trials.mated, trials.nonmated])
    ours = det(trials)
    fpr, tpr, thresholds = roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_array_equal(ours.thresholds[::-1], thresholds)
    np.testing.assert_allclose(ours.fmr[::-1], fpr, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.fnmr[::-1], 1 - tpr, rtol=0, atol=1e-9)
    false_positives, false_negatives, at = det_curve(truth, scores)
    for fmr, fnmr, threshold in zip(false_positives, false_negatives, at, strict=True):
        if math.isfinite(threshold):
            assert count_fmr(trials, threshold).rate == pytest.approx(fmr, abs=1e-9)
            assert count_fnmr(trials, threshold).rate == pytest.approx(fnmr, abs=1e-9)


def test_a_table_that_was_counted_by_hand() -> None:
    # Mated 0.9, 0.6, 0.3 and a failure; nonmated 0.7, 0.4, 0.2, 0.1.  At 0.6: 0.7 matches falsely (1 of 4); 0.3 and
    # the failure are missed (2 of 4).
    trials = of([0.9, 0.6, 0.3, FAILED], [0.7, 0.4, 0.2, 0.1])
    assert count_fmr(trials, 0.6).rate == 0.25
    assert count_fnmr(trials, 0.6).rate == 0.5
    # At 0.4: 0.7 and 0.4 match falsely (1/2), 0.3 and the failure are missed (1/2): equal.
    assert equal_error(det(trials)) == (0.5, 0.4)


@given(SCORES, SCORES)
def test_rates_are_bounded_and_monotone_in_the_threshold(mated: list[float], nonmated: list[float]) -> None:
    curve = det(of([*mated, FAILED], [*nonmated, FAILED]))
    for rates in (curve.fmr, curve.fnmr):
        assert ((rates >= 0) & (rates <= 1)).all()
    assert (np.diff(curve.fmr) <= 0).all()
    assert (np.diff(curve.fnmr) >= 0).all()
    assert curve.fmr[-1] == 0
    assert curve.fnmr[-1] == 1
    assert curve.fnmr[0] == 1 / (len(mated) + 1)  # a failure matches nowhere
    assert 0 <= equal_error(curve)[0] <= 1


@given(SCORES, SCORES, st.randoms(use_true_random=False), st.integers(2, 4))
def test_neither_order_nor_the_same_trials_again_move_a_rate(
    mated: list[float], nonmated: list[float], random: Random, times: int
) -> None:
    before = det(of(mated, nonmated))
    mated, nonmated = mated * times, nonmated * times
    random.shuffle(mated)
    random.shuffle(nonmated)
    after = det(of(mated, nonmated))
    np.testing.assert_array_equal(before.thresholds, after.thresholds)
    np.testing.assert_allclose(before.fmr, after.fmr, rtol=0, atol=1e-12)
    np.testing.assert_allclose(before.fnmr, after.fnmr, rtol=0, atol=1e-12)
    assert equal_error(before) == pytest.approx(equal_error(after), abs=1e-12)


@given(st.integers(0, 10_000), st.sampled_from([1e-2, 2e-2, 0.1, 0.5]))
def test_the_threshold_at_a_rate_is_the_lowest_that_keeps_it(seed: int, fmr: float) -> None:
    trials = drawn(seed, rounded=seed % 2 == 0)
    threshold = threshold_at_fmr(trials.nonmated, fmr)
    assert count_fmr(trials, threshold).rate <= fmr
    assert count_fmr(trials, math.nextafter(threshold, -math.inf)).rate > fmr


def test_a_rate_that_the_sample_cannot_show_is_refused_with_what_would_show_it() -> None:
    with pytest.raises(InsufficientTrialsError, match="300,000 would"):
        threshold_at_fmr(np.zeros(299_999), 1e-4)
    threshold_at_fmr(np.zeros(300_000), 1e-4)
    with pytest.raises(InsufficientTrialsError):
        det(of([], [0.1]))


def test_folds_are_judged_by_a_threshold_that_the_others_chose() -> None:
    # Each fold alone is parted perfectly, at another threshold; judged by the other's, one pair of each is wrong.
    scores = np.array([0.9, 0.6, 0.5, 0.2])
    mated = np.array([True, False, True, False])
    folds = np.array([0, 0, 1, 1])
    # Fold 1 chooses 0.5 (0.2 < t <= 0.5, lowest of its scores): 0.6 of fold 0 matches falsely: 1/2.
    # Fold 0 chooses 0.9: fold 1's 0.5 is missed: 1/2.
    assert ten_fold_accuracy(scores, mated, folds) == (0.5, 0.0, 2)
    assert ten_fold_accuracy(np.array([1.0, FAILED, 1.0, FAILED]), mated, folds) == (1.0, 0.0, 0)
    with pytest.raises(InsufficientTrialsError):
        ten_fold_accuracy(scores, mated, np.zeros(4, dtype=int))


def test_failures_do_not_choose_a_threshold_at_which_everybody_matches() -> None:
    # Of each fold: six mated failures, four mated at 0.9, five strangers at 0.5.  No threshold finds the failures.
    scores = np.tile([FAILED] * 6 + [0.9] * 4 + [0.5] * 5, 2)
    mated = np.tile([True] * 10 + [False] * 5, 2)
    assert ten_fold_accuracy(scores, mated, np.arange(30) // 15)[0] == pytest.approx(9 / 15)
