"""What was done under an authority: the entries of the acts, and what became of their results."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, exists, func, insert, or_, select, update

from recognizance.records import schema
from recognizance.records.transaction import Transaction, chunks

_USES = schema.authority_uses
_AUTHORITIES = schema.authorities
_ADD = insert(_USES)
_COUNT = select(func.count(), func.count(_USES.c.results_deleted_at)).where(_USES.c.authority_id == bindparam("wanted"))
# Looked for every second: emergencies alone have a time for ratification, and both conditions are found by an index.
_TO_DELETE_OF = (
    select(_AUTHORITIES.c.id)
    .where(
        _AUTHORITIES.c.ratify_by.is_not(None),
        or_(_AUTHORITIES.c.lapsed_at.is_not(None), _AUTHORITIES.c.rejected_at.is_not(None)),
        exists().where(_USES.c.authority_id == _AUTHORITIES.c.id, _USES.c.results_deleted_at.is_(None)),
    )
    .order_by(_AUTHORITIES.c.id)
)
_UNDER = select(_USES.c.authority_id).where(_USES.c.entry_index == bindparam("wanted"))
_DERIVE = (
    update(_USES)
    .where(_USES.c.authority_id == bindparam("under"), _USES.c.entry_index == bindparam("wanted"))
    .values(of_entry=bindparam("source"))
)
_PENDING = (
    select(_USES.c.entry_index, _USES.c.of_entry)
    .where(_USES.c.authority_id == bindparam("wanted"), _USES.c.results_deleted_at.is_(None))
    .order_by(_USES.c.entry_index)
)
_DELETED = (
    update(_USES)
    .where(
        _USES.c.authority_id == bindparam("wanted"), _USES.c.entry_index.in_(bindparam("entry_indexes", expanding=True))
    )
    .values(results_deleted_at=bindparam("moment"))
)


def add(tx: Transaction, authority: str, entry: int) -> None:
    """Take note that the act of an entry was done under an authority."""
    tx.execute(_ADD, {"authority_id": authority, "entry_index": entry, "of_entry": None})


def add_derived(tx: Transaction, source: int, entry: int) -> None:
    """Take note that an entry tells of what a search found, under whatever authority that was searched.

    Parameters
    ----------
    source : int
        The entry of the search.
    """
    for authority in tx.execute(_UNDER, {"wanted": source}).scalars().all():
        known = tx.execute(_DERIVE, {"under": authority, "wanted": entry, "source": source}).rowcount
        if not known:
            tx.execute(_ADD, {"authority_id": authority, "entry_index": entry, "of_entry": source})


def count(tx: Transaction, authority: str) -> tuple[int, int]:
    """Count the acts that were done under an authority, and those whose results were deleted."""
    acts, deleted = tx.execute(_COUNT, {"wanted": authority}).one()
    return int(acts), int(deleted)


def to_delete(tx: Transaction) -> list[str]:
    """List the authorities that lapsed or were rejected, and whose results are not all deleted."""
    return list(tx.execute(_TO_DELETE_OF).scalars())


def pending(tx: Transaction, authority: str) -> dict[int, int | None]:
    """Give the entries of acts under an authority whose results are not deleted, in order.

    Each with the entry of the search that it tells of, if it is not the search's own.
    """
    return {int(entry): source for entry, source in tx.execute(_PENDING, {"wanted": authority})}


def mark_deleted(tx: Transaction, authority: str, entries: Iterable[int], now: datetime) -> None:
    """Take note that the results of these acts were deleted."""
    for chunk in chunks(entries):
        tx.execute(_DELETED, {"wanted": authority, "entry_indexes": chunk, "moment": now})
