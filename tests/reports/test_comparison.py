"""Two reports side by side: what may be said of their difference, and what may not."""

import copy
import json
import math
from typing import Any

import pytest

from recognizance.reports.comparison import comparison
from recognizance.reports.comparison_page import comparison_page
from reports.pages import SVG, hostile, parse, section, words
from reports.test_verification_page import distribution, proportion, sample_report


def measured_report() -> dict[str, Any]:
    """A report in which every group is measured, with all that newer reports have."""
    report = sample_report()
    report["intervals"] = "subjects"
    report["distribution"] = distribution(6000, 60000)
    group = report["groups"][0]
    for place, row in enumerate(group["rows"]):
        row["fmr"], row["fnmr"] = proportion(90 + 40 * place, 3000), proportion(60 + 20 * place, 1000)
        row["distribution"] = distribution(1000, 3000)
    group["differentials"]["fmr"]["intervals"] = {
        "max_over_min": [1.7, 2.9],
        "max_over_geometric_mean": [1.1, None],
        "gini": [0.1, 0.25],
    }
    group["differentials"]["garbe_interval"] = [0.11, 0.31]
    return report


def other_report() -> dict[str, Any]:
    """Another service on the same sample: stricter at 80 %, and unlike in some groups only."""
    report = measured_report()
    report["service"] = {**report["service"], "model": "other-1", "calibration": "99" * 32}
    counts = {80: (700, 130), 85: (890, 125), 90: (61, 480), 95: (31, 900), 99: (3, 1490)}
    for row in report["rates_at_percent"]:
        false, missed = counts[row["percent"]]
        row["fmr"], row["fnmr"] = proportion(false, 60000), proportion(missed, 6000)
    for row in report["groups"][0]["rows"]:
        row["fmr"] = proportion(85, 3000)
    report["true_match_at_fmr"][0]["tmr"] = proportion(5200, 6000)
    report["det"]["fnmr"] = [min(1.0, 1.5 * rate) for rate in report["det"]["fnmr"]]
    return report


def findings(compared: dict[str, Any]) -> dict[tuple[float | str, str], str]:
    return {(row["percent"], row["rate"]): row["finding"] for row in compared["rates"]}


def test_only_intervals_that_lie_apart_make_a_difference() -> None:
    compared = comparison(measured_report(), other_report())
    assert compared["same_sample"]
    told = findings(compared)
    assert told[80, "fmr"] == "less_in_b"
    assert told[80, "fnmr"] == "less_in_a"
    assert told[85, "fmr"] == told[85, "fnmr"] == "intervals_overlap"
    assert told[95, "fmr"] == "insufficient"  # 12 errors in A
    assert told[99, "fmr"] == "insufficient"
    at_80 = compared["rates"][0]
    assert at_80["difference"] == pytest.approx((700 - 2400) / 60000)
    assert at_80["ratio"] == pytest.approx(700 / 2400)
    assert [row["finding"] for row in compared["groups"][0]["rows"] if row["rate"] == "fmr"] == [
        "intervals_overlap",
        "less_in_b",
        "less_in_b",
        "less_in_b",
    ]
    assert [row["finding"] for row in compared["true_match_at_fmr"]] == ["less_in_b"]
    assert {told["name"] for told in compared["changed"]} == {"model", "calibration"}


def test_equal_error_rates_of_few_errors_or_of_other_trials_are_not_compared() -> None:
    one, other = measured_report(), other_report()
    one["equal_error"] = {"rate": 0.01, "score": 0.4, "interval": [0.005, 0.02], "measured": True}
    other["equal_error"] = {"rate": 0.05, "score": 0.4, "interval": [0.03, 0.07], "measured": True}
    assert comparison(one, other)["equal_error"]["finding"] == "less_in_a"
    other["sample"] = {**other["sample"], "mated": 5}
    assert comparison(one, other)["equal_error"]["finding"] == "different_trials"
    other["sample"] = one["sample"]
    one["equal_error"] = {"rate": 0.0, "score": 0.4, "interval": [0.0, 0.01], "measured": False}
    compared = comparison(one, other)
    assert compared["equal_error"]["finding"] == "insufficient"
    assert "A insufficient , B 5 in 100" in words(section(comparison_page(compared), "rates"))


def test_the_other_way_round_says_the_same() -> None:
    there, back = comparison(measured_report(), other_report()), comparison(other_report(), measured_report())
    turned = {"less_in_a": "less_in_b", "less_in_b": "less_in_a"}
    assert {key: turned.get(told, told) for key, told in findings(there).items()} == findings(back)


