"""Purposes, cases and authorities from the command line, beside a server whose clock is moved."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from authority.moved import Clock, moved_server
from cli.conftest import Cli, Result
from recognizance.cli.errors import ExitCode
from rekognition.processes import Server
from sts.staff import Staff


def fails(result: Result, code: ExitCode, *words: str) -> None:
    assert result.code == code, result.err
    for word in words:
        assert word in result.err


def works(result: Result) -> str:
    assert result.code == 0, result.err
    return result.out


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def serving(cli: Cli, clock: Clock) -> Iterator[Server]:
    with moved_server(cli.home, cli.cache, clock) as server:
        yield server


def people(cli: Cli, server: Server, folder: Path) -> dict[str, Cli]:
    """Hire ivy, who investigates, and sue and una, who supervise; give the program as each of them runs it."""
    staff = hire_all(server)
    profiles = [
        f"[{name}]\naws_access_key_id = {key.access_key_id}\naws_secret_access_key = {key.secret}\n"
        for name, key in staff.keys.items()
    ]
    (folder / "aws").write_text("".join(profiles), encoding="utf-8")
    files = {"AWS_SHARED_CREDENTIALS_FILE": str(folder / "aws"), "AWS_CONFIG_FILE": str(folder / "none")}
    return {name: Cli(cli.home, cli.cache, {**files, "RECOGNIZANCE_PROFILE": name}) for name in staff.keys}


def hire_all(server: Server) -> Staff:
    staff = Staff(server, {"first": server.key})
    roles = {"ivy": "investigator", "sue": "supervisor", "una": "supervisor", "ada": "administrator"}
    for name, role in roles.items():  # the administrator last: the first start is over then
        staff.native("first").create_operator(Operator=name, Name=name.title(), Roles=[role])
        staff.keys[name] = staff.issue(name, by="first")
    return staff


def authority(result: Result) -> dict[str, Any]:
    document = result.json()
    assert document["format"] == "recognizance-authorities-1"
    (found,) = document["authorities"]
    return found


def test_an_emergency_from_declaration_to_deletion(cli: Cli, tmp_path: Path, folder: Path, clock: Clock) -> None:
    photo = next(folder.rglob("*.jpg"))
    with serving(cli, clock) as server:
        by = people(cli, server, tmp_path)
        ivy, sue, una, ada = (by[name] for name in ("ivy", "sue", "una", "ada"))
        works(ada("galleries", "create", "people"))
        works(sue("case", "open", "9", "--offence", "kidnapping", "--offence-words", "A child", "--owner", "ivy"))
        works(ivy("enrol", photo, "--gallery", "people"))
        under = ("--case", "9", "--authority", "E-1", "--source", "still", "--edits", "cropped+lightened")
        fails(ivy(*under, "search", photo, "-g", "people"), ExitCode.REFUSED, "authority/unknown")
        declare = ("authority", "declare", "9", "E-1", "--reason", "A child is missing.", "--within", "24h")
        told = works(ivy(*declare))
        assert "must have been ratified by" in told
        found, shown, early = ivy.together(
            (*under, "search", photo, "-g", "people", "--json"),
            ("case", "show", "9", "--json"),
            ("authority", "ratify", "9", "E-1", "--by", "W-7", "--issuer", "Judge Roe"),
        )
        assert found.json()["candidates"]
        case = shown.json()
        assert (case["format"], case["offence"], case["owner"]) == ("recognizance-case-1", "kidnapping", "ivy")
        assert case["authorities"] == [{"document": "E-1", "kind": "emergency", "state": "valid"}]
        fails(early, ExitCode.REFUSED, "standing/role")
    clock.move(hours=25)
    with serving(cli, clock):
        late, again, listed, table = una.together(
            ("authority", "ratify", "9", "E-1", "--by", "W-7", "--issuer", "Judge Roe"),
            ("authority", "show", "9", "E-1", "--json"),
            ("authority", "list", "--case", "9"),
            ("authority", "show", "9", "E-1"),
        )
        fails(late, ExitCode.REFUSED, "authority/lapsed")
        row = authority(again)
        assert (row["state"], row["acts"], row["results_deleted"]) == ("lapsed", 1, 1)
        assert "lapsed" in listed.out
        assert "the results of 1 are deleted" in table.out
        fails(ivy(*under, "search", photo, "-g", "people"), ExitCode.REFUSED, "authority/lapsed")
        fails(ivy("authority", "show", "8", "E-1"), ExitCode.NOT_FOUND)


def test_warrants_purposes_and_their_ends(cli: Cli, tmp_path: Path, clock: Clock) -> None:
    with serving(cli, clock) as server:
        by = people(cli, server, tmp_path)
        ivy, sue = by["ivy"], by["sue"]
        works(sue("case", "open", "9", "--member", "ivy"))
        day = f"{clock():%Y-%m-%d}"
        added = sue(
            *("authority", "add", "9", "W-1", "--kind", "warrant", "--issuer", "Judge Doe", "--until", day),
            *("--gallery", "people", "--place", "Harbour", "--subject", "Doe", "--operation", "search", "--json"),
        )
        row = authority(added)
        assert row["scope"] == {
            "galleries": ["people"],
            "subjects": ["Doe"],
            "places": ["Harbour"],
            "operations": ["search"],
        }
        assert row["until"] > day
        works(ivy("--case", "9", "--authority", "W-1", "galleries"))
        clock.move(days=2)
        fails(ivy("--case", "9", "--authority", "W-1", "galleries"), ExitCode.REFUSED, "authority/expired")
        until = f"{clock():%Y-%m-%dT23:59}+00:00"
        more = ("--until", until, "--by", "W-1a", "--issuer", "Judge Roe")
        works(sue("authority", "extend", "9", "W-1", *more))
        works(ivy("--case", "9", "--authority", "W-1", "galleries"))
        ended = authority(sue("authority", "end", "9", "W-1", "--json"))
        assert (ended["state"], len(ended["extensions"])) == ("ended", 1)
        fails(ivy("--case", "9", "--authority", "W-1", "galleries"), ExitCode.REFUSED, "authority/ended")

        works(sue("purpose", "add", "theft", "--title", "Theft", "--basis", "Code 1-2-3"))
        twice, wrong, never, misspelt = sue.together(
            ("purpose", "add", "theft", "--title", "Theft", "--basis", "Code 1-2-3"),
            ("purpose", "add", "fraud", "--title", "Fraud", "--basis", "Code 9", "--from", "tomorrow"),
            ("purpose", "end", "fraud"),
            ("--case", "../9", "purpose", "list"),
        )
        fails(twice, ExitCode.USAGE, "registered for that time")
        fails(wrong, ExitCode.USAGE, "no day and no time")
        fails(never, ExitCode.NOT_FOUND, "fraud")
        fails(misspelt, ExitCode.USAGE, "--case")
        time.sleep(0.01)
        works(sue("purpose", "end", "theft"))
        now, ever = ivy.together(("purpose", "list", "--json"), ("purpose", "list", "--all", "--json"))
        assert now.json() == {"format": "recognizance-purposes-1", "purposes": []}
        (purpose,) = ever.json()["purposes"]
        assert (purpose["code"], purpose["legal_basis"], purpose["added_by"]) == ("theft", "Code 1-2-3", "sue")


def test_an_emergency_is_rejected_or_ratified_by_another(cli: Cli, tmp_path: Path, clock: Clock) -> None:
    with serving(cli, clock) as server:
        by = people(cli, server, tmp_path)
        ivy, sue, una = (by[name] for name in ("ivy", "sue", "una"))
        works(sue("case", "open", "9", "--member", "ivy"))
        for document in ("E-1", "E-2"):
            works(ivy("authority", "declare", "9", document, "--reason", "A child is missing."))
        works(una("authority", "reject", "9", "E-1", "--reason", "No danger."))
        ratified = authority(sue("authority", "ratify", "9", "E-2", "--by", "W-7", "--issuer", "Judge Roe", "--json"))
        assert (ratified["ratified_by"], ratified["ratifying_document"]) == ("sue", "W-7")
        updated, listed = sue.together(
            ("case", "update", "9", "--offence", "kidnapping"), ("authority", "list", "--json")
        )
        works(updated)
        states = {row["document"]: row["state"] for row in listed.json()["authorities"]}
        assert states == {"E-1": "ended", "E-2": "valid"}


def test_a_role_for_one_gallery(cli: Cli, tmp_path: Path, clock: Clock) -> None:
    with serving(cli, clock) as server:
        ada = people(cli, server, tmp_path)["ada"]
        for name in ("people", "staff"):
            works(ada("galleries", "create", name))
        works(ada("operator", "add", "kim", "--name", "Kim", "--role", "investigator@people"))
        (row,) = ada("operator", "show", "kim", "--json").json()["operators"]
        assert row["roles"] == ["investigator@people"]
        works(ada("operator", "key", "issue", "kim", "--profile", "kim"))
        kim = Cli(ada.home, ada.cache, {**ada.extra, "RECOGNIZANCE_PROFILE": "kim"})
        assert [row["name"] for row in kim("galleries", "--json").json()["galleries"]] == ["people"]
