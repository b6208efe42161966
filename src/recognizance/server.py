"""The server: one process that owns a home folder and answers on loopback."""

import fcntl
import ipaddress
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvicorn

from recognizance import __version__
from recognizance.authority.roster import Roster
from recognizance.authority.sign_ins import RefusedSignIns
from recognizance.authority.signatures import UsedSignatures
from recognizance.authority.throttle import Throttle
from recognizance.bootstrap import digests, now, open_place, thread_count
from recognizance.errors import HomeInUseError, SettingsError
from recognizance.native import native_service
from recognizance.publication import LogPages
from recognizance.publication.paths import PREFIX
from recognizance.rekognition import rekognition_service
from recognizance.rekognition.desk import RekognitionDesk
from recognizance.rekognition.s3 import S3Source
from recognizance.settings import Settings
from recognizance.sts import sts_service
from recognizance.wire import AccessKey, Lane, Limits, WireApp
from recognizance.wire.desk import Desk, record_rejected
from recognizance.wire.exchange import Receive, Scope, Send
from recognizance.wire.http import BoundedProtocol
from recognizance.wire.sigv4 import Verifier
from recognizance.workflows.place import Workplace
from recognizance.workflows.presence import record_start, record_stop
from recognizance.workflows.sign_ins import RecordedSignIns, record_throttled

RECORD_THREADS = 4
"""Threads for operations without photographs: they wait for the disk more than they compute."""

COUNTING_SECONDS = 5.0
"""How often it is looked whether counts of refused requests are due in the log."""

_STATE = "server.json"
_LOCK = "server.lock"
_LOCK_LOOKS = 10


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that owns a home folder."""

    pid: int
    host: str
    port: int

    @property
    def endpoint(self) -> str:
        """What clients connect to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


class RosterKeys:
    """Shows the roster's access keys to the verifier of signatures."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def lookup(self, access_key_id: str) -> AccessKey | None:
        """See `KeyRing.lookup`."""
        found = self._roster.lookup(access_key_id)
        if found is None:
            return None
        return AccessKey(
            found.access_key_id,
            found.secret,
            found.operator,
            active=found.active,
            token_digest=found.token_digest,
            expires_at=found.expires_at,
            session=found.session,
        )

    def owner_of(self, access_key_id: str) -> str | None:
        """Name whose key it is, good or not; None if there is none."""
        found = self._roster.lookup(access_key_id)
        return None if found is None else found.operator


@contextmanager
def hold_home(settings: Settings) -> Iterator[None]:
    """Own the home folder while the block runs; the lock goes with the process, however it ends.

    Raises
    ------
    HomeInUseError
        If another process owns it.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(settings.home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _lock(descriptor)
        except BlockingIOError:
            running = find_server(settings)
            who = f"a server (process {running.pid}, {running.endpoint})" if running else "another process"
            raise HomeInUseError(
                f"The home folder {settings.home} is in use by {who}.",
                "Use that server, stop it, or choose another folder with RECOGNIZANCE_HOME.",
            ) from None
        (settings.home / _STATE).unlink(missing_ok=True)  # left behind by a server that was killed
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Take the lock; look twice, for `find_server` holds it for an instant."""
    for _ in range(_LOCK_LOOKS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return
    raise BlockingIOError


def find_server(settings: Settings) -> RunningServer | None:
    """Find the server that owns the home folder; None if there is none."""
    try:
        state = json.loads((settings.home / _STATE).read_text(encoding="utf-8"))
        running = RunningServer(int(state["pid"]), str(state["host"]), int(state["port"]))
        descriptor = os.open(settings.home / _LOCK, os.O_RDWR)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return running
    finally:
        os.close(descriptor)
    return None  # left behind by a server that was killed


class Application:
    """The wire, the log's pages, and the one page that says who is here."""

    def __init__(self, wire: WireApp, log: LogPages, place: Workplace) -> None:
        self._wire = wire
        self._log = log
        self._model = place.engine.model

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and scope["path"] in ("/", "/healthz"):
            body = json.dumps({"service": "recognizance", "version": __version__, "model": self._model}).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body if scope["method"] == "GET" else b""})
            return
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._log(scope, receive, send)
            return
        await self._wire(scope, receive, send)


