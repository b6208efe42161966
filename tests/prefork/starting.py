"""Start the program as a process of its own, without waiting for its imports: see `server`."""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO

_PR_SET_CHILD_SUBREAPER = 36
_REQUEST_BYTES_MAX = 1 << 17


class Process:
    """A running command; what it can be asked is what `subprocess.Popen` can be asked."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], out: IO[bytes], err: IO[bytes]) -> None:
        self.arguments = arguments
        self.pid = _server().start(arguments, environment, out, err)
        self._descriptor = os.pidfd_open(self.pid)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Give the exit code, minus the signal's number if one ended it; None while the process runs."""
        if self.returncode is None and select.select([self._descriptor], [], [], 0)[0]:
            self._collect()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ends."""
        if self.returncode is None:
            if not select.select([self._descriptor], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(list(self.arguments), timeout or 0)
            self._collect()
        assert self.returncode is not None
        return self.returncode

    def _collect(self) -> None:
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self._descriptor)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class _Server:
    """The process that makes the others."""

    def __init__(self) -> None:
        # Its grandchildren become children of this process when its children end.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._one_at_a_time = threading.Lock()
        self._connection, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RECOGNIZANCE_", "AWS_", "PYTHONWARNINGS"))
        }
        with other:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("server.py"), str(other.fileno()), str(_REQUEST_BYTES_MAX)],
                env=environment,
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._nothing = os.open(os.devnull, os.O_RDONLY)

    def start(self, arguments: Sequence[str], environment: dict[str, str], out: IO[bytes], err: IO[bytes]) -> int:
        message = json.dumps({"arguments": list(arguments), "environment": environment}).encode()
        streams = [self._nothing, out.fileno(), err.fileno()]
        with self._one_at_a_time:
            socket.send_fds(self._connection, [message], streams)
            answer = self._connection.recv(32)
        assert answer, "the program cannot be imported: see above"
        return int(answer)


_starting = threading.Lock()


def _server() -> _Server:
    """Start it where it is first needed, once also where two ask at once."""
    with _starting:
        return _only_server()


@cache
def _only_server() -> _Server:
    return _Server()
