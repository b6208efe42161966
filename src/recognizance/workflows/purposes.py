"""Keep the register of purposes: what requests may say that they are for, on what legal basis, and when."""

from datetime import datetime

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.ledger import Concealed, Value
from recognizance.records import purposes
from recognizance.records.purposes import PurposeRow as PurposeRow
from recognizance.workflows.act import Act
from recognizance.workflows.place import Workplace, failures_recorded, new_identifier, permit, record

KIND = "purpose"


@failures_recorded(KIND)
def add_purpose(
    place: Workplace,
    act: Act,
    code: str,
    *,
    title: str,
    legal_basis: str,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> tuple[PurposeRow, int]:
    """Register a purpose; it and one entry are made durable together.

    Parameters
    ----------
    valid_from : datetime or None
        None: from now on.
    valid_until : datetime or None
        None: until it is ended.

    Raises
    ------
    InvalidRequestError
        If it would end before it begins, or if one of this code is in force at some moment of that time.
    """
    permitted = permit(place, act, KIND)
    begins = valid_from or permitted.time
    if valid_until is not None and valid_until <= begins:
        raise InvalidRequestError("The purpose would end before it begins.", "Check from when until when it is valid.")
    row = PurposeRow(new_identifier(), code, title, legal_basis, begins, valid_until, act.operator, permitted.time)
    with place.store.write() as tx:
        if any(row.overlaps(other) for other in purposes.of_code(tx, code)):
            raise InvalidRequestError(
                f"The purpose {code} is registered for that time already.", "End it first: `recognizance purpose end`."
            )
        purposes.add(tx, row)
        entry = record(tx, permitted, _details("added", row), _concealed(row))
    return row, entry


@failures_recorded(KIND)
def end_purpose(place: Workplace, act: Act, code: str, at: datetime | None = None) -> tuple[PurposeRow, int]:
    """Let a purpose be in force no longer, from now or from a later time on; recorded.

    Raises
    ------
    NotFoundError
        If none of this code is in force then.
    InvalidRequestError
        If that time is over: what was in force stays so.
    """
    permitted = permit(place, act, KIND)
    moment = at or permitted.time
    if moment < permitted.time:
        raise InvalidRequestError("A purpose cannot end in the past.", "Leave the time out, or name a later one.")
    with place.store.write() as tx:
        found = purposes.in_force(tx, code, moment)
        if found is None:
            raise NotFoundError(
                f"There is no purpose {code} in force at that time.",
                "`recognizance purpose list` shows those there are.",
            )
        purposes.end(tx, found.id, moment)
        row = next(each for each in purposes.of_code(tx, code) if each.id == found.id)
        entry = record(tx, permitted, _details("ended", row), _concealed(row))
    return row, entry


@failures_recorded("roster")
def list_purposes(place: Workplace, act: Act, *, ended: bool = False) -> tuple[list[PurposeRow], int]:
    """List purposes by code, those that are over only if asked for; everybody may.  Recorded."""
    permitted = permit(place, act, "roster")
    with place.store.write() as tx:
        found = purposes.list_all(tx, not_over_at=None if ended else permitted.time)
        return found, record(tx, permitted, {"purposes": len(found)})


def _details(change: str, row: PurposeRow) -> dict[str, Value]:
    return {
        "change": change,
        "subject_purpose": row.id,
        "valid_from": row.valid_from.isoformat(),
        "valid_until": row.valid_until.isoformat() if row.valid_until else None,
    }


def _concealed(row: PurposeRow) -> list[Concealed]:
    return [
        Concealed("legal_basis", row.legal_basis),
        Concealed("purpose_code", row.code),
        Concealed("title", row.title),
    ]
