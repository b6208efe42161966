"""The server's publisher with a real record and a real witness."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recognizance.ledger import Entry, Ledger
from recognizance.records import RecordStore, Transaction
from recognizance.records.entries import RecordedLog
from recognizance.workflows.publishing import Publisher
from recognizance_verify.notes import SignedNote
from recognizance_verify.trust import Trust
from records.making import open_record
from verify.building import LOG_KEY
from witness.serving import NAME, Serving, now


def act(ledger: Ledger[Transaction], store: RecordStore, times: int = 1) -> None:
    with store.write() as tx:
        for number in range(times):
            ledger.append(tx, Entry("search", now(), "ann", "allowed", (), {"number": number}))


def decisions(ledger: Ledger[Transaction], store: RecordStore) -> list[str]:
    """What the log says about its witnesses."""
    with store.read() as tx:
        entries = [ledger.entry(tx, index) for index in range(ledger.size(tx))]
    return [entry["decision"] for entry in map(json.loads, entries) if entry["kind"] == "witness"]


@pytest.fixture
def ledger() -> Ledger[Transaction]:
    return Ledger(RecordedLog(), LOG_KEY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    with open_record(tmp_path / "home" / "record.db") as opened:
        yield opened


def publisher(store: RecordStore, ledger: Ledger[Transaction], witness: Serving) -> Publisher:
    return Publisher(store, ledger, [witness.client()], remember=lambda note: None, clock=now)


def test_what_is_published_is_cosigned(store: RecordStore, ledger: Ledger[Transaction], witness: Serving) -> None:
    publishing = publisher(store, ledger, witness)
    trust = Trust(LOG_KEY.verifier_key(), (witness.key,))
    for times in (1, 300, 7):
        act(ledger, store, times)
        published = publishing.publish()
        assert trust.check(SignedNote.parse(published.note)).cosignatures[0].witness == NAME
        assert witness.newest_checkpoint().size == published.size
    restarted = publisher(store, ledger, witness)
    act(ledger, store)
    assert restarted.publish().cosigned_at is not None
    assert decisions(ledger, store) == []


def test_a_record_that_was_put_back_is_refused_and_that_is_recorded_once(
    store: RecordStore, ledger: Ledger[Transaction], witness: Serving, tmp_path: Path
) -> None:
    act(ledger, store, 10)
    publisher(store, ledger, witness).publish()
    store.close()
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    shutil.copytree(tmp_path / "home-keys", tmp_path / "copy-keys")
    with open_record(tmp_path / "home" / "record.db") as later:
        act(ledger, later, 10)
        publisher(later, ledger, witness).publish()
    with open_record(tmp_path / "copy" / "record.db") as older:
        publishing = publisher(older, ledger, witness)
        assert publishing.publish().cosigned_at is None
        assert "longer log, of 20 entries" in publishing.failing[NAME]
        for _ in range(3):  # the entry that says so makes the log grow, and that is no reason for another one
            publishing.publish()
        assert decisions(ledger, older) == ["refused"]
        act(ledger, older, 20)
        for _ in range(3):
            assert publishing.publish().cosigned_at is None
        assert "another log than this" in publishing.failing[NAME]
        assert decisions(ledger, older) == ["refused"]  # the same answer in other words
    assert witness.newest_checkpoint().size == 20
