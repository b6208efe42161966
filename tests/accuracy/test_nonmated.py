"""Counting, deduplicating and fitting, against plain loops and a distribution whose tail is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizance.accuracy.fitting import fit_curve
from recognizance.accuracy.nonmated import BINS, Histogram, count_nonmated, keep_one_of_each
from recognizance.accuracy.rates import wilson_interval
from recognizance.errors import CalibrationError


def unit(seed: int, count: int, dimension: int = 8):
    vectors = np.random.default_rng(seed).standard_normal((count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_every_pair_is_counted_once_and_in_its_group() -> None:
    templates = unit(0, 1500)
    groups = np.random.default_rng(1).integers(0, 3, 1500).astype(np.intp)
    overall, within = count_nonmated(templates, groups, 3)
    assert overall.total == 1500 * 1499 // 2
    scores = (templates @ templates.T)[np.triu_indices(1500, 1)]
    threshold = 0.5
    assert overall.at_least(np.array([threshold]))[0] == pytest.approx((scores >= threshold).sum(), abs=3)
    for group in range(3):
        members = int((groups == group).sum())
        assert within[group].total == members * (members - 1) // 2


def test_linked_faces_are_one_person_and_the_best_is_kept() -> None:
    first, second, third, other = unit(2, 4, 64)
    # first–second and second–third are linked, first–third need not be.
    middle = (first + second) / np.linalg.norm(first + second)
    templates = np.stack([first, middle, second, other, third])
    kept = keep_one_of_each(templates, np.array([2, 0, 1, 3, 4]), 0.6)
    assert kept.tolist() == [2, 3, 4]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), score=st.floats(0.3, 0.9))
def test_no_two_kept_faces_are_linked(seed: int, score: float) -> None:
    templates = unit(seed, 60, 4)
    kept = keep_one_of_each(templates, np.arange(60), score)
    between = templates[kept] @ templates[kept].T
    assert (between[~np.eye(len(kept), dtype=bool)] < score + 1e-6).all()


def test_the_fitted_tail_continues_a_normal_distribution() -> None:
    # Scores ~ N(0, 0.1): the true false match rate is known far beyond the sample.
    sample = np.random.default_rng(3).normal(0, 0.1, 2_000_000)
    bins = ((sample + 1) * (BINS / 2)).astype(int)
    curve, tail = fit_curve(Histogram(np.bincount(bins, minlength=BINS)))
    assert tail.curvature < 0
    for score in (0.2, 0.3, 0.4, 0.5):
        true = math.log10(0.5 * math.erfc(score / 0.1 / math.sqrt(2)))
        # Measured to 0.4; a decade and a half beyond, the tail errs a little, and towards more false matches.
        assert -0.03 < math.log10(curve.fmr(score)) - true < (0.03 if score <= 0.4 else 0.25)
    assert 0.38 < curve.measured_to < 0.43
    assert (np.diff(curve.log10_fmr) < 0).all()


def test_too_small_a_sample_is_refused() -> None:
    with pytest.raises(CalibrationError):
        fit_curve(Histogram(np.bincount([BINS // 2] * 2999, minlength=BINS)))


@pytest.mark.parametrize(
    ("errors", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 50, 0.0434, 0.2136), (0, 0, 0.0, 1.0)],
)
def test_wilson_intervals_by_hand(errors: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(errors, trials) == pytest.approx((low, high), abs=1e-4)
