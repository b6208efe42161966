"""What reports of searches count, on answers made up for the purpose."""

from pathlib import Path

import pytest

from recognizance.bootstrap import open_calibration
from recognizance.cli.errors import MisuseError
from recognizance.cli.evaluate.folders import photographs_in
from recognizance.errors import TrialListError
from recognizance.reports.false_matches import false_matches_page
from recognizance.reports.identification import identification_page
from recognizance.settings import read_settings
from recognizance.workflows.evaluate.adjudication import read_adjudication
from recognizance.workflows.evaluate.false_matches import report as false_matches
from recognizance.workflows.evaluate.hits import judged
from recognizance.workflows.evaluate.identify import report as identify
from recognizance.workflows.evaluate.search_trials import read_search_trials, subjects
from workflows.searching import TOLD, found, trials_of, two_groups


def test_misses_and_false_positives_are_those_of_a_table_worked_out_by_hand(tmp_path: Path) -> None:
    gallery = ["a/1.jpg", "b/1.jpg", "c/1.jpg"]
    probes = ["a/2.jpg", "a/3.jpg", "b/2.jpg", "c/2.jpg", "x/1.jpg", "y/1.jpg", "z/1.jpg"]
    searched = found(
        {
            "a/2.jpg": [("a/1.jpg", 99.5), ("b/1.jpg", 40.0)],
            "a/3.jpg": [("b/1.jpg", 96.0), ("a/1.jpg", 91.0)],  # second
            "b/2.jpg": [("a/1.jpg", 30.0), ("c/1.jpg", 20.0)],  # beyond two candidates
            "x/1.jpg": [("a/1.jpg", 85.0), ("b/1.jpg", 80.0)],
            "y/1.jpg": [("c/1.jpg", 79.9), ("b/1.jpg", 1.0)],
        },
        failed=["c/2.jpg", "z/1.jpg"],
    )
    report = identify(trials_of(tmp_path, gallery, probes), searched, 2, [], TOLD)
    assert [row["fpir"]["errors"] for row in report["rates_at_percent"]] == [1, 1, 0, 0, 0]
    assert [[rate["errors"] for rate in row["fnir"]] for row in report["rates_at_percent"]] == [
        [3, 2],
        [3, 2],
        [3, 2],
        [3, 3],
        [3, 3],
    ]
    assert report["rates_at_percent"][0]["fpir"]["trials"] == 3
    assert report["rates_at_percent"][0]["fnir"][0]["trials"] == 4
    assert report["rank_curve"] == [0.25, 0.5]
    assert report["mates_beyond_limit"] == 1
    assert any("1 searches list no mate" in caveat for caveat in report["caveats"])
    curve = report["open_set"]
    at = dict(zip(curve["percent"], zip(curve["fpir"], curve["fnir"], strict=True), strict=True))
    assert at[91.0] == (0.0, 0.5)
    assert at[79.9] == (pytest.approx(2 / 3), 0.5)
    assert "1.jpg" not in identification_page(report)


