"""The newest checkpoint of the log that a witness has cosigned."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

_CHECKPOINTS = schema.checkpoints
_NEWEST = select(_CHECKPOINTS.c.size, _CHECKPOINTS.c.note, _CHECKPOINTS.c.cosigned_at).order_by(
    _CHECKPOINTS.c.size.desc()
)


@dataclass(frozen=True, slots=True)
class CosignedCheckpoint:
    """A signed note with at least one cosignature."""

    size: int
    note: str
    cosigned_at: datetime


def newest(tx: Transaction) -> CosignedCheckpoint | None:
    """Read it; None if there is none."""
    row = tx.execute(_NEWEST.limit(1)).first()
    return None if row is None else CosignedCheckpoint(*row)


def put(tx: Transaction, size: int, note: str, cosigned_at: datetime) -> None:
    """Keep a checkpoint in place of the one before, unless another server has kept a newer one."""
    known = newest(tx)
    if known is not None and known.size > size:
        return
    tx.execute(delete(_CHECKPOINTS))
    tx.execute(insert(_CHECKPOINTS), {"size": size, "note": note, "cosigned_at": cosigned_at})
