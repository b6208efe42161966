"""Measures of difference in each draw, against the same measures of one sample."""

import numpy as np
import pytest

from recognizance.accuracy.bootstrap import DrawnRates, draw_subjects, drawn_rates, middle, middle_of_ratios
from recognizance.accuracy.designs import OneSubjectEach
from recognizance.accuracy.differentials import differentials
from recognizance.accuracy.rates import Proportion


def test_each_draws_measures_are_those_of_its_rates() -> None:
    random = np.random.default_rng(1)
    counted = random.integers(1, 100, (4, 20))
    drawn = DrawnRates({str(group): errors / 100 for group, errors in enumerate(counted)})
    for draw in range(20):
        expected = differentials({str(group): Proportion(int(counted[group, draw]), 100) for group in range(4)})
        assert drawn.max_over_min()[draw] == pytest.approx(expected.max_over_min)
        assert drawn.max_over_geometric_mean()[draw] == pytest.approx(expected.max_over_geometric_mean)
        assert drawn.gini()[draw] == pytest.approx(expected.gini)


def test_people_are_drawn_with_all_their_trials() -> None:
    # 100 people of 50 comparisons each; with ten of them, all fail.
    draws = draw_subjects(100)
    assert (draws.sum(axis=1) == 100).all()
    failed = np.repeat(np.arange(10), 50)
    found = middle(drawn_rates(OneSubjectEach(np.full(100, 50.0)), failed, failed, draws))
    assert found == pytest.approx((0.05, 0.16), abs=0.01)  # as ten failures of a hundred


def test_without_a_measure_there_is_no_interval() -> None:
    assert middle(np.array([0.5, np.nan])) is None
    nobody = drawn_rates(
        OneSubjectEach(np.zeros(3)), np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.ones((2, 3))
    )
    assert np.isnan(nobody).all()
    assert np.isnan(DrawnRates({"a": np.zeros(1), "b": np.zeros(1)}).max_over_min()).all()


def test_a_ratio_to_a_rate_that_may_be_none_has_no_upper_end() -> None:
    # All errors of one group are of three people: 4 draws in 100 have none of them.
    draws, people = draw_subjects(200), np.arange(200)
    many, few = np.arange(60).repeat(2), np.repeat([100, 101, 102], 10)
    drawn = DrawnRates(
        {
            name: drawn_rates(OneSubjectEach(50.0 * members), errors, errors, draws)
            for name, members, errors in (("a", people < 100, many), ("b", people >= 100, few))
        }
    )
    for ratios in (drawn.max_over_min(), drawn.max_over_geometric_mean()):
        found = middle_of_ratios(ratios)
        assert found is not None
        assert found[0] > 1
        assert found[1] is None
    assert middle_of_ratios(np.array([2.0] * 99 + [np.inf])) == (2.0, 2.0)
    assert middle_of_ratios(np.array([np.inf])) is None
