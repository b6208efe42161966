"""Sessions: one operator, one purpose, one case, until they expire; and the temporary credentials made for them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from recognizance.errors import NotFoundError
from recognizance.records import schema
from recognizance.records.transaction import Transaction

KEPT_AFTER_EXPIRY = timedelta(days=1)
"""For so long, whoever comes with credentials that are over is told so, and known by name in the log."""

_SESSIONS = schema.sessions
_CREDENTIALS = schema.session_credentials
_CASES = schema.cases
_KEYS = schema.access_keys
_COLUMNS = (
    _SESSIONS.c.id,
    _SESSIONS.c.operator,
    _SESSIONS.c.purpose,
    _CASES.c.number,
    _SESSIONS.c.sealed_authority,
    _SESSIONS.c.opened_at,
    _SESSIONS.c.opened_with,
    _SESSIONS.c.expires_at,
    _SESSIONS.c.closed_at,
)
_SELECT = select(*_COLUMNS).join_from(_SESSIONS, _CASES)
_GET = _SELECT.where(_SESSIONS.c.id == bindparam("wanted"))
_NEWEST = _SELECT.order_by(_SESSIONS.c.opened_at.desc(), _SESSIONS.c.id)
_CLOSE = (
    update(_SESSIONS)
    .where(_SESSIONS.c.id == bindparam("wanted"), _SESSIONS.c.closed_at.is_(None))
    .values(closed_at=bindparam("moment"))
)
_OPENED_WITH = select(_SESSIONS.c.id).where(
    _SESSIONS.c.opened_with == bindparam("key"), _SESSIONS.c.closed_at.is_(None)
)
_UNDER = select(_SESSIONS.c.id).where(
    _SESSIONS.c.authority_id == bindparam("authority"), _SESSIONS.c.closed_at.is_(None)
)
_CLOSED = select(_SESSIONS.c.id).where(_SESSIONS.c.closed_at.is_not(None))
_FIND = (
    select(
        _CREDENTIALS.c.access_key_id,
        _CREDENTIALS.c.sealed_secret,
        _CREDENTIALS.c.token_digest,
        _CREDENTIALS.c.expires_at,
        _CREDENTIALS.c.session,
        _SESSIONS.c.operator,
        _SESSIONS.c.closed_at,
        _KEYS.c.active,
    )
    .join_from(_CREDENTIALS, _SESSIONS)
    .join(_KEYS, _KEYS.c.access_key_id == _CREDENTIALS.c.obtained_with)
    .where(_CREDENTIALS.c.access_key_id == bindparam("wanted"))
)
_FORGET = delete(_CREDENTIALS).where(_CREDENTIALS.c.expires_at <= bindparam("before"))


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A registered session.  ``closed_at`` is None until somebody closes it."""

    id: str
    operator: str
    purpose: str
    case: str
    authority: str | None
    opened_at: datetime
    opened_with: str
    expires_at: datetime
    closed_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether the session is neither closed nor over."""
        return self.closed_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class TemporaryCredential:
    """The credentials of a session, with their secret.

    ``active`` says whether the session is not closed and the key that they were obtained with is not revoked.
    """

    access_key_id: str
    secret: str = field(repr=False)
    token_digest: bytes = field(repr=False)
    expires_at: datetime
    session: str
    operator: str
    active: bool


def create(
    tx: Transaction,
    session_id: str,
    *,
    operator: str,
    purpose: str,
    case_id: str,
    authority: str | None,
    authority_id: str | None = None,
    opened_at: datetime,
    opened_with: str,
    expires_at: datetime,
) -> SessionRow:
    """Register a session.

    Parameters
    ----------
    authority, authority_id : str or None
        The document that it is under, which is kept sealed, and our own id of it.
    """
    sealed = None if authority is None else tx.sealer.seal(authority.encode(), _authority_context(session_id))
    values = {
        "id": session_id,
        "operator": operator,
        "purpose": purpose,
        "case_id": case_id,
        "authority_id": authority_id,
        "sealed_authority": sealed,
        "opened_at": opened_at,
        "opened_with": opened_with,
        "expires_at": expires_at,
    }
    tx.execute(insert(_SESSIONS), values)
    return get(tx, session_id)


def find(tx: Transaction, session_id: str) -> SessionRow | None:
    """Look a session up, open or not."""
    row = tx.execute(_GET, {"wanted": session_id}).first()
    return None if row is None else _session(tx, row)


def get(tx: Transaction, session_id: str) -> SessionRow:
    """Look a session up, open or not; raises `NotFoundError`."""
    found = find(tx, session_id)
    if found is None:
        raise NotFoundError(f"There is no session {session_id}.", "`recognizance session list` shows those there are.")
    return found


def list_newest(
    tx: Transaction, *, operator: str | None = None, open_at: datetime | None = None, limit: int
) -> list[SessionRow]:
    """List up to `limit` sessions, the newest, in the order of opening.

    Parameters
    ----------
    operator : str, optional
        Only this one's.
    open_at : datetime, optional
        Only those that are open at this time.
    """
    statement = _NEWEST.limit(limit)
    if operator is not None:
        statement = statement.where(_SESSIONS.c.operator == operator)
    if open_at is not None:
        statement = statement.where(_SESSIONS.c.closed_at.is_(None), _SESSIONS.c.expires_at > open_at)
    return [_session(tx, row) for row in tx.execute(statement)][::-1]


def close(tx: Transaction, session_id: str, *, closed_at: datetime) -> bool:
    """Close a session; return whether it was open."""
    return tx.execute(_CLOSE, {"wanted": session_id, "moment": closed_at}).rowcount == 1


def opened_with(tx: Transaction, access_key_id: str) -> list[str]:
    """List the sessions that an access key opened and nobody has closed."""
    return list(tx.execute(_OPENED_WITH, {"key": access_key_id}).scalars())


def list_closed(tx: Transaction) -> list[str]:
    """List the sessions that somebody closed."""
    return list(tx.execute(_CLOSED).scalars())


def close_opened_with(tx: Transaction, access_key_id: str, *, closed_at: datetime) -> list[str]:
    """Close the sessions that an access key opened, with the key; return which."""
    found = opened_with(tx, access_key_id)
    for session in found:
        close(tx, session, closed_at=closed_at)
    return found


def close_under(tx: Transaction, authority_id: str, *, closed_at: datetime) -> list[str]:
    """Close the sessions that are under an authority; return which."""
    found = sorted(tx.execute(_UNDER, {"authority": authority_id}).scalars())
    for session in found:
        close(tx, session, closed_at=closed_at)
    return found


def add_credential(
    tx: Transaction,
    access_key_id: str,
    *,
    session: str,
    secret: str,
    token: str,
    obtained_with: str,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Keep temporary credentials, the secret sealed and the token as its digest; those that are over are dropped."""
    tx.execute(_FORGET, {"before": now - KEPT_AFTER_EXPIRY})
    values = {
        "access_key_id": access_key_id,
        "session": session,
        "sealed_secret": tx.sealer.seal(secret.encode(), _context(access_key_id, session)),
        "token_digest": digest_of(token),
        "obtained_with": obtained_with,
        "expires_at": expires_at,
    }
    tx.execute(insert(_CREDENTIALS), values)


def find_credential(tx: Transaction, access_key_id: str) -> TemporaryCredential | None:
    """Look temporary credentials up, good or not."""
    row = tx.execute(_FIND, {"wanted": access_key_id}).first()
    if row is None:
        return None
    _, sealed, digest, expires_at, session, operator, closed_at, key_active = row
    secret = tx.sealer.open(sealed, _context(access_key_id, session)).decode()
    return TemporaryCredential(
        access_key_id, secret, digest, expires_at, session, operator, closed_at is None and bool(key_active)
    )


def digest_of(token: str) -> bytes:
    """Digest a session token; it is as long as a key, so that no salt is needed."""
    return hashlib.sha256(token.encode()).digest()


def _session(tx: Transaction, row: Sequence[Any]) -> SessionRow:
    identifier, operator, purpose, case, sealed, *rest = row
    authority = None if sealed is None else tx.sealer.open(sealed, _authority_context(identifier)).decode()
    return SessionRow(identifier, operator, purpose, case, authority, *rest)


def _authority_context(session_id: str) -> str:
    return f"session-authority:{session_id}"


def _context(access_key_id: str, session: str) -> str:
    return f"session-credential:{access_key_id}:{session}"
