"""Witnesses behind real sockets, and logs to show them."""

import hashlib
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from recognizance.witness.client import RemoteWitness
from recognizance.witness.folder import WitnessFolder, open_folder
from recognizance.witness.server import listening
from recognizance.witness.service import WitnessService
from recognizance_verify.keys import VerifierKey
from recognizance_verify.notes import Checkpoint, SignedNote
from verify.building import LOG_KEY, Log, entry, make_log

NAME = "board.example/w1"
HONEST = make_log(300)
FORKED = Log([*HONEST.entries[:40], entry(40, operator="mallory"), *HONEST.entries[41:]])
"""The same log, but for one entry of the middle."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Told:
    """What a witness answered."""

    status: int
    content_type: str
    text: str


@dataclass(frozen=True)
class Serving:
    """A witness that listens at `url`; `folder` is there unless it is a process of its own."""

    url: str
    key: VerifierKey
    folder: WitnessFolder | None = None

    def send(self, method: str, path: str, body: bytes | None = None) -> Told:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        return Told(response.status, response.getheader("content-type") or "", text)

    def add(self, log: Log, old: int, new: int) -> Told:
        """Ask for a cosignature as the specification says."""
        return self.post(log.consistency(old, new).text())

    def post(self, body: str | bytes) -> Told:
        return self.send("POST", "/add-checkpoint", body.encode() if isinstance(body, str) else body)

    def newest(self, origin: str = LOG_KEY.name) -> Told:
        return self.send("GET", f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")

    def newest_checkpoint(self) -> Checkpoint:
        return Checkpoint.parse(SignedNote.parse(self.newest().text).text)

    def client(self) -> RemoteWitness:
        return RemoteWitness(self.url, self.key, now)


@contextmanager
def serving(folder: Path, *keys: VerifierKey) -> Iterator[Serving]:
    """Serve a witness that watches these logs, from a thread."""
    opened = open_folder(folder, name=NAME)
    for key in keys:
        opened.state.add(key)
    service = WitnessService(opened.state, opened.key, now)
    with listening(service, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield Serving(server.endpoint, service.verifier_key, opened)
        finally:
            server.stop()
            thread.join()


def bare(log: Log, size: int) -> str:
    """The checkpoint that a server sends to its witnesses: with no signature but the log's."""
    return log.note(size, cosigners=()).serialize()
