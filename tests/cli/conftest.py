"""The program as people start it: a process, a home folder, two streams and an exit code."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest

from prefork.starting import Process

PATIENCE_SECONDS = 90


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """Starts `recognizance` with a home folder of its own."""

    home: Path
    cache: Path
    extra: dict[str, str] = field(default_factory=dict)
    patience_seconds: float = PATIENCE_SECONDS

    def environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RECOGNIZANCE_", "AWS_", "PYTHONWARNINGS")) and not name.lower().endswith("_proxy")
        }
        return kept | {
            "RECOGNIZANCE_HOME": str(self.home),
            "RECOGNIZANCE_CACHE": str(self.cache),
            "RECOGNIZANCE_PORT": "0",
            "COLUMNS": "120",
            **self.extra,
        }

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
        """Start the command as a shell does; calling it saves the imports."""
        command = [sys.executable, "-m", "recognizance", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(
            command, env=self.environment(), encoding="utf-8", errors="backslashreplace", **{**pipes, **options}
        )

    def __call__(self, *arguments: str | Path) -> Result:
        with TemporaryFile() as out, TemporaryFile() as err:
            process = Process([str(argument) for argument in arguments], self.environment(), out, err)
            try:
                code = process.wait(self.patience_seconds)
            finally:
                process.kill()
            texts = [_text(out), _text(err)]
        assert "Traceback" not in texts[1], texts[1]
        return Result(code, *texts)

    def together(self, *commands: tuple[str | Path, ...]) -> list[Result]:
        """Run commands that do not depend on each other at the same time."""
        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(lambda arguments: self(*arguments), commands))

    @contextmanager
    def serving(self) -> Iterator[Process]:
        """Serve until the block ends; yields when the server listens."""
        read, write = os.pipe()
        with os.fdopen(read, encoding="utf-8") as out, TemporaryFile() as err:
            with os.fdopen(write, "wb") as end:
                process = Process(["serve"], self.environment(), end, err)
            try:
                for line in out:
                    if "Ctrl-C stops it" in line:
                        break
                else:
                    pytest.fail(_text(err))
                yield process
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE_SECONDS) == 0
            finally:
                process.kill()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "backslashreplace")


@pytest.fixture
def cli(tmp_path: Path, model_cache: Path) -> Cli:
    """The program with an empty home folder."""
    return Cli(tmp_path / "home", model_cache)


@pytest.fixture
def another_cli(tmp_path: Path, model_cache: Path) -> Cli:
    """The program with a second home folder."""
    return Cli(tmp_path / "another", model_cache)


@pytest.fixture(scope="session")
def folder(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people, four photographs each, in folders of their own, and a file that is no photograph."""
    made = tmp_path_factory.mktemp("photographs")
    people = sorted(path for path in (faces / "johns").iterdir() if path.is_dir())[:2]
    for person in people:
        (made / person.name).mkdir()
        for path in sorted(person.glob("*.jpg"))[:4]:
            shutil.copy(path, made / person.name / path.name)
    (made / "notes.txt").write_text("not a photograph")
    return made


@pytest.fixture(scope="session")
def served(folder: Path, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The program beside a running server, which holds the folder's photographs in the gallery `people`."""
    cli = Cli(tmp_path_factory.mktemp("served") / "home", model_cache)
    with cli.serving():
        done = cli("enrol", folder, "--gallery", "people")
        assert done.code == 0, done.err
        yield cli


def wait_for(condition: Any, what: str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.02)
