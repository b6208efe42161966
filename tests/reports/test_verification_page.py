"""The page made from a verification report: for anyone to read, and never surer than its sample."""

import copy
import json
import math
from typing import Any

import pytest

from recognizance.accuracy.rates import Proportion
from recognizance.reports.verification import verification_page
from recognizance.reports.wording import in_how_many, rate_of, span
from reports.pages import (
    HOSTILE,
    SVG,
    check_can_be_walked,
    check_runs_and_fetches_nothing,
    hostile,
    parse,
    section,
    words,
)


def proportion(errors: int, trials: int) -> dict[str, Any]:
    held = Proportion(errors, trials)
    return {
        "errors": errors,
        "trials": trials,
        "rate": held.rate if trials else None,
        "interval": list(held.interval),
        "measured": held.is_measured,
    }


def sample_report() -> dict[str, Any]:
    at = {80: (2400, 61), 85: (900, 120), 90: (210, 260), 95: (12, 610), 99: (0, 1490)}
    fmr = [10 ** (-4.5 * i / 60) for i in range(61)]
    group_counts = {"Black": (96, 41), "East Asian": (120, 55), "Indian": (88, 38), "White": (5, 12)}
    return {
        "format": "recognizance-accuracy-report-1",
        "kind": "verify",
        "made_at": "2026-11-26T06:00:00Z",
        "version": "0.1.0",
        "service": {
            "engine": "in process",
            "model": "sface-2021dec",
            "model_sha256": {"detector.onnx": "ab" * 32, "embedder.onnx": "cd" * 32},
            "calibration": "ef" * 32,
        },
        "sample": {
            "pairs_file": "pairs.csv",
            "pairs_sha256": "01" * 32,
            "photographs": 7701,
            "photographs_sha256": "23" * 32,
            "mated": 6000,
            "nonmated": 60000,
            "subjects": None,
            "failures": {"no_face": proportion(3, 7701), "unreadable": proportion(0, 7701)},
            "description": "Photographs of public figures from news agencies, 2002 to 2004",
            "licence": "Research use only",
        },
        "rates_at_percent": [
            {
                "percent": percent,
                "score": 0.3 + (percent - 80) / 60,
                "fmr": proportion(false, 60000),
                "fnmr": proportion(missed, 6000),
            }
            for percent, (false, missed) in at.items()
        ],
        "equal_error": {"rate": 0.0163, "score": 0.361, "interval": [0.0134, 0.0198]},
        "true_match_at_fmr": [
            {"fmr": 1e-3, "score": 0.51, "tmr": proportion(5610, 6000), "reason": None},
            {
                "fmr": 1e-4,
                "score": None,
                "tmr": None,
                "reason": "1e-4 allows 6 errors over 60,000 trials; 30 are needed",
            },
        ],
        "ten_folds": {"accuracy": 0.9842, "standard_error": 0.0019, "folds": 10},
        "det": {"fmr": [*fmr, 0.0], "fnmr": [min(1.0, 0.0012 * f**-0.56) for f in fmr] + [0.6], "score": [*fmr, 0.0]},
        "groups": [
            {
                "attribute": "race",
                "percent": 80,
                "rows": [
                    {
                        "group": name,
                        "mated": 1000,
                        "nonmated": 3000,
                        "fmr": proportion(false, 3000),
                        "fnmr": proportion(missed, 1000),
                        "score_for_global_fmr": 0.31 if false > 30 else None,
                    }
                    for name, (false, missed) in group_counts.items()
                ],
                "differentials": {
                    "fmr": {
                        "max_over_min": 98.7,
                        "max_over_geometric_mean": 2.4,
                        "gini": 0.31,
                        "worst": "a",
                        "best": "b",
                    },
                    "fnmr": {
                        "max_over_min": 4.6,
                        "max_over_geometric_mean": None,
                        "gini": 0.2,
                        "worst": "a",
                        "best": "b",
                    },
                    "garbe": 0.255,
                },
                "verdict": "insufficient: 'White' has 5 errors in 3,000 trials.",
            }
        ],
        "caveats": ["The photographs show public figures, who are not the public."],
    }


def without_numbers(value: Any) -> Any:
    """The report with nan wherever its format allows no number."""
    told = copy.deepcopy(value)
    for row in told["rates_at_percent"]:
        row["fmr"] = proportion(0, 0)
        row["score"] = math.nan
    told["equal_error"] = {"rate": math.nan, "score": math.nan, "interval": [math.nan, math.nan]}
    told["det"] = {"fmr": [None, math.nan], "fnmr": [0.1, 0.2], "score": [None, -math.inf]}
    told["ten_folds"] = None
    told["groups"][0]["rows"][0]["fmr"] = proportion(0, 0)
    told["groups"][0]["differentials"] = None
    return told


VARIANTS = [
    pytest.param(sample_report(), id="whole"),
    pytest.param(hostile(sample_report()), id="hostile"),
    pytest.param(without_numbers(sample_report()), id="without numbers"),
    pytest.param({**sample_report(), "groups": [], "caveats": [], "true_match_at_fmr": []}, id="no groups"),
]


@pytest.mark.parametrize("report", VARIANTS)
def test_the_page_is_well_formed_runs_nothing_and_fetches_nothing(report: dict[str, Any]) -> None:
    check_runs_and_fetches_nothing(verification_page(report))


@pytest.mark.parametrize("report", VARIANTS)
def test_the_page_can_be_walked_without_seeing_it(report: dict[str, Any]) -> None:
    check_can_be_walked(verification_page(report))


