"""The page made from a verification report: for anyone to read, and never surer than its sample."""

import copy
import json
import math
import re
from importlib.resources import files
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


def distribution(mated: int, nonmated: int) -> dict[str, Any]:
    """Scores from -0.4 to 1: a tenth of each kind beyond the middle of its own."""
    edges = [round(-0.4 + 0.1 * step, 1) for step in range(15)]
    shares = ([0] * 8 + [1, 3, 5, 1, 0, 0], [1, 2, 3, 2, 1, 0.5, 0.4, 0.09, 0.01, 0, 0, 0, 0, 0])
    counts = [
        [round(number * share / 10) for share in kind] for number, kind in zip((mated, nonmated), shares, strict=True)
    ]
    return {"edges": edges, "mated": counts[0], "nonmated": counts[1]}


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
        "equal_error": {"rate": 0.0163, "score": 0.361, "interval": [0.0134, 0.0198], "measured": True},
        "true_match_at_fmr": [
            {"fmr": 1e-3, "score": 0.51, "tmr": proportion(5610, 6000), "reason": None},
            {
                "fmr": 1e-4,
                "score": None,
                "tmr": None,
                "reason": "1e-4 allows 6 errors over 60,000 trials; 30 are needed",
            },
        ],
        "ten_folds": {"accuracy": 0.9842, "standard_error": 0.0019, "folds": 10, "measured": True},
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


def with_scores() -> dict[str, Any]:
    report = {**sample_report(), "distribution": distribution(6000, 60000), "intervals": "subjects"}
    for row in report["groups"][0]["rows"]:
        row["distribution"] = distribution(1000, 3000)
    # The last group has strangers only, and few.
    row["distribution"] = {**row["distribution"], "mated": [0] * 14, "nonmated": [0, 3] + [0] * 12}
    report["groups"].append({**report["groups"][0], "percent": 99})
    report["sample"] |= {"pairs_file": None, "pairs_sha256": None}  # all photographs with all
    return report


