"""Where the workflows work: everything they need, and the two things that every act passes."""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from inspect import signature
from typing import Any, TypeVar, cast

from recognizance.authority.roster import Roster
from recognizance.errors import RecognizanceError, Recorded, RecordUnavailableError, RefusedError
from recognizance.ledger import Concealed, ConcealedList, Entry, Ledger, Value
from recognizance.policy import BIOMETRIC, Allowed, Policy, Reason, RequestFacts
from recognizance.records import RecordStore, Transaction, authority_uses, galleries
from recognizance.records.galleries import GalleryRow
from recognizance.scoring import Calibration
from recognizance.workflows.act import Act
from recognizance.workflows.engine import Engine
from recognizance.workflows.footing import Footing, settle
from recognizance.workflows.pack_folders import PackFolders
from recognizance.workflows.publishing import Publisher
from recognizance.workflows.rulebook import NOTHING_IN_FORCE, Rulebook, Ruling
from recognizance.workflows.shelf import Shelf

Workflow = TypeVar("Workflow", bound=Callable[..., Any])
"""Takes a workplace and an act first."""

NAMED_MAX = 1_000
"""How many ids an entry holds; the log takes 64 KiB."""

CLOCK_TOLERANCE = timedelta(seconds=1)
"""How far a clock may be set back, as time services do in small steps, before it counts as behind the log."""

_NEEDS_REVIEW = Reason(
    "standing/review",
    "What this shows has to be reviewed before it is released, and only searches can be reviewed.",
    "Search a gallery: reviewers see what is found, and release it.",
)


@dataclass(frozen=True, slots=True)
class Workplace:
    """What `bootstrap` put together."""

    store: RecordStore
    engine: Engine
    calibration: Calibration
    shelf: Shelf
    policy: Policy
    rulebook: Rulebook
    packs: PackFolders
    roster: Roster
    ledger: Ledger[Transaction]
    publisher: Publisher
    clock: Callable[[], datetime]
    emergency_hours: int = 48
    """The longest that an emergency may go without ratification."""
    testing_hours: int = 72
    """How long galleries of testers are kept."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The policy's consent to one act, and what the act's entry will say of it.

    ``standing`` are the rules that always bind; ``ruling`` is what the rule packs say, None where they are not asked.
    """

    act: Act
    kind: str
    time: datetime
    standing: tuple[str, ...]
    concealed: tuple[Concealed, ...]
    ledger: Ledger[Transaction]
    clock: Callable[[], datetime]
    ruling: Ruling | None = None

    @property
    def rules(self) -> tuple[str, ...]:
        """Every rule that bound."""
        if self.ruling is None or not self.ruling.by.binds:
            return self.standing
        return (*self.standing, *self.ruling.rules)

    @property
    def referral(self) -> tuple[Reason, ...]:
        """Why the result has to be reviewed before it is released; empty if it need not."""
        return self.ruling.referral if self.ruling is not None else ()

    def threshold(self, requested: float) -> float:
        """Give the threshold in percent that holds: the one asked for, or a higher floor."""
        applied = self.ruling.threshold_percent if self.ruling is not None else None
        return requested if applied is None else applied

    def limit(self, requested: int) -> int:
        """Give the length of a candidate list that holds: the one asked for, or a shorter one."""
        applied = self.ruling.candidates_max if self.ruling is not None else None
        return requested if applied is None else applied