def test_hostile_strings_are_shown_as_text() -> None:
    page = verification_page(hostile(sample_report()))
    assert HOSTILE.replace("\x00", "\ufffd").replace("\u202e", "\ufffd") in words(section(page, "caveats"))
    assert "\x00" not in page
    assert "\u202e" not in page


def test_plain_words_tell_a_measured_rate_and_call_others_insufficient() -> None:
    told = words(section(verification_page(sample_report()), "plain"))
    assert (
        "about 4 in 100 would be taken for one person (2,400 of 60,000 here; 95 % interval 3.8 to 4.2 in 100)" in told
    )
    assert "How many pairs of strangers would be taken for one person: insufficient sample" in told
    assert "0 of 60,000 here; the rate is compatible with: below 1 in 20,000 (rule of 3, 95 % confidence)" in told
    assert "How often strangers are taken for one person at 95 % and 99 %: the sample is insufficient" in told


def test_a_rate_that_is_not_measured_is_nowhere_shown_bare() -> None:
    report = sample_report()
    report["rates_at_percent"] = [
        {"percent": percent, "score": 0.5, "fmr": proportion(7, 991), "fnmr": proportion(7, 991)}
        for percent in (80, 99)
    ]
    report["groups"][0]["rows"] = [
        {"group": "A", "mated": 991, "nonmated": 991, "fmr": proportion(7, 991), "fnmr": proportion(7, 991)}
    ]
    page = verification_page(report)
    assert in_how_many(7 / 991) == "1 in 142"
    assert "1 in 142" not in page
    cells = [words(cell) for cell in parse(page).iter("td") if "7 of 991" in words(cell)]
    assert len(cells) == 6
    assert all(cell.startswith("insufficient") and "95 % interval" in cell for cell in cells)
    assert not list(section(page, "groups").iter(f"{SVG}rect"))


def test_differentials_of_unmeasured_groups_are_insufficient_and_of_measured_ones_shown() -> None:
    told = words(section(verification_page(sample_report()), "groups"))
    assert "98.7" not in told
    report = sample_report()
    for row in report["groups"][0]["rows"]:
        row["fmr"], row["fnmr"] = proportion(90, 3000), proportion(70, 1000)
    told = words(section(verification_page(report), "groups"))
    assert "98.70" in told
    assert "0.26" in told
    assert "Labels of race are not skin tone" in told


def test_the_reason_stands_where_a_true_match_rate_is_missing() -> None:
    told = words(section(verification_page(sample_report()), "true-match"))
    assert "1e-4 allows 6 errors over 60,000 trials; 30 are needed" in told
    assert "93.5 in 100" in told


def test_without_groups_the_page_says_so() -> None:
    report = json.loads(json.dumps({**sample_report(), "groups": []}))
    page = verification_page(report)
    assert "not known" in words(section(page, "groups"))
    assert not list(section(page, "groups").iter("table"))


def test_the_curve_marks_80_and_90_and_hollows_what_is_not_measured() -> None:
    report = sample_report()
    report["rates_at_percent"][4]["fmr"] = proportion(2, 60000)
    drawing = next(section(verification_page(report), "det").iter(f"{SVG}svg"))
    marks = [part.get("class") for part in drawing.iter(f"{SVG}circle")]
    assert marks == ["mark", "mark", "mark hollow"]
    for part in drawing.iter(f"{SVG}circle"):
        assert 46 <= float(part.attrib["cx"]) <= 348
        assert 12 <= float(part.attrib["cy"]) <= 262


@pytest.mark.parametrize(
    ("rate", "towards", "said"),
    [
        (0.0, 0, "0"),
        (1.0, 0, "100 in 100"),
        (0.999999, 0, "99.999 in 100"),
        (0.04321, 0, "4.3 in 100"),
        (0.04321, 1, "4.4 in 100"),
        (3 / 12000, 1, "1 in 4,000"),
        (1 / 37661, 1, "1 in 37,600"),
        (1 / 37661, -1, "1 in 37,700"),
    ],
)
def test_rates_are_said_as_people_count_and_bounds_are_rounded_outwards(rate: float, towards: int, said: str) -> None:
    assert in_how_many(rate, towards) == said


def test_a_rate_of_all_or_none_is_never_taken_for_measured() -> None:
    for errors in (0, 500):
        assert not rate_of({"errors": errors, "trials": 500, "interval": [0, 1], "measured": True}).measured
    assert rate_of(proportion(500, 500)).bounds == "above 99.4 in 100 (rule of 3, 95\u00a0% confidence)"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.0, 0.5, "0 to 50 in 100"),
        (0.00789, 0.01389, "0.78 to 1.4 in 100"),
        (0.00111, 0.0025, "1 in 901 to 1 in 400"),
        (0.9923, 0.9991, "99.23 to 99.91 in 100"),
    ],
)
def test_both_ends_of_an_interval_are_counted_alike(low: float, high: float, said: str) -> None:
    assert span(low, high) == said


def test_groups_at_two_settings_are_counted_once_and_told_apart() -> None:
    report = sample_report()
    first = report["groups"][0]
    first["percent"] = 80
    report["groups"] = [first, {**first, "percent": 99}]
    page = verification_page(report)
    assert page.count(f"<caption>Pairs by {first['attribute']}") == 1
    assert f"By {first['attribute']}, at 80" in page
    assert f"By {first['attribute']}, at 99" in page
