"""Servers as processes of their own, started the way a person starts them."""

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import psycopg
import pytest
from botocore.config import Config

from prefork.starting import Process
from recognizance.bootstrap import administrator_key
from recognizance.home import find_server
from recognizance.native import native_client
from recognizance.settings import Settings, read_settings
from wire.signing import SigningKey

START_SECONDS = 90  # the first start prepares the models
STOP_SECONDS = 40
PROJECT = Path(__file__).parents[2]


def find_faces() -> Path:
    """Find the folder of real photographs."""
    folder = Path(os.environ.get("RECOGNIZANCE_TEST_FACES", PROJECT.parent / "shared" / "faces"))
    if not (folder / "meds2").is_dir():
        told = (
            f"There are no photographs in {folder}. Set RECOGNIZANCE_TEST_FACES to the folder that holds meds2, "
            "london, johns and broken."
        )
        if os.environ.get("CI") or "RECOGNIZANCE_TEST_FACES" in os.environ:
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    return folder


@dataclass(frozen=True)
class Server:
    """A running server process."""

    process: Process
    settings: Settings
    port: int
    log: Path
    _natives: dict[SigningKey, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def key(self) -> SigningKey:
        pair = administrator_key(self.settings)
        assert pair is not None, "the administrator of the first start is closed"
        return SigningKey(pair.access_key_id, pair.secret, "administrator")

    def client(self, path: str = "", **config: Any) -> Any:
        """Make a boto3 client as any program would."""
        return boto3.client(
            "rekognition",
            endpoint_url=self.endpoint + path,
            region_name="us-east-1",
            aws_access_key_id=self.key.access_key_id,
            aws_secret_access_key=self.key.secret,
            config=Config(**{"proxies": {}, "retries": {"total_max_attempts": 1}, "read_timeout": 60, **config}),
        )

    def native(self, key: SigningKey | None = None) -> Any:
        """Give the client of our own operations, the administrator's or another operator's; made once."""
        key = key or self.key
        if key not in self._natives:
            session = botocore.session.Session()
            session.set_credentials(key.access_key_id, key.secret, key.session_token)
            self._natives[key] = native_client(session, self.endpoint, region="us-east-1")
        return self._natives[key]

    def entries(self) -> list[dict[str, Any]]:
        """Read the log off the record, as it stands."""
        if self.settings.record is not None:
            with psycopg.connect(self.settings.record) as database:
                rows = database.execute("SELECT body FROM entries ORDER BY entry_index").fetchall()
            return [json.loads(body) for (body,) in rows]
        with contextlib.closing(
            sqlite3.connect(f"file:{self.settings.home / 'record.db'}?mode=ro", uri=True)
        ) as record:
            return [json.loads(body) for (body,) in record.execute("SELECT body FROM entries ORDER BY entry_index")]

    def environment(self) -> dict[str, str]:
        """Give what `recognizance env` would export, and no proxy on the way."""
        return {
            "AWS_ENDPOINT_URL_REKOGNITION": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.key.secret,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }

    def peak_memory_bytes(self) -> int:
        """Give the most memory that the process has held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def forget_peak_memory(self) -> None:
        """Begin to measure the peak anew."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")

    def kill(self) -> None:
        """End the process as the kernel or a power cut does: at once."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Ask the process to end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_SECONDS)


@contextmanager
def start_server(home: Path, cache: Path, **settings: str) -> Iterator[Server]:
    """Start a server on a free port; ``settings`` are those of docs/settings.md."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RECOGNIZANCE_", "AWS_")) and not name.lower().endswith("_proxy")
    }
    environment |= {f"RECOGNIZANCE_{name.upper()}": value for name, value in settings.items()}
    environment |= {"RECOGNIZANCE_HOME": str(home), "RECOGNIZANCE_CACHE": str(cache), "RECOGNIZANCE_PORT": "0"}
    log = home.with_name(f"{home.name}.log")
    with log.open("ab") as output:
        process = Process(["serve"], environment, output, output)
    try:
        keys = Path(settings.get("keys", home.with_name(f"{home.name}-keys")))
        known = read_settings(home=home, keys=keys, record=settings.get("record"))
        port = _wait_until_ready(process, known, log)
        server = Server(process, known, port, log)
        yield server
        server.stop()
    finally:
        process.kill()
        process.wait(STOP_SECONDS)


def _wait_until_ready(process: Process, settings: Settings, log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        running = find_server(settings)
        if running is not None and running.pid == process.pid and _is_healthy(running.port):
            return running.port
        time.sleep(0.05)
    pytest.fail(f"The server did not start (exit code {process.poll()}):\n{log.read_text('utf-8')}", pytrace=False)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
