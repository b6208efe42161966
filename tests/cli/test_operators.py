"""Operators, cases and sessions from the command line, from the first start on."""

import json
import os
import pty
import re
import select
import stat
import time
from pathlib import Path

import pytest

from cli.conftest import Cli, Result
from cli.test_serve import exports
from recognizance.cli.errors import ExitCode


def fails(result: Result, code: ExitCode, *words: str) -> None:
    assert result.code == code, result.err
    for word in words:
        assert word in result.err


@pytest.fixture
def desk(cli: Cli, tmp_path: Path) -> Cli:
    """The program, with a file for profiles."""
    files = {"AWS_SHARED_CREDENTIALS_FILE": tmp_path / "aws" / "credentials", "AWS_CONFIG_FILE": tmp_path / "none"}
    return Cli(cli.home, cli.cache, {name: str(path) for name, path in files.items()})


def test_from_the_first_start_to_named_operators(desk: Cli, tmp_path: Path) -> None:
    credentials = tmp_path / "aws" / "credentials"
    options = ("--role", "administrator", "--role", "supervisor", "--training", "FISWG", "--training-until")
    with desk.serving():
        first = exports(desk("env").out)
        ivy, ada = desk.together(
            ("operator", "add", "ivy", "--name", "Ivy", "--role", "investigator"),
            ("operator", "add", "ada", "--name", "Ada", "--agency", "Yard", *options, "2031-05-01"),
        )
        assert (ivy.code, ada.code) == (0, 0), ada.err
        env, issued = desk.together(("env",), ("operator", "key", "issue", "ivy", "--out", tmp_path / "ivy"))
        fails(env, ExitCode.REFUSED, "named operators", "--profile")
        assert issued.code == 0, issued.err
        assert stat.S_IMODE((tmp_path / "ivy").stat().st_mode) == 0o600
        issued = desk("operator", "key", "issue", "ada", "--profile", "ada")
        assert issued.code == 0, issued.err
        secret = re.search(r"secret_access_key = (.+)", credentials.read_text())
        assert secret is not None
        assert secret[1] not in issued.out
        assert stat.S_IMODE(credentials.stat().st_mode) == 0o600

        with_old = Cli(desk.home, desk.cache, {**desk.extra, **first})
        fails(with_old("operator", "list"), ExitCode.UNAVAILABLE, "revoked")
        by_variable = Cli(desk.home, desk.cache, {**desk.extra, "RECOGNIZANCE_PROFILE": "ada"})
        by_chain = Cli(desk.home, desk.cache, {**desk.extra, "AWS_PROFILE": "ada"})
        nothing, nobody, listed = desk.together(
            ("operator", "list"),
            ("--profile", "none", "operator", "list"),
            ("--profile", "ada", "operator", "list", "--json"),
        )
        fails(nothing, ExitCode.UNAVAILABLE, "no credentials", "--profile")
        fails(nobody, ExitCode.UNAVAILABLE, "none")
        assert by_variable("operator", "list", "--json").out == by_chain("operator", "list", "--json").out == listed.out
        found = {row["id"]: row for row in listed.json()["operators"]}
        assert list(found) == ["ada", "administrator", "ivy"]
        assert (found["administrator"]["active"], found["administrator"]["first_start"]) == (False, True)
        ada = found["ada"]
        assert (ada["roles"], ada["training_until"]) == (["administrator", "supervisor"], "2031-05-01")
        assert ada["keys"][0]["issued_by"] == "administrator"
        table, shown = by_variable.together(("operator", "list"), ("operator", "show", "ada"))
        assert "closed" in table.out
        assert "Yard: active" in shown.out


