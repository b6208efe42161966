"""Requests signed by botocore's own signers, and sent byte by byte."""

import http.client
import json
import re
import socket
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from recognizance.wire import AccessKey


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey(AccessKey):
    """A key as its owner has it: with the token, of which the server knows the digest."""

    session_token: str | None = None


KEY = SigningKey("RKTESTKEY", "a secret of a throw-away server", "ada")
SESSION = SigningKey(
    "RKSESSION",
    "another secret",
    "grace",
    token_digest=sha256(b"a/token+of=one").digest(),
    expires_at=datetime(2099, 1, 1, tzinfo=UTC),
    session="a session",
    session_token="a/token+of=one",
)
IDLE = SigningKey("RKIDLE", "a third secret", "idle", active=False)


class Once:
    """A guard of this test's own; the record's is tested where it is."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def use(self, signature: str, expires_at: datetime, now: datetime) -> bool:
        fresh = signature not in self.used and expires_at > now
        self.used.add(signature)
        return fresh


class Ring:
    """A key ring of a few keys."""

    def __init__(self, *keys: AccessKey) -> None:
        self._keys = {key.access_key_id: key for key in keys}

    def lookup(self, access_key_id: str) -> AccessKey | None:
        return self._keys.get(access_key_id)


@dataclass(frozen=True)
class Signed:
    """A request as it goes over the wire."""

    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    method: str = "POST"

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key.lower() == name.lower())

    def with_header(self, name: str, value: str | None) -> "Signed":
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def with_authorization(self, pattern: str, replacement: str) -> "Signed":
        changed, count = re.subn(pattern, replacement, self.header("Authorization"))
        assert count == 1
        return self.with_header("Authorization", changed)

    @property
    def path(self) -> bytes:
        return self.target.partition("?")[0].encode()

    @property
    def query(self) -> bytes:
        return self.target.partition("?")[2].encode()

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        return [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers]


class _QueryAuth(botocore.auth.SigV4QueryAuth):
    """botocore moves a JSON body into the query of a presigned URL; this leaves it where JSON services read it."""

    def _modify_request_before_signing(self, request: Any) -> None:
        body, request.data = request.data, ""
        super()._modify_request_before_signing(request)
        request.data = body


def sign(
    body: bytes = b"{}",
    *,
    operation: str = "RekognitionService.ListCollections",
    url: str = "http://127.0.0.1:8750/",
    key: SigningKey = KEY,
    at: datetime | None = None,
    expires: int | None = None,
    service: str = "rekognition",
    region: str = "us-east-1",
    headers: dict[str, str] | None = None,
) -> Signed:
    """Sign by header, or into the query if `expires` is given."""
    credentials = Credentials(key.access_key_id, key.secret, key.session_token)
    own = {"X-Amz-Target": operation, "Content-Type": "application/x-amz-json-1.1", **(headers or {})}
    request = AWSRequest("POST", url, headers={name: value for name, value in own.items() if value}, data=body)
    if expires is None:
        signer = botocore.auth.SigV4Auth(credentials, service, region)
    else:
        signer = _QueryAuth(credentials, service, region, expires=expires)
    # botocore has no other way to be told the time.
    with patch("botocore.auth.get_current_datetime", lambda: (at or datetime.now(UTC)).replace(tzinfo=None)):
        signer.add_auth(request)
    parts = urlsplit(request.url)
    sent = [(name, value) for name, value in request.headers.items() if name.lower() != "host"]
    target = parts.path or "/"
    return Signed(
        f"{target}?{parts.query}" if parts.query else target, (("Host", parts.netloc), *sent), request.body or b""
    )


def post(port: int, request: Signed) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Send `request` and read status, JSON body and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        response = connection.getresponse()
        content = response.read()
        return response.status, json.loads(content or b"{}"), {k.lower(): v for k, v in response.getheaders()}
    finally:
        connection.close()


def head_of(request: Signed, *more: str) -> bytes:
    """Spell the head of `request`, with further header lines."""
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers)]
    return "\r\n".join([*lines, *more, "", ""]).encode("latin-1")


def read_answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Read one whole answer."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read())
