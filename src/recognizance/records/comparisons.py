"""What an operator compares within a day: counted where comparing too much is searching, and forgotten afterwards."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

COUNTED_FOR = timedelta(hours=24)

_COMPARISONS = schema.comparisons
_KNOWN = select(_COMPARISONS.c.targets).where(
    _COMPARISONS.c.operator == bindparam("by"), _COMPARISONS.c.pair_digest == bindparam("pair")
)
_TARGETS = select(func.coalesce(func.sum(_COMPARISONS.c.targets), 0)).where(_COMPARISONS.c.operator == bindparam("by"))
_PURGE = delete(_COMPARISONS).where(_COMPARISONS.c.at <= bindparam("before"))


def count(tx: Transaction, operator: str, *, at: datetime) -> int:
    """Count the faces that an operator compared a photograph with in the day before."""
    tx.execute(_PURGE, {"before": at - COUNTED_FOR})
    return int(tx.execute(_TARGETS, {"by": operator}).scalar_one())


def is_known(tx: Transaction, operator: str, pair: bytes) -> bool:
    """Whether the same two photographs were compared within the day: that is counted once."""
    return tx.execute(_KNOWN, {"by": operator, "pair": _digest(tx, pair)}).first() is not None


def add(tx: Transaction, operator: str, pair: bytes, targets: int, *, at: datetime) -> None:
    """Count a comparison; of the photographs a keyed digest is kept."""
    values = {"operator": operator, "pair_digest": _digest(tx, pair), "targets": targets, "at": at}
    tx.execute(insert(_COMPARISONS), values)


def _digest(tx: Transaction, pair: bytes) -> bytes:
    return tx.sealer.digest("compared photographs", pair)