def permit(
    place: Workplace,
    act: Act,
    kind: str,
    *,
    gallery: str | None = None,
    threshold_percent: float | None = None,
    candidates_max: int | None = None,
    targets: int = 0,
    attributes: bool = False,
    reviewable: bool = False,
    lessens: bool = False,
    recorded_as: str | None = None,
) -> Permit:
    """Put the request's facts to the policy, before anything else is done.

    The rules that always bind come first; then, for biometric acts, the rule packs that are on.  A refusal is made
    durable as an entry; then it is raised.  No pack is asked about what a tester does, who has no gallery but those
    that they made (`workflows.testing`).

    Parameters
    ----------
    kind : str
        The act, as the policy knows it.
    threshold_percent, candidates_max
        As asked for; `Permit.threshold` and `Permit.limit` say what holds.
    targets : int
        With how many photographs a probe is compared; 0 where it is a gallery.
    attributes : bool
        Whether age and gender of the faces are to be estimated.
    reviewable : bool
        Whether the caller sees to `Permit.referral` (`workflows.releasing`).  Otherwise what a pack refers to reviewers
        is refused: there would be nothing to review.
    lessens : bool
        Whether the act only takes away what is known of people: rule packs are not asked about it.
    recorded_as : str, optional
        Its kind in the log, where that is another one: whatever comes of the act, its entry is of this kind.

    Raises
    ------
    RefusedError
        Naming the rules in words.
    GalleryNotFoundError
        If a tester names a gallery that is not one of theirs, or somebody else one of a tester's.
    """
    now = place.clock()
    footing = settle(place.store, place.roster, act, now, operation=kind, gallery=gallery)
    act = footing.act
    facts = RequestFacts(
        operator=footing.operator.id,
        roles=footing.roles,
        active=footing.operator.active,
        operation=kind,
        time=now,
        key_valid=footing.key_valid,
        training=footing.training,
        in_session=act.session is not None,
        gallery=gallery,
        threshold_percent=threshold_percent,
        purpose=act.purpose,
        case=act.case,
        authority=footing.authority_id,
        contradictions=footing.contradictions,
        case_open=footing.case_open,
        clock_behind=is_behind(place, now),
        agency=footing.operator.agency,
        training_kind=footing.operator.training_kind or "",
        offence=footing.offence,
        purpose_basis=footing.purpose_basis,
        authority_kind=footing.authority_kind,
        authority_state=footing.authority_state,
        source=footing.source,
        edits=footing.edits,
        candidates_max=candidates_max,
        targets=targets,
        attributes=attributes,
    )
    decision = place.policy.decide(facts)
    rules = tuple(reason.rule for reason in decision.reasons)
    permitted = Permit(act, recorded_as or kind, now, rules, _claims(act, gallery), place.ledger, place.clock)
    if not isinstance(decision, Allowed):
        raise refusal(place, permitted, decision.reasons)
    if gallery is not None and not _is_there(footing, gallery):
        raise galleries.no_gallery(gallery)
    if lessens or kind not in BIOMETRIC:
        return permitted
    # Packs say what may be done to people who are searched for.  A test is to show what the system does to all.
    rules_in_force = NOTHING_IN_FORCE if footing.is_test else place.rulebook.in_force()
    ruling = rules_in_force.rule(facts)
    permitted = replace(permitted, ruling=ruling)
    if ruling.refusal:
        raise refusal(place, permitted, ruling.refusal)
    if not reviewable:
        require_no_review(place, permitted)
    return permitted


def _is_there(footing: Footing, gallery: str) -> bool:
    """Whether there can be such a gallery for who asks, whatever workflow it is."""
    if footing.is_test:
        return galleries.is_of_test(gallery, footing.act.operator)
    return galleries.is_of_agency(gallery)  # ARNs and roles can spell names that no CollectionId can


def require_no_review(place: Workplace, permitted: Permit) -> None:
    """Refuse an act whose result has to be reviewed, where there would be nothing to review.

    Raises
    ------
    RefusedError
    """
    if permitted.referral:
        raise refusal(place, permitted, (*permitted.referral, _NEEDS_REVIEW))


def is_behind(place: Workplace, now: datetime) -> bool:
    """Whether the log already holds an entry of a later time."""
    latest = place.ledger.latest(place.store.read)
    return latest is not None and now < latest - CLOCK_TOLERANCE


def refusal(place: Workplace, permitted: Permit, reasons: Sequence[Reason]) -> RefusedError:
    """Make the refusal of an act durable as an entry; return the error to raise."""
    act, rules = permitted.act, tuple(reason.rule for reason in reasons)
    entry = Entry(permitted.kind, permitted.time, act.operator, "refused", rules, {**_who(act), **_ruled(permitted)})
    index = record_alone(place, entry, permitted.concealed)
    told = " ".join(_told(reason) for reason in reasons)
    error = RefusedError(f"{told} (entry {index})")
    error.recorded = Recorded(index, "refused")
    return error


def record(
    tx: Transaction,
    permitted: Permit,
    details: Mapping[str, Value],
    concealed: Iterable[Concealed | ConcealedList] = (),
    *,
    decision: str = "allowed",
) -> int:
    """Append the act's entry in the transaction that holds its effect; return the entry's index.

    `decision` is ``referred`` where the result goes to reviewers first.  `details` holds what the server made and what
    no review withholds; what a client chose, and every candidate, is `concealed`: committed to, and not quoted.
    """
    entry = Entry(
        permitted.kind,
        permitted.clock(),  # now, and not when it was permitted, so that entries are in the order of their times
        permitted.act.operator,
        decision,
        permitted.rules,
        {**_who(permitted.act), **_ruled(permitted), **details},
    )
    index = permitted.ledger.append(tx, entry, (*permitted.concealed, *concealed))
    if authority := permitted.act.notes.get("authority_id"):
        authority_uses.add(tx, authority, index)
    return index


