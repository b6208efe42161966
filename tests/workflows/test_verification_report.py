from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from accuracy.populations import draw_population
from recognizance.accuracy.comparisons import Listed
from recognizance.accuracy.verification import Trials, count_fnmr
from recognizance.bootstrap import open_calibration
from recognizance.scoring import Calibration
from recognizance.settings import read_settings
from recognizance.workflows.evaluate.curve import DET_POINTS_MAX
from recognizance.workflows.evaluate.document import Told
from recognizance.workflows.evaluate.people import Grouping
from recognizance.workflows.evaluate.verify import Verification, report


@pytest.fixture
def calibration(tmp_path: Path) -> Calibration:
    return open_calibration(read_settings(home=tmp_path))


@pytest.fixture
def told() -> Told:
    return Told("drawn", "none", "0", datetime.now(UTC), {})


def test_a_curve_of_many_points_is_thinned_where_nothing_changes(calibration: Calibration, told: Told) -> None:
    # Few pairs of one person among very many of two, as everywhere: the curve of misses lies in the last few points.
    random = np.random.default_rng(1)
    mated = np.arange(20_000) < 600
    scores = np.where(mated, random.normal(0.7, 0.06, 20_000), random.normal(0.0, 0.12, 20_000))
    photographs = np.arange(40_000).reshape(2, -1)
    subjects = np.concatenate([np.arange(20_000), np.where(mated, np.arange(20_000), np.arange(20_000, 40_000))])
    listed = Listed(subjects, photographs[0], photographs[1], mated, scores)
    made = report(Verification(listed, {}, ""), [], calibration, told)
    curve = made["det"]
    assert len(curve["score"]) <= DET_POINTS_MAX
    assert curve["score"][-1] is None  # nothing matches at infinity
    assert curve["fnmr"][-1] == 1
    assert made["ten_folds"] is None  # saying "two people" of every pair would be right for 97 of 100
    for threshold in np.linspace(0.5, 0.85, 30):
        thinned = np.interp(threshold, curve["score"][:-1], curve["fnmr"][:-1])
        exact = count_fnmr(Trials(scores[mated], scores[~mated]), threshold).rate
        assert thinned == pytest.approx(exact, abs=0.01)


class Straight:
    """A scale on which the templates drawn here err often enough to be measured."""

    def percent(self, score: float) -> float:
        return 250 * score

    def score_at_percent(self, percent: float) -> float:
        return percent / 250


def test_few_errors_measure_neither_the_equal_error_rate_nor_the_accuracy_of_folds(
    calibration: Calibration, told: Told
) -> None:
    mated = np.arange(400) < 200
    scores = np.where(mated, 0.9, 0.1)
    photographs = np.arange(800).reshape(2, -1)
    subjects = np.concatenate([np.arange(400), np.where(mated, np.arange(400), np.arange(400, 800))])
    for wrong, is_measured in ((10, False), (40, True)):
        mistaken = np.where(np.arange(400) % 200 < wrong, 1 - scores, scores)
        listed = Listed(subjects, photographs[0], photographs[1], mated, mistaken)
        made = report(Verification(listed, {}, ""), [], calibration, told)
        assert made["equal_error"]["measured"] is is_measured
        assert made["ten_folds"]["wrong"] == 2 * wrong
    assert made["ten_folds"]["measured"]
    repeated = report(Verification(listed, {}, "", repeated=3), [], calibration, told)
    assert any(caveat.startswith("3 photographs are the very file of another") for caveat in repeated["caveats"])
    assert len(repeated["caveats"]) == len(made["caveats"]) + 1


def test_a_report_of_all_with_all_says_what_that_of_the_list_says(told: Told) -> None:
    drawn = draw_population(900, 60, 3)
    groups = [Grouping("group", ("a", "b", "c"), drawn.groups)]
    one, other = (
        report(Verification(comparisons, {}, ""), groups, Straight(), told)
        for comparisons in (drawn.all_with_all(0.1), drawn.listed())
    )
    for key in ("sample", "rates_at_percent"):
        assert _close(one[key], other[key])
    for mine, theirs in zip(one["groups"], other["groups"], strict=True):
        for key in ("attribute", "percent", "between_groups", "pairs_without_group", "differentials", "verdict"):
            assert _close(mine[key], theirs[key]), key
        for row, expected in zip(mine["rows"], theirs["rows"], strict=True):
            assert _close({**row, "distribution": 0}, {**expected, "distribution": 0})
    assert one["groups"][0]["differentials"]["fmr"]["intervals"]["gini"] is not None
    ratio = one["groups"][0]["differentials"]["fmr"]
    low, high = ratio["intervals"]["max_over_min"]
    assert 1 <= low < high
    assert low / 1.5 <= ratio["max_over_min"] <= high


def _close(one: object, other: object) -> bool:
    """Compare parts of reports, numbers to single precision."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_close(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 1e-6
    return one == other
