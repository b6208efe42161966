"""The home folder: one process at a time owns it, and a server says in it where it listens."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from recognizance.errors import HomeInUseError
from recognizance.settings import Settings

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


def announce(settings: Settings, running: RunningServer) -> None:
    """Let other commands find the server."""
    text = json.dumps({"pid": running.pid, "host": running.host, "port": running.port})
    path = settings.home / _STATE
    draft = path.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def withdraw(settings: Settings) -> None:
    """Let other commands find it no longer."""
    (settings.home / _STATE).unlink(missing_ok=True)
