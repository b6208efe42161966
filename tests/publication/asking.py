"""Requests of every service, signed and sent byte by byte, and the entries that they leave."""

import contextlib
import http.client
import json
import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from recognizance.native import load_native_model
from recognizance.wire import load_model
from rekognition.processes import Server
from wire.signing import SigningKey, sign

PREFIXES = {"rekognition": "RekognitionService", "recognizance": "Recognizance"}
MODELS = {"rekognition": load_model("rekognition"), "recognizance": load_native_model(), "sts": load_model("sts")}
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def request_id(self) -> str:
        return self.headers["x-amzn-requestid"]

    @property
    def entry(self) -> int:
        return int(self.headers["x-recognizance-entry"])

    @property
    def decision(self) -> str:
        return self.headers["x-recognizance-decision"]

    def json(self) -> Any:
        return json.loads(self.content)


def ask(
    server: Server, key: SigningKey, operation: str, body: dict[str, Any] | bytes, *, service: str, path: str = "/"
) -> Reply:
    """Send one request; ``body`` is written as the service wants it unless it is bytes already."""
    headers: dict[str, str] = {}
    if service == "sts":
        headers = {"X-Amz-Target": "", "Content-Type": FORM}
        if not isinstance(body, bytes):
            version = MODELS["sts"].api_version
            body = urlencode({"Action": operation, "Version": version, **body}).encode()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
    target = f"{PREFIXES.get(service)}.{operation}"
    request = sign(body, operation=target, url=server.endpoint + path, key=key, service=service, headers=headers)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.putrequest("POST", request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        content = answer.read()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)
    finally:
        connection.close()


def entries_from(server: Server, first: int) -> list[dict[str, Any]]:
    """Read the entries from an index on off the record."""
    with contextlib.closing(sqlite3.connect(f"file:{server.settings.home / 'record.db'}?mode=ro", uri=True)) as record:
        rows = record.execute("SELECT body FROM entries WHERE entry_index >= ? ORDER BY entry_index", (first,))
        return [json.loads(body) for (body,) in rows]


def size_of(server: Server) -> int:
    """Count the entries off the record."""
    with contextlib.closing(sqlite3.connect(f"file:{server.settings.home / 'record.db'}?mode=ro", uri=True)) as record:
        (count,) = record.execute("SELECT count(*) FROM entries").fetchone()
        return int(count)