def build_app(settings: Settings, place: Workplace, closing: ExitStack) -> Application:
    """Join the workplace to the wire."""
    cores = thread_count(settings)
    # One more than cores: while a worker waits for the disk, another one computes.
    photographs = closing.enter_context(ThreadPoolExecutor(cores + 1, thread_name_prefix="photographs"))
    others = closing.enter_context(ThreadPoolExecutor(RECORD_THREADS, thread_name_prefix="record"))
    credentials = None
    if settings.s3_access_key_id and settings.s3_secret_access_key:
        credentials = (settings.s3_access_key_id, settings.s3_secret_access_key)
    s3 = None
    if settings.s3_endpoint:
        s3 = S3Source(
            settings.s3_endpoint, settings.s3_buckets, credentials, settings.s3_region, settings.s3_object_bytes_max
        )
    services = [
        rekognition_service(
            RekognitionDesk(
                place=place,
                bytes_max=settings.image_bytes_max,
                region=settings.region,
                s3=s3,
                s3_bytes_max=settings.s3_object_bytes_max,
            )
        ),
        native_service(Desk(place, settings.photograph_bytes_max)),
        sts_service(place),
    ]
    keys, used = RosterKeys(place.roster), UsedSignatures(place.store)
    records = Lane(others, RECORD_THREADS, 4 * settings.waiting_max)
    refused = RefusedSignIns(keys.owner_of, RecordedSignIns(place), now)
    throttle = _throttle(place, settings)
    closing.enter_context(_counting(refused, throttle))
    wire = WireApp(
        services,
        keys,
        used,
        now,
        Lane(photographs, cores + 1, settings.waiting_max),
        records,
        limits=Limits(body_bytes_max=2 * (settings.image_bytes_max * 4 // 3 + 4) + 65_536),
        on_refused_sign_in=refused.report,
        admit=throttle.admit,
        on_rejected=partial(record_rejected, place),
    )
    log = LogPages(place, Verifier(keys, now, used), records, refused.report)
    return Application(wire, log, place)


def _throttle(place: Workplace, settings: Settings) -> Throttle:
    def rate_of(operator: str) -> int:
        return place.roster.operator(operator).requests_per_minute or settings.operator_requests_per_minute

    return Throttle(rate_of, partial(record_throttled, place), now)


@contextmanager
def _counting(refused: RefusedSignIns, throttle: Throttle) -> Iterator[None]:
    """Record what was only counted, now and then while the block runs and when it ends."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(COUNTING_SECONDS):
            refused.flush()
            throttle.flush()

    thread = threading.Thread(target=run, name="counting")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        refused.close()
        throttle.flush(everything=True)


class ListeningServer:
    """A server that is put together and listens; `run` answers."""

    def __init__(self, app: Application, listener: socket.socket) -> None:
        self._listener = listener
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nothing is decided by where a request says it came from
                lifespan="on",
                timeout_keep_alive=75,
                timeout_graceful_shutdown=30,
            )
        )
        host, port = listener.getsockname()[:2]
        self.running = RunningServer(os.getpid(), host, port)

    def run(self) -> None:
        """Answer until a signal comes or `stop` is called."""
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Finish what is under way, then let `run` return; may be called from any thread."""
        self._server.should_exit = True


@contextmanager
def serving(settings: Settings, *, announce: bool = True) -> Iterator[ListeningServer]:
    """Put a server together for the time of the block.

    Parameters
    ----------
    announce : bool
        Let other commands find the server through the home folder.

    Raises
    ------
    HomeInUseError, SettingsError, ModelUnavailableError, CalibrationError, KeyFileError
    """
    with ExitStack() as closing:
        closing.enter_context(hold_home(settings))
        listener = closing.enter_context(_listen(settings))
        place = closing.enter_context(open_place(settings))
        record_start(place, digests(settings), settings.chosen())
        closing.enter_context(_publishing(place, settings.checkpoint_seconds))
        server = ListeningServer(build_app(settings, place, closing), listener)
        if announce:
            _announce(settings.home / _STATE, server.running)
            closing.callback((settings.home / _STATE).unlink, missing_ok=True)
        yield server


@contextmanager
def _publishing(place: Workplace, seconds: float) -> Iterator[None]:
    """Publish the log while the block runs; when it ends, the stop is recorded and published too."""
    stop = threading.Event()
    thread = threading.Thread(target=place.publisher.run, args=(stop, seconds), name="publisher")
    thread.start()
    try:
        yield
    finally:
        try:
            record_stop(place)
        finally:
            stop.set()
            thread.join()


@contextmanager
def serving_in_background(settings: Settings) -> Iterator[RunningServer]:
    """Serve from a thread of this process, on a free port, while the block runs."""
    with serving(settings.model_copy(update={"port": 0}), announce=False) as server:
        thread = threading.Thread(target=server.run, name="server")
        thread.start()
        try:
            yield server.running
        finally:
            server.stop()
            thread.join()


@contextmanager
def _listen(settings: Settings) -> Iterator[socket.socket]:
    """Bind before anything else is loaded, so that a port in use is told at once."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if settings.host == "localhost" else settings.host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise SettingsError(
            f"The server listens on loopback only; {settings.host!r} is not a loopback address.",
            "Use 127.0.0.1 or ::1, and put a TLS proxy in front for other machines.",
        )
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((str(address), settings.port))
        except OSError as error:
            raise SettingsError(
                f"Port {settings.port} of {address} cannot be used: {error.strerror}.",
                "Choose another with RECOGNIZANCE_PORT or --port.",
            ) from error
        listener.listen(2048)
        yield listener
    finally:
        listener.close()


def _announce(path: Path, running: RunningServer) -> None:
    text = json.dumps({"pid": running.pid, "host": running.host, "port": running.port})
    draft = path.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
