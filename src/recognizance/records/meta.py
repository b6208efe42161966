"""Facts about the record itself, by name."""

from sqlalchemy import bindparam, delete, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

_META = schema.meta
_GET = select(_META.c.value).where(_META.c.key == bindparam("wanted"))
_DELETE = delete(_META).where(_META.c.key == bindparam("wanted"))


def get(tx: Transaction, key: str) -> str | None:
    """Look a fact up."""
    value: str | None = tx.execute(_GET, {"wanted": key}).scalar()
    return value


def put(tx: Transaction, key: str, value: str) -> None:
    """Set a fact, replacing what was there."""
    tx.execute(_DELETE, {"wanted": key})
    tx.execute(insert(_META), {"key": key, "value": value})
