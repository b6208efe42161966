"""Cases, and who works on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.records import operators, schema
from recognizance.records.transaction import Transaction

_CASES = schema.cases
_MEMBERS = schema.case_members
_COLUMNS = (
    _CASES.c.id,
    _CASES.c.number,
    _CASES.c.opened_at,
    _CASES.c.closed_at,
    _CASES.c.offence,
    _CASES.c.owner,
    _CASES.c.sealed_offence_words,
)
_FIND = select(*_COLUMNS).where(_CASES.c.number == bindparam("wanted"))
_GET = select(*_COLUMNS).where(_CASES.c.id == bindparam("wanted"))
_LIST = select(*_COLUMNS).order_by(_CASES.c.number)
_LIST_OF = (
    select(*_COLUMNS)
    .join_from(_CASES, _MEMBERS)
    .where(_MEMBERS.c.operator == bindparam("member"))
    .order_by(_CASES.c.number)
)
_MEMBERS_OF = select(_MEMBERS.c.operator).where(_MEMBERS.c.case_id == bindparam("wanted"))
_IS_MEMBER = select(_MEMBERS.c.added_at).where(
    _MEMBERS.c.case_id == bindparam("wanted"), _MEMBERS.c.operator == bindparam("member")
)
_REMOVE = delete(_MEMBERS).where(_MEMBERS.c.case_id == bindparam("wanted"), _MEMBERS.c.operator == bindparam("member"))
_SET_CLOSED = update(_CASES).where(_CASES.c.id == bindparam("wanted")).values(closed_at=bindparam("moment"))


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case.  ``number`` is what people call it; ``id`` is ours, and what the log may name.

    ``offence`` is the code of the offence, ``offence_words`` what it is in words; ``owner`` answers for the case.
    """

    id: str
    number: str
    opened_at: datetime
    closed_at: datetime | None
    offence: str | None = None
    owner: str | None = None
    offence_words: str | None = None


def create(tx: Transaction, case_id: str, number: str, *, opened_at: datetime) -> CaseRow:
    """Register a case.

    Raises
    ------
    InvalidRequestError
        If there is one of this number, open or closed.
    """
    if find(tx, number) is not None:
        raise InvalidRequestError(f"The case {number} is registered already.", "`recognizance case list` shows it.")
    tx.execute(insert(_CASES), {"id": case_id, "number": number, "opened_at": opened_at})
    return CaseRow(case_id, number, opened_at, None)


def change(tx: Transaction, case_id: str, values: Mapping[str, str | None]) -> None:
    """Change a case's offence, offence_words or owner."""
    if values.keys() - {"offence", "offence_words", "owner"}:
        raise ValueError(f"not to be changed: {sorted(values)}")
    kept: dict[str, Any] = dict(values)
    if "offence_words" in kept:
        words = kept.pop("offence_words")
        kept["sealed_offence_words"] = None if words is None else tx.sealer.seal(words.encode(), _context(case_id))
    if kept:
        tx.execute(update(_CASES).where(_CASES.c.id == case_id).values(**kept))


def find(tx: Transaction, number: str) -> CaseRow | None:
    """Look a case up by its number."""
    row = tx.execute(_FIND, {"wanted": number}).first()
    return None if row is None else _case(tx, row)


def get(tx: Transaction, number: str) -> CaseRow:
    """Look a case up by its number; raises `NotFoundError`."""
    found = find(tx, number)
    if found is None:
        raise NotFoundError(f"There is no case {number}.", "`recognizance case list` shows those there are.")
    return found


def of_id(tx: Transaction, case_id: str) -> CaseRow:
    """Look a case up by our own id of it."""
    return _case(tx, tx.execute(_GET, {"wanted": case_id}).one())


def list_all(tx: Transaction, *, member: str | None = None) -> list[CaseRow]:
    """List the cases by number; those of one member only, if one is named."""
    statement, parameters = (_LIST, {}) if member is None else (_LIST_OF, {"member": member})
    return [_case(tx, row) for row in tx.execute(statement, parameters)]


def members(tx: Transaction, case_id: str) -> list[str]:
    """List who works on a case, by id."""
    return sorted(tx.execute(_MEMBERS_OF, {"wanted": case_id}).scalars())  # databases sort text in ways of their own


def is_member(tx: Transaction, case_id: str, operator: str) -> bool:
    """Whether an operator works on a case."""
    return tx.execute(_IS_MEMBER, {"wanted": case_id, "member": operator}).first() is not None


def add_member(tx: Transaction, case_id: str, operator: str, *, added_at: datetime) -> bool:
    """Let an operator work on a case; return False if they did already.  Raises `NotFoundError`."""
    operators.get(tx, operator)
    if is_member(tx, case_id, operator):
        return False
    tx.execute(insert(_MEMBERS), {"case_id": case_id, "operator": operator, "added_at": added_at})
    return True


def remove_member(tx: Transaction, case_id: str, operator: str) -> bool:
    """Let an operator no longer work on a case; return False if they did not."""
    return tx.execute(_REMOVE, {"wanted": case_id, "member": operator}).rowcount == 1


def close(tx: Transaction, case_id: str, *, closed_at: datetime) -> None:
    """Close a case."""
    tx.execute(_SET_CLOSED, {"wanted": case_id, "moment": closed_at})


def _case(tx: Transaction, row: Sequence[Any]) -> CaseRow:
    sealed = row[-1]
    words = None if sealed is None else tx.sealer.open(sealed, _context(row[0])).decode()
    return CaseRow(*(*row[:-1], words))


def _context(case_id: str) -> str:
    return f"case-offence:{case_id}"
