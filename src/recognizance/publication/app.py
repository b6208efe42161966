"""The ASGI application of ``/log/``: checkpoint and hash tiles for everybody, entries for who may audit."""

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from recognizance.errors import BusyError, NotFoundError, RecognizanceError
from recognizance.publication.paths import PREFIX, parse_page
from recognizance.wire.admission import Lane
from recognizance.wire.exchange import Receive, Scope, Send
from recognizance.wire.faults import Fault, SignInFault, fault_from
from recognizance.wire.request import read_request
from recognizance.wire.service import Actor
from recognizance.wire.sigv4 import Verifier
from recognizance.workflows import auditing
from recognizance.workflows.act import Act
from recognizance.workflows.place import Workplace

SIGNING_NAME = "recognizance"
"""The service in the scope of a signature that asks for entries."""

_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
_ALWAYS = "public, max-age=31536000, immutable"
_NEVER = "no-store"
_log = logging.getLogger(__name__)


class _Reply(NamedTuple):
    status: int
    content_type: str
    caching: str
    body: bytes
    told: Mapping[str, str] = MappingProxyType({})
    """Further headers: which entry records a refusal."""


@dataclass(frozen=True)
class LogPages:
    """Serves the log in the layout of C2SP tlog-tiles.

    Attributes
    ----------
    verifier : Verifier
        Tells who asks for entries: a GET signed for the service ``recognizance``.
    lane : Lane
        Where pages are read.
    on_refused_sign_in : callable
        Called in a worker thread with the fault's code and the access key id that was claimed, if any.
    admit : callable
        Whether an operator may ask for entries now: each refusal is an entry.
    """

    place: Workplace
    verifier: Verifier
    lane: Lane
    on_refused_sign_in: Callable[[str, str | None], object]
    admit: Callable[[str], bool] = lambda operator: True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request whose path begins with ``/log/``."""
        reply = await self._reply(scope)
        headers = [
            (b"content-type", reply.content_type.encode()),
            (b"content-length", str(len(reply.body)).encode()),
            (b"cache-control", reply.caching.encode()),
            (b"x-content-type-options", b"nosniff"),
            *((name.encode(), value.encode()) for name, value in reply.told.items()),
        ]
        if reply.status == 401:
            headers.append((b"www-authenticate", b"AWS4-HMAC-SHA256"))
        if reply.status == 405:
            headers.append((b"allow", b"GET, HEAD"))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

    async def _reply(self, scope: Scope) -> _Reply:
        if scope["method"] not in ("GET", "HEAD"):
            return _said(405, "The log is read by GET.")
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").removeprefix(PREFIX)
        try:
            return await asyncio.wrap_future(self.lane.submit(lambda: self._read(path, scope)))
        except BusyError as error:
            return _said(503, error.message)
        except NotFoundError as error:
            return _said(404, error.message)
        except SignInFault as fault:
            return _said(401, f"{fault.code}: {fault.message}")
        except Fault as fault:
            return _said(fault.status, fault.message)
        except RecognizanceError as error:
            told = fault_from(error, frozenset())
            return _said(403 if told.status == 400 else told.status, told.message, told.headers)
        except Exception:  # noqa: BLE001 - the edge: whatever it was, there is an answer, and the log has it
            _log.exception("A page of the log could not be read.")
            return _said(500, Fault.internal().message)

    def _read(self, path: str, scope: Scope) -> _Reply:
        if path == "checkpoint":
            return _Reply(200, _TEXT, _NEVER, self.place.publisher.current().encode())
        if path == "key":
            return _Reply(200, _TEXT, _NEVER, f"{self.place.ledger.verifier_key}\n".encode())
        page = parse_page(path)
        if page is None:
            raise NotFoundError("The log has checkpoint, key, and tiles (C2SP tlog-tiles); this is none of them.")
        if page.level is not None:
            return _tile(auditing.public_page(self.place, page.level, page.index, page.width), _ALWAYS)
        actor = self._sign_in(scope)
        act = Act(
            operator=actor.operator,
            access_key_id=actor.access_key_id,
            operation="ReadEntries",
            request_id=str(uuid.uuid4()),
            session=actor.session,
        )
        return _tile(auditing.entry_page(self.place, act, page.index, page.width), _NEVER)

    def _sign_in(self, scope: Scope) -> Actor:
        try:
            request = read_request(scope["method"], scope["raw_path"], scope["query_string"], list(scope["headers"]))
            claim = self.verifier.read(request, {SIGNING_NAME})
            actor = self.verifier.verify(request, claim, b"")
        except SignInFault as fault:
            self.on_refused_sign_in(fault.code, fault.access_key_id)
            raise
        if not self.admit(actor.operator):
            raise BusyError(Fault.throttled().message)
        return actor


def _tile(body: bytes, caching: str) -> _Reply:
    return _Reply(200, _BYTES, caching, body)


def _said(status: int, message: str, told: Mapping[str, str] = MappingProxyType({})) -> _Reply:
    return _Reply(status, _TEXT, _NEVER, f"{message}\n".encode(), told)