def test_a_group_is_told_with_its_share_of_the_gallery_and_a_verdict_only_on_enough(tmp_path: Path) -> None:
    trials, searched = two_groups(tmp_path)
    report = identify(trials, searched, 1, [("group",)], TOLD)
    at_80 = report["groups"][0]
    assert [(row["fpir"]["errors"], row["fpir"]["trials"]) for row in at_80["rows"]] == [(60, 100), (30, 100)]
    assert at_80["rows"][0]["first_candidate_of_own_group"] == {"own": 60, "of": 60}
    assert at_80["rows"][0]["share_of_gallery"] == 0.5
    assert at_80["differentials"]["fpir"]["max_over_min"] == pytest.approx(2)
    assert at_80["differentials"]["fnir"] is None
    assert "2.00 times as frequent" in at_80["verdict"]
    assert "Misses: insufficient" in at_80["verdict"]
    assert report["open_set"] is None  # nobody could be missed
    assert report["fnir_at_fpir"][0]["reason"].endswith("300 would (rule of 30).")
    page = identification_page(report)
    assert "60 in 100" in page

    # The same searches as a congress test: labels tell that all are false.
    known = read_adjudication(trials, None, None)
    scale = open_calibration(read_settings(home=tmp_path))
    tested = false_matches(trials, searched, judged(trials, searched, known), known, scale, [("group",)], TOLD)
    row = tested["rates_at_percent"][0]
    assert row["candidates"] == {"same": 0, "different": 90, "not_adjudicated": 0}
    assert row["known_false"] == row["at_most"]
    assert row["known_false"]["errors"] == 90
    assert tested["known_by"] == {"labels": 90}
    groups = tested["groups"][0]
    assert [row["share_of_probes"] for row in groups["rows"]] == [0.5, 0.5]
    assert [row["share_of_known_false"]["errors"] for row in groups["rows"]] == [60, 30]
    assert groups["rows"][0]["share_of_known_false"]["trials"] == 90
    assert "2.00 times as frequent" in groups["verdict"]
    assert "90 of 200" in false_matches_page(tested)


def test_a_name_holds_for_both_folders_unless_it_says_for_which(tmp_path: Path) -> None:
    labels = "file,subject\n1.jpg,anna\n2.jpg,ben\nprobes/2.jpg,eve\n"
    trials = trials_of(tmp_path, ["1.jpg", "2.jpg"], ["1.jpg", "2.jpg"], labels)
    assert subjects(trials.gallery, trials.of_gallery) == {"1.jpg": "anna", "2.jpg": "ben"}
    assert subjects(trials.probes, trials.of_probes) == {"1.jpg": "anna", "2.jpg": "eve"}
    assert not trials.same_file
    (tmp_path / "probes" / "2.jpg").write_text("gallery 1.jpg")
    again = trials_of(tmp_path / "other", ["a.jpg"], ["b.jpg"])
    assert not again.same_file
    same = read_search_trials(trials.gallery, trials.probes, None).same_file
    assert same == {"2.jpg": frozenset({"1.jpg"})}


def test_what_cannot_be_judged_is_refused_with_what_to_do(tmp_path: Path) -> None:
    trials = trials_of(tmp_path, ["a/1.jpg"], ["b/1.jpg", "stray.png"])
    with pytest.raises(TrialListError, match=r"1 of 2 photographs .* the first is stray\.png"):
        subjects(trials.probes, trials.of_probes)
    with pytest.raises(TrialListError, match="names no photograph of"):
        trials_of(tmp_path, ["a/1.jpg"], ["b/1.jpg"], "file,subject\nelsewhere.jpg,anna\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".hidden.jpg").write_text("")
    (tmp_path / "empty" / "notes.txt").write_text("")
    with pytest.raises(MisuseError, match="no photograph in"):
        photographs_in(tmp_path / "empty")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("probe,candidate\nb/1.jpg,a/1.jpg\n", "no column verdict"),
        ("probe,candidate,verdict\nb/1.jpg,a/1.jpg,perhaps\n", "line 2: the verdict is 'perhaps'"),
        ("probe,candidate,verdict\nb/1.jpg,a/1.jpg,same\nb/1.jpg,a/1.jpg,different\n", "line 3: an earlier line"),
        ("probe,candidate,verdict\na/1.jpg,b/1.jpg,same\n", "names no probe and candidate"),
    ],
)
def test_an_adjudication_that_cannot_be_used_is_refused_by_its_line(tmp_path: Path, text: str, told: str) -> None:
    trials = trials_of(tmp_path, ["a/1.jpg"], ["b/1.jpg"])
    (tmp_path / "adjudicated.csv").write_text(text)
    with pytest.raises(TrialListError, match=told):
        read_adjudication(trials, None, tmp_path / "adjudicated.csv")
