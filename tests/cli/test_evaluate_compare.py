"""`recognizance evaluate compare`, on reports as files."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Cli
from recognizance.cli.accuracy_reports import load_report
from recognizance.cli.errors import ExitCode, MisuseError
from reports.test_comparison import measured_report, other_report


def written(folder: Path, name: str, report: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def test_two_reports_are_set_side_by_side(cli: Cli, tmp_path: Path) -> None:
    a, b = written(tmp_path, "a.json", measured_report()), written(tmp_path, "b.json", other_report())
    result = cli("evaluate", "compare", a, b, "--out", tmp_path / "new" / "out")
    assert result.code == 0, result.err
    assert "less often in B" in result.out
    assert "What changed: model, calibration." in result.out
    left = tmp_path / "new" / "out"
    assert sorted(path.name for path in left.iterdir()) == ["compare.html", "compare.json"]
    compared = json.loads((left / "compare.json").read_text(encoding="utf-8"))
    assert compared["same_sample"] is True
    assert compared["a"]["name"] == str(a)
    assert "<script" not in (left / "compare.html").read_text(encoding="utf-8")
    assert not cli.home.exists() or not list(cli.home.glob("record*"))


def test_other_samples_are_warned_of(cli: Cli, tmp_path: Path) -> None:
    other = other_report()
    other["sample"]["photographs_sha256"] = "77" * 32
    a, b = written(tmp_path, "a.json", measured_report()), written(tmp_path, "b.json", other)
    result = cli("evaluate", "compare", a, b, "--out", tmp_path, "--json")
    assert {row["finding"] for row in result.json()["rates"]} == {"not_same_sample"}
    assert "not measurements of the same sample" in result.err


@pytest.mark.parametrize(
    ("report", "told"),
    [
        ({**measured_report(), "kind": "identify"}, "of the kind 'verify', and"),
        (
            {**measured_report(), "rates_at_percent": [{"percent": 80, "fmr": {"errors": 5, "trials": "many"}}]},
            "damaged",
        ),
        ({**measured_report(), "det": {"fmr": [float("nan")], "fnmr": [0.1], "score": [0.5]}}, "damaged"),
    ],
)
def test_what_cannot_be_compared_is_refused(cli: Cli, tmp_path: Path, report: Any, told: str) -> None:
    a, b = written(tmp_path, "a.json", measured_report()), written(tmp_path, "b.json", report)
    result = cli("evaluate", "compare", a, b, "--out", tmp_path / "out")
    assert result.code == ExitCode.USAGE
    assert told in result.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "is not an accuracy report"),
        ("{}", "is not an accuracy report ('format')"),
        ("\x00", "is not an accuracy report"),
        ('{"format": "x", "kind": "verify"}', "is of the format 'x'"),
    ],
)
def test_what_is_no_report_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(MisuseError) as refused:
        load_report(path)
    assert told in refused.value.message
    assert refused.value.remedy
