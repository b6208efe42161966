import csv
import json
from pathlib import Path

import pytest

from cli.conftest import Cli
from recognizance.cli.errors import ExitCode

PHOTOGRAPHS = 240


@pytest.fixture
def labels(faces: Path, tmp_path: Path) -> Path:
    """The labels of the set's first photographs."""
    with (faces / "fairface" / "labels.csv").open(newline="") as file:
        rows = list(csv.reader(file))[: PHOTOGRAPHS + 1]
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path / "labels.csv"


def test_a_calibration_is_made_shown_and_written(cli: Cli, faces: Path, labels: Path, tmp_path: Path) -> None:
    photos = faces / "fairface" / "images"
    out = tmp_path / "calibration.json"
    command = ["calibrate", "--photos", photos, "--labels", labels, "--sample", "a few", "--out", out]
    result = cli(*command, "--group-by", "gender")
    assert result.code == 0, result.err
    made = json.loads(out.read_text())
    assert made["provenance"]["photographs"] == PHOTOGRAPHS
    assert set(made["groups"]) == {"Female", "Male"}
    assert made["digest"] in result.out
    assert "1 in 100,000" in result.out
    assert "0.55 (chosen)" in result.out
    wrong = cli(*command, "--group-by", "shoe")
    assert wrong.code == ExitCode.FAILED
    assert "no column shoe" in wrong.err
