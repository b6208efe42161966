"""`recognizance witness …` as a board starts it: processes, also ones that are killed."""

import json
import os
import random
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.conftest import PATIENCE_SECONDS, Cli, Result, wait_for
from recognizance.cli.errors import ExitCode
from recognizance.errors import WitnessError
from recognizance.witness.client import parse_witness
from recognizance_verify.encoding import encode_base64
from recognizance_verify.keys import LOG, SigningKey, VerifierKey
from recognizance_verify.notes import Checkpoint, SignedNote
from recognizance_verify.trust import Trust
from verify.building import LOG_KEY, WITNESS_KEY, Log
from witness.serving import FORKED, HONEST, NAME, Serving, bare, now
from witness.test_client import proof_of

KEY = str(LOG_KEY.verifier_key())


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The program; a witness needs neither home folder nor models."""
    return Cli(tmp_path / "home", tmp_path / "cache")


@contextmanager
def running(cli: Cli, folder: Path, *options: str) -> Iterator[tuple[Serving, subprocess.Popen[str], str]]:
    """Serve until the block ends."""
    process = cli.start("witness", "serve", "--folder", folder, "--port", "0", *options)
    assert process.stdout is not None
    try:
        text = ""
        for line in process.stdout:
            text += line
            if "Ctrl-C" in line:
                break
        else:
            pytest.fail(process.communicate()[1])
        setting = re.search(r'witnesses = \["(\S+) (\S+)"\]', text)
        assert setting is not None, text
        yield Serving(setting[1], VerifierKey.parse(setting[2])), process, text
    finally:
        process.kill()
        process.communicate()


def test_what_a_board_types_and_what_the_server_then_sets(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "board" / "witness"
    with running(cli, folder, "--name", NAME, "--log", KEY) as (witness, process, text):
        assert str(folder) in text
        assert LOG_KEY.name in text
        setting = json.loads(text.split("witnesses = ")[1].splitlines()[0])
        client = parse_witness(setting[0], now)
        line = client.cosign(bare(HONEST, 60), proof_of(HONEST, 60))
        checked = Trust(LOG_KEY.verifier_key(), (witness.key,)).check(SignedNote.parse(bare(HONEST, 60) + line))
        assert checked.cosignatures[0].witness == NAME
        # Other commands share its folder while it runs.
        shown, key, forgotten, added = (
            cli("witness", "logs", "--folder", folder, "--json"),
            cli("witness", "key", "--folder", folder),
            cli("witness", "forget", "--folder", folder, LOG_KEY.name, "--yes"),
            cli("witness", "add-log", "--folder", folder, KEY),
        )
        assert key == Result(0, f"{witness.key}\n", "")
        [row] = shown.json()["logs"]
        assert (row["origin"], row["key"], row["entries"]) == (LOG_KEY.name, KEY, 60)
        assert row["root"] == encode_base64(HONEST.checkpoint(60).root)
        assert abs((datetime.now(UTC) - datetime.fromisoformat(row["cosigned_at"])).total_seconds()) < 120
        assert row["checkpoint"] == forgotten.out == bare(HONEST, 60) + line
        assert "has cosigned 60 entries" in forgotten.err
        assert "cannot tell whether any of them is removed or changed" in forgotten.err
        assert added.out == f"Watching {LOG_KEY.name}.\n"
        client.cosign(bare(FORKED, 50), proof_of(FORKED, 50))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert (process.returncode, out, err) == (0, "Stopped.\n", "")
    assert not cli.home.exists()
    assert not cli.cache.exists()
    table = cli("witness", "logs", "--folder", folder).out
    assert f"{LOG_KEY.name}" in table
    assert encode_base64(FORKED.checkpoint(50).root) in table


def test_nothing_secret_is_printed(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    with running(cli, folder, "--name", NAME) as (_, process, text):
        secret = SigningKey.parse((folder / "witness-signing.key").read_text().strip()).text()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
    assert secret.split("+", 4)[-1] not in text + out + err
    assert "PRIVATE" not in text + out + err


def test_a_witness_without_logs_says_so(cli: Cli, tmp_path: Path) -> None:
    with running(cli, tmp_path / "witness", "--name", NAME) as (_, _, text):
        assert "none yet" in text
    assert "add-log" in cli("witness", "logs", "--folder", tmp_path / "witness").out


def test_a_witness_for_other_machines_warns(cli: Cli, tmp_path: Path) -> None:
    with running(cli, tmp_path / "witness", "--name", NAME, "--host", "0.0.0.0") as (_, process, _):  # noqa: S104 - what is shown
        process.send_signal(signal.SIGTERM)
        assert "plain HTTP" in process.communicate(timeout=PATIENCE_SECONDS)[1]


def test_wrong_use_is_told(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    with running(cli, folder, "--name", NAME, "--log", KEY) as (witness, _, _):
        port = witness.url.rpartition(":")[2]
        taken = cli("witness", "serve", "--folder", folder, "--port", port)
    other = str(SigningKey(LOG_KEY.name, bytes(range(9, 41)), LOG).verifier_key())
    results = cli.together(
        ("witness", "serve", "--folder", tmp_path / "none"),
        ("witness", "serve", "--folder", folder, "--name", "other.example"),
        ("witness", "serve", "--folder", folder, "--log", "x"),
        ("witness", "serve", "--folder", folder, "--host", "nowhere.invalid"),
        ("witness", "add-log", "--folder", folder, str(WITNESS_KEY.verifier_key())),
        ("witness", "add-log", "--folder", folder, other),
        ("witness", "forget", "--folder", folder, LOG_KEY.name),
        ("witness", "forget", "--folder", folder, "other.example", "--yes"),
    )
    assert (taken.code, "cannot be used" in taken.err) == (ExitCode.UNAVAILABLE, True)
    for result, code, told in zip(
        results,
        [ExitCode.NOT_FOUND, *[ExitCode.USAGE] * 2, ExitCode.UNAVAILABLE, *[ExitCode.USAGE] * 3, ExitCode.NOT_FOUND],
        [
            "There is no witness",
            f"is called {NAME}",
            "no log's key",
            "cannot be used",
            "not of a log",
            "known by another key",
            "Add --yes",
            "does not watch",
        ],
        strict=True,
    ):
        assert (result.code, result.out) == (code, ""), result
        assert told in result.err
    assert not (tmp_path / "none").exists()


def test_a_split_view_is_shown_to_the_board(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    with running(cli, folder, "--name", NAME, "--log", KEY) as (witness, _, _):
        assert witness.add(HONEST, 0, 60).status == 200
        assert witness.add(FORKED, 60, 60).status == 409
    shown = cli("witness", "logs", "--folder", folder)
    assert "two different checkpoints of one size" in shown.err
    [row] = cli("witness", "logs", "--folder", folder, "--json").json()["logs"]
    assert Checkpoint.parse(SignedNote.parse(row["conflict"]).text) == FORKED.checkpoint(60)
    assert row["root"] == encode_base64(HONEST.checkpoint(60).root)


def test_a_damaged_memory_does_not_start(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    with running(cli, folder, "--name", NAME, "--log", KEY) as (witness, _, _):
        assert witness.add(HONEST, 0, 60).status == 200
    os.truncate(folder / "witness.db", 6000)
    result = cli("witness", "serve", "--folder", folder)
    assert result.code == ExitCode.UNAVAILABLE
    assert "damaged" in result.err
    (folder / "witness.db").unlink()
    result = cli("witness", "serve", "--folder", folder, "--log", KEY)
    assert result.code == ExitCode.UNAVAILABLE
    assert "is missing: without it" in result.err


def test_a_witness_that_is_killed_at_any_moment_never_cosigns_a_fork(cli: Cli, tmp_path: Path) -> None:
    """Two servers with the same key and different logs keep asking while the witness is killed again and again."""
    folder = tmp_path / "witness"
    chance = random.Random(3)
    given: list[str] = []  # all that ever left the witness, in both histories

    def keep_asking(witness: Serving, log: Log, size: int, killed: threading.Event) -> None:
        client = witness.client()
        while not killed.is_set() and size <= 300:
            try:
                line = client.cosign(bare(log, size), proof_of(log, size))
            except WitnessError:  # refused, or killed meanwhile: what counts is what was given
                size += 1
            else:
                given.append(bare(log, size) + line)
                size += chance.randrange(3)

    for turn in range(5):
        with running(cli, folder, "--name", NAME, "--log", KEY) as (witness, process, _):
            first = witness.newest_checkpoint().size + 1 if turn else 41  # the fork is at entry 40
            killed = threading.Event()
            askers = [
                threading.Thread(target=keep_asking, args=(witness, log, first, killed)) for log in (HONEST, FORKED)
            ]
            before = len(given)
            for asker in askers:
                asker.start()
            wait_for(lambda before=before: len(given) > before + 1, "cosignature")
            killed.wait(chance.uniform(0, 0.05))
            process.kill()
            process.wait()
            killed.set()
            for asker in askers:
                asker.join()
    trust = Trust(LOG_KEY.verifier_key(), (witness.key,))
    cosigned = [trust.check(SignedNote.parse(note)).checkpoint for note in given]
    assert len(cosigned) >= 10
    histories = [log for log in (HONEST, FORKED) if any(one == log.checkpoint(one.size) for one in cosigned)]
    assert len(histories) == 1
    [row] = cli("witness", "logs", "--folder", folder, "--json").json()["logs"]
    assert row["entries"] >= max(one.size for one in cosigned)
    assert row["root"] == encode_base64(histories[0].checkpoint(row["entries"]).root)