def test_keys_change_over_and_end(desk: Cli, tmp_path: Path) -> None:
    ada = Cli(desk.home, desk.cache, {**desk.extra, "RECOGNIZANCE_PROFILE": "ada"})
    with desk.serving():
        desk("operator", "add", "ada", "--name", "Ada", "--role", "administrator")
        desk("operator", "key", "issue", "ada", "--profile", "ada")
        (first,) = ada("operator", "key", "list", "ada", "--json").json()["keys"]
        taken, kept, running, nothing = ada.together(
            ("operator", "key", "issue", "ada", "--profile", "ada"),
            ("operator", "key", "issue", "ada", "--out", tmp_path / "aws" / "credentials"),
            ("operator", "recover", "ada"),
            ("operator", "update", "ada"),
        )
        fails(taken, ExitCode.USAGE, "--replace")
        fails(kept, ExitCode.USAGE, "exists")
        fails(running, ExitCode.UNAVAILABLE, "in use by a server")
        fails(nothing, ExitCode.USAGE, "nothing to change")
        made = ada("operator", "key", "issue", "ada", "--profile", "ada", "--replace", "--json").json()
        assert "secret" not in made
        text = (tmp_path / "aws" / "credentials").read_text()
        assert text.count("[ada]") == 1
        assert first["access_key_id"] not in text
        revoked, changed, root, server = ada.together(
            ("operator", "key", "revoke", first["access_key_id"]),
            ("operator", "update", "ada", "--agency", "Yard", "--rate", "500"),
            ("operator", "add", "eve", "--name", "E", "--role", "root"),
            ("operator", "add", "server", "--name", "E", "--role", "auditor"),
        )
        assert (revoked.code, changed.code) == (0, 0)
        fails(root, ExitCode.USAGE, "root is not a role")
        fails(server, ExitCode.USAGE, "server")
        last = ada("operator", "key", "revoke", made["access_key_id"])
        fails(last, ExitCode.REFUSED, "nobody could administer")
    recovered = desk("operator", "recover", "ada")
    assert recovered.code == 0, recovered.err
    assert "records this recovery" in recovered.err
    assert re.search(r"Secret, shown this once:\s+\S{40}", recovered.out)
    fails(desk("env"), ExitCode.REFUSED, "named operators")


def test_cases_and_sessions(desk: Cli) -> None:
    theft = ("--purpose", "theft", "--case", "9")
    with desk.serving():
        fails(desk("session", "open", *theft), ExitCode.REFUSED, "open case of this number")
        assert desk("case", "open", "9", "--member", "administrator").code == 0
        warrant = ("authority", "add", "9", "W-1", "--kind", "warrant", "--issuer", "Judge Doe")
        assert desk(*warrant).code == 0
        opened, env, process, registered, short = desk.together(
            ("session", "open", *theft),
            ("session", "open", *theft, "--duration", "15m", "--format", "env"),
            ("session", "open", *theft, "--format", "credential-process"),
            ("session", "register", *theft, "--authority", "W-1", "--json"),
            ("session", "open", *theft, "--duration", "14m"),
        )
        assert "SessionToken: " in opened.out
        assert exports(env.out)["AWS_SESSION_TOKEN"]
        document = json.loads(process.out)
        assert process.err == ""
        assert document.keys() == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
        assert document["Version"] == 1
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["Expiration"])
        fails(short, ExitCode.USAGE, "15m to 12h")
        (session,) = registered.json()["sessions"]
        assert session["role_arn"].startswith("arn:aws:iam::000000000000:role/recognizance/")
        assert desk("session", "close", session["id"]).code == 0
        nothing = "00000000-0000-4000-8000-000000000000"
        still, every, removed, none, approve = desk.together(
            ("session", "list", "--json"),
            ("session", "list", "--all"),
            ("case", "member", "remove", "9", "administrator"),
            ("approvals", "list", "--json"),
            ("approvals", "approve", nothing),
        )
        assert len(still.json()["sessions"]) == 3
        assert every.out.count("theft") == 4
        assert removed.code == 0
        assert none.json()["approvals"] == []
        fails(approve, ExitCode.NOT_FOUND)
        assert desk("case", "member", "add", "9", "administrator").code == 0
        assert desk("case", "close", "9").code == 0
        (case,) = desk("case", "list", "--json").json()["cases"]
        assert (case["members"], case["closed_at"] is None) == (["administrator"], False)


def test_the_first_secret_is_shown_once_and_to_a_person(desk: Cli) -> None:
    """On a terminal; anything else could be a log (see test_serve)."""
    shown = []
    for _ in range(2):
        master, slave = pty.openpty()
        process = desk.start("serve", stdout=slave, stderr=slave)
        os.close(slave)
        text, deadline = "", time.monotonic() + 60
        while "Ctrl-C stops it" not in text:
            assert time.monotonic() < deadline, text
            if select.select([master], [], [], 1)[0]:
                text += os.read(master, 4096).decode()
        shown.append(text)
        process.terminate()
        while process.poll() is None:
            if select.select([master], [], [], 0.1)[0]:
                try:
                    os.read(master, 4096)
                except OSError:
                    break
        process.wait(30)
        os.close(master)
    secret = exports(desk("env").out)["AWS_SECRET_ACCESS_KEY"]
    assert secret in shown[0]
    assert secret not in shown[1]
