"""The pages made from reports of searches: for anyone to read, and never surer than their samples."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from recognizance.bootstrap import open_calibration
from recognizance.reports.false_matches import false_matches_page
from recognizance.reports.identification import identification_page
from recognizance.settings import read_settings
from recognizance.workflows.evaluate.adjudication import read_adjudication
from recognizance.workflows.evaluate.false_matches import report as false_matches
from recognizance.workflows.evaluate.hits import judged
from recognizance.workflows.evaluate.identify import report as identify
from workflows.searching import TOLD, found, trials_of, two_groups

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert(1)</script><img src=x onerror='a'>&\u202e"


def identified(folder: Path) -> str:
    trials, searched = two_groups(folder, (HOSTILE, "h"))
    return identification_page(identify(trials, searched, 1, [("group",)], TOLD))


def identified_few(folder: Path) -> str:
    trials = trials_of(folder, ["a/1.jpg", "b/1.jpg"], ["a/2.jpg", "b/2.jpg", "x/1.jpg"])
    searched = found({"a/2.jpg": [("a/1.jpg", 99.0), ("b/1.jpg", 9.0)], "x/1.jpg": [("b/1.jpg", 82.0)]}, ["b/2.jpg"])
    return identification_page(identify(trials, searched, 2, [], TOLD))


def matched(folder: Path) -> str:
    trials, searched = two_groups(folder, (HOSTILE, "h"))
    known = read_adjudication(trials, None, None)
    scale = open_calibration(read_settings(home=folder))
    return false_matches_page(
        false_matches(trials, searched, judged(trials, searched, known), known, scale, [("group",)], TOLD)
    )


def matched_few(folder: Path) -> str:
    trials = trials_of(folder, ["a/1.jpg"], ["x/1.jpg", "y/1.jpg"])
    searched = found({"x/1.jpg": [("a/1.jpg", 82.0)], "y/1.jpg": []})
    known = read_adjudication(trials, None, None)
    scale = open_calibration(read_settings(home=folder))
    return false_matches_page(false_matches(trials, searched, judged(trials, searched, known), known, scale, [], TOLD))


@pytest.mark.parametrize("make", [identified, identified_few, matched, matched_few])
def test_a_page_is_well_formed_runs_nothing_and_can_be_walked(make: Callable[[Path], str], tmp_path: Path) -> None:
    page = make(tmp_path)
    root = ElementTree.fromstring(page)  # noqa: S314 our own page
    assert {part.tag.removeprefix(SVG) for part in root.iter()} & {"script", "img", "image", "link", "iframe"} == set()
    assert not {name for part in root.iter() for name in part.attrib if name in {"src", "onerror"}}
    assert not re.search(r"\b(nan|NaN|inf|Infinity|None)\b", page)
    assert "\u202e" not in page
    assert ".jpg" not in page
    levels = [int(part.tag[1]) for part in root.iter() if re.fullmatch("h[1-6]", part.tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [part.attrib["id"] for part in root.iter() if "id" in part.attrib]
    assert len(ids) == len(set(ids))
    for part in root.iter():
        assert set(part.get("aria-labelledby", "").split()) <= set(ids)


def test_a_small_sample_is_called_insufficient_and_bounds_what_nobody_has_judged(tmp_path: Path) -> None:
    few = words(identified_few(tmp_path / "identified"))
    assert "would list somebody all the same: insufficient sample" in few
    assert "not known from this report whether errors fall on some groups" in few
    left = words(matched_few(tmp_path / "matched"))
    assert "At least 0 and at most 1 of 2 photographs were falsely matched" in left
    assert "Not adjudicated, as nobody has looked yet: 1 ." in left


def test_a_large_sample_is_told_in_plain_words(tmp_path: Path) -> None:
    told = words(matched(tmp_path))
    assert "90 of 200 photographs were falsely matched with somebody else" in told
    assert "at most 90 of 200" not in told
    assert "30 in 100" in told
    assert "66.7 % 60 of 90" in told
    assert "are 50 % of those searched and 67 % of those falsely matched" in told


def test_a_share_that_chance_explains_is_not_told_in_plain_words(tmp_path: Path) -> None:
    trials, searched = two_groups(tmp_path, ("g", "h"))
    known = read_adjudication(trials, None, None)
    scale = open_calibration(read_settings(home=tmp_path))
    report = false_matches(trials, searched, judged(trials, searched, known), known, scale, [("group",)], TOLD)
    assert "of those falsely matched (" in words(false_matches_page(report))
    for group in report["groups"]:
        group["rows"][0]["share_of_known_false"] |= {"errors": 47, "trials": 90, "interval": [0.42, 0.62]}
        group["rows"][1]["share_of_known_false"] |= {"errors": 43, "trials": 90, "interval": [0.38, 0.58]}
    assert "of those falsely matched (" not in words(false_matches_page(report))


def test_a_difference_between_groups_is_told_in_plain_words_where_the_sample_shows_it(tmp_path: Path) -> None:
    trials, searched = two_groups(tmp_path)
    told = words(identification_page(identify(trials, searched, 1, [("group",)], TOLD)))
    told = told.split("Whom the errors fall on")[1].split("What is not known")[0]
    assert "At 80 %, by group: a search for somebody who is not in the gallery lists somebody else" in told
    assert "2.0 times as often among g as among h (60 in 100 against 30 in 100)." in told
    assert "99" not in told


def words(page: str) -> str:
    root = ElementTree.fromstring(page)  # noqa: S314 our own page
    return re.sub(r"\s+", " ", " ".join(root.itertext()))
