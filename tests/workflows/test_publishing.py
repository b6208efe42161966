"""The publisher with witnesses that answer, refuse, vary and are silent."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ledger.test_log import entry
from recognizance.ledger import Ledger
from recognizance.records import RecordStore, Transaction
from recognizance.records.entries import RecordedLog
from recognizance.witness import posting
from recognizance.witness.client import RemoteWitness
from recognizance.workflows.publishing import Publisher
from recognizance_verify.keys import WITNESS, SigningKey
from recognizance_verify.notes import SignedNote
from records.making import open_record
from verify.building import Log
from witness.serving import now, serving

KEY = SigningKey.generate("log.example/published")
STRANGER = SigningKey.generate("w.example", WITNESS).verifier_key()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    with open_record(tmp_path / "home" / "record.db") as opened:
        yield opened


class Growing:
    """A log in the record, with its publisher."""

    def __init__(self, store: RecordStore, *witnesses: RemoteWitness) -> None:
        self._store = store
        self._ledger: Ledger[Transaction] = Ledger(RecordedLog(), KEY)
        self.remembered: list[str] = []
        self.publisher = Publisher(store, self._ledger, witnesses, self.remembered.append, now)
        self._numbers = itertools.count()

    def grow(self, entries: int = 1) -> None:
        with self._store.write() as tx:
            for _ in range(entries):
                self._ledger.append(tx, entry(next(self._numbers)))

    def size(self) -> int:
        with self._store.read() as tx:
            return self._ledger.size(tx)


@contextmanager
def varying() -> Iterator[str]:
    """A witness that fails in new words each time."""
    numbers = itertools.count()

    class Varying(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(500)
            self.end_headers()
            self.wfile.write(f"try {next(numbers)}".encode())

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Varying) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_what_was_published_is_cosigned_and_kept(store: RecordStore, tmp_path: Path) -> None:
    with serving(tmp_path / "witness", KEY.verifier_key()) as witness:
        log = Growing(store, witness.client())
        log.grow(3)
        published = log.publisher.publish()
        assert SignedNote.parse(published.note).verify([KEY.verifier_key(), witness.key])
        assert published.cosigned_at is not None
        assert log.publisher.cosigned() == published == log.publisher.covering(2)
    assert log.size() == 3


@pytest.mark.parametrize("seen", [2, 1000])
def test_a_witness_that_refuses_is_one_entry(store: RecordStore, tmp_path: Path, seen: int) -> None:
    other = Log([b"%d" % number for number in range(seen)], KEY.name, KEY)
    with serving(tmp_path / "witness", KEY.verifier_key()) as witness:
        assert witness.add(other, 0, seen).status == 200
        log = Growing(store, witness.client())
        log.grow(3)
        for _ in range(4):
            assert log.publisher.publish().cosigned_at is None
        assert list(log.publisher.failing) == [witness.key.name]
        assert log.size() == 4
        assert witness.folder is not None
        witness.folder.state.forget(KEY.name)
        witness.folder.state.add(KEY.verifier_key())
        assert log.publisher.publish().cosigned_at is not None
        assert log.publisher.failing == {}
        assert log.size() == 5


def test_a_witness_that_varies_its_words_does_not_make_the_log_grow(store: RecordStore) -> None:
    with varying() as url:
        log = Growing(store, RemoteWitness(url, STRANGER, now))
        log.grow(3)
        for _ in range(4):
            log.publisher.publish()
    assert log.size() == 4


def test_receipts_do_not_wait_for_a_witness_that_is_known_to_be_silent(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        witness = RemoteWitness(f"http://127.0.0.1:{silent.getsockname()[1]}", STRANGER, now)
        log = Growing(store, witness)
        log.grow(3)
        log.publisher.publish()
        log.grow()
        began = time.monotonic()
        for _ in range(20):
            covering = log.publisher.covering(4)
            assert covering.size == 5
            assert covering.cosigned_at is None
        assert time.monotonic() - began < 5  # twenty times half a second, if each waited


def test_whatever_is_signed_is_remembered_before_anybody_sees_it(store: RecordStore) -> None:
    """Otherwise a record from before it could be put back, and go on another way, unnoticed."""
    log = Growing(store)
    for size in (1, 3):
        log.grow(size - log.size())
        assert log.publisher.current() == log.publisher.current() == log.remembered[-1]
    assert len(log.remembered) == 2
    assert log.publisher.newest().note == log.remembered[-1]
    assert len(log.remembered) == 2


def test_publishing_goes_on_after_what_nobody_foresaw(store: RecordStore) -> None:
    ledger: Ledger[Transaction] = Ledger(RecordedLog(), KEY)
    asked, stop = itertools.count(), threading.Event()

    def remember(note: str) -> None:
        if next(asked) == 0:
            raise ValueError("nobody thought of this")
        stop.set()

    publisher = Publisher(store, ledger, (), remember, now)
    with store.write() as tx:
        ledger.append(tx, entry(0))
    thread = threading.Thread(target=publisher.run, args=(stop, 0.01))
    thread.start()
    thread.join(timeout=10)
    assert stop.is_set(), "it was not tried again"
