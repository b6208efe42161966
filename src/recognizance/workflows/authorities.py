"""Record the authorities of cases, extend, ratify, reject and end them.

What they let an operator do is asked of each act (`footing`); what follows when nobody ratifies an emergency is in
`lapsing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from recognizance.authority import second_person, validity
from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.ledger import Concealed, Value
from recognizance.policy import Reason
from recognizance.policy.standing import NOT_YOUR_CASE, authority_reason
from recognizance.records import Transaction, authorities, authority_uses, cases, sessions
from recognizance.records.authorities import EMERGENCY, AuthorityRow
from recognizance.records.authorities import Scope as Scope
from recognizance.records.cases import CaseRow
from recognizance.workflows import approvals, lapsing
from recognizance.workflows.act import Act
from recognizance.workflows.footing import open_case
from recognizance.workflows.objections import Objection, changing_authority, objections_refused
from recognizance.workflows.operators import oversees
from recognizance.workflows.place import Permit, Workplace, failures_recorded, new_identifier, permit, record

KIND = "authority"
DECLARE = "emergency"
DECIDE = "ratification"

UNLIMITED = Scope()


@dataclass(frozen=True, slots=True)
class Known:
    """An authority, the number of its case, and how it stands now, apart from what it is limited to.

    ``acts`` were done under it; the results of ``deleted`` of them were deleted.
    """

    authority: AuthorityRow
    case: str
    state: str
    acts: int
    deleted: int


@failures_recorded(KIND)
def add_authority(
    place: Workplace,
    act: Act,
    case: str,
    *,
    kind: str,
    document: str,
    issuer: str,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    scope: Scope = UNLIMITED,
) -> tuple[Known, int]:
    """Record a warrant, an order or a consent; it and one entry are made durable together.

    Parameters
    ----------
    valid_from : datetime or None
        None: from now on.
    valid_until : datetime or None
        None: until it is ended.

    Raises
    ------
    NotFoundError
        If there is no such case.
    InvalidRequestError
        If it is closed or has an authority of this document, or if this one could never cover an act.
    """
    permitted = permit(place, act, KIND)
    if kind == EMERGENCY:
        raise InvalidRequestError(
            "An emergency is declared by who works on the case.", "`recognizance authority declare` does that."
        )
    begins = valid_from or permitted.time
    validity.require_sound(kind, scope, begins, valid_until)
    with place.store.write() as tx:
        found = _open(tx, case)
        row = AuthorityRow(
            id=new_identifier(),
            case_id=found.id,
            kind=kind,
            valid_from=begins,
            valid_until=valid_until,
            added_by=act.operator,
            added_at=permitted.time,
            document=document,
            issuer=issuer,
            scope=scope,
        )
        authorities.add(tx, row)
        entry = record(tx, permitted, _details("added", row), _concealed(row, found))
        known = _known(tx, row, found, permitted.time)
    return known, entry


@failures_recorded(KIND)
def declare_emergency(
    place: Workplace,
    act: Act,
    case: str,
    *,
    document: str,
    reason: str,
    hours: int | None = None,
    valid_until: datetime | None = None,
    scope: Scope = UNLIMITED,
) -> tuple[Known, int]:
    """Declare an emergency in a case that the caller works on: alone, at once, and for as long as its ratification may
    wait.

    It and one entry are made durable together.

    Parameters
    ----------
    document : str
        What requests name it by.
    hours : int or None
        How long its ratification may wait; None for as long as the settings allow.

    Raises
    ------
    RefusedError
        If the caller does not work on an open case of this number.
    InvalidRequestError
        As `add_authority`.
    """  # noqa: D205 - one sentence
    permitted = permit(place, act, DECLARE, recorded_as=KIND)
    ratify_by = validity.deadline(permitted.time, hours, place.emergency_hours)
    validity.require_sound(EMERGENCY, scope, permitted.time, valid_until)
    with objections_refused(place, permitted), place.store.write() as tx:
        found = open_case(tx, case, act.operator)
        if found is None:
            raise Objection(NOT_YOUR_CASE)
        row = AuthorityRow(
            id=new_identifier(),
            case_id=found.id,
            kind=EMERGENCY,
            valid_from=permitted.time,
            valid_until=valid_until,
            added_by=act.operator,
            added_at=permitted.time,
            document=document,
            issuer=act.operator,
            reason=reason,
            scope=scope,
            ratify_by=ratify_by,
        )
        authorities.add(tx, row)
        entry = record(tx, permitted, _details("declared", row), _concealed(row, found))
        known = _known(tx, row, found, permitted.time)
    return known, entry


@failures_recorded(KIND)
def ratify(
    place: Workplace,
    act: Act,
    case: str,
    document: str,
    *,
    ratified_by_document: str,
    issuer: str,
    valid_until: datetime | None = None,
) -> tuple[Known, int]:
    """Record what ratifies an emergency: another person than the one who declared it does, in time; recorded.

    Parameters
    ----------
    ratified_by_document, issuer : str
        The warrant or order that confirms the emergency, and who issued it.
    valid_until : datetime or None
        Until when it says that the authority is valid, if that is later than what was declared.

    Raises
    ------
    NotFoundError
    RefusedError
        If the time for it is over, or the caller and who declared it are not two persons.
    InvalidRequestError
        If it is no emergency, or was decided on.
    """
    permitted = permit(place, act, DECIDE, recorded_as=KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        found, row = _undecided(tx, case, document, permitted)
        if valid_until is not None and (row.until is None or valid_until <= row.until):
            raise InvalidRequestError(
                "A ratification does not shorten what was declared.",
                "Leave the time out, and end the authority when it is over: `recognizance authority end`.",
            )
        authorities.ratify(
            tx, row.id, document=ratified_by_document, issuer=issuer, by=act.operator, now=permitted.time
        )
        if valid_until is not None:
            authorities.extend(
                tx,
                row,
                valid_until,
                document=ratified_by_document,
                issuer=issuer,
                by=act.operator,
                now=permitted.time,
            )
        row = authorities.of_id(tx, row.id)
        told = [Concealed("document", ratified_by_document), Concealed("issuer", issuer)]
        entry = record(tx, permitted, _details("ratified", row), [*told, *_named(row, found)])
        known = _known(tx, row, found, permitted.time)
    return known, entry


@failures_recorded(KIND)
def reject(place: Workplace, act: Act, case: str, document: str, *, reason: str) -> tuple[Known, int]:
    """Record that an emergency is not ratified: use of it stops, its sessions end, its results are deleted; recorded.

    Two entries are made durable with that: of the rejection, and of the deletion, unless there was nothing to delete.

    Raises
    ------
    As `ratify`.
    """
    permitted = permit(place, act, DECIDE, recorded_as=KIND)
    with changing_authority(place, permitted) as tx:
        found, row = _undecided(tx, case, document, permitted)
        authorities.reject(tx, row.id, reason=reason, by=act.operator, now=permitted.time)
        closed = sessions.close_under(tx, row.id, closed_at=permitted.time)
        row = authorities.of_id(tx, row.id)
        details = _details("rejected", row) | {"sessions": len(closed)}
        entry = record(tx, permitted, details, [Concealed("reason", reason), *_named(row, found)])
        lapsing.delete_results(place, tx, row.id, now=permitted.time)
        known = _known(tx, authorities.of_id(tx, row.id), found, permitted.time)
    return known, entry


@failures_recorded(KIND)
def extend(
    place: Workplace, act: Act, case: str, document: str, *, valid_until: datetime, extended_by: str, issuer: str
) -> tuple[Known, int]:
    """Record that an authority was extended.  What it was before stays on record beside it; recorded.

    Parameters
    ----------
    extended_by, issuer : str
        The document that extends it, and who issued it.

    Raises
    ------
    NotFoundError
    RefusedError
        If the authority was ended, or was an emergency that nobody ratified in time.
    InvalidRequestError
        If that would not extend it, or if it is an emergency that nobody has ratified yet.
    """
    permitted = permit(place, act, KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        found = _open(tx, case)
        row = authorities.get(tx, found.id, document)
        state = validity.state_of(row, permitted.time)
        if state in (validity.ENDED, validity.LAPSED):
            raise Objection(authority_reason(state))
        if row.kind == EMERGENCY and row.ratified_at is None:
            raise InvalidRequestError(
                "An emergency is ratified before it is extended.", "`recognizance authority ratify`."
            )
        if row.until is None or valid_until <= row.until:
            until = "until it is ended" if row.until is None else f"until {row.until.isoformat()}"
            raise InvalidRequestError(
                f"The authority is valid {until}: that would not extend it.", "`recognizance authority end` ends it."
            )
        authorities.extend(
            tx, row, valid_until, document=extended_by, issuer=issuer, by=act.operator, now=permitted.time
        )
        row = authorities.of_id(tx, row.id)
        told = [Concealed("document", extended_by), Concealed("issuer", issuer)]
        entry = record(tx, permitted, _details("extended", row), [*told, *_named(row, found)])
        known = _known(tx, row, found, permitted.time)
    return known, entry


@failures_recorded(KIND)
def end(place: Workplace, act: Act, case: str, document: str) -> tuple[Known, int]:
    """End an authority and the sessions under it, at once; recorded.

    Who declared an emergency may end it.  Its ratification is due all the same: otherwise what it produced goes.

    Raises
    ------
    NotFoundError
    InvalidRequestError
        If it was ended before.
    """
    own = _declared_by(place, act, case, document)
    permitted = permit(place, act, DECLARE if own else KIND, recorded_as=KIND)
    with changing_authority(place, permitted) as tx:
        found = cases.get(tx, case)
        row = authorities.get(tx, found.id, document)
        if not authorities.end(tx, row.id, by=act.operator, now=permitted.time):
            raise InvalidRequestError(f"The authority {document} was ended before.")
        closed = sessions.close_under(tx, row.id, closed_at=permitted.time)
        row = authorities.of_id(tx, row.id)
        entry = record(tx, permitted, _details("ended", row) | {"sessions": len(closed)}, _named(row, found))
        known = _known(tx, row, found, permitted.time)
    return known, entry


@failures_recorded("roster")
def list_authorities(
    place: Workplace, act: Act, *, case: str | None = None, document: str | None = None
) -> tuple[list[Known], int]:
    """List authorities in the order of their recording; who does not oversee sees those of their cases.  Recorded.

    Raises
    ------
    NotFoundError
        If a case or a document is named and is not there, or not for the caller to see.
    """
    permitted = permit(place, act, "roster")
    with place.store.write() as tx:
        seen = {row.id: row for row in cases.list_all(tx, member=None if oversees(tx, act) else act.operator)}
        shown = [
            _known(tx, row, seen[row.case_id], permitted.time)
            for row in authorities.list_all(tx)
            if row.case_id in seen and case in (None, seen[row.case_id].number) and document in (None, row.document)
        ]
        if case is not None and case not in {row.number for row in seen.values()}:
            raise NotFoundError(f"There is no case {case}.", "`recognizance case list` shows those there are.")
        if document is not None and not shown:
            raise NotFoundError(
                f"There is no authority {document}.", "`recognizance authority list` shows those there are."
            )
        return shown, record(tx, permitted, {"authorities": len(shown)})


def _undecided(tx: Transaction, case: str, document: str, permitted: Permit) -> tuple[CaseRow, AuthorityRow]:
    """Look up an emergency that the caller may decide on; call it within `objections_refused`."""
    found = cases.get(tx, case)
    row = authorities.get(tx, found.id, document)
    if row.kind != EMERGENCY:
        raise InvalidRequestError(f"The authority {document} is no emergency.", "Only emergencies are ratified.")
    if row.ratified_at is not None or row.rejected_at is not None:
        decided = "ratified" if row.ratified_at is not None else "rejected"
        raise InvalidRequestError(f"The emergency {document} was {decided} before.")
    if validity.has_lapsed(row, permitted.time):
        raise Objection(authority_reason(validity.LAPSED))
    objection = second_person.objection_to(tx, row.added_by, permitted.act.operator)
    if objection is not None:
        remedy = "Another supervisor can decide on it, whose credentials come from somebody else."
        raise Objection(Reason(approvals.RULE, objection, remedy))
    return found, row


def _declared_by(place: Workplace, act: Act, case: str, document: str) -> bool:
    with place.store.read() as tx:
        found = open_case(tx, case, act.operator)
        row = authorities.find(tx, found.id, document) if found is not None else None
    return row is not None and row.kind == EMERGENCY and row.added_by == act.operator


def _open(tx: Transaction, number: str) -> CaseRow:
    case = cases.get(tx, number)
    if case.closed_at is not None:
        raise InvalidRequestError(f"The case {number} is closed.", "A closed case stays as it was.")
    return case


def _known(tx: Transaction, row: AuthorityRow, case: CaseRow, now: datetime) -> Known:
    acts, deleted = authority_uses.count(tx, row.id)
    return Known(row, case.number, validity.state_of(row, now), acts, deleted)


def _details(change: str, row: AuthorityRow) -> dict[str, Value]:
    return {
        "authority_kind": row.kind,
        "change": change,
        "ratify_by": row.ratify_by.isoformat() if row.ratify_by else None,
        "subject_authority": row.id,
        "subject_case": row.case_id,
        "valid_from": row.valid_from.isoformat(),
        "valid_until": row.until.isoformat() if row.until else None,
    }


def _named(row: AuthorityRow, case: CaseRow) -> list[Concealed]:
    return [Concealed("case_number", case.number), Concealed("named", row.document)]


def _concealed(row: AuthorityRow, case: CaseRow) -> list[Concealed]:
    scope: Mapping[str, Value] = {name: list(getattr(row.scope, name)) for name in Scope.__dataclass_fields__}
    told = [Concealed("issuer", row.issuer), Concealed("scope", dict(scope)), *_named(row, case)]
    return [*told, Concealed("reason", row.reason)] if row.reason else told
