"""The operators, and the keys that they sign with."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from recognizance.authority.access_keys import TEMPORARY
from recognizance.records import RecordStore, Transaction, access_keys, operators, sessions
from recognizance.records.sessions import SessionRow

_KEPT_MAX = 10_000
"""Temporary credentials come and go; this many of anything are kept before all are looked up anew."""

_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class Operator:
    """A person or program that may act, with the roles that the policy knows.

    ``roles`` hold everywhere; ``gallery_roles`` are pairs of a role and the number of the gallery that it holds for.
    """

    id: str
    name: str
    roles: frozenset[str]
    active: bool
    training_until: datetime | None
    requests_per_minute: int | None
    agency: str = ""
    training_kind: str | None = None
    gallery_roles: frozenset[tuple[str, int]] = frozenset()

    def training(self, now: datetime) -> str:
        """Say how the operator's training stands: ``current``, ``expired`` or ``none``."""
        if self.training_until is None:
            return "none"
        return "current" if now < self.training_until else "expired"

    def roles_for(self, gallery: int | None) -> frozenset[str]:
        """Name the roles that hold for a gallery."""
        return self.roles | {role for role, number in self.gallery_roles if number == gallery}


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key with its secret, opened for the verification of one signature.

    The last three are of temporary credentials alone; ``active`` of those says that their session is not closed, and
    the key that they were obtained with not revoked.
    """

    access_key_id: str
    secret: str = field(repr=False)
    operator: str
    active: bool
    token_digest: bytes | None = field(repr=False, default=None)
    expires_at: datetime | None = None
    session: str | None = None


class Roster:
    """Looks operators, access keys and sessions up, and keeps what was found until something changes.

    Whoever changes the record of them calls `forget` once the change is durable.  Of a record that other servers share
    nothing is kept: what one of them revokes is over on all at once.
    """

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._credentials: dict[str, Credential] = {}
        self._operators: dict[str, Operator] = {}
        self._sessions: dict[str, SessionRow] = {}

    def lookup(self, access_key_id: str) -> Credential | None:
        """Find an access key, good or not; None if there is none."""
        return self._find(self._credentials, access_key_id, _credential)

    def operator(self, identifier: str) -> Operator:
        """Find an operator.

        Raises
        ------
        NotFoundError
        """
        found = self._find(self._operators, identifier, _operator)
        assert found is not None  # noqa: S101 - `operators.get` raises
        return found

    def session(self, identifier: str) -> SessionRow | None:
        """Find a session, open or not; None if there is none."""
        return self._find(self._sessions, identifier, sessions.find)

    def is_valid(self, access_key_id: str, now: datetime) -> bool:
        """Whether a key that was good when its request was signed still is: requests wait for their turn."""
        known = self.lookup(access_key_id)
        return known is None or (known.active and (known.expires_at is None or now < known.expires_at))

    def forget(self) -> None:
        """Look everything up anew: a change of operators, keys or sessions is durable."""
        with self._lock:
            self._credentials.clear()
            self._operators.clear()
            self._sessions.clear()

    def _find(
        self, kept: dict[str, _Kept], identifier: str, read: Callable[[Transaction, str], _Kept | None]
    ) -> _Kept | None:
        if self._store.shared:
            with self._store.read() as tx:
                return read(tx, identifier)
        known = kept.get(identifier)
        if known is None:
            # The lock is held from the reading to the keeping, so that nothing from before a change is kept after it.
            with self._lock, self._store.read() as tx:
                known = read(tx, identifier)
                if known is not None:
                    if len(kept) >= _KEPT_MAX:
                        kept.clear()
                    kept[identifier] = known
        return known


def _credential(tx: Transaction, access_key_id: str) -> Credential | None:
    if access_key_id.startswith(TEMPORARY):
        temporary = sessions.find_credential(tx, access_key_id)
        if temporary is None:
            return None
        return Credential(
            access_key_id,
            temporary.secret,
            temporary.operator,
            temporary.active,
            temporary.token_digest,
            temporary.expires_at,
            temporary.session,
        )
    row = access_keys.find_credential(tx, access_key_id)
    return None if row is None else Credential(access_key_id, row.secret, row.operator.id, row.active)


def _operator(tx: Transaction, identifier: str) -> Operator | None:
    row = operators.get(tx, identifier)
    return Operator(
        row.id,
        row.name,
        row.roles,
        row.active,
        row.training_until,
        row.requests_per_minute,
        row.agency,
        row.training_kind,
        frozenset((each.role, each.gallery_id) for each in row.gallery_roles),
    )
