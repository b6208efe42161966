"""Where the workflows work: everything they need, and the two things that every act passes."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

from recognizance.authority.roster import Roster
from recognizance.errors import (
    GalleryNotFoundError,
    RecognizanceError,
    RecordUnavailableError,
    RefusedError,
)
from recognizance.ledger import Entry, canonical
from recognizance.ledger.entry import Value
from recognizance.policy import Allowed, Policy, RequestFacts
from recognizance.records import RecordStore, Transaction, entries, galleries
from recognizance.records.galleries import GalleryRow
from recognizance.scoring import Calibration
from recognizance.workflows.act import Act
from recognizance.workflows.engine import Engine
from recognizance.workflows.shelf import Shelf

Workflow = TypeVar("Workflow", bound=Callable[..., Any])
"""Takes a workplace and an act first."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """What `bootstrap` put together."""

    store: RecordStore
    engine: Engine
    calibration: Calibration
    shelf: Shelf
    policy: Policy
    roster: Roster
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Permit:
    """The policy's consent to one act, and what the act's entry will say of it."""

    act: Act
    kind: str
    time: datetime
    rules: tuple[str, ...]


def permit(
    place: Workplace, act: Act, kind: str, *, gallery: str | None = None, threshold_percent: float | None = None
) -> Permit:
    """Put the request's facts to the policy, before anything else is done.

    A refusal is made durable as an entry; then it is raised.

    Raises
    ------
    RefusedError
        Naming the rules in words.
    """
    now = place.clock()
    operator = place.roster.operator(act.operator)
    facts = RequestFacts(
        operator=operator.id,
        role=operator.role,
        active=operator.active,
        operation=kind,
        time=now,
        gallery=gallery,
        threshold_percent=threshold_percent,
        purpose=act.purpose,
        case=act.case,
        authority=act.authority,
    )
    decision = place.policy.decide(facts)
    rules = tuple(reason.rule for reason in decision.reasons)
    if isinstance(decision, Allowed):
        return Permit(act, kind, now, rules)
    entry = Entry(kind, now, act.operator, "refused", rules, _who(act))
    with place.store.write() as tx:
        index = entries.append(tx, lambda number: canonical(entry, number), at=now).index
    told = " ".join(f"{reason.explanation} {reason.remedy} [{reason.rule}]" for reason in decision.reasons)
    raise RefusedError(f"{told} (entry {index})")


def record(tx: Transaction, permitted: Permit, details: Mapping[str, Value]) -> int:
    """Append the act's entry in the transaction that holds its effect; return the entry's index.

    `details` holds what the server made: never what a client chose, never a candidate.
    """
    entry = Entry(
        permitted.kind,
        permitted.time,
        permitted.act.operator,
        "allowed",
        permitted.rules,
        {**_who(permitted.act), **details},
    )
    return entries.append(tx, lambda number: canonical(entry, number), at=permitted.time).index


def failures_recorded(kind: str) -> Callable[[Workflow], Workflow]:
    """Make a workflow's failures entries too: that somebody tried is part of the record.

    A refusal has its entry already, and without a record there is nothing to write to.
    """

    def decorate(work: Workflow) -> Workflow:
        @wraps(work)
        def recorded(place: Workplace, act: Act, *args: Any, **kwargs: Any) -> Any:
            try:
                return work(place, act, *args, **kwargs)
            except (RefusedError, RecordUnavailableError):
                raise
            except RecognizanceError as error:
                now = place.clock()
                details = {**_who(act), "failure": type(error).__name__}
                entry = Entry(kind, now, act.operator, "failed", (), details)
                with place.store.write() as tx:
                    entries.append(tx, lambda number: canonical(entry, number), at=now)
                raise

        return cast(Workflow, recorded)

    return decorate


def find_gallery(place: Workplace, name: str) -> GalleryRow:
    """Look a gallery up.

    Raises
    ------
    GalleryNotFoundError
    """
    with place.store.read() as tx:
        return galleries.get(tx, name)


def same_gallery(tx: Transaction, gallery: GalleryRow) -> GalleryRow:
    """Look a gallery up again in the transaction that acts on it.

    Raises
    ------
    GalleryNotFoundError
        If it was deleted meanwhile; another of the same name is not it.
    """
    found = galleries.get(tx, gallery.name)
    if found.id != gallery.id:
        raise GalleryNotFoundError(f"The collection id: {gallery.name} does not exist")
    return found


def new_identifier() -> str:
    """Make a lower-case UUID."""
    return str(uuid.uuid4())


def _who(act: Act) -> dict[str, Value]:
    return {"access_key": act.access_key_id, "operation": act.operation, "request": act.request_id}
