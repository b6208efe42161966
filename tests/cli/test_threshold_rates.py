"""How often strangers reach a threshold, in words."""

from dataclasses import replace
from importlib import resources

import pytest

from recognizance.cli.threshold_rates import rates_document, rates_told
from recognizance.native.shapes import rates
from recognizance.scoring import read_calibration

SHIPPED = read_calibration(
    resources.files("recognizance.scoring")
    .joinpath("calibrations", "sface-fb143eea0783.json")
    .read_text(encoding="utf-8")
)
UNCOUNTED = "No group has a measured rate at this threshold."


def told(percent: float) -> str:
    return rates_told(rates(SHIPPED.rates_at(SHIPPED.score_at_percent(percent))), percent)


def test_overall_and_worst_group_are_measured_or_fitted() -> None:
    begin = "Strangers who reach this search's threshold"
    assert told(70) == (
        f"{begin} (70.0 %): 1 in 10,000 of all (measured); "
        "1 in 590 within the group with most, Southeast Asian / Female (measured)."
    )
    assert told(80) == (
        f"{begin} (80.0 %): 1 in 100,000 of all (measured); 1 in 4,900 within the group with most, "
        f"Southeast Asian / Female (a fitted estimate, not measured). {UNCOUNTED}"
    )
    assert "of all (a fitted estimate, not measured); " in told(99)


def test_a_fitted_rate_of_one_group_says_nothing_of_the_others() -> None:
    score = SHIPPED.groups["Southeast Asian / Female"].measured_to + 0.002
    at = SHIPPED.rates_at(score)
    assert (at.worst_group, at.worst_is_fitted) == ("Southeast Asian / Female", True)
    assert at.groups_measured > 0
    assert UNCOUNTED not in rates_told(rates(at), SHIPPED.percent(score))


def test_a_calibration_without_groups_names_none() -> None:
    alone = replace(SHIPPED, groups={})
    words = rates_told(rates(alone.rates_at(alone.score_at_percent(80))), 80)
    assert words.endswith(f"1 in 100,000 of all (measured); more in no group that the calibration knows. {UNCOUNTED}")


@pytest.mark.parametrize(
    ("threshold", "words"), [(80.0, "a calibration that this server no longer has"), (None, "not shown to you")]
)
def test_what_is_not_known_or_not_shown_is_said_so(threshold: float | None, words: str) -> None:
    assert words in rates_told(rates(None), threshold)
    assert set(rates_document(rates(None)).values()) == {None}