VARIANTS = [
    pytest.param(sample_report(), id="whole"),
    pytest.param(hostile(sample_report()), id="hostile"),
    pytest.param(without_numbers(sample_report()), id="without numbers"),
    pytest.param(with_scores(), id="with scores"),
    pytest.param(hostile(with_scores()), id="hostile with scores"),
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
    assert "0 of 60,000 here; the rate is compatible with: below 1 in 15,600 (95 % interval)" in told
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
    assert rate_of(proportion(500, 500)).bounds == "above 99.237 in 100 (95\u00a0% interval)"


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


def test_scores_are_drawn_once_for_each_group_on_the_same_axes() -> None:
    assert 'id="scores"' not in verification_page(sample_report())
    drawings = list(section(verification_page(with_scores()), "scores").iter(f"{SVG}svg"))
    assert len(drawings) == 1 + 4  # the groups are those of 99 % too
    ticks = [[part.text for part in drawing.iter(f"{SVG}text") if part.get("y") == "160.0"] for drawing in drawings]
    marks = [
        [part.get("d") for part in drawing.iter(f"{SVG}path") if part.get("class") == "at"] for drawing in drawings
    ]
    assert all(one == ticks[0] and len(one) >= 3 for one in ticks)
    assert all(one == marks[0] and len(one) == 2 for one in marks)
    shapes = [
        {part.get("class") for part in drawing.iter(f"{SVG}path")} & {"same", "strangers"} for drawing in drawings
    ]
    assert shapes == [{"same", "strangers"}] * 4 + [{"strangers"}]
    told = words(drawings[0][1])
    assert "half of 60,000 pairs of strangers score below about -0.10" in told
    assert "80 % is a score of 0.300" in told


def test_groups_whose_scores_are_percents_are_drawn_on_axes_of_percents() -> None:
    report = with_scores()
    edges = [5.0 * step for step in range(15)]
    rows = [
        {**row, "distribution": {**row["distribution"], "edges": edges}, "score_for_global_fmr": 68.25}
        for row in report["groups"][0]["rows"]
    ]
    apart = {**report["groups"][0], "attribute": "elsewhere", "rows": rows, "score_is": "similarity in percent"}
    page = verification_page({**report, "groups": [*report["groups"], apart]})
    drawings = list(section(page, "scores").iter(f"{SVG}svg"))
    same, others = list(section(verification_page(report), "scores").iter(f"{SVG}svg")), drawings[5:]
    assert [words(one) for one in drawings[:5]] == [words(one) for one in same]
    assert len(others) == 4
    assert all("similarity in percent" in words(one) and "60" in words(one) for one in others)
    # 80 % lies where 80 does, and 99 % beyond it.
    lines = [part.get("d") for part in others[0].iter(f"{SVG}path") if part.get("class") == "at"]
    at_80, at_99 = (float(re.match(r"M([\d.]+)", line)[1]) for line in lines)
    assert 250 < at_80 < at_99
    assert "68.250 %" in page


def test_summaries_of_few_errors_are_not_shown_as_measured() -> None:
    report = sample_report()
    assert "98.42 %" in verification_page(report)
    report["equal_error"] = {"rate": 0.0058, "score": 0.37, "interval": [0.0, 0.017], "measured": False}
    report["ten_folds"] = {
        "accuracy": 1.0,
        "standard_error": 0.0,
        "folds": 10,
        "wrong": 0,
        "pairs": 20,
        "measured": False,
    }
    told = words(section(verification_page(report), "rates"))
    assert "both errors are equally frequent: insufficient" in told
    assert "over 10 parts of the sample: insufficient (0 of 20 were wrong)" in told
    assert "100.00" not in told


def test_each_line_of_the_grid_is_ten_times_the_one_below() -> None:
    scores = {"edges": [0.0, 0.5, 1.0, 1.5], "mated": [0, 0, 10], "nonmated": [900, 90, 10]}
    report = {**sample_report(), "groups": [], "distribution": scores}
    drawing = next(section(verification_page(report), "scores").iter(f"{SVG}svg"))
    path = next(part.attrib["d"] for part in drawing.iter(f"{SVG}path") if part.get("class") == "strangers")
    heights = [146 - float(height) for height in re.findall(r"V([\d.]+)", path)]
    # 900, 90 and 10 of 1,000; the foot is 1 of 100.
    assert heights == pytest.approx([100 * (1 + math.log10(0.9) / 2), 100 * (1 + math.log10(0.09) / 2), 0, 0], abs=0.06)


def test_differentials_show_their_intervals_where_they_have_some() -> None:
    report = sample_report()
    group = report["groups"][0]
    for row in group["rows"]:
        row["fmr"], row["fnmr"] = proportion(90, 3000), proportion(70, 1000)
    assert "95 % interval 1.70" not in words(section(verification_page(report), "groups"))
    group["differentials"]["fmr"]["intervals"] = {"max_over_min": [1.7, 2.9], "gini": [0.1, None]}
    group["differentials"]["garbe_interval"] = [0.11, 0.31]
    told = words(section(verification_page(report), "groups"))
    assert "98.70 95 % interval 1.70 to 2.90" in told
    assert "0.31 95 % interval from 0.10" in told
    assert "0.26 (95 % interval 0.11 to 0.31)" in told


def test_intervals_are_called_what_they_are() -> None:
    independent = words(section(verification_page(sample_report()), "caveats"))
    assert "take pairs for independent" in independent
    over_people = words(section(verification_page({**sample_report(), "intervals": "subjects"}), "caveats"))
    assert "take pairs for independent" not in over_people
    assert "The intervals are over people" in over_people


def test_plain_words_name_folded_groups_and_each_group_is_folded_under_its_heading() -> None:
    report = sample_report()
    page = verification_page(report)
    (unknown,) = section(page, "plain").iter("details")
    assert "among these groups at" in words(unknown)
    parts = list(section(page, "groups").iter("details"))
    assert [words(part[0].find("h3")) for part in parts] == [
        f"By {group['attribute']}, at {group['percent']} %" for group in report["groups"]
    ]
    assert all("open" not in part.attrib for part in parts)


@pytest.mark.parametrize(
    ("told", "shown"),
    [("2026-11-26T14:01:47+00:00", "26 November 2026, 14:01 UTC"), (None, "not available"), ("<some day>", "some day")],
)
def test_a_time_is_written_as_people_do(told: object, shown: str) -> None:
    assert shown in words(parse(verification_page({**sample_report(), "made_at": told})))


def test_groups_too_small_to_tell_anything_are_folded_and_still_there() -> None:
    report = sample_report()
    for row in report["groups"][0]["rows"]:
        row["fmr"], row["fnmr"] = proportion(7, 991), proportion(7, 991)
    part = section(verification_page(report), "groups")
    (folded,) = part.iter("details")
    assert "insufficient: 'White' has 5 errors" in words(folded)
    assert len(list(part.iter(f"{SVG}svg"))) == len(list(folded.iter(f"{SVG}svg"))) == 2


def test_the_published_page_is_made_of_the_published_numbers() -> None:
    folder = files("recognizance.publication").joinpath("accuracy")
    page, numbers = (folder.joinpath(name).read_text(encoding="utf-8") for name in ("report.html", "report.json"))
    # What is drawn and said of a report changes: python benchmarks/published_accuracy.py --page makes the page anew.
    assert page == verification_page(json.loads(numbers))
