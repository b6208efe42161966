"""The server: one process that owns a home folder and answers on loopback."""

import ipaddress
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial

import uvicorn

from recognizance import __version__
from recognizance.authority.signatures import UsedSignatures
from recognizance.bootstrap import accuracy_report, digests, now, open_place, open_s3, thread_count
from recognizance.entrance import RosterKeys, guarding
from recognizance.errors import SettingsError
from recognizance.home import RunningServer, hold_home, withdraw
from recognizance.home import announce as announce_server
from recognizance.native.operations import native_service
from recognizance.publication import REPORT_PATHS, AccuracyPages, LogPages
from recognizance.publication.paths import PREFIX
from recognizance.records.log_key import read_head
from recognizance.rekognition import rekognition_service
from recognizance.rekognition.desk import RekognitionDesk
from recognizance.settings import Settings
from recognizance.sts import sts_service
from recognizance.wire import Lane, Limits, WireApp
from recognizance.wire.desk import Desk, record_rejected
from recognizance.wire.exchange import Receive, Scope, Send
from recognizance.wire.http import BoundedProtocol
from recognizance.wire.sigv4 import Verifier
from recognizance.workflows import lapsing, testing
from recognizance.workflows.engine import Engine
from recognizance.workflows.housekeeping import Housekeeping
from recognizance.workflows.place import Workplace
from recognizance.workflows.presence import record_start, record_stop

RECORD_THREADS = 4
"""Threads for operations without photographs: they wait for the disk more than they compute."""


class Application:
    """The wire, the log's pages, the report on accuracy, and the one page that says who is here."""

    def __init__(self, wire: WireApp, log: LogPages, accuracy: AccuracyPages, place: Workplace) -> None:
        self._wire = wire
        self._log = log
        self._accuracy = accuracy
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
        if scope["type"] == "http" and scope["path"] in REPORT_PATHS:
            await self._accuracy(scope, receive, send)
            return
        await self._wire(scope, receive, send)


def build_app(settings: Settings, place: Workplace, closing: ExitStack) -> Application:
    """Join the workplace to the wire."""
    cores = thread_count(settings)
    # One more than cores: while a worker waits for the disk, another one computes.
    photographs = closing.enter_context(ThreadPoolExecutor(cores + 1, thread_name_prefix="photographs"))
    others = closing.enter_context(ThreadPoolExecutor(RECORD_THREADS, thread_name_prefix="record"))
    services = [
        rekognition_service(
            RekognitionDesk(
                place=place,
                bytes_max=settings.image_bytes_max,
                region=settings.region,
                s3=open_s3(settings, bytes_max=settings.s3_object_bytes_max),
                s3_bytes_max=settings.s3_object_bytes_max,
            )
        ),
        native_service(Desk(place, settings.photograph_bytes_max)),
        sts_service(place),
    ]
    keys, used = RosterKeys(place.roster), UsedSignatures(place.store)
    records = Lane(others, RECORD_THREADS, 4 * settings.waiting_max)
    refused, throttle = closing.enter_context(guarding(place, settings))
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
    log = LogPages(place, Verifier(keys, now, used), records, refused.report, throttle.admit)
    return Application(wire, log, AccuracyPages(place, accuracy_report(settings), records), place)


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
def serving(
    settings: Settings, *, announce: bool = True, clock: Callable[[], datetime] = now, engine: Engine | None = None
) -> Iterator[ListeningServer]:
    """Put a server together for the time of the block.

    Parameters
    ----------
    announce : bool
        Let other commands find the server through the home folder.
    clock : callable
        Tells the time by which acts are judged and recorded; signatures are judged by the machine's.
    engine : Engine, optional
        The models, if they are loaded already (`open_engine` of the same settings).

    Raises
    ------
    HomeInUseError, SettingsError, ModelUnavailableError, CalibrationError, KeyFileError
    """
    with ExitStack() as closing:
        closing.enter_context(hold_home(settings))
        listener = closing.enter_context(_listen(settings))
        head_known = read_head(settings.keys_folder) is not None
        place = closing.enter_context(open_place(settings, engine=engine, clock=clock))
        record_start(place, digests(settings), settings.chosen(), head_known=head_known)
        lapsing.look(place)  # before anybody is answered
        closing.enter_context(_publishing(place, settings.checkpoint_seconds))
        closing.enter_context(_keeping_house(place, settings.gallery_idle_seconds))
        server = ListeningServer(build_app(settings, place, closing), listener)
        if announce:
            announce_server(settings, server.running)
            closing.callback(withdraw, settings)
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
def _keeping_house(place: Workplace, idle_seconds: float) -> Iterator[None]:
    """Look after the galleries while the block runs."""
    stop = threading.Event()
    keeper = Housekeeping(
        place.shelf,
        idle_seconds=idle_seconds,
        lapse=partial(lapsing.look, place),
        end_tests=partial(testing.end_galleries, place),
    )
    thread = threading.Thread(target=keeper.run, args=(stop,), name="housekeeping")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def serving_in_background(
    settings: Settings, *, announce: bool = False, clock: Callable[[], datetime] = now, engine: Engine | None = None
) -> Iterator[RunningServer]:
    """Serve from a thread of this process, on a free port, while the block runs; see `serving`."""
    alone = settings.model_copy(update={"port": 0})
    with serving(alone, announce=announce, clock=clock, engine=engine) as server:
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
