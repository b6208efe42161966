import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Cli
from recognizance.cli.errors import ExitCode

ORDINARY = ("advise", "--references", "1000", "--searches-a-year", "50", "--tolerate", "5")
LARGE = ("advise", "--references", "1000000", "--searches-a-year", "5000", "--tolerate", "1")


def missed(mated: int, *rates: float) -> dict[str, Any]:
    return {
        "mated": mated,
        "fnmr": list(rates),
        "fnmr_low": [rate / 2 for rate in rates],
        "fnmr_high": [rate * 2 for rate in rates],
    }


def report(calibration: str, **changes: Any) -> dict[str, Any]:
    """A report as `recognizance evaluate verify` writes it, as far as this command reads it."""
    return {
        "format": "recognizance-accuracy-report-1",
        "kind": "verify",
        "service": {"calibration": calibration},
        "sample": {"pairs_file": "pairs.csv", "photographs": 4000, "mated": 2000, "nonmated": 2000},
        "det": {"fmr": [1.0, 0.01, 0.0], "score": [0.1, 0.4, 0.6], **missed(2000, 0.0, 0.1, 0.3)},
        "det_by_group": [{"attribute": "gender", "group": "female", **missed(1000, 0.0, 0.2, 0.4)}],
    } | changes


def test_advice_in_words_and_as_a_plot(cli: Cli, tmp_path: Path) -> None:
    result = cli(*ORDINARY, "--plot", tmp_path / "advice.svg")
    assert result.code == 0, result.err
    document = cli(*ORDINARY, "--json").json()
    said = " ".join(result.out.split())
    assert f"Set {document['set']['percent']:.1f} %" in said
    assert f"Decided by {document['set']['decided_by']}" in said
    assert "fitted tail" in said
    assert "Not known for your photographs" in said
    assert "recognizance evaluate verify --pairs" in said
    assert document["set"]["expected_a_year"] <= 5
    assert document["overall_percent"] == 70.0
    assert document["overall"]["expected_a_year_at_overall"] == pytest.approx(5)
    assert document["missed_mates"] is None
    assert len(document["groups"]) == 14
    assert (tmp_path / "advice.svg").read_text().startswith("<svg ")
    assert result.err == ""
    assert not cli.home.exists()


def test_what_no_threshold_reaches_is_said(cli: Cli) -> None:
    result = cli(*LARGE)
    assert result.code == 0
    assert "Set 100.0 %" in result.out
    assert "not enough" in result.out
    assert "warning: No threshold keeps to 1 a year" in result.err
    document = json.loads(cli(*LARGE, "--json").out)
    assert document["set"]["reached"] is False
    assert document["overall"]["percent"] is None


def test_a_report_tells_the_cost_in_missed_mates(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    digest = cli(*ORDINARY, "--json").json()["calibration"]
    path.write_text(json.dumps(report(digest)))
    document = cli(*ORDINARY, "--report", path, "--json").json()
    missed = document["missed_mates"]
    assert missed["at_set"]["fnmr"] == pytest.approx(0.1 + (document["set"]["score"] - 0.4))
    assert missed["at_set"]["measured"] is True
    assert missed["at_set"]["fnmr"] > missed["at_overall"]["fnmr"]
    (women,) = missed["groups"]
    assert women["group"] == "female (gender)"
    assert women["at_set"]["fnmr"] == pytest.approx(0.2 + (document["set"]["score"] - 0.4))
    assert women["at_set"]["interval"] == pytest.approx([women["at_set"]["fnmr"] * part for part in (0.5, 2)])
    words = cli(*ORDINARY, "--report", path).out
    assert "female (gender)" in words
    assert f"About {missed['at_set']['fnmr']:.1%} of the report's 2,000 mated comparisons" in words
    assert "outside what was measured" in cli(*LARGE, "--report", path).out
    # Of very many, none or next to none: neither it nor what it is at most is rounded to nothing.
    none = {"mated": 20_000, "fnmr": [0.0] * 3, "fnmr_low": [0.0] * 3, "fnmr_high": [0.00019] * 3}
    rare = {"mated": 20_000, "fnmr": [0.0004] * 3, "fnmr_low": [0.0002] * 3, "fnmr_high": [0.0008] * 3}
    path.write_text(
        json.dumps(
            report(
                digest,
                det={"score": [0.1, 0.4, 0.6], **none},
                det_by_group=[{"attribute": "gender", "group": "female", **rare}],
            )
        )
    )
    words = cli(*ORDINARY, "--report", path).out
    assert "None of the report's 20,000 mated comparisons" in words
    assert "0% to 0.019%" in words
    assert "0.040% *" in words
    assert "0.020% – 0.080%" in words


def test_a_report_of_something_else_is_refused(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    digest = cli(*ORDINARY, "--json").json()["calibration"]
    for document, words in (
        (report("0" * 64), "was measured with the calibration 0000"),
        (report(digest, kind="search"), "kind 'search'"),
        (report(digest, service={"endpoint": "http://elsewhere"}), "was measured at another service"),
        (report(digest, det={}), "is not an accuracy report"),
        (report(digest, det={"score": [], **missed(0)}), "no rates of mated comparisons"),
    ):
        path.write_text(json.dumps(document))
        result = cli(*ORDINARY, "--report", path)
        assert result.code == ExitCode.USAGE
        assert words in " ".join(result.err.split())


def test_wrong_use(cli: Cli, tmp_path: Path) -> None:
    for tolerated in ("0", "nan", "inf"):
        assert cli(*ORDINARY[:-1], tolerated).code == ExitCode.USAGE
    assert cli(*ORDINARY, "--plot", tmp_path / "advice.png").code == ExitCode.USAGE
    assert cli(*ORDINARY, "--plot", tmp_path / "none" / "advice.svg").code == ExitCode.USAGE
