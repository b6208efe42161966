"""Operators, and the access keys that they sign requests with."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.records import schema
from recognizance.records.transaction import Transaction

_OPERATORS = schema.operators
_KEYS = schema.access_keys
_OPERATOR_COLUMNS = (
    _OPERATORS.c.id,
    _OPERATORS.c.name,
    _OPERATORS.c.role,
    _OPERATORS.c.active,
    _OPERATORS.c.created_at,
)
_LIST = select(*_OPERATOR_COLUMNS).order_by(_OPERATORS.c.id)
_GET = select(*_OPERATOR_COLUMNS).where(_OPERATORS.c.id == bindparam("wanted"))
_SET_ACTIVE = update(_OPERATORS).where(_OPERATORS.c.id == bindparam("wanted")).values(active=bindparam("now_active"))
_FIND_KEY = (
    select(_KEYS.c.sealed_secret, _KEYS.c.active, _KEYS.c.created_at, *_OPERATOR_COLUMNS)
    .join_from(_KEYS, _OPERATORS)
    .where(_KEYS.c.access_key_id == bindparam("wanted"))
)
_LIST_KEYS = (
    select(_KEYS.c.access_key_id, _KEYS.c.operator, _KEYS.c.active, _KEYS.c.created_at)
    .where(_KEYS.c.operator == bindparam("wanted"))
    .order_by(_KEYS.c.created_at, _KEYS.c.access_key_id)
)
_SET_KEY_ACTIVE = (
    update(_KEYS).where(_KEYS.c.access_key_id == bindparam("wanted")).values(active=bindparam("now_active"))
)


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """A person or program that may ask.  Never deleted: the record of what they did names them."""

    id: str
    name: str
    role: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AccessKeyRow:
    """An access key, without its secret."""

    access_key_id: str
    operator: str
    active: bool
    created_at: datetime


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
    tx: Transaction, operator: str, *, name: str, role: str, created_at: datetime, active: bool = True
) -> OperatorRow:
    """Create an operator.

    Raises
    ------
    InvalidRequestError
        If there is one of this id.
    """
    if find(tx, operator) is not None:
        raise InvalidRequestError(f"The operator {operator} already exists.", "Choose another id.")
    values = {"id": operator, "name": name, "role": role, "active": active, "created_at": created_at}
    tx.execute(insert(_OPERATORS), values)
    return get(tx, operator)


def find(tx: Transaction, operator: str) -> OperatorRow | None:
    """Look an operator up, who may not exist."""
    row = tx.execute(_GET, {"wanted": operator}).first()
    return None if row is None else OperatorRow(*row)


def get(tx: Transaction, operator: str) -> OperatorRow:
    """Look an operator up.

    Raises
    ------
    NotFoundError
    """
    found = find(tx, operator)
    if found is None:
        raise NotFoundError(f"There is no operator {operator}.")
    return found


def list_all(tx: Transaction) -> list[OperatorRow]:
    """List the operators by id."""
    return [OperatorRow(*row) for row in tx.execute(_LIST)]


def set_active(tx: Transaction, operator: str, active: bool) -> None:
    """Let an operator act, or no longer; raises `NotFoundError`."""
    if tx.execute(_SET_ACTIVE, {"wanted": operator, "now_active": active}).rowcount == 0:
        raise NotFoundError(f"There is no operator {operator}.")


def create_access_key(
    tx: Transaction, access_key_id: str, *, operator: str, secret: str, created_at: datetime
) -> AccessKeyRow:
    """Give an operator an access key; its secret is kept sealed.

    Raises
    ------
    NotFoundError
        If there is no such operator.
    InvalidRequestError
        If there is an access key of this id.
    """
    get(tx, operator)
    if tx.execute(_FIND_KEY, {"wanted": access_key_id}).first() is not None:
        raise InvalidRequestError(f"The access key {access_key_id} already exists.", "Choose another id.")
    values = {
        "access_key_id": access_key_id,
        "operator": operator,
        "sealed_secret": tx.sealer.seal(secret.encode(), _context(access_key_id, operator)),
        "active": True,
        "created_at": created_at,
    }
    tx.execute(insert(_KEYS), values)
    return AccessKeyRow(access_key_id, operator, True, created_at)


def find_access_key(tx: Transaction, access_key_id: str) -> Credential | None:
    """Look an access key up with its secret and operator; inactive ones are found too."""
    row = tx.execute(_FIND_KEY, {"wanted": access_key_id}).first()
    if row is None:
        return None
    sealed, active, created_at, *operator = row
    owner = OperatorRow(*operator)
    secret = tx.sealer.open(sealed, _context(access_key_id, owner.id)).decode()
    return Credential(access_key_id, secret, active, created_at, owner)


def list_access_keys(tx: Transaction, operator: str) -> list[AccessKeyRow]:
    """List an operator's access keys, oldest first."""
    return [AccessKeyRow(*row) for row in tx.execute(_LIST_KEYS, {"wanted": operator})]


def set_access_key_active(tx: Transaction, access_key_id: str, active: bool) -> None:
    """Let an access key be used, or no longer; raises `NotFoundError`."""
    if tx.execute(_SET_KEY_ACTIVE, {"wanted": access_key_id, "now_active": active}).rowcount == 0:
        raise NotFoundError(f"There is no access key {access_key_id}.")


def _context(access_key_id: str, operator: str) -> str:
    # The operator is part of it: nobody can hand a key to another operator by editing the file.
    return f"access-key:{access_key_id}:{operator}"
