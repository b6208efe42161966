"""What a report says of groups in plain words."""

from typing import Any

from recognizance.reports.plain_groups import shown_differences, unknown_rates


def rate(errors: int, trials: int, low: float, high: float) -> dict[str, Any]:
    return {"errors": errors, "trials": trials, "interval": [low, high], "measured": 30 <= errors <= trials - 30}


def group(fmr: dict[str, Any] | None, *rows: tuple[str, dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    return {
        "attribute": "race",
        "percent": 60,
        "rows": [{"group": name, "fmr": false, "fnmr": missed} for name, false, missed in rows],
        "differentials": {"fmr": fmr, "fnmr": None},
    }


NOBODY = rate(0, 0, 0, 1)
LESS, MORE = rate(50, 100_000, 0.0004, 0.0006), rate(900, 100_000, 0.008, 0.01)
MEASURES = {"worst": "b", "best": "a", "max_over_min": 18.0, "intervals": {"max_over_min": [12.0, 30.0]}}


def test_a_difference_that_the_sample_shows_is_said_with_both_rates() -> None:
    (said,) = shown_differences([group(MEASURES, ("a", LESS, NOBODY), ("b", MORE, NOBODY))])
    assert "strangers are taken for one person <strong>18.0 times</strong> as often among b as among a" in said
    assert "(1 in 111 against 1 in 2,000; 95\u00a0% interval 12.0 to 30.0 times)" in said


def test_a_ratio_without_an_upper_end_is_said_from_where_it_begins() -> None:
    unbounded = {**MEASURES, "intervals": {"max_over_min": [12.0, None]}}
    (said,) = shown_differences([group(unbounded, ("a", LESS, NOBODY), ("b", MORE, NOBODY))])
    assert "95\u00a0% interval from 12.0 times)" in said


def test_a_difference_that_it_does_not_show_is_not_said() -> None:
    wide = rate(50, 100_000, 0.0004, 0.009)
    assert shown_differences([group(MEASURES, ("a", wide, NOBODY), ("b", MORE, NOBODY))]) == []
    assert shown_differences([group(None, ("a", LESS, NOBODY), ("b", MORE, NOBODY))]) == []


def test_what_a_small_sample_leaves_open_is_told_apart_for_each_error() -> None:
    few, missed = rate(5, 1_000, 0.002, 0.01), rate(40, 100, 0.3, 0.5)
    (said,) = unknown_rates([group(None, ("a", few, missed), ("b", MORE, missed))])
    assert said.startswith("How often strangers are taken for one person among these groups at 60")
    assert "(race): a. Their" in said
    # What nobody was compared for is no sample that is too small.
    assert unknown_rates([group(None, ("a", LESS, NOBODY), ("b", MORE, NOBODY))]) == []
