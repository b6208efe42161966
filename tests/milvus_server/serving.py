"""A real Milvus server on loopback, for tests."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "RECOGNIZANCE_TEST_MILVUS"
_PORTER = Path(__file__).with_name("porter.py")


def find_interpreter() -> str:
    """Name the interpreter of the virtual environment that has the package `milvus`.

    Without one the test is skipped and says so; with CI=true it fails.
    """
    interpreter = os.environ.get(VARIABLE, "")
    reason = ""
    if not interpreter:
        reason = (
            f"{VARIABLE} names no interpreter: make a virtual environment with `pip install --no-deps milvus==2.3.5`, "
            "and set the variable to its bin/python"
        )
    elif shutil.which(interpreter) is None:
        reason = f"{VARIABLE}: there is no program {interpreter}"
    elif subprocess.run([*_namespace(), "true"], capture_output=True, check=False).returncode:
        reason = "Milvus binds ports on all interfaces, and `unshare` may not make it a network namespace of its own"
    if reason:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return interpreter


def _namespace() -> list[str]:
    """Begin a command in a network namespace of its own; without being root, in a user namespace that may have one."""
    return ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--user", "--map-root-user"]


@dataclass
class MilvusProcess:
    """A Milvus server, its door on loopback, and its folder; both outlive a kill."""

    interpreter: str
    folder: Path
    door: socket.socket
    settings: dict[str, Any] = field(default_factory=dict)
    porter: subprocess.Popen[str] | None = None
    pid: int = field(default=0)
    """Of Milvus itself."""

    @property
    def port(self) -> int:
        return int(self.door.getsockname()[1])

    @property
    def url(self) -> str:
        """As the setting `vector_engine` names it."""
        return f"milvus://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        assert self.porter is None
        self.porter = subprocess.Popen(
            [
                *_namespace(),
                self.interpreter,
                str(_PORTER),
                str(self.door.fileno()),
                str(self.folder),
                json.dumps(self.settings),
            ],
            pass_fds=[self.door.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "no_proxy": "127.0.0.1"},
        )
        assert self.porter.stdout is not None
        line = self.porter.stdout.readline()
        assert line.strip(), f"Milvus did not start; see {self.folder / 'logs'}"
        self.pid = int(line)

    def kill(self) -> None:
        """Kill Milvus as a power cut would; connections to its door are refused or hang, as they may then."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """End it and whoever carries its bytes."""
        if self.porter is not None:
            self.porter.communicate()  # ends its standard input
            self.porter = None


@contextmanager
def start_milvus(folder: Path, settings: dict[str, Any] | None = None) -> Iterator[MilvusProcess]:
    """Run a Milvus server, with further settings by their names in its configuration."""
    interpreter = find_interpreter()
    with socket.create_server(("127.0.0.1", 0)) as door:
        milvus = MilvusProcess(interpreter, folder, door, settings or {})
        try:
            milvus.start()
            yield milvus
        finally:
            milvus.stop()
