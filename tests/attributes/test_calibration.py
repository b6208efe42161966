"""What the networks' outputs mean."""

import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizance.attributes.calibration import read_attribute_calibration
from recognizance.errors import CalibrationError

TEXT = resources.files("recognizance.attributes").joinpath("calibration.json").read_text(encoding="utf-8")
SHIPPED = read_attribute_calibration(TEXT)
PROBABILITIES = st.floats(0, 1)


@given(PROBABILITIES, PROBABILITIES)
def test_the_gender_follows_the_network(one: float, other: float) -> None:
    def signed(male: float) -> float:
        gender, percent = SHIPPED.gender(male)
        assert 50 <= percent <= 100
        return percent if gender == "Male" else -percent

    low, high = sorted((one, other))
    assert signed(low) <= signed(high)


@given(st.floats(0.25, 80), st.floats(0, 40))
def test_a_range_is_one(expected: float, spread: float) -> None:
    low, high = SHIPPED.ages(expected, spread)
    assert 0 <= low <= high
    assert high >= expected - 1


def test_certainty_is_bounded_where_the_network_is_certain() -> None:
    assert SHIPPED.gender(0.0) == ("Female", pytest.approx(SHIPPED.gender(1e-6)[1]))
    assert SHIPPED.gender(1.0)[0] == "Male"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        TEXT.replace("recognizance-attributes-1", "recognizance-attributes-2"),
        json.dumps({**json.loads(TEXT), "age": {"low": [1], "high": [1, 1], "coverage": 0.8}}),
    ],
)
def test_what_is_no_calibration_is_refused(text: str) -> None:
    with pytest.raises(CalibrationError, match="attributes' calibration"):
        read_attribute_calibration(text)
