"""Rule packs from the command line."""

from pathlib import Path

import pytest

from cli.conftest import Cli, Result
from policy.making import RULES, write_pack
from recognizance.cli.errors import ExitCode


@pytest.fixture
def desk(cli: Cli, tmp_path: Path) -> Cli:
    """The program with a folder of packs."""
    write_pack(tmp_path / "packs", "county")
    write_pack(tmp_path / "packs", "odd", rules=RULES + "}")
    return Cli(cli.home, cli.cache, {"RECOGNIZANCE_PACKS": str(tmp_path / "packs")})


def fails(result: Result, code: ExitCode, *words: str) -> None:
    assert result.code == code, result.err
    for word in words:
        assert word in result.err


def test_from_observing_to_enforcing_and_back(desk: Cli, faces: Path, tmp_path: Path) -> None:
    photo = next(iter(sorted((faces / "meds2").rglob("*.*g"))))
    with desk.serving():
        enrolled = desk("enrol", photo, "--gallery", "people", "--quality", "NONE", "--faces-max", "1")
        assert enrolled.code == 0, enrolled.err
        rules = desk("policy", "list", "--json").json()
        assert (rules["format"], rules["mode"], rules["since"]) == ("recognizance-policy-1", "observe", None)
        found = {row["id"]: row for row in rules["packs"]}
        assert (found["county"]["origin"], found["county"]["enabled"], found["odd"]["title"]) == ("own", False, None)
        assert found["odd"]["problems"]
        fails(desk("policy", "enable", "odd"), ExitCode.USAGE, "cannot be used", "rules.cedar")
        fails(desk("policy", "enable", "nowhere"), ExitCode.NOT_FOUND, "policy list")

        enabled = desk("policy", "enable", "county")
        assert enabled.code == 0
        assert "only report" in enabled.err
        search = desk("search", photo, "--gallery", "people", "--threshold", "50", "--json").json()
        assert len(search["candidates"]) == 1
        why = desk("policy", "explain", "--search", search["search_id"], "--json").json()
        assert (why["format"], why["decision"], why["binds"]) == ("recognizance-explanation-1", "refused", False)
        assert {reason["rule"] for reason in why["reasons"]} == {"county/theft", "county/trained"}
        assert why["facts"]["request"]["threshold_percent"] == 50.0
        tried = desk("policy", "try", "county", "--json").json()
        assert (tried["format"], tried["judged"], tried["refused"], tried["raised"]) == ("recognizance-try-1", 1, 1, 1)
        assert "refused 1" in desk("policy", "try", "county").out
        assert desk("policy", "try", "county", "--until", "2020-01-01", "--json").json()["judged"] == 0

        assert "What packs say is done" in desk("policy", "mode", "enforce").out
        refused = desk("search", photo, "--gallery", "people")
        fails(refused, ExitCode.REFUSED, "Name a case of theft.", "[county/trained]", "(entry ")
        entry = refused.err.split("(entry ")[1].split(")")[0]
        assert desk("policy", "explain", "--entry", entry, "--json").json()["binds"] is True
        for loosen in (("policy", "disable", "county"), ("policy", "mode", "observe")):
            fails(desk(*loosen), ExitCode.REFUSED, "two persons", "--request")
        asked = desk("policy", "disable", "county", "--request")
        assert asked.code == 0
        approve, again = (line.strip() for line in asked.out.splitlines() if line.startswith("  "))
        assert approve.split("recognizance ")[1].startswith("approvals approve ")
        identifier = approve.split()[-1]
        assert again.endswith(f"policy disable county --approval {identifier}")
        fails(desk("approvals", "approve", identifier), ExitCode.REFUSED, "own request")
        fails(desk("policy", "disable", "county", "--approval", identifier), ExitCode.REFUSED, "No second person")


def test_packs_are_shown_and_situations_explained(desk: Cli) -> None:
    with desk.serving():
        shown, text, document, listed = desk.together(
            ("policy", "show", "county"),
            ("policy", "show", "county", "--text"),
            ("policy", "show", "county", "--json"),
            ("policy", "list"),
        )
        assert "Only a trained person searches." in shown.out
        assert "Not legal advice." in shown.out
        assert "verified: no" in shown.out
        assert RULES.strip() in text.out
        assert (document.json()["format"], document.json()["rules_cedar"]) == ("recognizance-pack-1", RULES)
        assert document.json()["floors"][0]["threshold_percent"] == 95.0
        assert "Mode: observe" in listed.out
        thought = ("policy", "explain", "search", "--pack", "county", "--offence", "theft")
        trained, untrained, odd = desk.together(
            (*thought, "--training", "current", "--threshold", "80", "--limit", "50", "--json"),
            (*thought, "--training", "expired"),
            ("policy", "explain", "list"),
        )
        found = trained.json()
        assert (found["decision"], found["threshold_applied_percent"], found["candidates_applied"]) == (
            "referred",
            95.0,
            10,
        )
        assert "Refused." in untrained.out
        assert "county/trained" in untrained.out
        fails(odd, ExitCode.USAGE, "search")
        for wrong in (
            ("explain",),
            ("explain", "search", "--entry", "1"),
            ("explain", "--entry", "1", "--offence", "x"),
        ):
            fails(desk("policy", *wrong), ExitCode.USAGE)
        fails(desk("policy", "explain", "search", "--edit", "x", "--unedited"), ExitCode.USAGE)
        fails(desk("policy", "mode", "enforce", "--request"), ExitCode.USAGE)
        fails(desk("policy", "show", "nowhere"), ExitCode.NOT_FOUND)
