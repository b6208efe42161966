"""Test vectors of rule packs through the wire."""

from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from cli.conftest import Cli
from policy.making import DESCRIPTION, RULES
from policy.test_worked_example import file as worked_example
from recognizance.cli.errors import ExitCode

SHIPPED = sorted(
    folder.name for folder in resources.files("recognizance.policy").joinpath("packs").iterdir() if folder.is_dir()
)
VECTORS = """
[[vector]]
name = "a robbery"
kind = "allowed"
offence = "robbery"
expect = "allowed"
rules = ["county/everything", "county/least"]
threshold_applied_percent = 95

[[vector]]
name = "training that is over"
kind = "expiry"
offence = "robbery"
training = "expired"
expect = "refused"
rules = ["county/trained"]

[[vector]]
name = "finding faces"
kind = "allowed"
act = "detect"
session = true
purpose = "robbery"
purpose_registered = false
case = true
expect = "allowed"
rules = ["county/everything"]
"""
WRONG = """
[[vector]]
name = "arson"
kind = "allowed"
offence = "arson"
expect = "allowed"
rules = ["county/everything"]
threshold_applied_percent = 95
"""
NOT_TO_BE = """
[[vector]]
name = "who cannot be"
kind = "refused"
roles = ["king"]
expect = "refused"
rules = ["county/trained"]
"""


def write(folder: Path, vectors: str | None, rules: str = RULES) -> None:
    folder.mkdir(parents=True)
    (folder / "pack.toml").write_text(DESCRIPTION.replace('"county"', f'"{folder.name}"'), encoding="utf-8")
    (folder / "rules.cedar").write_text(rules, encoding="utf-8")
    if vectors is not None:
        (folder / "vectors.toml").write_text(vectors.replace("county/", f"{folder.name}/"), encoding="utf-8")


@pytest.fixture
def desk(cli: Cli, tmp_path: Path) -> Cli:
    """The program with packs of its own: one that is right, and others that are not."""
    write(tmp_path / "packs" / "county", VECTORS)
    write(tmp_path / "packs" / "wrong", VECTORS + WRONG)
    write(tmp_path / "packs" / "strange", VECTORS + NOT_TO_BE)
    write(tmp_path / "packs" / "bare", None)
    write(tmp_path / "packs" / "odd", VECTORS, RULES + "}")
    return Cli(cli.home, cli.cache, {"RECOGNIZANCE_PACKS": str(tmp_path / "packs")})


def test_a_pack_that_says_what_it_is_to_say(desk: Cli) -> None:
    found = desk("policy", "check", "county", "--json").json()
    assert (found["format"], found["passed"], found["failed"], found["not_run"]) == (
        "recognizance-policy-check-1",
        3,
        0,
        0,
    )
    (pack,) = found["packs"]
    robbery = pack["vectors"][0]
    assert (robbery["name"], robbery["result"], robbery["differences"]) == ("a robbery", "passed", [])
    assert robbery["was"]["threshold_applied_percent"] == 95
    assert not (desk.home / "record.db").exists()


def test_what_differs_is_told_and_the_code_is_1(desk: Cli) -> None:
    found = desk("policy", "check", "wrong", "county")
    assert found.code == ExitCode.FAILED
    assert "3 of 4 vectors passed, 1 differ" in found.out
    for told in ("arson", "Expected allowed, and it was refused.", "wrong/theft", "it was not told"):
        assert told in found.out
    assert "2 packs: 6 of 7 vectors passed" in found.out


def test_a_vector_that_could_not_be_run_has_not_passed(desk: Cli) -> None:
    found = desk("policy", "check", "strange")
    assert found.code == ExitCode.FAILED
    for told in ("3 of 4 vectors passed, 1 could not be run", "who cannot be", "king"):
        assert told in found.out


@pytest.mark.parametrize(
    ("pack", "told"), [("bare", "put a vectors.toml into its folder"), ("odd", "The pack odd cannot be used")]
)
def test_a_pack_that_cannot_be_checked_is_no_success(desk: Cli, pack: str, told: str) -> None:
    found = desk("policy", "check", pack)
    assert found.code == ExitCode.FAILED
    assert told in " ".join(found.out.split())


def test_what_is_to_be_checked_has_to_be_said(cli: Cli) -> None:
    for arguments in ((), ("us-sf-ban", "--all")):
        assert cli("policy", "check", *arguments).code == ExitCode.USAGE
    assert cli("policy", "check", "nowhere").code == ExitCode.NOT_FOUND


def test_the_worked_example_of_the_manual_passes_too(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "packs" / "marsh-county"
    folder.mkdir(parents=True)
    for name in ("pack.toml", "rules.cedar", "vectors.toml"):
        (folder / name).write_text(worked_example(name), encoding="utf-8")
    desk = Cli(cli.home, cli.cache, {"RECOGNIZANCE_PACKS": str(tmp_path / "packs")})
    found = desk("policy", "check", "marsh-county")
    assert found.code == 0, found.out


def test_every_vector_of_every_shipped_pack_passes_through_the_wire(cli: Cli) -> None:
    found = replace(cli, patience_seconds=280)("policy", "check", "--all", "--json")
    assert found.code == 0, found.out
    told = found.json()
    assert (told["failed"], told["not_run"]) == (0, 0)
    passed = {pack["id"]: sum(vector["result"] == "passed" for vector in pack["vectors"]) for pack in told["packs"]}
    assert sorted(passed) == SHIPPED
    assert min(passed.values()) >= 8
