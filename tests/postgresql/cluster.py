"""A real PostgreSQL server of the tests' own, that nobody but this machine can reach."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

START_SECONDS = 60
_ROLE = "postgres"
_PR_SET_PDEATHSIG = 1

_CONFIGURATION = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 64MB
max_wal_size = 256MB
log_min_messages = warning
"""


def find_programs() -> Path | None:
    """Find the folder of Debian's (or another system's) server programs; None if there are none."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True
    )
    found = shutil.which("initdb")
    if found:
        folders.append(Path(found).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class Cluster:
    """A server, its folder and the unprivileged account that it runs as."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._account = _unprivileged() if os.getuid() == 0 else None
        if self._account is not None:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        self._run("initdb", "-D", str(self._data), "-U", _ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C")
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(_CONFIGURATION)
        self.start()

    def _identity(self) -> dict[str, Any]:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **self._identity(),
        )
        assert done.returncode == 0, done.stdout

    def start(self, **settings: str) -> None:
        """Start the server and wait until it answers; ``settings`` are those of postgresql.conf."""
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self.folder), *options],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,
                **self._identity(),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text("utf-8"))
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def processes(self) -> list[int]:
        """The server's processes."""
        assert self._process is not None
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text("ascii").split()
        return [first, *map(int, children)]

    def stop(self) -> None:
        """Ask the server to end, undoing what is under way."""
        self._end(signal.SIGINT)

    def stop_at_once(self) -> None:
        """End it without writing anything down: PostgreSQL's immediate shutdown."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """End all of its processes as the kernel does."""
        processes = self.processes
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(START_SECONDS)
        deadline = time.monotonic() + START_SECONDS
        while any(_runs(process) for process in processes[1:]):  # it does not start while one is left
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS)

    def url(self, database: str) -> str:
        """Name a database of the server as the setting `record` does."""
        return f"postgresql://{_ROLE}@/{database}?host={quote(str(self.folder), safe='')}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement of the test's own, outside the program."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def create(self, database: str, template: str = "template0") -> str:
        """Make a database; returns its URL."""
        self.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever uses it."""
        self.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@contextmanager
def running_cluster(programs: Path) -> Iterator[Cluster]:
    """Run a server while the block runs."""
    # Not pytest's folder: the account must reach it, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="rz-pg-"))
    try:
        cluster = Cluster(programs, folder)
        try:
            yield cluster
        finally:
            cluster.stop_at_once()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def listeners(processes: list[int]) -> list[str]:
    """List the addresses of all network sockets that these processes hold open, as the kernel tells them."""
    inodes = set()
    for process in processes:
        # A worker of the server may have ended since it was listed: it holds nothing open any more.
        with suppress(FileNotFoundError):
            for descriptor in Path(f"/proc/{process}/fd").iterdir():
                with suppress(OSError):
                    target = str(descriptor.readlink())
                    if target.startswith("socket:["):
                        inodes.add(target[8:-1])
    found = []
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{protocol}").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                found.append(f"{protocol} {fields[1]}")
    return found


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL does not run as root, and there is no account postgres or nobody.")


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _end_with_parent() -> None:
    """Let no server outlive a test run that was killed: the kernel ends it with its parent."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
