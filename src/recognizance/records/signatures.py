"""Presigned requests that were used, for as long as they could be sent again."""

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

_USED = schema.used_signatures
_FIND = select(_USED.c.signature).where(_USED.c.signature == bindparam("wanted"))
_FORGET = delete(_USED).where(_USED.c.expires_at <= bindparam("now"))


def use(tx: Transaction, signature: str, *, expires_at: datetime, now: datetime) -> bool:
    """Mark a signature as used; return False if it was before.  Those that have expired are forgotten."""
    tx.execute(_FORGET, {"now": now})
    if tx.execute(_FIND, {"wanted": signature}).first() is not None:
        return False
    tx.execute(insert(_USED), {"signature": signature, "expires_at": expires_at})
    return True
