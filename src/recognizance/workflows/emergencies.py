"""Emergencies: declared by one who works on the case, ratified or rejected by another person."""

from datetime import datetime

from recognizance.authority import second_person, validity
from recognizance.errors import InvalidRequestError
from recognizance.ledger import Concealed
from recognizance.policy import Reason
from recognizance.policy.standing import NOT_YOUR_CASE, authority_reason
from recognizance.records import Transaction, authorities, cases, sessions
from recognizance.records.authorities import EMERGENCY, AuthorityRow, Scope
from recognizance.records.cases import CaseRow
from recognizance.workflows import approvals, lapsing
from recognizance.workflows.act import Act
from recognizance.workflows.authorities import (
    DECLARE,
    KIND,
    UNLIMITED,
    Known,
    concealed_of,
    details_of,
    known_of,
    named_by,
)
from recognizance.workflows.footing import open_case
from recognizance.workflows.objections import Objection, changing_authority, objections_refused
from recognizance.workflows.place import Permit, Workplace, failures_recorded, new_identifier, permit, record

DECIDE = "ratification"


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

    It and one entry are made durable together; the entry says how many emergencies of the case nobody ratified before.

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
        earlier = authorities.list_all(tx, case_id=found.id)
        unratified = sum(each.lapsed_at is not None or each.rejected_at is not None for each in earlier)
        authorities.add(tx, row)
        details = details_of("declared", row) | {"unratified_before": unratified}
        entry = record(tx, permitted, details, concealed_of(row, found))
        known = known_of(tx, row, found, permitted.time)
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
        entry = record(tx, permitted, details_of("ratified", row), [*told, *named_by(row, found)])
        known = known_of(tx, row, found, permitted.time)
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
        details = details_of("rejected", row) | {"sessions": len(closed)}
        entry = record(tx, permitted, details, [Concealed("reason", reason), *named_by(row, found)])
        lapsing.delete_results(place, tx, row.id, now=permitted.time)
        known = known_of(tx, authorities.of_id(tx, row.id), found, permitted.time)
    return known, entry


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