def record_alone(place: Workplace, entry: Entry, concealed: Iterable[Concealed | ConcealedList] = ()) -> int:
    """Append an entry that has no other effect, dated when it is written; return its index once it is durable."""
    with place.store.write() as tx:
        return place.ledger.append(tx, replace(entry, time=place.clock()), concealed)


def record_failed(tx: Transaction, permitted: Permit, failure: str) -> int:
    """Append an entry of a permitted act that failed, by the name of the failure; return the entry's index."""
    act = permitted.act
    details: dict[str, Value] = {**_who(act), **_ruled(permitted), "failure": failure}
    entry = Entry(permitted.kind, permitted.clock(), act.operator, "failed", (), details)
    return permitted.ledger.append(tx, entry, permitted.concealed)


def record_failure(place: Workplace, act: Act, kind: str, failure: str, gallery: str | None = None) -> Recorded:
    """Record an act that failed, by the name of the failure, with the session and the case that it was for."""
    now = place.clock()
    act = settle(place.store, place.roster, act, now).act
    details: dict[str, Value] = {**_who(act), "failure": failure}
    entry = Entry(kind, now, act.operator, "failed", (), details)
    return Recorded(record_alone(place, entry, _claims(act, gallery)), "failed")


def failures_recorded(kind: str, *, gallery: str = "gallery_name") -> Callable[[Workflow], Workflow]:
    """Make a workflow's failures entries too: that somebody tried is part of the record.

    A refusal has its entry already, and without a record there is nothing to write to.

    Parameters
    ----------
    gallery : str
        The workflow's parameter that names the gallery, if it has one: the entry commits to it.
    """

    def decorate(work: Workflow) -> Workflow:
        parameters = signature(work)

        def named(*given: Any, **options: Any) -> str | None:
            found: str | None = parameters.bind_partial(*given, **options).arguments.get(gallery)
            return found

        @wraps(work)
        def recorded(place: Workplace, act: Act, *args: Any, **kwargs: Any) -> Any:
            try:
                return work(place, act, *args, **kwargs)
            except (RefusedError, RecordUnavailableError):
                raise
            except RecognizanceError as error:
                if error.recorded is None:
                    concerned = named(place, act, *args, **kwargs)
                    error.recorded = record_failure(place, act, kind, type(error).__name__, concerned)
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
        raise galleries.no_gallery(gallery.name)
    return found


def estimated(*, attributes: bool) -> dict[str, Value]:
    """Say in an entry that age and gender were estimated; nothing if they were not."""
    return {"attributes": True} if attributes else {}


def name_faces(face_ids: Sequence[str]) -> dict[str, Value]:
    """Name references for an entry; see `name_many`."""
    return name_many("faces", face_ids)


def name_many(field: str, identifiers: Sequence[str]) -> dict[str, Value]:
    """Name things for an entry: by their ids, or by the digest of their sorted ids if they are many.

    An act that would not fit into the log could not be done.
    """
    if len(identifiers) <= NAMED_MAX:
        return {field: list(identifiers)}
    return {f"{field}_sha256": hashlib.sha256("\n".join(sorted(identifiers)).encode()).hexdigest()}


def new_identifier() -> str:
    """Make a lower-case UUID."""
    return str(uuid.uuid4())


def _who(act: Act) -> dict[str, Value]:
    return {"access_key": act.access_key_id, "operation": act.operation, "request": act.request_id, **act.notes}


def _ruled(permitted: Permit) -> dict[str, Value]:
    return permitted.ruling.details() if permitted.ruling is not None else {}


def _told(reason: Reason) -> str:
    said = (reason.explanation, reason.remedy, f"({reason.source})" if reason.source else "", f"[{reason.rule}]")
    return " ".join(part for part in said if part)


def _claims(act: Act, gallery: str | None) -> tuple[Concealed, ...]:
    """Conceal what the client chose to say of its act."""
    said = {
        "authority": act.authority,
        "case": act.case,
        "edits": act.edits,
        "gallery_name": gallery,
        "purpose": act.purpose,
        "source": act.source,
    }
    return tuple(Concealed(field, value) for field, value in said.items() if value is not None)
