"""Enrol many photographs: what `enrol` and `demo` share."""

import csv
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from recognizance.cli.connection import Connection
from recognizance.cli.errors import answered
from recognizance.cli.flight import in_flight, interruptible, patiently
from recognizance.cli.items import Item, Source, State
from recognizance.cli.journal import Journal, Outcome
from recognizance.cli.terminal import progress
from recognizance.errors import ImageError, NotFoundError, RecordUnavailableError

NO_FACE = "NO_FACE"
UNREADABLE = "UNREADABLE"

_ABOUT_ONE_PHOTOGRAPH = frozenset(
    {
        "InvalidImageFormatException",
        "ImageTooLargeException",
        "InvalidParameterException",
        "RequestEntityTooLargeException",
        "InternalServerError",
    }
)
"""Answers that say something about one photograph; any other would be given to the next one too."""

_INTERNAL_ERRORS_MAX = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """What to enrol of each photograph."""

    gallery: str
    quality: str = "AUTO"
    faces_max: int | None = None

    @property
    def options(self) -> str:
        """The options that change what is enrolled, for the journal."""
        return f"quality={self.quality} faces_max={self.faces_max}"


@dataclass(slots=True)
class Tally:
    """What came of the photographs."""

    photographs: int = 0
    sent: int = 0
    """Photographs that the journal did not list."""
    stored: int = 0
    """References that are new."""
    there: int = 0
    """Photographs whose faces were in the gallery already."""
    left_out: int = 0
    """Faces that were not enrolled beside others of the same photograph that were."""
    failed: dict[str, list[str]] = field(default_factory=dict)
    """Photographs of which nothing was enrolled, by reason."""
    exemplar: Item | None = None
    """The first photograph, in the order of answers, with one face, which was enrolled."""
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def not_enrolled(self) -> int:
        """Photographs of which nothing was enrolled."""
        return sum(map(len, self.failed.values()))


@dataclass(frozen=True, slots=True)
class _Answer:
    outcome: Outcome
    stored: int = 0
    error: str = ""
    state: State | None = None
    """The photograph's from before it was read; None where there was nothing to acknowledge."""


Report = Callable[[Item, str, str], None]
"""Takes a photograph, the reasons, and what the server said."""


def enrol_all(
    connection: Connection, source: Source, choice: Choice, journal: Journal, *, jobs: int, report: Report
) -> Tally:
    """Enrol what the journal does not list as acknowledged; note each acknowledgement."""
    tally = Tally()
    bytes_max = connection.settings.photograph_bytes_max
    began = time.monotonic()
    with (
        interruptible() as stop,
        journal,
        progress("Enrolling", source.count, "photograph") as advance,
    ):
        enroller = _Enroller(connection, choice, stop)

        def unknown() -> Iterator[Item]:
            for item in source.walk():
                if stop.is_set():
                    return
                outcome = journal.find(item)
                if outcome is None:
                    yield replace(item, place=item.place.ready(bytes_max))
                else:
                    _count(tally, item, _Answer(outcome), report)
                    advance()

        for item, answer in in_flight(unknown(), enroller.enrol, jobs=jobs, stop=stop):
            tally.sent += 1
            if answer.state is not None:
                journal.note(item, answer.state, answer.outcome)
            _count(tally, item, answer, report)
            advance()
        tally.interrupted = stop.is_set()
    tally.seconds = time.monotonic() - began
    return tally


class _Enroller:
    """Sends photographs, from several threads."""

    def __init__(self, connection: Connection, choice: Choice, stop: threading.Event) -> None:
        self._client = connection.native
        self._settings = connection.settings
        self._choice = choice
        self._stop = stop
        self._internal_errors = 0

    def enrol(self, item: Item) -> _Answer:
        from botocore.exceptions import ClientError

        try:
            state = item.place.state()
            data = item.place.read(self._settings.photograph_bytes_max)
        except (ImageError, NotFoundError) as error:
            return _Answer(Outcome(0, (UNREADABLE,)), error=error.message)
        except (OSError, ValueError) as error:
            return _Answer(Outcome(0, (UNREADABLE,)), error=str(error))
        request: dict[str, Any] = {"Gallery": self._choice.gallery, "Photograph": data, "Quality": self._choice.quality}
        if item.external_id is not None:
            request["ExternalId"] = item.external_id
        if self._choice.faces_max is not None:
            request["FacesMax"] = self._choice.faces_max
        try:
            answer = patiently(lambda: self._client.enrol_photograph(**request), self._stop)
        except ClientError as error:
            return self._refused(error)
        self._internal_errors = 0
        reasons = tuple("+".join(face["Reasons"]) for face in answer["LeftOut"])
        if not answer["References"] and not reasons:
            reasons = (NO_FACE,)
        return _Answer(Outcome(len(answer["References"]), reasons), answer["Stored"], state=state)

    def _refused(self, error: Exception) -> _Answer:
        code, message = answered(error)
        if code not in _ABOUT_ONE_PHOTOGRAPH:
            raise error
        if code == "InternalServerError":
            self._internal_errors += 1
            if self._internal_errors >= _INTERNAL_ERRORS_MAX:
                raise RecordUnavailableError(
                    f"The server failed {_INTERNAL_ERRORS_MAX} times in a row: {message}",
                    "See the server's log; then run the command again: it goes on where it was.",
                ) from error
        return _Answer(Outcome(0, (code.removesuffix("Exception"),)), error=message)


def _count(tally: Tally, item: Item, answer: _Answer, report: Report) -> None:
    outcome = answer.outcome
    tally.photographs += 1
    tally.stored += answer.stored
    if outcome.reasons:
        report(item, " ".join(outcome.reasons), answer.error)
    if not outcome.references:
        reason = outcome.reasons[0] if len(set(outcome.reasons)) == 1 else " ".join(sorted(set(outcome.reasons)))
        tally.failed.setdefault(reason, []).append(item.name)
        return
    tally.left_out += len(outcome.reasons)
    if not answer.stored:
        tally.there += 1
    if tally.exemplar is None and outcome.references == 1 and not outcome.reasons:
        tally.exemplar = item


@contextmanager
def writing_report(path: Path | None) -> Iterator[Report]:
    """Write the faces that were not enrolled into a CSV file, a line a photograph; nothing without a path."""
    if path is None:
        yield lambda item, reasons, message: None
        return
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "external_id", "reasons", "message"])
        yield lambda item, reasons, message: rows.writerow([item.name, item.external_id or "", reasons, message])
