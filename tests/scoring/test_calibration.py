"""What a percent means."""

import json
import math
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizance.errors import CalibrationError
from recognizance.scoring import Calibration, read_calibration
from recognizance.scoring.calibration import calibration_digest

FOLDER = resources.files("recognizance.scoring").joinpath("calibrations")
SHIPPED = sorted(file.name for file in FOLDER.iterdir() if file.name.endswith(".json"))
SCORES = st.floats(-1, 1, allow_nan=False)


def shipped(name: str) -> Calibration:
    return read_calibration(FOLDER.joinpath(name).read_text(encoding="utf-8"))


CALIBRATIONS = [shipped(name) for name in SHIPPED]
every = pytest.mark.parametrize("calibration", CALIBRATIONS, ids=SHIPPED)


@every
@given(first=SCORES, second=SCORES)
def test_the_percent_never_falls_as_the_score_rises(calibration: Calibration, first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert 0 <= calibration.percent(low) <= calibration.percent(high) <= 100


@every
@given(percent=st.floats(0.01, 100))
def test_a_percent_leads_to_the_score_that_has_it(calibration: Calibration, percent: float) -> None:
    assert calibration.percent(calibration.score_at_percent(percent)) == pytest.approx(percent, abs=1e-6)


@every
@pytest.mark.parametrize(
    ("percent", "fmr"), [(50, 1e-2), (60, 1e-3), (80, 1e-5), (90, 1e-6), (99, 10**-6.9), (100, 1e-7)]
)
def test_ten_points_are_a_factor_of_ten(calibration: Calibration, percent: float, fmr: float) -> None:
    assert calibration.fmr(calibration.score_at_percent(percent)) == pytest.approx(fmr, rel=1e-6)


@every
def test_the_ends_of_the_scale(calibration: Calibration) -> None:
    assert calibration.percent(-1) == calibration.percent(0) == 0
    assert calibration.percent(1) == 100
    assert calibration.score_at_percent(0) == -1
    anchor = calibration.score_at_percent(50)
    assert calibration.percent(anchor / 2) == pytest.approx(25, abs=1e-6)


@every
@given(score=SCORES, references=st.integers(0, 10**8))
def test_expected_false_candidates_use_the_worst_group(calibration: Calibration, score: float, references: int) -> None:
    _, rate = calibration.worst_group(score)
    assert rate >= calibration.fmr(score)
    assert all(rate >= curve.fmr(score) for curve in calibration.groups.values())
    assert calibration.expected_false_candidates(references, score) == references * rate


@every
def test_provenance_says_what_the_sample_was(calibration: Calibration) -> None:
    provenance = calibration.provenance
    assert provenance["faces_compared"] * (provenance["faces_compared"] - 1) // 2 == provenance["comparisons"]
    assert len(provenance["photographs_sha256"]) == 64
    assert len(provenance["groups"]) == len(calibration.groups) == 14
    rules = [row["same_person_score"] for row in provenance["sensitivity_to_same_person_score"]]
    assert rules[:5] == [0.5, 0.55, 0.6, 0.65, None]


@every
def test_people_of_one_group_match_falsely_more_often(calibration: Calibration) -> None:
    score = calibration.score_at_percent(65)
    assert calibration.same_group.fmr(score) > 3 * calibration.overall.fmr(score)


def test_the_digest_covers_the_content() -> None:
    text = FOLDER.joinpath(SHIPPED[0]).read_text(encoding="utf-8")
    document = json.loads(text)
    assert read_calibration(text).digest == document["digest"]
    document["overall"]["log10_fmr"][-1] -= 0.1
    with pytest.raises(CalibrationError, match="altered"):
        read_calibration(json.dumps(document))


@pytest.mark.parametrize(
    "damage",
    [
        lambda document: document.pop("overall"),
        lambda document: document["overall"]["scores"].reverse(),
        lambda document: document["overall"]["log10_fmr"].pop(),
        lambda document: document["overall"]["log10_fmr"].__setitem__(-1, 0.0),
        lambda document: document["overall"]["log10_fmr"].__setitem__(-1, math.nan),
        lambda document: document.__setitem__("format", "other"),
        lambda document: document.__setitem__("groups", []),
    ],
)
def test_a_damaged_calibration_is_refused(damage) -> None:
    document = json.loads(FOLDER.joinpath(SHIPPED[0]).read_text(encoding="utf-8"))
    damage(document)
    body = {name: value for name, value in document.items() if name != "digest"}
    with pytest.raises(CalibrationError):
        read_calibration(json.dumps({**body, "digest": calibration_digest(body)}))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "nonsense"])
def test_what_is_no_calibration_is_refused(text: str) -> None:
    with pytest.raises(CalibrationError):
        read_calibration(text)


@every
@given(score=SCORES)
def test_rates_are_called_fitted_where_nothing_was_counted(calibration: Calibration, score: float) -> None:
    rates = calibration.rates_at(score)
    assert (rates.worst_group, rates.worst_fmr) == calibration.worst_group(score)
    assert rates.fmr == calibration.fmr(score)
    assert rates.is_fitted == (score > calibration.overall.measured_to)
    deciding = calibration.groups[rates.worst_group] if rates.worst_fmr > rates.fmr else calibration.overall
    assert rates.worst_is_fitted == (score > deciding.measured_to)
    reaches = {name for name, curve in calibration.groups.items() if not score > curve.measured_to}
    assert rates.groups_measured == len(reaches)
