"""All photographs with all, without a list, against the list of all pairs."""

import numpy as np
import pytest

from accuracy.populations import Population, draw_population
from recognizance.accuracy.all_with_all import AllWithAll, choose_floor
from recognizance.accuracy.bootstrap import draw_subjects, drawn_rates, equal_error_interval
from recognizance.accuracy.comparisons import EVERYBODY
from recognizance.accuracy.verification import equal_error

GROUPS = (EVERYBODY, 0, 1, 2)


@pytest.fixture(scope="module", params=[(150, 40), (700, 300)], ids=["few", "more than a block"])
def drawn(request: pytest.FixtureRequest) -> Population:
    photographs, people = request.param
    return draw_population(photographs, people, seed=photographs)


def test_counts_and_intervals_are_those_of_the_list(drawn: Population) -> None:
    every, listed = drawn.all_with_all(0.1), drawn.listed()
    for group in GROUPS:
        strangers, same = every.nonmated(drawn.groups, group), listed.nonmated(drawn.groups, group)
        for threshold in (0.1, 0.3, 0.5):
            counted, expected = strangers.matching(threshold), same.matching(threshold)
            assert (counted.errors, counted.trials) == (expected.errors, expected.trials)
            assert counted.interval == pytest.approx(expected.interval, abs=1e-12)
        assert every.mated(drawn.groups, group).missing(0.3) == listed.mated(drawn.groups, group).missing(0.3)
    between, expected = every.between(drawn.groups).matching(0.3), listed.between(drawn.groups).matching(0.3)
    assert (between.errors, between.trials) == (expected.errors, expected.trials)
    assert between.interval == pytest.approx(expected.interval, abs=1e-12)


def test_draws_weigh_every_pair_as_the_list_does(drawn: Population) -> None:
    every, listed = drawn.all_with_all(0.1), drawn.listed()
    draws = draw_subjects(int(drawn.subjects.max()) + 1, resamples=5)
    for sets in (
        [comparisons.nonmated(drawn.groups, EVERYBODY) for comparisons in (every, listed)],
        [comparisons.nonmated(drawn.groups, 1) for comparisons in (every, listed)],
        [comparisons.between(drawn.groups) for comparisons in (every, listed)],
        [comparisons.mated(drawn.groups, 1) for comparisons in (every, listed)],
    ):
        one, other = (drawn_rates(trials.design, *trials.matches(0.3), draws) for trials in sets)
        assert one == pytest.approx(other, nan_ok=True)
    # By the definition: each pair weighs the product of its two people's draws.
    trials = listed.nonmated(drawn.groups, EVERYBODY)
    weights = draws[0][trials.first] * draws[0][trials.second]
    expected = weights[trials.scores >= 0.3].sum() / weights.sum()
    assert drawn_rates(trials.design, *trials.matches(0.3), draws)[0] == pytest.approx(expected)


def test_curves_and_distributions_are_those_of_the_list(drawn: Population) -> None:
    every, listed = drawn.all_with_all(0.1), drawn.listed()
    edges = np.linspace(-1, 1, 81)
    for group in GROUPS:
        one, other = (comparisons.distribution(drawn.groups, group, edges) for comparisons in (every, listed))
        assert one.mated.tolist() == other.mated.tolist()
        # A score on an edge may fall to either side of it in single precision.
        assert np.abs(one.nonmated - other.nonmated).max() <= 1
        assert one.nonmated.sum() == other.nonmated.sum()
    curve = every.det()
    same, strangers = (sets(drawn.groups, EVERYBODY) for sets in (listed.mated, listed.nonmated))
    for at in np.linspace(0, len(curve.thresholds) - 2, 12).astype(int):
        threshold = curve.thresholds[at]
        assert curve.fmr[at] == pytest.approx(strangers.matching(threshold).rate, abs=2 / strangers.design.trials)
        assert curve.fnmr[at] == pytest.approx(same.missing(threshold).rate, abs=2 / same.design.trials)
    assert equal_error(curve)[0] == pytest.approx(equal_error(listed.det())[0], abs=0.01)


def test_the_curve_goes_on_where_no_stranger_scores() -> None:
    random = np.random.default_rng(3)
    templates = np.repeat(random.normal(size=(30, 64)), 2, axis=0) + random.normal(size=(60, 64)) / 3
    templates = (templates / np.linalg.norm(templates, axis=1, keepdims=True)).astype(np.float32)
    every = AllWithAll(np.repeat(np.arange(30), 2), templates, np.zeros(60, dtype=bool), -1.0)
    curve, mated = every.det(), every.mated(np.zeros(60, dtype=np.intp), EVERYBODY)
    assert equal_error(curve)[0] == 0
    assert curve.thresholds[-2] == pytest.approx(mated.scores.max(), abs=1e-4)
    between = float(np.median(mated.scores))
    at = int(np.searchsorted(curve.thresholds, between))
    assert (curve.fmr[at], curve.fnmr[at]) == (0, pytest.approx(mated.missing(between).rate, abs=1 / 30))


def test_strangers_whose_templates_are_the_same_are_not_parted_from_mates() -> None:
    templates = np.repeat(np.eye(4, dtype=np.float32)[:1], 4, axis=0)
    every = AllWithAll(np.array([0, 0, 1, 1]), templates, np.zeros(4, dtype=bool), -1.0)
    assert equal_error(every.det())[0] == 0.5


def test_rows_are_the_mated_ones_and_those_that_match(drawn: Population) -> None:
    rows, listed = drawn.all_with_all(0.1).rows(0.3), drawn.listed()
    found = {
        (min(a, b), max(a, b), bool(mated))
        for a, b, mated in zip(rows.first.tolist(), rows.second.tolist(), rows.is_mated, strict=True)
    }
    wanted = listed.is_mated | (listed.scores >= 0.3)
    every = zip(listed.first[wanted].tolist(), listed.second[wanted].tolist(), listed.is_mated[wanted], strict=True)
    assert found == {(a, b, bool(mated)) for a, b, mated in every}
    assert len(rows.scores) == len(found)


def test_a_floor_leaves_what_is_asked_for_above_it() -> None:
    drawn = draw_population(2_500, 2_000, 3)
    floor = choose_floor(drawn.templates, drawn.failed, 0.9)
    held = drawn.all_with_all(floor).nonmated(drawn.groups, EVERYBODY)
    assert 0.06 < len(held.scores) / held.design.trials < 0.1
    assert choose_floor(drawn.templates, drawn.failed, 0.1) == 0.1
    assert choose_floor(drawn.templates[:10], drawn.failed[:10], 0.9) == -1


def test_the_equal_error_rates_interval_holds_it_and_comes_out_the_same_each_time() -> None:
    drawn = draw_population(300, 60, 5)
    listed = drawn.listed()
    rate, threshold = equal_error(listed.det())
    same, strangers = (sets(drawn.groups, EVERYBODY) for sets in (listed.mated, listed.nonmated))
    found = equal_error_interval(same, strangers, threshold, 60)
    assert found is not None
    assert found[0] <= rate <= found[1]
    assert found[1] - found[0] < 0.1
    assert equal_error_interval(same, strangers, threshold, 60) == found
    high = drawn.all_with_all(threshold + 0.1)
    assert equal_error_interval(same, high.nonmated(drawn.groups, EVERYBODY), threshold, 60) is None
