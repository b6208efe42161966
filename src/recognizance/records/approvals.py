"""Acts that await a second person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from recognizance.errors import NotFoundError
from recognizance.records import schema
from recognizance.records.transaction import Transaction

WAITING = "waiting"
APPROVED = "approved"
WITHDRAWN = "withdrawn"
USED = "used"

_APPROVALS = schema.approvals
_COLUMNS = (
    _APPROVALS.c.id,
    _APPROVALS.c.kind,
    _APPROVALS.c.sealed_payload,
    _APPROVALS.c.requested_by,
    _APPROVALS.c.requested_at,
    _APPROVALS.c.state,
    _APPROVALS.c.decided_by,
    _APPROVALS.c.decided_at,
)
_GET = select(*_COLUMNS).where(_APPROVALS.c.id == bindparam("wanted"))
_LIST = select(*_COLUMNS).order_by(_APPROVALS.c.requested_at, _APPROVALS.c.id)
_WAITING = _LIST.where(_APPROVALS.c.state.in_((WAITING, APPROVED)))
_WAITING_FOR = select(_APPROVALS.c.id).where(
    _APPROVALS.c.state == WAITING, _APPROVALS.c.requested_by == bindparam("operator")
)
_MOVE = (
    update(_APPROVALS)
    .where(_APPROVALS.c.id == bindparam("wanted"), _APPROVALS.c.state == bindparam("before"))
    .values(state=bindparam("after"))
)
_DECIDE = _MOVE.values(decided_by=bindparam("by"), decided_at=bindparam("moment"))


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """A request for a second person.  ``payload`` says what exactly is asked for."""

    id: str
    kind: str
    payload: Mapping[str, Any]
    requested_by: str
    requested_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None


def create(
    tx: Transaction,
    identifier: str,
    kind: str,
    payload: Mapping[str, Any],
    *,
    requested_by: str,
    requested_at: datetime,
) -> ApprovalRow:
    """Keep a request, its payload sealed."""
    sealed = tx.sealer.seal(json.dumps(payload, sort_keys=True).encode(), _context(identifier, kind, requested_by))
    values = {
        "id": identifier,
        "kind": kind,
        "sealed_payload": sealed,
        "requested_by": requested_by,
        "requested_at": requested_at,
        "state": WAITING,
    }
    tx.execute(insert(_APPROVALS), values)
    return get(tx, identifier)


def get(tx: Transaction, identifier: str) -> ApprovalRow:
    """Look a request up; raises `NotFoundError`."""
    row = tx.execute(_GET, {"wanted": identifier}).first()
    if row is None:
        raise NotFoundError(
            f"There is no request {identifier}.", "`recognizance approvals list` shows those there are."
        )
    return _read(tx, row)


def list_all(tx: Transaction, *, undone: bool = True) -> list[ApprovalRow]:
    """List requests, oldest first: those that wait or were approved and not used yet, or all of them."""
    return [_read(tx, row) for row in tx.execute(_WAITING if undone else _LIST)]


def any_waiting(tx: Transaction, requested_by: str) -> bool:
    """Whether a request of this operator still waits for a second person."""
    return tx.execute(_WAITING_FOR, {"operator": requested_by}).first() is not None


def decide(tx: Transaction, identifier: str, state: str, *, by: str, now: datetime) -> bool:
    """Move a waiting request on; return False if it no longer waits."""
    values = {"wanted": identifier, "before": WAITING, "after": state, "by": by, "moment": now}
    return tx.execute(_DECIDE, values).rowcount == 1


def withdraw_approved(tx: Transaction, identifier: str) -> bool:
    """Withdraw what was approved and not used; return False if it was."""
    return _move(tx, identifier, APPROVED, WITHDRAWN)


def use(tx: Transaction, identifier: str) -> bool:
    """Use an approval up; return False if it is not one, or was used."""
    return _move(tx, identifier, APPROVED, USED)


def _move(tx: Transaction, identifier: str, before: str, after: str) -> bool:
    return tx.execute(_MOVE, {"wanted": identifier, "before": before, "after": after}).rowcount == 1


def _read(tx: Transaction, row: Any) -> ApprovalRow:
    identifier, kind, sealed, requested_by, *rest = row
    payload = json.loads(tx.sealer.open(sealed, _context(identifier, kind, requested_by)))
    return ApprovalRow(identifier, kind, payload, requested_by, *rest)


def _context(identifier: str, kind: str, requested_by: str) -> str:
    return f"approval:{identifier}:{kind}:{requested_by}"
