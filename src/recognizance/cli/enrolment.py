"""Enrol many photographs: what `enrol` and `demo` share."""

import csv
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
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

BATCH_MAX = 8
"""Photographs in a request.  More would save little, and let searches of others wait for a core."""

BATCH_BYTES_MAX = 4 * 1024 * 1024
"""Bytes of photographs in a request that holds several: large ones, which take long, go alone."""

_BATCHES_MIN = 8
"""Requests that each job has at least, where there are enough photographs: the last ones should end together."""


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

        together = min(BATCH_MAX, max(1, source.count // (jobs * _BATCHES_MIN)))
        for batch, answers in in_flight(_batches(unknown(), together), enroller.enrol, jobs=jobs, stop=stop):
            for item, answer in zip(batch, answers, strict=True):
                tally.sent += 1
                if answer.state is not None:
                    journal.note(item, answer.state, answer.outcome)
                _count(tally, item, answer, report)
            advance(len(batch))
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
        # What the server takes grows with its largest photograph.
        self._bytes_together = min(BATCH_BYTES_MAX, self._settings.photograph_bytes_max)

    def enrol(self, batch: Sequence[Item]) -> list[_Answer]:
        """Read photographs and send them, as many in one request as fit into it; give an answer for each."""
        answers: list[_Answer] = []
        ready: list[_Ready] = []
        for item in batch:
            read = self._read(item)
            size = len(read.data) if isinstance(read, _Ready) else 0
            if ready and (not size or sum(len(each.data) for each in ready) + size > self._bytes_together):
                answers += self._send(ready)
                ready = []
            if isinstance(read, _Ready):
                ready.append(read)
            else:
                answers.append(read)
        return answers + self._send(ready) if ready else answers

    def _read(self, item: Item) -> "_Ready | _Answer":
        try:
            state = item.place.state()
            return _Ready(item.place.read(self._settings.photograph_bytes_max), item.external_id, state)
        except (ImageError, NotFoundError) as error:
            return _Answer(Outcome(0, (UNREADABLE,)), error=error.message)
        except (OSError, ValueError) as error:
            return _Answer(Outcome(0, (UNREADABLE,)), error=str(error))

    def _send(self, ready: Sequence["_Ready"]) -> list[_Answer]:
        from botocore.exceptions import ClientError

        request: dict[str, Any] = {
            "Gallery": self._choice.gallery,
            "Photographs": [each.request for each in ready],
            "Quality": self._choice.quality,
        }
        if self._choice.faces_max is not None:
            request["FacesMax"] = self._choice.faces_max
        try:
            answer = patiently(lambda: self._client.enrol_photographs(**request), self._stop)
        except ClientError as error:
            if len(ready) > 1 and answered(error)[0] in _ABOUT_ONE_PHOTOGRAPH:
                return [answer for each in ready for answer in self._send([each])]
            return [self._refused(error)]
        self._internal_errors = 0
        return [_made_of(outcome, each.state) for outcome, each in zip(answer["Outcomes"], ready, strict=True)]

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


@dataclass(frozen=True, slots=True)
class _Ready:
    """A photograph that was read; ``state`` is its state from before."""

    data: bytes
    external_id: str | None
    state: State

    @property
    def request(self) -> dict[str, Any]:
        named = {} if self.external_id is None else {"ExternalId": self.external_id}
        return {"Photograph": self.data, **named}


def _batches(items: Iterable[Item], together: int) -> Iterator[list[Item]]:
    source = iter(items)
    while batch := list(islice(source, together)):
        yield batch


def _made_of(outcome: Mapping[str, Any], state: State) -> _Answer:
    """Read what the server says of one photograph."""
    if outcome.get("ErrorCode"):
        return _Answer(
            Outcome(0, (outcome["ErrorCode"].removesuffix("Exception"),)), error=outcome.get("ErrorMessage", "")
        )
    reasons = tuple("+".join(face["Reasons"]) for face in outcome["LeftOut"])
    if not outcome["References"] and not reasons:
        reasons = (NO_FACE,)
    return _Answer(Outcome(len(outcome["References"]), reasons), outcome["Stored"], state=state)


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
