"""The operators, and the keys that they sign with."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from recognizance.authority.access_keys import KeyPair, make_key_pair
from recognizance.errors import NotFoundError
from recognizance.records import RecordStore, operators


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who may act.  ``role`` is one of the roles that the policy knows."""

    id: str
    name: str
    role: str
    active: bool


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key with its secret, opened for the verification of one signature."""

    access_key_id: str
    secret: str = field(repr=False)
    operator: str
    active: bool


class Roster:
    """Looks operators and access keys up.

    What was looked up is kept in memory for the life of the process: operators and keys cannot be changed yet.
    """

    def __init__(self, store: RecordStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._credentials: dict[str, Credential] = {}
        self._operators: dict[str, Operator] = {}

    def lookup(self, access_key_id: str) -> Credential | None:
        """Find an access key; None if there is none."""
        known = self._credentials.get(access_key_id)
        if known is None:
            with self._lock, self._store.read() as tx:
                row = operators.find_access_key(tx, access_key_id)
                if row is None:
                    return None
                known = Credential(row.access_key_id, row.secret, row.operator.id, row.active)
                self._credentials[access_key_id] = known
        return known

    def operator(self, identifier: str) -> Operator:
        """Find an operator.

        Raises
        ------
        NotFoundError
        """
        known = self._operators.get(identifier)
        if known is None:
            with self._lock, self._store.read() as tx:
                row = operators.get(tx, identifier)
                known = Operator(row.id, row.name, row.role, row.active)
                self._operators[identifier] = known
        return known

    def found(self, identifier: str, name: str, role: str) -> KeyPair | None:
        """Add the first operator with an access key, in one transaction; None if there are operators already."""
        pair = make_key_pair()
        now = self._clock()
        with self._lock, self._store.write() as tx:
            if operators.list_all(tx):
                return None
            operators.create(tx, identifier, name=name, role=role, created_at=now)
            operators.create_access_key(tx, pair.access_key_id, operator=identifier, secret=pair.secret, created_at=now)
        return pair

    def bootstrap_key(self, identifier: str) -> KeyPair:
        """Return the first active access key of an operator.

        Raises
        ------
        NotFoundError
        """
        with self._store.read() as tx:
            for row in operators.list_access_keys(tx, identifier):
                found = operators.find_access_key(tx, row.access_key_id) if row.active else None
                if found is not None:
                    return KeyPair(found.access_key_id, found.secret)
        raise NotFoundError(f"The operator {identifier} has no active access key.")
