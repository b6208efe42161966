"""Enrol many photographs: what `enrol` and `demo` share."""

import csv
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from recognizance.cli.connection import Connection
from recognizance.cli.flight import in_flight, interruptible
from recognizance.cli.items import Item, Source
from recognizance.cli.journal import Journal
from recognizance.cli.sending import BATCH_BYTES_MAX, BATCH_MAX, Answer, Choice, Enroller
from recognizance.cli.terminal import progress

_BATCHES_MIN = 8
"""Requests that each job has at least, where there are enough photographs: the last ones should end together."""


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
        enroller = Enroller(connection, choice, stop)

        def unknown() -> Iterator[Item]:
            for item in source.walk():
                if stop.is_set():
                    return
                outcome = journal.find(item)
                if outcome is None:
                    yield replace(item, place=item.place.ready(bytes_max))
                else:
                    _count(tally, item, Answer(outcome), report)
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


def _batches(items: Iterable[Item], together: int) -> Iterator[list[Item]]:
    """Gather items, fewer where their bytes are in memory already and are many."""
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == together or sum(each.place.held_bytes for each in batch) >= BATCH_BYTES_MAX:
            yield batch
            batch = []
    if batch:
        yield batch


def _count(tally: Tally, item: Item, answer: Answer, report: Report) -> None:
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
