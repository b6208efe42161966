"""A service that answers what a test tells it to, behind a real socket."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

BOX = {"Left": 0.1, "Top": 0.1, "Width": 0.5, "Height": 0.5}
SMALL = {"Left": 0.7, "Top": 0.7, "Width": 0.2, "Height": 0.2}


@dataclass
class Told:
    """An answer: its status, JSON (or text) and headers."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def error(code: str, message: str, status: int = 400, **headers: str) -> Told:
    told = {f"x-recognizance-{name}": value for name, value in headers.items()}
    return Told({"__type": code, "Code": code, "Message": message}, status, told)


@dataclass
class Stub:
    """Answers each operation by its list in turn, and by the last of it from then on; keeps what it was asked."""

    url: str
    answers: dict[str, list[Told]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def stub(port: int = 0) -> Iterator[Stub]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = self.headers["x-amz-target"].rpartition(".")[2]
            self.rfile.read(int(self.headers["content-length"]))
            made.asked.append(operation)
            queue = made.answers[operation]
            told = queue.pop(0) if len(queue) > 1 else queue[0]
            body = (told.body if isinstance(told.body, str) else json.dumps(told.body)).encode()
            self.send_response(told.status)
            for name, value in {**told.headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    made = Stub(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
