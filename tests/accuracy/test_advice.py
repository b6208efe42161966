"""The advised threshold."""

from importlib import resources

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from recognizance.accuracy.advice import Load, advise, fnmr_at
from recognizance.scoring import Calibration, Curve, read_calibration

SHIPPED = read_calibration(
    resources.files("recognizance.scoring")
    .joinpath("calibrations", "sface-fb143eea0783.json")
    .read_text(encoding="utf-8")
)
COUNTS = st.integers(1, 10**7)
TOLERATED = st.floats(1e-3, 1e6)
LOADS = st.builds(Load, COUNTS, COUNTS, TOLERATED)
ROUNDING = 1 + 1e-6


@given(load=LOADS)
@example(load=Load(984, 180, 162465.0))  # between 0 percent, which is everything, and a score of 0
def test_what_is_advised_keeps_to_what_is_tolerated_or_says_that_it_does_not(load: Load) -> None:
    advice = advise(SHIPPED, load)
    expected = load.references * load.searches * SHIPPED.worst_group(advice.set_score)[1]
    assert advice.expected_at_set == pytest.approx(expected)
    if advice.is_reached:
        assert expected <= load.tolerated * ROUNDING
    else:
        assert advice.set_percent == 100
        assert expected > load.tolerated / ROUNDING


@given(load=LOADS)
def test_a_tenth_of_a_percent_less_would_be_too_little(load: Load) -> None:
    advice = advise(SHIPPED, load)
    assume(advice.set_percent > 0.2)
    lower = SHIPPED.score_at_percent(advice.set_percent - 0.1001)
    assert load.expected(SHIPPED.worst_group(lower)[1]) > load.tolerated


@given(load=LOADS, factor=st.integers(1, 1000))
def test_more_references_more_searches_or_less_tolerated_never_lower_the_threshold(load: Load, factor: int) -> None:
    before = advise(SHIPPED, load)
    for heavier in (
        Load(load.references * factor, load.searches, load.tolerated),
        Load(load.references, load.searches * factor, load.tolerated),
        Load(load.references, load.searches, load.tolerated / factor),
    ):
        after = advise(SHIPPED, heavier)
        assert after.set_percent >= before.set_percent
        assert after.overall_percent >= before.overall_percent
        own = {group.name: group.own.score for group in after.groups}
        for group in before.groups:
            now = own[group.name]
            assert now is None or (group.own.score is not None and now >= group.own.score - 1e-9)


@given(load=LOADS)
def test_each_curve_has_just_what_is_tolerated_at_its_own_threshold(load: Load) -> None:
    advice = advise(SHIPPED, load)
    for group in advice.groups:
        curve = SHIPPED.groups[group.name]
        if group.own.score is None:
            assert load.expected(curve.fmr(1.0)) > load.tolerated
        elif load.fmr < 1:
            assert load.expected(curve.fmr(group.own.score)) == pytest.approx(load.tolerated, rel=1e-6)
            assert group.own.is_fitted == (group.own.score > curve.measured_to)


def test_a_round_rate_gives_a_round_percent() -> None:
    advice = advise(SHIPPED, Load(1000, 100, 1.0))
    assert advice.overall_percent == 80.0
    assert advice.overall.own.score == pytest.approx(SHIPPED.score_at_percent(80))
    assert advice.set_percent > 80
    assert advice.set_is_fitted


def test_a_curve_that_ends_too_early_is_told_and_decides() -> None:
    scores = np.array([-1.0, 0.0, 1.0])
    overall = Curve(scores, np.array([0.0, -2.0, -12.0]), 0.5)
    stubborn = Curve(scores, np.array([0.0, -1.0, -4.0]), 0.5)
    easy = Curve(scores, np.array([0.0, -3.0, -12.0]), 0.5)
    calibration = Calibration("m", "d", overall, overall, {"easy": easy, "stubborn": stubborn}, {})
    advice = advise(calibration, Load(1000, 1000, 1.0))
    assert advice.decided_by == advice.worst_at_set == "stubborn"
    assert advice.recommended.score is None
    assert not advice.is_reached
    assert advice.set_percent == 100
    assert {group.name: group.own.score is None for group in advice.groups} == {"easy": False, "stubborn": True}


def test_without_groups_the_overall_curve_decides() -> None:
    calibration = Calibration("m", "d", SHIPPED.overall, SHIPPED.same_group, {}, {})
    advice = advise(calibration, Load(1000, 100, 1.0))
    assert (advice.decided_by, advice.set_percent, advice.groups) == ("overall", 80.0, ())


@pytest.mark.parametrize(("references", "searches", "tolerated"), [(0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.0)])
def test_nothing_is_advised_for_nothing(references: int, searches: int, tolerated: float) -> None:
    with pytest.raises(ValueError, match="no threshold"):
        Load(references, searches, tolerated)


def test_missed_mates_are_read_between_points_and_never_beyond_them() -> None:
    scores, fnmr = [0.8, 0.2, 0.4, float("-inf")], [0.5, 0.1, 0.3, 0.05]
    assert fnmr_at(scores, fnmr, 0.3) == pytest.approx(0.2)
    assert fnmr_at(scores, fnmr, 0.8) == 0.5
    assert fnmr_at(scores, fnmr, 0.19) is None
    assert fnmr_at(scores, fnmr, 0.81) is None
    assert fnmr_at([], [], 0.5) is None
