"""The ASGI application of ``/accuracy``: what was measured of the model and calibration that this server runs."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import NamedTuple

from recognizance.errors import BusyError
from recognizance.wire.admission import Lane
from recognizance.wire.exchange import Receive, Scope, Send
from recognizance.wire.faults import Fault
from recognizance.workflows.place import Workplace

REPORT_PATHS: Mapping[str, str] = {"/accuracy": "report.html", "/accuracy.json": "report.json"}
"""The files by the paths they are served under."""

_TYPES = {"report.html": "text/html; charset=utf-8", "report.json": "application/json"}
_TEXT = "text/plain; charset=utf-8"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""As the report's own, and what a page cannot say of itself."""

_MAKE = (
    "To have one, run `recognizance evaluate` against this server, with --out FOLDER, and name the folder by "
    "RECOGNIZANCE_ACCURACY_REPORT."
)
_log = logging.getLogger(__name__)


class _Reply(NamedTuple):
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class AccuracyPages:
    """Serves the report on the model that runs, to everybody: no signature is asked for, and nothing is recorded.

    Attributes
    ----------
    folder : Traversable
        Holds ``report.html`` and ``report.json``, or nothing.  Read anew for each request.
    lane : Lane
        Where they are read.
    """

    place: Workplace
    folder: Traversable
    lane: Lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request whose path is one of `REPORT_PATHS`."""
        reply = await self._reply(scope)
        headers = {
            "content-type": reply.content_type,
            "content-security-policy": _POLICY,
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        if reply.status == 405:
            headers["allow"] = "GET, HEAD"
        if reply.status == 200:
            tag = f'"{hashlib.sha256(reply.body).hexdigest()}"'
            headers |= {"cache-control": "public, no-cache", "etag": tag}
            if {tag, "*"} & _known(scope):
                reply = reply._replace(status=304)
        sent = reply.body if scope["method"] != "HEAD" and reply.status != 304 else b""
        if reply.status != 304:
            headers["content-length"] = str(len(reply.body))
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": sent})

    async def _reply(self, scope: Scope) -> _Reply:
        if scope["method"] not in ("GET", "HEAD"):
            return _said(405, "The report is read by GET.")
        try:
            return await asyncio.wrap_future(self.lane.submit(lambda: self._read(REPORT_PATHS[scope["path"]])))
        except BusyError as error:
            return _said(503, error.message)
        except Exception:  # noqa: BLE001 - the edge: whatever it was, there is an answer, and the log has it
            _log.exception("The report on accuracy could not be read.")
            return _said(500, Fault.internal().message)

    def _read(self, name: str) -> _Reply:
        if not all(self.folder.joinpath(each).is_file() for each in _TYPES):
            return _said(404, f"There is no report on the accuracy of this server's model. {_MAKE}")
        files = {each: self.folder.joinpath(each).read_bytes() for each in _TYPES}
        wrong = self._mismatch(files["report.json"]) or self._damage(files["report.html"])
        if wrong:
            return _said(409, f"There is a report on accuracy, but {wrong}: it is not shown as this server's. {_MAKE}")
        return _Reply(200, _TYPES[name], files[name])

    def _damage(self, page: bytes) -> str:
        """Say why a page is not of a report on what runs here; empty if it is.  Each kind names its calibration."""
        if page.rstrip().endswith(b"</html>") and self.place.calibration.digest.encode() in page:
            return ""
        return "its page, report.html, is not whole, or of another calibration"

    def _mismatch(self, report: bytes) -> str:
        """Say why a report is not on what runs here; empty if it is."""
        measured = measured_by(report)
        if measured is None:
            return "it does not say of which model and calibration"
        for what, theirs, ours in zip(
            ("model", "calibration"), measured, (self.place.engine.model, self.place.calibration.digest), strict=True
        ):
            if theirs != ours:
                return f"it is on the {what} {theirs}, and this server runs {ours}"
        return ""


@lru_cache(maxsize=1)  # else whoever asks, unsigned, has 0.5 MB of JSON read while all others wait
def measured_by(report: bytes) -> tuple[object, object] | None:
    """Tell the model and the calibration that a report.json is on; None if it does not say."""
    try:
        service = json.loads(report)["service"]
        return service["model"], service["calibration"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _known(scope: Scope) -> set[str]:
    """Name the versions that the client has (If-None-Match)."""
    told = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"if-none-match"]
    return {each.strip().removeprefix("W/") for value in told for each in value.split(",")}


def _said(status: int, message: str) -> _Reply:
    return _Reply(status, _TEXT, f"{message}\n".encode())
