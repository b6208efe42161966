"""What an operator compares within a day: counted where comparing too much is searching, and forgotten afterwards."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, or_, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

COUNTED_FOR = timedelta(hours=24)

_COMPARISONS = schema.comparisons
_BY = _COMPARISONS.c.operator == bindparam("by")
_KNOWN = select(_COMPARISONS.c.targets).where(
    _BY, _COMPARISONS.c.first_digest == bindparam("first"), _COMPARISONS.c.second_digest == bindparam("second")
)
_TARGETS = select(func.coalesce(func.sum(_COMPARISONS.c.targets), 0)).where(_BY)
_TARGETS_OF = _TARGETS.where(
    or_(_COMPARISONS.c.first_digest == bindparam("one"), _COMPARISONS.c.second_digest == bindparam("one"))
)
_PURGE = delete(_COMPARISONS).where(_COMPARISONS.c.at <= bindparam("before"))


def count(tx: Transaction, operator: str, *, at: datetime, photographs: Sequence[bytes] = ()) -> int:
    """Count the faces that an operator compared in the day before.

    Parameters
    ----------
    photographs : sequence of bytes
        SHA-256 of photographs: then only what was compared with any of them, by the one with the most.
    """
    tx.execute(_PURGE, {"before": at - COUNTED_FOR})
    if not photographs:
        return int(tx.execute(_TARGETS, {"by": operator}).scalar_one())
    return max(
        int(tx.execute(_TARGETS_OF, {"by": operator, "one": _digest(tx, one)}).scalar_one()) for one in photographs
    )


def is_known(tx: Transaction, operator: str, photographs: Sequence[bytes]) -> bool:
    """Whether the same two photographs were compared within the day: that is counted once, whichever is the source."""
    return tx.execute(_KNOWN, {"by": operator, **_pair(tx, photographs)}).first() is not None


def add(tx: Transaction, operator: str, photographs: Sequence[bytes], targets: int, *, at: datetime) -> None:
    """Count a comparison of two photographs; keyed digests of them are kept for the day."""
    first, second = _pair(tx, photographs).values()
    values = {"operator": operator, "first_digest": first, "second_digest": second, "targets": targets, "at": at}
    tx.execute(insert(_COMPARISONS), values)


def _pair(tx: Transaction, photographs: Sequence[bytes]) -> dict[str, bytes]:
    first, second = sorted(_digest(tx, one) for one in photographs)
    return {"first": first, "second": second}


def _digest(tx: Transaction, photograph: bytes) -> bytes:
    return tx.sealer.digest("compared photograph", photograph)
