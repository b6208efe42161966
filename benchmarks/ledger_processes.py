"""What the ledger's benchmarks share: real servers as processes, and what a process took."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config

import samples
from recognizance.bootstrap import administrator_key
from recognizance.home import find_server
from recognizance.records import RecordStore
from recognizance.settings import Settings, read_settings

START_SECONDS = 120
STOP_SECONDS = 60

# The kernel counts a parent's memory as its child's until the child's program begins, so a small one stands between.
_LAUNCHER = """
import json, os, resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.run(sys.argv[2:], stdout=sys.stderr).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    json.dump([code, time.perf_counter() - started, usage.ru_maxrss / 1024], file)
"""


@dataclass(frozen=True)
class Run:
    """What a finished command took."""

    exit_code: int
    seconds: float
    peak_mb: float


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end; ``folder`` is for a file of its figures."""
    figures = folder / "figures.json"
    subprocess.run([sys.executable, "-I", "-S", "-c", _LAUNCHER, str(figures), *command], env=environment, check=True)
    return Run(*json.loads(figures.read_text()))


def program(name: str) -> str:
    """Find a command of this installation."""
    return str(Path(sys.executable).with_name(name))


def memory_mb(pid: int | str = "self", *, peak: bool = False) -> float:
    """Read a process's resident memory, or the most it has held so far."""
    wanted = "VmHWM" if peak else "VmRSS"
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(wanted):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {wanted}")


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Give the variables that lead a command to a home folder, and to nothing else; ``settings`` are further ones."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RECOGNIZANCE_", "AWS_")) and not name.lower().endswith("_proxy")
    }
    return {
        **kept,
        "RECOGNIZANCE_HOME": str(home),
        "RECOGNIZANCE_CACHE": str(samples.HOME / "cache"),
        "RECOGNIZANCE_PORT": "0",
        **{f"RECOGNIZANCE_{name.upper()}": value for name, value in settings.items()},
    }


@dataclass(frozen=True)
class Server:
    """A server process that answers."""

    process: subprocess.Popen[bytes]
    settings: Settings
    port: int
    log: Path

    def tail(self) -> str:
        """Read the end of what it printed."""
        return self.log.read_text("utf-8", "replace")[-2000:]

    @property
    def host(self) -> str:
        """What requests are signed for."""
        return f"127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it as a power cut does: at once."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)


@contextmanager
def serving(
    home: Path, command: Sequence[str] = (sys.executable, "-m", "recognizance", "serve"), **given: str
) -> Iterator[Server]:
    """Start a server, wait until it answers, and stop it when the block ends.

    Parameters
    ----------
    command : sequence of str
        What to run; it serves the home folder that the variables name.
    given : str
        Settings of the server's, besides.
    """
    log = home.with_name(f"{home.name}.log")
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command), env=environment(home, **given), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        settings = read_settings(home=home, port=0, **given)
        yield Server(process, settings, _wait(process, settings, log), log)
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)
    finally:
        process.kill()
        process.wait(STOP_SECONDS)


def _wait(process: subprocess.Popen[bytes], settings: Settings, log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        running = find_server(settings)
        if running is not None and running.pid == process.pid and _answers(running.port):
            return running.port
        time.sleep(0.02)
    tail = log.read_text("utf-8", "replace")[-2000:]
    raise RuntimeError(f"the server did not start (exit code {process.poll()}):\n{tail}")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def record_mb(store: RecordStore) -> float:
    """Give the size of the record's file and its write-ahead log."""
    path = Path(str(store.database))
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists()) / 1e6


def client(server: Server, key: str, secret: str, *, read_timeout_s: float = 60) -> Any:
    """Make a real client of a server's, which asks once."""
    import boto3  # not every benchmark that starts a server asks it in this way

    return boto3.session.Session().client(
        "rekognition",
        endpoint_url=f"http://{server.host}",
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(proxies={}, retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=read_timeout_s),
    )


def administrator(settings: Settings) -> tuple[str, str]:
    """Read the access key of the first start: its id and its secret."""
    pair = administrator_key(settings)
    assert pair is not None, "the administrator of the first start is closed"
    return pair.access_key_id, pair.secret
