"""`recognizance evaluate`, on real photographs of which the truth is known."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.conftest import Cli
from recognizance.cli.errors import ExitCode

LONDON = ("neutral_front", "smiling_front")
PEOPLE = 14


@pytest.fixture(scope="module")
def london(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """All pairs of two photographs of each of the set's first people, and one that shows nobody."""
    folder = tmp_path_factory.mktemp("evaluate")
    with (faces / "london" / "people.csv").open(newline="") as file:
        people = list(csv.DictReader(file))[:PEOPLE]
    names = [(f"london/{pose}/{person['id']}.jpg", person) for person in people for pose in LONDON]
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "subject", "gender"])
        writer.writerows([name, person["id"], person["gender"]] for name, person in names)
    with (folder / "pairs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "mated"])
        for index, (a, person) in enumerate(names):
            for b, other in names[index + 1 :]:
                writer.writerow([a, b, "yes" if person["id"] == other["id"] else "no"])
        writer.writerow([names[0][0], "broken/truncated.jpg", "yes"])
    return folder / "pairs.csv", folder / "labels.csv"


@pytest.fixture(scope="module")
def made(
    faces: Path, london: tuple[Path, Path], model_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Any]:
    pairs, labels = london
    folder = tmp_path_factory.mktemp("evaluated")
    cli, out = Cli(folder / "home", model_cache), folder / "new" / "report"
    result = cli("evaluate", "verify", "--pairs", pairs, "--photos", faces, "--labels", labels, "--out", out)
    assert result.code == 0, result.err
    assert not (cli.home / "record.db").exists()
    return out, result


def test_a_verification_leaves_a_page_numbers_and_trials(london: tuple[Path, Path], made: tuple[Path, Any]) -> None:
    out, result = made
    assert "report.html" in result.out
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    mated, nonmated = PEOPLE + 1, PEOPLE * (PEOPLE - 1) // 2 * 4
    assert (report["sample"]["mated"], report["sample"]["nonmated"]) == (mated, nonmated)
    assert report["sample"]["subjects"] == PEOPLE  # whom the broken photograph shows is told by its mate
    assert report["sample"]["failures"]["unreadable"]["errors"] == 1
    assert report["sample"]["labels_sha256"] == hashlib.sha256(london[1].read_bytes()).hexdigest()
    assert report["sample"]["labels_sha256"] in (out / "report.html").read_text(encoding="utf-8")
    with (out / "trials.csv").open(newline="") as file:
        trials = list(csv.DictReader(file))
    assert len(trials) == mated + nonmated
    assert trials[-1]["failure"] == "unreadable"
    assert trials[-1]["score"] == ""
    # The report's counts are those of its trials.
    at_80 = report["rates_at_percent"][0]
    scores = np.array([float(row["score"] or "-inf") for row in trials])
    same = np.array([row["mated"] == "yes" for row in trials])
    assert at_80["percent"] == 80
    assert at_80["fmr"]["errors"] == int((scores[~same] >= at_80["score"]).sum())
    assert at_80["fnmr"]["errors"] == int((scores[same] < at_80["score"]).sum())
    assert at_80["fnmr"]["errors"] >= 1  # the broken one
    assert not at_80["fmr"]["measured"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "nsufficient" in page
    assert "<script" not in page
    # 1,000 comparisons are too few for a false match rate of 1e-3, and nobody says otherwise.
    assert report["true_match_at_fmr"][0]["tmr"] is None
    assert "30,000 would" in report["true_match_at_fmr"][0]["reason"]


def test_similarity_is_the_servers(cli: Cli, faces: Path, made: tuple[Path, Any]) -> None:
    with (made[0] / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in (rows[0], rows[1]):
        told = cli("compare", faces / row["a"], faces / row["b"], "--threshold", "0", "--json")
        (match,) = json.loads(told.out)["matches"]
        assert match["similarity_percent"] == pytest.approx(float(row["similarity_percent"]), abs=5e-4)


def test_groups_are_counted_apart_and_too_small_ones_get_no_verdict(made: tuple[Path, Any]) -> None:
    report = json.loads((made[0] / "report.json").read_text(encoding="utf-8"))
    by_gender = report["groups"][0]
    assert by_gender["attribute"] == "gender"  # the subject makes no groups
    assert {row["group"] for row in by_gender["rows"]} == {"female", "male"}
    assert sum(row["mated"] for row in by_gender["rows"]) == PEOPLE
    within = sum(row["nonmated"] for row in by_gender["rows"])
    assert within + by_gender["between_groups"]["trials"] == report["sample"]["nonmated"]
    assert by_gender["pairs_without_group"] == 1
    assert by_gender["differentials"] is None
    assert "nsufficient" in by_gender["verdict"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\nx,y\n", "no column mated"),
        ("a,b,mated\n", "lists no pair"),
        ("a,b,mated\nx.jpg,y.jpg,perhaps\n", "line 2: mated is 'perhaps'"),
        ("a,b,mated\nx.jpg,y.jpg,yes\n", "the first is x.jpg"),
        ("a,b,mated\nx.jpg,y.jpg\n", "line 2: it has not as many fields"),
        ("a,b,mated\n\x00\xff,y.jpg,yes\n", "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_by_its_line(cli: Cli, tmp_path: Path, text: str, told: str) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_bytes(text.encode("latin-1"))
    result = cli("evaluate", "verify", "--pairs", pairs, "--out", tmp_path / "out")
    assert result.code == ExitCode.FAILED
    assert told in result.err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_used_is_told_before_anything_is_done(cli: Cli, faces: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    measured, forgotten = cli.together(
        ("evaluate", "verify", "--photos", faces / "broken", "--out", taken),
        ("evaluate", "forget", "--endpoint", "http://127.0.0.1:1", "--out", tmp_path / "mistyped"),
    )
    assert (measured.code, forgotten.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert "is a file" in measured.err
    # "Deleted 0 collections" would sound as if none were left at the service.
    assert "does not exist" in forgotten.err


def test_a_label_that_is_not_there_is_named(cli: Cli, faces: Path, london: tuple[Path, Path], tmp_path: Path) -> None:
    pairs, labels = london
    command = ["evaluate", "verify", "--pairs", pairs, "--photos", faces, "--out", tmp_path / "out"]
    result = cli(*command, "--labels", labels, "--group-by", "gender,shoe")
    assert result.code == ExitCode.USAGE
    assert "no label shoe" in result.err
    only_mated = tmp_path / "mated.csv"
    only_mated.write_text("a,b,mated\nbroken/truncated.jpg,london/neutral_front/001.jpg,yes\n")
    refused = cli("evaluate", "verify", "--pairs", only_mated, "--photos", faces, "--out", tmp_path / "out")
    assert refused.code == ExitCode.FAILED
    assert "pairs of both kinds" in refused.err
