"""Servers of this process, on a free port, whose clock a test sets; requests are signed by the machine's time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from recognizance.server import serving_in_background
from recognizance.settings import read_settings
from rekognition.processes import Server


@dataclass
class Clock:
    """The machine's clock, moved."""

    moved: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def move(self, **duration: float) -> None:
        self.moved += timedelta(**duration)


@contextmanager
def moved_server(home: Path, cache: Path, clock: Clock, **settings: Any) -> Iterator[Server]:
    """Serve by a clock; commands find the server through its home folder."""
    known = read_settings(home=home, cache=cache, **settings)
    with serving_in_background(known, announce=True, clock=clock) as running:
        yield Server(None, known, running.port, home)  # type: ignore[arg-type]  # it is no process of its own
