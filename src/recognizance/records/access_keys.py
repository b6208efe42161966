"""The access keys that operators sign requests with."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.records import operators, schema
from recognizance.records.operators import OperatorRow
from recognizance.records.transaction import Transaction

FIRST_START = "first-start"
BY_OPERATOR = "operator"
RECOVERY = "recovery"

_KEYS = schema.access_keys
_COLUMNS = (
    _KEYS.c.access_key_id,
    _KEYS.c.operator,
    _KEYS.c.active,
    _KEYS.c.created_at,
    _KEYS.c.origin,
    _KEYS.c.issued_by,
    _KEYS.c.issued_with,
    _KEYS.c.revoked_at,
)
_GET = select(*_COLUMNS).where(_KEYS.c.access_key_id == bindparam("wanted"))
_LIST = (
    select(*_COLUMNS).where(_KEYS.c.operator == bindparam("wanted")).order_by(_KEYS.c.created_at, _KEYS.c.access_key_id)
)
_ALL = select(*_COLUMNS).order_by(_KEYS.c.created_at, _KEYS.c.access_key_id)
_SECRET = select(_KEYS.c.sealed_secret).where(_KEYS.c.access_key_id == bindparam("wanted"))
_REVOKE = (
    update(_KEYS)
    .where(_KEYS.c.access_key_id == bindparam("wanted"), _KEYS.c.active.is_(True))
    .values(active=False, revoked_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class AccessKeyRow:
    """An access key, without its secret.

    ``origin`` says how it came to be: by the first start, by an operator (``issued_by``, whose request the key
    ``issued_with`` signed), or by recovery on the server's machine.
    """

    access_key_id: str
    operator: str
    active: bool
    created_at: datetime
    origin: str
    issued_by: str | None
    issued_with: str | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key with its secret, and whose it is; both have to be active for it to be of use."""

    access_key_id: str
    secret: str = field(repr=False)
    active: bool
    created_at: datetime
    operator: OperatorRow

    @property
    def usable(self) -> bool:
        """Whether the key and its operator are active."""
        return self.active and self.operator.active


def create(
    tx: Transaction,
    access_key_id: str,
    *,
    operator: str,
    secret: str,
    created_at: datetime,
    origin: str = FIRST_START,
    issued_by: str | None = None,
    issued_with: str | None = None,
) -> AccessKeyRow:
    """Give an operator an access key; its secret is kept sealed.

    Raises
    ------
    NotFoundError
        If there is no such operator.
    InvalidRequestError
        If there is an access key of this id.
    """
    operators.get(tx, operator)
    if find(tx, access_key_id) is not None:
        raise InvalidRequestError(f"The access key {access_key_id} already exists.", "Choose another id.")
    values = {
        "access_key_id": access_key_id,
        "operator": operator,
        "sealed_secret": tx.sealer.seal(secret.encode(), _context(access_key_id, operator)),
        "active": True,
        "created_at": created_at,
        "origin": origin,
        "issued_by": issued_by,
        "issued_with": issued_with,
    }
    tx.execute(insert(_KEYS), values)
    return AccessKeyRow(access_key_id, operator, True, created_at, origin, issued_by, issued_with, None)


def find(tx: Transaction, access_key_id: str) -> AccessKeyRow | None:
    """Look an access key up; inactive ones are found too."""
    row = tx.execute(_GET, {"wanted": access_key_id}).first()
    return None if row is None else AccessKeyRow(*row)


def get(tx: Transaction, access_key_id: str) -> AccessKeyRow:
    """Look an access key up; raises `NotFoundError`."""
    found = find(tx, access_key_id)
    if found is None:
        raise NotFoundError(f"There is no access key {access_key_id}.")
    return found


def find_credential(tx: Transaction, access_key_id: str) -> Credential | None:
    """Look an access key up with its secret and operator; inactive ones are found too."""
    row = find(tx, access_key_id)
    if row is None:
        return None
    sealed: bytes = tx.execute(_SECRET, {"wanted": access_key_id}).scalar_one()
    secret = tx.sealer.open(sealed, _context(access_key_id, row.operator)).decode()
    return Credential(access_key_id, secret, row.active, row.created_at, operators.get(tx, row.operator))


def list_of(tx: Transaction, operator: str) -> list[AccessKeyRow]:
    """List an operator's access keys, oldest first."""
    return [AccessKeyRow(*row) for row in tx.execute(_LIST, {"wanted": operator})]


def list_all(tx: Transaction) -> list[AccessKeyRow]:
    """List everybody's access keys, oldest first."""
    return [AccessKeyRow(*row) for row in tx.execute(_ALL)]


def revoke(tx: Transaction, access_key_id: str, *, now: datetime) -> bool:
    """End an access key for good; return whether it was active.  Raises `NotFoundError`."""
    get(tx, access_key_id)
    return tx.execute(_REVOKE, {"wanted": access_key_id, "now": now}).rowcount == 1


def _context(access_key_id: str, operator: str) -> str:
    # The operator is part of it: nobody can hand a key to another operator by editing the file.
    return f"access-key:{access_key_id}:{operator}"
