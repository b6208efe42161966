"""`recognizance evaluate detection`, `attributes` and `gender`, on real photographs of which the truth is known."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Cli

POSES = ("neutral_front", "neutral_left_3quarter", "neutral_right_3quarter")
PEOPLE = 5
BROKEN = "broken/truncated.jpg"
KINDS = ("detection", "attributes", "gender")
ONE_AFTER_ANOTHER = """
import json, sys
from recognizance.cli.app import run
sys.exit(max(run(arguments) for arguments in json.loads(sys.argv[1])))
"""
"""Commands in one process: what takes longest is to load the program."""


@pytest.fixture(scope="module")
def labels(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three photographs of each of the set's first people, and one that cannot be read."""
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    with (faces / "london" / "people.csv").open(newline="") as file:
        people = list(csv.DictReader(file))[:PEOPLE]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "subject", "gender", "age", "pose", "faces"])
        for person in people:
            for pose in POSES:
                name = f"london/{pose}/{person['id']}.jpg"
                writer.writerow([name, person["id"], person["gender"], person["age"], pose, "1"])
        writer.writerow([BROKEN, "", "female", "", "", "1"])
    return path


@pytest.fixture(scope="module")
def made(faces: Path, labels: Path, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what each command left, in a folder of its name."""
    folder = tmp_path_factory.mktemp("reports")
    cli = Cli(folder / "home", model_cache)
    given = ("--photos", str(faces), "--labels", str(labels), "--out")
    commands = [["evaluate", kind, *given, str(folder / kind)] for kind in KINDS]
    done = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_ANOTHER, json.dumps(commands)],
        env=cli.environment(),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report.html, report.json, trials.csv") == len(KINDS)
    assert not (cli.home / "record.sqlite").exists()
    return folder


def read(made: Path, kind: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    page = (made / kind / "report.html").read_text(encoding="utf-8")
    assert "london/" not in page
    assert BROKEN not in page
    with (made / kind / "trials.csv").open(newline="") as file:
        return json.loads((made / kind / "report.json").read_text(encoding="utf-8")), list(csv.DictReader(file))


def test_detection_counts_what_its_trials_say(made: Path) -> None:
    report, trials = read(made, "detection")
    assert [row["file"] for row in trials if row["failure"]] == [BROKEN]
    readable = [row for row in trials if not row["failure"]]
    assert len(readable) == PEOPLE * len(POSES)
    rates = report["rates"]
    assert rates["failure_to_detect"]["trials"] == len(readable)
    assert rates["failure_to_detect"]["errors"] == sum(row["faces_found"] == "0" for row in readable)
    assert rates["too_many"]["errors"] == sum(int(row["faces_found"]) > 1 for row in readable)
    assert (rates["unreadable"]["errors"], rates["unreadable"]["trials"]) == (1, len(trials))
    told = sorted(float(row["confidence_percent"]) for row in readable if row["confidence_percent"])
    assert report["confidence"]["count"] == len(told)
    assert (report["confidence"]["least"], report["confidence"]["greatest"]) == pytest.approx((told[0], told[-1]))
    assert report["sample"]["subjects"] == PEOPLE + 1
    assert [group["attribute"] for group in report["groups"]] == ["gender", "age", "pose"]
    ages = {row["group"] for row in report["groups"][1]["rows"]}
    assert ages <= {f"{age}-{age + 9}" for age in range(10, 90, 10)}
    assert "insufficient" in report["groups"][0]["compared"]["failure_to_detect"]["verdict"]


def test_poses_are_told_as_they_were_photographed(made: Path) -> None:
    report, _ = read(made, "attributes")
    yaw = {row["pose"]: row["yaw_degrees"]["quartiles"][1] for row in report["pose"]["poses"]}
    assert abs(yaw["neutral_front"]) < 15
    assert yaw["neutral_left_3quarter"] < -20
    assert yaw["neutral_right_3quarter"] > 20


def test_genders_and_ages_are_counted_as_their_trials_say(made: Path) -> None:
    report, trials = read(made, "attributes")
    assert report["not_told"] == report["not_labelled"] == []
    told = [row for row in trials if row["told_gender"]]
    assert len(told) == PEOPLE * len(POSES)
    wrong = sum(row["told_gender"].lower() != row["label_gender"] for row in told)
    gender = report["gender"]["rates"]
    assert (gender["wrong"]["errors"], gender["wrong"]["trials"]) == (wrong, len(told))
    assert (gender["error"]["errors"], gender["error"]["trials"]) == (wrong + 1, len(told) + 1)  # the broken one
    missed = sum(not int(row["told_age_low"]) <= int(row["label_age"]) <= int(row["told_age_high"]) for row in told)
    age = report["age"]["rates"]
    assert (age["error"]["errors"], age["error"]["trials"]) == (missed, len(told))  # its age is not labelled
    widths = sorted(int(row["told_age_high"]) - int(row["told_age_low"]) for row in told)
    assert (report["age"]["width_years"]["least"], report["age"]["width_years"]["greatest"]) == (widths[0], widths[-1])


def test_the_test_of_gender_counts_what_its_trials_say(made: Path) -> None:
    report, trials = read(made, "gender")
    outcomes = [row["outcome"] for row in trials]
    assert set(outcomes) <= {"right", "wrong", "unreadable"}
    for row in trials:
        if row["outcome"] != "unreadable":
            assert (row["told"].lower() == row["label"]) == (row["outcome"] == "right")
    assert report["rates"]["error"]["errors"] == len(trials) - outcomes.count("right")
    assert report["rates"]["unreadable"]["errors"] == 1
    sure = [row["outcome"] for row in trials if row["told"] and float(row["confidence_percent"]) >= 99]
    confident = report["rates"]["confident_wrong"]
    assert (confident["errors"], confident["trials"]) == (sure.count("wrong"), len(sure))
    assert sum(row["wrong"]["trials"] for row in report["reliability"]) == len(trials) - 1
    # By gender, and by each other label with it.
    assert [group["attribute"] for group in report["groups"]] == ["gender", "age × gender", "pose × gender"]
    by_gender = {row["group"]: row["rates"]["error"] for row in report["groups"][0]["rows"]}
    assert by_gender["Female"]["trials"] == sum(row["label"] == "female" for row in trials)
    _, others = read(made, "attributes")
    assert [row["told"] for row in trials] == [row["told_gender"] for row in others]
