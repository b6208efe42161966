"""Answers kept for a while, so that a request sent twice is done once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

KEPT_FOR = timedelta(hours=8)

_KEPT = schema.idempotency
_SAME = (
    _KEPT.c.gallery_id == bindparam("gallery"),
    _KEPT.c.operator == bindparam("by"),
    _KEPT.c.operation == bindparam("done"),
    _KEPT.c.token == bindparam("given"),
)
_LOOKUP = select(_KEPT.c.request_digest, _KEPT.c.answer).where(*_SAME, _KEPT.c.created_at > bindparam("not_before"))
_REPLACE = delete(_KEPT).where(*_SAME)
_PURGE = delete(_KEPT).where(_KEPT.c.created_at <= bindparam("not_before"))


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What makes two requests one: the same client token, from one operator for one operation and gallery."""

    operator: str
    operation: str
    gallery: int
    token: str

    @property
    def parameters(self) -> dict[str, object]:
        """As the statements take it."""
        return {"gallery": self.gallery, "by": self.operator, "done": self.operation, "given": self.token}


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The digest of the request's other parameters, and the answer's JSON."""

    request_digest: bytes
    answer: bytes


def remember(tx: Transaction, key: RequestKey, *, request_digest: bytes, answer: bytes, at: datetime) -> None:
    """Keep an answer for 8 hours; it goes with its gallery, if that is deleted before.

    Answers that have expired are deleted on the way.
    """
    purge(tx, at=at)
    tx.execute(_REPLACE, key.parameters)
    values = {
        "gallery_id": key.gallery,
        "operator": key.operator,
        "operation": key.operation,
        "token": key.token,
        "request_digest": request_digest,
        "answer": answer,
        "created_at": at,
    }
    tx.execute(insert(_KEPT), values)


def lookup(tx: Transaction, key: RequestKey, *, at: datetime) -> KeptAnswer | None:
    """Find the answer kept for a request; None if there is none, or it is older than 8 hours."""
    row = tx.execute(_LOOKUP, {**key.parameters, "not_before": at - KEPT_FOR}).first()
    return None if row is None else KeptAnswer(*row)


def purge(tx: Transaction, *, at: datetime) -> int:
    """Delete the answers that have expired; returns how many."""
    return tx.execute(_PURGE, {"not_before": at - KEPT_FOR}).rowcount
