"""Answers kept for a while, so that a request sent twice is done once."""

import hmac
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

KEPT_FOR = timedelta(hours=8)

_KEPT = schema.idempotency
_SAME = (
    _KEPT.c.gallery_id == bindparam("gallery"),
    _KEPT.c.operator == bindparam("by"),
    _KEPT.c.operation == bindparam("done"),
    _KEPT.c.token_digest == bindparam("given"),
)
_INSERT = insert(_KEPT)
_LOOKUP = select(_KEPT.c.request_digest, _KEPT.c.sealed_answer).where(
    *_SAME, _KEPT.c.created_at > bindparam("not_before")
)
_ALL = select(_KEPT.c.gallery_id, _KEPT.c.operator, _KEPT.c.operation, _KEPT.c.token_digest, _KEPT.c.sealed_answer)
_REPLACE = delete(_KEPT).where(*_SAME)
_PURGE = delete(_KEPT).where(_KEPT.c.created_at <= bindparam("not_before"))


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What makes two requests one: the same client token, from one operator for one operation and gallery."""

    operator: str
    operation: str
    gallery: int
    token: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """Whether the request's other parameters are those of before, and the answer's JSON.

    The answer names people by our own identifiers only: it outlives them by some hours.  Its ``entry`` is the index of
    the act's entry.
    """

    same_request: bool
    answer: bytes


def remember(tx: Transaction, key: RequestKey, *, request: bytes, answer: bytes, at: datetime) -> None:
    """Keep an answer, sealed, and a keyed digest of its request for 8 hours.

    It goes with its gallery, if that is deleted before.  Answers that have expired are deleted on the way.
    """
    purge(tx, at=at)
    parameters = _parameters(tx, key)
    tx.execute(_REPLACE, parameters)
    values = {
        "gallery_id": key.gallery,
        "operator": key.operator,
        "operation": key.operation,
        "token_digest": parameters["given"],
        "request_digest": _request_digest(tx, request),
        "sealed_answer": tx.sealer.seal(answer, _context(parameters)),
        "created_at": at,
    }
    tx.execute(_INSERT, values)


def lookup(tx: Transaction, key: RequestKey, *, request: bytes, at: datetime) -> KeptAnswer | None:
    """Find the answer kept for a token; None if there is none, or it is older than 8 hours."""
    parameters = _parameters(tx, key)
    row = tx.execute(_LOOKUP, {**parameters, "not_before": at - KEPT_FOR}).first()
    if row is None:
        return None
    same = hmac.compare_digest(row.request_digest, _request_digest(tx, request))
    return KeptAnswer(same, tx.sealer.open(row.sealed_answer, _context(parameters)))


def forget(tx: Transaction, entries: Collection[int], *, at: datetime) -> None:
    """Delete the answers to acts that these entries record, and those that have expired."""
    purge(tx, at=at)
    for row in tx.execute(_ALL).all():
        parameters = {"gallery": row.gallery_id, "by": row.operator, "done": row.operation, "given": row.token_digest}
        if json.loads(tx.sealer.open(row.sealed_answer, _context(parameters)))["entry"] in entries:
            tx.execute(_REPLACE, parameters)


def purge(tx: Transaction, *, at: datetime) -> int:
    """Delete the answers that have expired; returns how many."""
    return tx.execute(_PURGE, {"not_before": at - KEPT_FOR}).rowcount


def _parameters(tx: Transaction, key: RequestKey) -> dict[str, Any]:
    digest = tx.sealer.digest("client request token", key.token.encode())
    return {"gallery": key.gallery, "by": key.operator, "done": key.operation, "given": digest}


def _request_digest(tx: Transaction, request: bytes) -> bytes:
    return tx.sealer.digest("client request", request)


def _context(parameters: dict[str, Any]) -> str:
    return f"answer:{parameters['gallery']}:{parameters['by']}:{parameters['done']}:{parameters['given'].hex()}"
