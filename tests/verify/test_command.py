"""The program as a person meets it: its words, its exit statuses, and files made to trip it."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recognizance_verify.command import main
from recognizance_verify.consistency import ConsistencyProof
from recognizance_verify.notes import SignedNote
from recognizance_verify.receipts import Receipt
from verify.building import (
    LOG_KEY,
    STRANGER,
    TIME,
    WITNESS_KEY,
    Log,
    entry,
    make_disclosure,
    make_log,
    write_export,
)

KEY = ["--key", str(LOG_KEY.verifier_key())]
WITNESS = ["--witness", str(WITNESS_KEY.verifier_key())]
OTHER_WITNESS = ["--witness", str(STRANGER.verifier_key())]
LOG = make_log(300)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program: its status, output and errors."""

    def start(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main([str(one) for one in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return start


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """One good file of each kind."""
    write_export(tmp_path / "log", LOG.files())
    write_export(tmp_path / "older", make_log(200).files())
    texts = {
        "receipt": LOG.receipt(7).text(),
        "unwitnessed": LOG.receipt(7, cosigners=()).text(),
        "disclosure": make_disclosure().text(),
        "checkpoint200": LOG.note(200).serialize(),
        "checkpoint300": LOG.note(300).serialize(),
        "growth": LOG.consistency(200).text(),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


GOOD = [
    ("receipt", "receipt"),
    ("log", "log"),
    ("disclosure", "disclosure"),
    ("consistency", "checkpoint200", "log"),
    ("consistency", "checkpoint200", "growth"),
    ("consistency", "older", "log"),
    ("consistency", "older", "growth"),
    ("consistency", "receipt", "log"),
    ("consistency", "checkpoint200", "checkpoint300", "--proof", "growth"),
    ("consistency", "log", "log"),
]


@pytest.mark.parametrize("command", GOOD, ids=" ".join)
def test_the_status_says_whether_all_is_well(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(files)
    status, out, err = run(*command, *KEY, *WITNESS)
    assert (status, err) == (0, "")
    assert out.endswith("Result: verified.\n")
    assert "witness.example/w1 cosigned this checkpoint at 2027-01-15T08:00:00Z" in out

    status, out, err = run(*command)
    assert (status, err) == (3, "")
    assert "Result: self-consistent only" in out

    status, out, err = run(*command, "--key", STRANGER.verifier_key())
    assert status == 2
    assert "is a witness's and not a log's" in err

    status, out, err = run(*command, *KEY, *OTHER_WITNESS)
    assert (status, out) == (1, "")
    assert "None of the witnesses whose keys were given has cosigned the checkpoint" in err


@pytest.mark.parametrize("command", GOOD, ids=" ".join)
def test_machines_get_json(run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.chdir(files)
    status, out, _ = run(*command, *KEY, *WITNESS, "--json")
    answer = json.loads(out)
    assert (status, answer["ok"], answer["result"]) == (0, True, "verified")
    checkpoint = answer.get("checkpoint") or answer["new"]
    assert checkpoint["cosignatures"] == [{"witness": WITNESS_KEY.name, "time": TIME}]
    status, out, _ = run(*command, "--json")
    assert (status, json.loads(out)["ok"], json.loads(out)["result"]) == (3, False, "self-consistent only")
    status, out, _ = run(*command, *KEY, *OTHER_WITNESS, "--json")
    answer = json.loads(out)
    assert (status, answer["ok"], answer["result"]) == (1, False, "failed")
    assert "None of the witnesses" in answer["error"]


def test_a_receipt_tells_what_was_done(run: Run, files: Path) -> None:
    _, out, _ = run("receipt", files / "receipt", *KEY, *WITNESS)
    assert out.splitlines()[:6] == [
        "Entry 7 is in the log log.example/acts, at its place among 300 entries.",
        "  kind      signin",
        "  time      2026-01-02T00:00:07.000000+00:00",
        "  operator  ann",
        "  decision  allowed",
        '  details   {"faces": 1}',
    ]


def test_a_checkpoint_without_a_witness_says_so(run: Run, files: Path) -> None:
    status, out, _ = run("receipt", files / "unwitnessed", *KEY)
    assert status == 0
    assert "no witness has cosigned this checkpoint" in out
    _, out, _ = run("receipt", files / "receipt", *KEY)
    assert "no witness has" not in out
    assert "1 cosignature(s) by keys that were not given: not checked" in out
    _, out, _ = run("receipt", files / "receipt", *KEY, *WITNESS, *OTHER_WITNESS)
    assert "stranger.example has not cosigned this checkpoint" in out


def test_a_disclosure_shows_what_was_opened_and_no_more(run: Run, files: Path) -> None:
    _, out, _ = run("disclosure", files / "disclosure", *KEY)
    assert 'Shown: probe is "case 7/é"\n' in out
    assert 'Shown: candidates has 3 lines\n     1  "Jane Doe"\n     2  (not shown)\n     3  null\n' in out
    assert "Not shown: reason.\n" in out


def test_a_log_is_counted(run: Run, files: Path) -> None:
    _, out, _ = run("log", files / "log", *KEY)
    assert "This is the whole log log.example/acts: 300 entries, no gaps, none changed." in out
    assert "The first entry is of 2026-01-02T00:00:00.000000+00:00, the last of 2026-01-02T00:04:59.000000" in out
    assert "         64  enrol, allowed\n" in out
    assert "         11  enrol, refused\n" in out


def test_doubtful_clocks_are_noticed(run: Run, tmp_path: Path) -> None:
    late = "2027-01-15T08:02:00.000000+00:00"  # two minutes after the witness's time
    log = Log([entry(0), entry(1, time=late), entry(2), entry(3, time="2026-02-31T00:00:00.000000+00:00")])
    status, out, _ = run("log", write_export(tmp_path / "log", log.files()), *KEY, *WITNESS)
    assert status == 0
    assert "Notice: 1 entries are dated before the entry before them; the first is entry 2." in out
    assert "Notice: the time of entry 3 is no time that a clock can show." in out
    _, out, _ = run("log", tmp_path / "log", *KEY, *WITNESS, "--json")
    assert len(json.loads(out)["notices"]) == 2
    (tmp_path / "receipt").write_text(log.receipt(1).text())
    _, out, _ = run("receipt", tmp_path / "receipt", *KEY, *WITNESS)
    assert "Notice: entry 1 is dated after witness.example/w1 saw it." in out


def test_keys_may_lie_in_files(run: Run, files: Path) -> None:
    (files / "log.key").write_text(f"{LOG_KEY.verifier_key()}\n")
    assert run("receipt", files / "receipt", "--key", files / "log.key")[0] == 0
    (files / "bad.key").write_bytes(b"\xff")
    (files / "other.key").write_text("log.example/acts+00000000+AAAA")
    for wrong in [files / "bad.key", files / "other.key", files, files / "absent", "x" * 5000, "a\0b", "", "\udcff"]:
        status, _, err = run("receipt", files / "receipt", "--key", wrong)
        assert status == 2
        assert "verifier key" in err


@pytest.mark.parametrize(
    "arguments", [[], ["receipt"], ["log"], ["consistency", "x"], ["nonsense"], ["receipt", "x", "--ke", "y"]]
)
def test_a_command_that_is_not_understood_has_a_status_of_its_own(run: Run, arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("receipt", "absent"), "absent: It is missing."),
        (("receipt", "log"), "log: It is not a regular file."),
        (("receipt", "disclosure"), "disclosure: The receipt has no empty line before its checkpoint."),
        (("receipt", "growth"), "growth: The receipt does not begin with the line c2sp.org/tlog-proof@v1."),
        (("log", "receipt"), "receipt: It is not a folder."),
        (("log", "absent"), "absent: It is not a folder."),
        (("consistency", "log", "older"), "older: The log was rolled back: it had 300 entries and has 200 now."),
        (("consistency", "checkpoint300", "growth"), "growth: The consistency proof starts at 200 entries"),
        (("consistency", "checkpoint200", "checkpoint300"), "checkpoint300: It is a checkpoint alone"),
        (("consistency", "checkpoint200", "checkpoint200", "--proof", "growth"), "growth: Its checkpoint is not"),
        (("consistency", "checkpoint200", "log", "--proof", "growth"), "log: It is a whole log, to which no proof"),
        (("consistency", "checkpoint200", "growth", "--proof", "growth"), "growth: It is a consistency file, to"),
        (("consistency", "growth", "log"), "growth: A checkpoint consists of three lines"),
        (("disclosure", "receipt"), "receipt: The disclosure is not valid JSON."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(files)
    status, out, err = run(*command, *KEY)
    assert (status, out) == (1, "")
    assert err.startswith(f"Not verified. {sentence}")
    assert err.count("\n") == 1


def test_the_older_file_is_checked_too(run: Run, files: Path) -> None:
    target = files / "older" / "tile/entries/000.p/200"
    target.write_bytes(target.read_bytes().replace(b"ann", b"eve", 1))
    status, _, err = run("consistency", files / "older", files / "log", *KEY)
    assert status == 1
    assert "older: tile/0/000.p/200: Its hash 0 is not that of entry 0" in err
    receipt = Receipt.parse((files / "receipt").read_bytes())
    (files / "receipt").write_text(Receipt(receipt.entry + b" ", receipt.index, receipt.proof, receipt.note).text())
    status, _, err = run("consistency", files / "receipt", files / "log", *KEY)
    assert status == 1
    assert "receipt: The inclusion proof does not lead from entry 7" in err
    note = LOG.note(200)
    forged = SignedNote(note.text.replace("200", "199"), note.signatures)
    (files / "checkpoint200").write_text(forged.serialize())
    status, _, err = run("consistency", files / "checkpoint200", files / "log", *KEY)
    assert status == 1
    assert "checkpoint200: The signature by log.example/acts is false" in err


def test_the_proof_between_two_checkpoints_is_signed_too(run: Run, files: Path) -> None:
    growth = LOG.consistency(200)
    unsigned = SignedNote(growth.note.text, growth.note.signatures[1:])
    (files / "growth").write_text(ConsistencyProof(200, growth.proof, unsigned).text())
    status, _, err = run(
        "consistency", files / "checkpoint200", files / "checkpoint300", "--proof", files / "growth", *KEY
    )
    assert status == 1
    assert "growth: The checkpoint of log.example/acts is not signed with the key that was given." in err


HOSTILE = [
    b"",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"[" * 1_000_000,
    b'{"a":' * 100_000,
    b"9" * 1_000_000,
    b"\n" * 400_000,
    b"old " + b"9" * 1_000_000,
    b"c2sp.org/tlog-proof@v1\nextra " + b"A" * 1_000_000 + b"\nindex 0\n\n",
    b"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 1180591620717411303424\n\nlog\n1\n\n\n",
    b"log\n1180591620717411303424\nAAAA\n\n\xe2\x80\x94 log AAAAAAAA\n",
    "log\x1b[31m\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— log AAAAAAAA\n".encode(),
    LOG.receipt(3).text().encode() * 50,
    ("log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n" + "— log AAAAAAAA\n" * 10_000).encode(),
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_files_made_to_trip_the_program_get_a_sentence(run: Run, tmp_path: Path, data: bytes) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(data)
    export = write_export(tmp_path / "export", LOG.files())
    (export / "checkpoint").write_bytes(data)
    for command in [
        ("receipt", bad),
        ("disclosure", bad),
        ("log", export),
        ("consistency", bad, export),
        ("consistency", bad, bad),
        ("consistency", bad, bad, "--proof", bad),
    ]:
        for key in ([], KEY):
            status, out, err = run(*command, *key)
            assert (status, out) == (1, "")
            assert err.startswith("Not verified. ")
            assert err.count("\n") == 1
            assert len(err) < 2_000


def test_what_a_log_holds_cannot_write_to_the_terminal(run: Run, tmp_path: Path) -> None:
    nasty = "\x1b[2J\x07\u202e\u2028\u0085"
    log = Log([entry(0, kind=f"kind{nasty}", operator=nasty, details={nasty: nasty})])
    (tmp_path / "receipt").write_text(log.receipt(0).text())
    export = write_export(tmp_path / f"export{nasty}", log.files())
    for command in [("receipt", tmp_path / "receipt"), ("log", export), ("log", export / "checkpoint")]:
        _, out, err = run(*command, *KEY)
        assert all(c.isprintable() or c == "\n" for c in out + err)


def test_an_entry_nested_as_deeply_as_may_be_is_shown(run: Run, tmp_path: Path) -> None:
    data = entry(0).replace(b'"faces":0', b'"faces":' + b"[" * 62 + b"]" * 62)
    (tmp_path / "receipt").write_text(Log([data]).receipt(0).text())
    for form in ([], ["--json"]):
        assert run("receipt", tmp_path / "receipt", *KEY, *form)[0] == 0


def test_folders_that_may_not_be_read_get_a_sentence(run: Run, tmp_path: Path) -> None:
    export = write_export(tmp_path / "export", LOG.files())
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for command in [("log", loop), ("receipt", loop), ("log", tmp_path / ("x" * 300)), ("receipt", "x" * 5000)]:
        status, _, err = run(*command, *KEY)
        assert status == 1
        assert err.startswith("Not verified. ")
    (export / "tile/0").chmod(0)
    try:
        status, _, err = run("log", export, *KEY)
    finally:
        (export / "tile/0").chmod(stat.S_IRWXU)
    assert status == (0 if os.geteuid() == 0 else 1)  # root may read everything


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-I", "-m", "recognizance_verify", *map(str, arguments)]


def test_a_reader_that_has_seen_enough_causes_no_traceback(tmp_path: Path) -> None:
    log = Log([entry(at, kind=f"kind {at} " + "x" * 150) for at in range(900)])
    export = write_export(tmp_path / "export", log.files())
    with subprocess.Popen(
        program("log", export, *KEY), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""


def test_a_terminal_without_a_character_causes_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "disclosure").write_text(make_disclosure().text())
    done = subprocess.run(
        [sys.executable, "-m", "recognizance_verify", "disclosure", tmp_path / "disclosure", *KEY],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert b'probe is "case 7/\\xe9"' in done.stdout
    assert done.stderr == b""


def test_the_program_and_every_command_explain_themselves(run: Run) -> None:
    for command in ([], ["receipt"], ["log"], ["consistency"], ["disclosure"]):
        status, out, _ = run(*command, "--help")
        assert status == 0
        assert "Exit status: 0 if all is well" in out
    assert run("--version")[1] == "recognizance-verify 0.1.0\n"
