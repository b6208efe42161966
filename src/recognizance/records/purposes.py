"""Purposes that requests may name: each a code, a legal basis, and when it is in force."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, or_, select, update

from recognizance.records import schema
from recognizance.records.transaction import Transaction

_PURPOSES = schema.purposes
_COLUMNS = (
    _PURPOSES.c.id,
    _PURPOSES.c.code,
    _PURPOSES.c.title,
    _PURPOSES.c.legal_basis,
    _PURPOSES.c.valid_from,
    _PURPOSES.c.valid_until,
    _PURPOSES.c.added_by,
    _PURPOSES.c.added_at,
)
_LIST = select(*_COLUMNS).order_by(_PURPOSES.c.code, _PURPOSES.c.valid_from)
_NOT_OVER = or_(_PURPOSES.c.valid_until.is_(None), _PURPOSES.c.valid_until > bindparam("now"))
_OF_CODE = _LIST.where(_PURPOSES.c.code == bindparam("wanted"))
_IN_FORCE = _OF_CODE.where(_PURPOSES.c.valid_from <= bindparam("now"), _NOT_OVER)
_END = update(_PURPOSES).where(_PURPOSES.c.id == bindparam("wanted")).values(valid_until=bindparam("moment"))


@dataclass(frozen=True, slots=True)
class PurposeRow:
    """A purpose for a time.  One code may have several, one after the other."""

    id: str
    code: str
    title: str
    legal_basis: str
    valid_from: datetime
    valid_until: datetime | None
    added_by: str
    added_at: datetime

    def overlaps(self, other: "PurposeRow") -> bool:
        """Whether there is a moment at which both are in force."""
        return (other.valid_until is None or self.valid_from < other.valid_until) and (
            self.valid_until is None or other.valid_from < self.valid_until
        )


def add(tx: Transaction, purpose: PurposeRow) -> None:
    """Keep a new purpose."""
    values = {name: getattr(purpose, name) for name in PurposeRow.__dataclass_fields__}
    tx.execute(insert(_PURPOSES), values)


def of_code(tx: Transaction, code: str) -> list[PurposeRow]:
    """List the purposes of a code, in the order of their times."""
    return [PurposeRow(*row) for row in tx.execute(_OF_CODE, {"wanted": code})]


def in_force(tx: Transaction, code: str, now: datetime) -> PurposeRow | None:
    """Find the purpose of this code that is in force."""
    row = tx.execute(_IN_FORCE, {"wanted": code, "now": now}).first()
    return None if row is None else PurposeRow(*row)


def list_all(tx: Transaction, *, not_over_at: datetime | None = None) -> list[PurposeRow]:
    """List purposes by code; without those that are over at a time, if one is given."""
    if not_over_at is None:
        return [PurposeRow(*row) for row in tx.execute(_LIST)]
    return [PurposeRow(*row) for row in tx.execute(_LIST.where(_NOT_OVER), {"now": not_over_at})]


def end(tx: Transaction, identifier: str, at: datetime) -> None:
    """Let a purpose be in force no longer than until a time."""
    tx.execute(_END, {"wanted": identifier, "moment": at})