@pytest.mark.parametrize("digest", ["77" * 32, None])
def test_of_different_samples_nothing_is_called_less_or_more(digest: str | None) -> None:
    other = other_report()
    other["sample"]["photographs_sha256"] = digest
    compared = comparison(measured_report(), other)
    assert not compared["same_sample"]
    rows = [*compared["rates"], *compared["true_match_at_fmr"], *compared["groups"][0]["rows"], compared["equal_error"]]
    assert {row["finding"] for row in rows} == {"not_same_sample"}
    assert {row.get("difference") for row in rows} == {None}
    page = comparison_page(compared)
    told = words(parse(page))
    assert "less often" not in told
    header = words(next(parse(page).iter("header")))
    assert "These are not measurements of the same sample." in header
    assert "What differs: photographs_sha256." in words(section(page, "sample"))


def test_all_with_all_needs_no_digest_of_pairs() -> None:
    a, b = measured_report(), other_report()
    a["sample"]["pairs_sha256"] = b["sample"]["pairs_sha256"] = None
    assert comparison(a, b)["same_sample"]
    a["sample"]["photographs_sha256"] = b["sample"]["photographs_sha256"] = None
    assert not comparison(a, b)["same_sample"]  # nothing tells


def test_other_labels_or_failures_are_no_difference_of_the_services() -> None:
    other = other_report()
    other["groups"][0]["rows"][1]["fmr"] = proportion(40, 2900)
    rows = comparison(measured_report(), other)["groups"][0]["rows"]
    assert [row["finding"] for row in rows if row["group"] == "East Asian"] == ["different_trials", "intervals_overlap"]


def test_what_only_one_report_has_is_told() -> None:
    other = other_report()
    del other["rates_at_percent"][4]
    other["groups"][0]["rows"][0]["group"] = "Other"
    compared = comparison(measured_report(), other)
    assert compared["only_in_one"] == ["99\u00a0%", "race: Black at 80\u00a0%", "race: Other at 80\u00a0%"]
    assert "Only one of the two reports has: 99 %, race: Black" in words(section(comparison_page(compared), "caveats"))


def test_a_kind_with_other_rates_is_compared_by_what_its_rows_share() -> None:
    reports = []
    for false, missed in ((400, 90), (700, 95)):
        report = {**sample_report(), "kind": "identify"}
        for name in ("det", "equal_error", "true_match_at_fmr", "ten_folds", "groups"):
            del report[name]
        report["rates_at_percent"] = [
            {"percent": 80, "fpir": proportion(false, 1000), "fnir": [{"rank": 1, **proportion(missed, 900)}]}
        ]
        report["rates_at_percent"].append({"percent": "default", "fpir": proportion(false // 2, 1000)})
        report["sample"] = {"gallery": {"photographs_sha256": "01" * 32}, "known_mates": {"sha256": "02" * 32}}
        reports.append(report)
    compared = comparison(*reports)
    assert findings(compared) == {
        (80, "fpir"): "less_in_a",
        (80, "fnir at rank 1"): "intervals_overlap",
        ("default", "fpir"): "less_in_a",
    }
    assert [told["name"] for told in compared["sample_digests"]] == [
        "gallery: photographs_sha256",
        "known_mates: sha256",
    ]
    page = comparison_page(compared)
    assert "fnir at rank 1" in words(section(page, "rates"))
    assert "No group is in both reports" in words(section(page, "groups"))


def test_the_page_shows_both_curves_and_keeps_to_its_file() -> None:
    page = comparison_page(json.loads(json.dumps(comparison(measured_report(), other_report()))))
    drawing = next(section(page, "det").iter(f"{SVG}svg"))
    assert [line.get("class") for line in drawing.iter(f"{SVG}polyline")] == ["curve", "curve second"]
    assert len(list(drawing.iter(f"{SVG}circle"))) == 1  # A has no error at 99 %
    assert [mark.get("class") for mark in drawing.iter(f"{SVG}rect")] == ["mark second", "mark second hollow"]
    plain = words(section(page, "plain"))
    assert "Strangers taken for one person (FMR), at 80 %: less often in B ; in A 3.43 times as often." in plain
    assert "Strangers taken for one person (FMR), at 99 %: insufficient : not known." in plain


def test_hostile_and_empty_reports_make_pages_all_the_same() -> None:
    bad = hostile(other_report())
    bad["rates_at_percent"][0]["score"] = math.nan
    bad["det"] = {}
    other = hostile(measured_report())
    for report in (bad, other):
        report["rates_at_percent"][0]["<script>"] = proportion(40, 100)
    page = comparison_page(comparison(other, bad))
    assert "<script" not in page
    parse(page)
    bare = copy.deepcopy(sample_report())
    for name in ("det", "equal_error", "true_match_at_fmr", "ten_folds", "groups", "rates_at_percent"):
        del bare[name]
    assert "There is no rate that both reports have" in words(section(comparison_page(comparison(bare, bare)), "rates"))
