"""Acts that a rule asks a second person for: requested by one, approved by another, done once."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from recognizance.authority import second_person
from recognizance.ledger import Concealed
from recognizance.policy import Reason
from recognizance.records import Transaction, approvals
from recognizance.records.approvals import APPROVED, WAITING, WITHDRAWN
from recognizance.records.approvals import ApprovalRow as ApprovalRow
from recognizance.workflows.act import Act
from recognizance.workflows.objections import Objection, objections_refused
from recognizance.workflows.operators import oversees
from recognizance.workflows.place import Workplace, failures_recorded, new_identifier, permit, record

KIND = "approval"
RULE = "standing/second-person"

GOOD_FOR = timedelta(days=7)
"""How old a request may be when it is approved, and when it is used: two persons agree to what is so now."""


@failures_recorded(KIND)
def request(
    place: Workplace,
    act: Act,
    kind: str,
    payload: Mapping[str, Any],
    *,
    check: Callable[[Transaction], object] = lambda tx: None,
) -> tuple[ApprovalRow, int]:
    """Ask for a second person; the request and one entry are made durable together.

    Parameters
    ----------
    kind : str
        The act, as the policy knows it: the caller needs the standing for it.
    payload : mapping
        What exactly is to be done, as JSON can hold it.  It is sealed in the record and committed to in the log.
    check : callable
        Raises if there is nothing of the kind to be done; asked after the policy.
    """
    permitted = permit(place, act, kind, recorded_as=KIND)
    with place.store.write() as tx:
        check(tx)
        row = approvals.create(
            tx, new_identifier(), kind, payload, requested_by=act.operator, requested_at=permitted.time
        )
        details = {"change": "requested", "approval": row.id, "act": kind}
        entry = record(tx, permitted, details, [Concealed("payload", dict(payload))])
    return row, entry


@failures_recorded(KIND)
def approve(place: Workplace, act: Act, identifier: str) -> tuple[ApprovalRow, int]:
    """Approve what another person asks for; recorded.  It is done when that person does it, once.

    Raises
    ------
    NotFoundError
    RefusedError
        If the caller cannot be the second person (see `authority.second_person`), or the request no longer waits or is
        too old.
    """
    permitted = permit(place, act, KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        row = approvals.get(tx, identifier)
        _require_two(tx, row.requested_by, act.operator)
        _require_young(row, permitted.time)
        if not approvals.decide(tx, identifier, APPROVED, by=act.operator, now=permitted.time):
            raise Objection(_not_waiting(row))
        row = approvals.get(tx, identifier)
        entry = record(tx, permitted, _details("approved", row), [Concealed("payload", dict(row.payload))])
    return row, entry


@failures_recorded(KIND)
def withdraw(place: Workplace, act: Act, identifier: str) -> tuple[ApprovalRow, int]:
    """Take a request of one's own back, approved or not; recorded.

    Raises
    ------
    NotFoundError
    RefusedError
        If it is somebody else's, or was used or withdrawn before.
    """
    permitted = permit(place, act, "request", recorded_as=KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        row = approvals.get(tx, identifier)
        if row.requested_by != act.operator:
            raise Objection(Reason(RULE, "Only who made a request withdraws it."))
        if not (
            approvals.decide(tx, identifier, WITHDRAWN, by=act.operator, now=permitted.time)
            or approvals.withdraw_approved(tx, identifier)
        ):
            raise Objection(_not_waiting(row))
        row = approvals.get(tx, identifier)
        entry = record(tx, permitted, _details("withdrawn", row))
    return row, entry


@failures_recorded("roster")
def list_requests(place: Workplace, act: Act, *, finished: bool = False) -> tuple[list[ApprovalRow], int]:
    """List requests that are not done yet, or all, oldest first; those who do not oversee see their own.  Recorded."""
    permitted = permit(place, act, "roster")
    with place.store.write() as tx:
        rows = approvals.list_all(tx, undone=not finished)
        shown = rows if oversees(tx, act) else [row for row in rows if row.requested_by == act.operator]
        return shown, record(tx, permitted, {"approvals": len(shown)})


def redeem(
    tx: Transaction, act: Act, identifier: str, kind: str, payload: Mapping[str, Any], *, now: datetime
) -> ApprovalRow:
    """Use an approval up, in the transaction of the act that it allows; call it within `objections_refused`.

    Raises
    ------
    NotFoundError
    Objection
        If the caller did not ask for exactly this, it was not approved or is too old, or the two are no longer two
        persons.
    """
    row = approvals.get(tx, identifier)
    if (row.requested_by, row.kind, dict(row.payload)) != (act.operator, kind, dict(payload)):
        raise Objection(Reason(RULE, "The request that was approved asks for something else, or is another person's."))
    if row.state == WAITING:
        raise Objection(Reason(RULE, "No second person has approved the request yet."))
    if row.decided_by is not None:
        _require_two(tx, row.requested_by, row.decided_by)
    _require_young(row, now)
    if not approvals.use(tx, identifier):
        raise Objection(_not_waiting(row))
    return row


def _require_two(tx: Transaction, first: str, second: str) -> None:
    """Object unless these are two persons whose credentials come from neither; call it within `objections_refused`.

    Raises
    ------
    Objection
    """
    objection = second_person.objection_to(tx, first, second)
    if objection is not None:
        raise Objection(
            Reason(RULE, objection, "Another supervisor can approve it, whose credentials come from somebody else.")
        )


def _require_young(row: ApprovalRow, now: datetime) -> None:
    if row.state in (WAITING, APPROVED) and now >= row.requested_at + GOOD_FOR:
        raise Objection(Reason(RULE, "The request is more than a week old.", "Withdraw it, and make another request."))


def _not_waiting(row: ApprovalRow) -> Reason:
    return Reason(RULE, f"The request is {row.state} already.", "Make another request.")


def _details(change: str, row: ApprovalRow) -> dict[str, Any]:
    return {"change": change, "approval": row.id, "of": row.requested_by, "act": row.kind}
