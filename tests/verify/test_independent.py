"""An implementation of the C2SP formats that is not ours, aics-tlog, agrees with us in both directions.

It needs Python 3.12, so it lives in an environment of its own.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recognizance_verify.consistency import ConsistencyProof
from recognizance_verify.folder import read_checkpoint, verify_export
from recognizance_verify.keys import VerifierKey
from recognizance_verify.receipts import Receipt
from recognizance_verify.trust import Trust
from verify.building import LOG_KEY, TIME, WITNESS_KEY, make_log, write_export
from verify.environments import find_newer_python, make_environment

OPINION = Path(__file__).parent / "second_opinion.py"
SIZE = 600
LOG = make_log(SIZE)
AGREED = dict.fromkeys(["note", "cosignature", "tiles", "inclusion", "consistency", "proofs are those it makes"], True)

Ask = Callable[[str, Path], Any]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Ask aics-tlog."""
    folder = tmp_path_factory.mktemp("independent") / "environment"
    python = make_environment(folder, find_newer_python(), "aics-tlog==0.2.1")

    def start(action: str, folder: Path) -> Any:
        done = subprocess.run([python, "-I", OPINION, action, folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return start


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A log of ours with proofs, for aics-tlog to judge."""
    write_export(tmp_path / "log", LOG.files())
    keys = {"log": str(LOG_KEY.verifier_key()), "witness": str(WITNESS_KEY.verifier_key())}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    sizes = [1, 2, 7, 255, 256, 257, 511, 512, SIZE]
    inclusion = [
        {
            "index": at,
            "size": size,
            "entry": LOG.entries[at].hex(),
            "proof": [one.hex() for one in LOG.receipt(at, size).proof],
            "root": LOG.checkpoint(size).root.hex(),
        }
        for size in sizes
        for at in sorted({0, size // 3, size // 2, size - 1})
    ]
    consistency = [
        {
            "old": old,
            "new": new,
            "proof": [one.hex() for one in LOG.consistency(old, new).proof],
            "old_root": LOG.checkpoint(old).root.hex(),
            "root": LOG.checkpoint(new).root.hex(),
        }
        for old in sizes
        for new in sizes
        if old <= new
    ]
    (tmp_path / "proofs.json").write_text(json.dumps({"inclusion": inclusion, "consistency": consistency}))
    return tmp_path


def test_it_accepts_what_we_make(ask: Ask, ours: Path) -> None:
    assert ask("judge", ours) == AGREED


def test_it_refuses_what_was_tampered_with(ask: Ask, ours: Path) -> None:
    def disagreed() -> set[str]:
        return {check for check, agreed in ask("judge", ours).items() if not agreed}

    def change(path: str, old: bytes, new: bytes) -> None:
        good = (ours / path).read_bytes()
        assert old in good
        (ours / path).write_bytes(good.replace(old, new, 1))

    keys, proofs = (ours / "keys.json").read_bytes(), json.loads((ours / "proofs.json").read_text())

    change("keys.json", keys, keys.replace(str(LOG_KEY.verifier_key()).encode(), other_key(1)))
    assert {"note", "cosignature"} <= disagreed()
    (ours / "keys.json").write_bytes(keys.replace(str(WITNESS_KEY.verifier_key()).encode(), other_key(4)))
    assert disagreed() == {"cosignature"}
    (ours / "keys.json").write_bytes(keys)

    change("log/tile/entries/001", b"ann", b"eve")
    assert disagreed() == {"tiles"}
    shutil.rmtree(ours / "log")
    write_export(ours / "log", LOG.files())

    for kind in ("inclusion", "consistency"):
        changed = json.loads(json.dumps(proofs))
        one = next(proof for proof in changed[kind] if proof["proof"])
        one["proof"][0] = "00" * 32
        (ours / "proofs.json").write_text(json.dumps(changed))
        assert disagreed() == {kind, "proofs are those it makes"}
    (ours / "proofs.json").write_text(json.dumps(proofs))

    change("log/checkpoint", b"600", b"599")
    assert {"note", "cosignature", "tiles"} <= disagreed()
    change("log/checkpoint", b"599", b"600")
    assert disagreed() == set()


def other_key(kind: int) -> bytes:
    name = LOG_KEY.name if kind == 1 else WITNESS_KEY.name
    return str(VerifierKey(name, bytes.fromhex("ab" * 31 + "2b"), kind)).encode()


def test_we_accept_what_it_makes(ask: Ask, tmp_path: Path) -> None:
    made = ask("write", tmp_path)
    log, witness = VerifierKey.parse(made["log"]), VerifierKey.parse(made["witness"])
    trust = Trust(log, (witness,))
    entries = [bytes.fromhex(entry) for entry in made["entries"]]
    notes = {int(folder.name): read_checkpoint(folder) for folder in tmp_path.iterdir()}
    checkpoints = {}
    for size, note in notes.items():
        checked = verify_export(tmp_path / str(size), trust)
        assert checked.census.count == size
        assert [one.time for one in checked.checkpoint.cosignatures] == [TIME + 123]
        assert note.serialize().encode() == (tmp_path / str(size) / "checkpoint").read_bytes()
        checkpoints[size] = checked.checkpoint.checkpoint
    for one in made["inclusion"]:
        proof = tuple(bytes.fromhex(each) for each in one["proof"])
        receipt = Receipt(entries[one["index"]], one["index"], proof, notes[one["size"]])
        assert Receipt.parse(receipt.text()).verify(trust).entry.index == one["index"]
    for one in made["consistency"]:
        proof = tuple(bytes.fromhex(each) for each in one["proof"])
        growth = ConsistencyProof.parse(ConsistencyProof(one["old"], proof, notes[one["new"]]).text())
        assert growth.verify(checkpoints[one["old"]]) == checkpoints[one["new"]]
