"""A real server on loopback with a small real service."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import uvicorn

from recognizance.errors import GalleryNotFoundError, KeyFileError, RefusedError
from recognizance.wire import Answer, Call, Lane, Limits, Override, WireApp, load_service
from wire.signing import IDLE, KEY, SESSION, Once, Ring


@dataclass
class Desk:
    """What the handlers of the small service do and remember."""

    calls: list[Call] = field(default_factory=list)
    throttled: set[str] = field(default_factory=set)
    began: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)

    def list_collections(self, call: Call) -> Answer:
        self.calls.append(call)
        return Answer({"CollectionIds": ["staff"], "FaceModelVersions": ["sface"]}, {"x-recognizance-decision": "7"})

    def describe(self, call: Call) -> Answer:
        self.calls.append(call)
        match call.input["CollectionId"]:
            case "absent":
                raise GalleryNotFoundError("The collection id: absent does not exist")
            case "forbidden":
                raise RefusedError("Rule 4 refuses it.")
            case "keyless":
                raise KeyFileError("/home/ada/keys is unreadable")
            case "broken":
                raise ZeroDivisionError("internal detail")
            case "misspelt":
                return Answer({"Colour": "red"}, {"x-recognizance-entry": "7"})
            case "header":
                return Answer({}, {"x-recognizance-note": "two\r\nlines"})
            case "slow":
                self.began.release()
                assert self.go_on.wait(30)
        return Answer({"CreationTimestamp": datetime(2026, 5, 17, tzinfo=UTC), "FaceCount": 3, "CollectionARN": None})

    def detect(self, call: Call) -> Answer:
        self.calls.append(call)
        if "S3Object" in call.input["Image"]:
            self.began.release()
            assert self.go_on.wait(30)
        return Answer({"FaceDetails": [{"Confidence": 100 * len(call.input["Image"].get("Bytes", b"")) / 5_242_880}]})


@dataclass
class Running:
    """The server and its doings."""

    port: int
    desk: Desk
    refused: list[tuple[str, str | None]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


@contextmanager
def running(limits: Limits | None = None, waiting_max: int = 8) -> Iterator[Running]:
    desk = Desk()
    refused: list[tuple[str, str | None]] = []

    def note(code: str, key: str | None) -> Future[None]:
        refused.append((code, key))
        done: Future[None] = Future()
        done.set_result(None)
        return done

    service = load_service(
        "rekognition",
        {
            "ListCollections": desk.list_collections,
            "DescribeCollection": desk.describe,
            "DetectFaces": desk.detect,
        },
        overrides={("ImageBlob", "max"): Override("ImageTooLargeException", "Image size is too large")},
        absences={"StartLabelDetection": "it is not about faces."},
    )
    with ThreadPoolExecutor(1) as photographs, ThreadPoolExecutor(2) as others:
        app = WireApp(
            [service],
            Ring(KEY, SESSION, IDLE),
            Once(),
            lambda: datetime.now(UTC),
            Lane(photographs, 1, waiting_max),
            Lane(others, 2, waiting_max),
            limits=limits,
            on_refused_sign_in=note,
            admit=lambda operator: operator not in desk.throttled,
        )
        server = uvicorn.Server(
            uvicorn.Config(app, port=0, http="httptools", ws="none", lifespan="on", log_config=None, access_log=False)
        )
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield Running(listener.getsockname()[1], desk, refused)
        finally:
            desk.go_on.set()
            server.should_exit = True
            thread.join(30)
            listener.close()


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
