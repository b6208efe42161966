"""Operators: who they are, and what they may do."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.records import schema
from recognizance.records.transaction import Transaction

_OPERATORS = schema.operators
_ROLES = schema.operator_roles
_COLUMNS = (
    _OPERATORS.c.id,
    _OPERATORS.c.name,
    _OPERATORS.c.agency,
    _OPERATORS.c.training_kind,
    _OPERATORS.c.training_until,
    _OPERATORS.c.requests_per_minute,
    _OPERATORS.c.first_start,
    _OPERATORS.c.active,
    _OPERATORS.c.created_at,
)
_LIST = select(*_COLUMNS).order_by(_OPERATORS.c.id)
_GET = select(*_COLUMNS).where(_OPERATORS.c.id == bindparam("wanted"))
_NAMED = select(_OPERATORS.c.id).where(_OPERATORS.c.first_start.is_(False)).limit(1)
_ALL_ROLES = select(_ROLES.c.operator, _ROLES.c.role)
_ROLES_OF = select(_ROLES.c.role).where(_ROLES.c.operator == bindparam("wanted"))
_GALLERY_ROLES = schema.gallery_roles
_GALLERIES = schema.galleries
_ALL_GALLERY_ROLES = select(
    _GALLERY_ROLES.c.operator, _GALLERY_ROLES.c.role, _GALLERY_ROLES.c.gallery_id, _GALLERIES.c.name
).join_from(_GALLERY_ROLES, _GALLERIES)
_GALLERY_ROLES_OF = _ALL_GALLERY_ROLES.where(_GALLERY_ROLES.c.operator == bindparam("wanted"))
_DROP_GALLERY_ROLES = delete(_GALLERY_ROLES).where(_GALLERY_ROLES.c.operator == bindparam("wanted"))
_DROP_ROLES = delete(_ROLES).where(_ROLES.c.operator == bindparam("wanted"))
_SET_ACTIVE = update(_OPERATORS).where(_OPERATORS.c.id == bindparam("wanted")).values(active=bindparam("now_active"))
_CHANGEABLE = frozenset({"name", "agency", "training_kind", "training_until", "requests_per_minute"})


@dataclass(frozen=True, slots=True, order=True)
class GalleryRole:
    """A role that holds for one gallery alone; ``gallery`` is its name, looked up when read."""

    role: str
    gallery_id: int
    gallery: str


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """A person or program that may ask.  Never deleted: the record of what they did names them.

    ``first_start`` marks the one that the first start made, until there are named ones.  ``roles`` hold everywhere,
    ``gallery_roles`` each for one gallery.
    """

    id: str
    name: str
    agency: str
    training_kind: str | None
    training_until: datetime | None
    requests_per_minute: int | None
    first_start: bool
    active: bool
    created_at: datetime
    roles: frozenset[str]
    gallery_roles: frozenset[GalleryRole] = frozenset()

    @property
    def held_anywhere(self) -> frozenset[str]:
        """The roles that hold everywhere, or for some gallery: for rules by which a role takes something away."""
        return self.roles | {each.role for each in self.gallery_roles}

    @property
    def spelt_roles(self) -> list[str]:
        """Spell the roles as the log does, which names galleries by their numbers."""
        return sorted([*self.roles, *(f"{each.role}@{each.gallery_id}" for each in self.gallery_roles)])


def create(
    tx: Transaction,
    operator: str,
    *,
    name: str,
    roles: Collection[str],
    created_at: datetime,
    agency: str = "",
    training_kind: str | None = None,
    training_until: datetime | None = None,
    requests_per_minute: int | None = None,
    first_start: bool = False,
    active: bool = True,
) -> OperatorRow:
    """Create an operator.

    Raises
    ------
    InvalidRequestError
        If there is one of this id.
    """
    if find(tx, operator) is not None:
        raise InvalidRequestError(f"The operator {operator} already exists.", "Choose another id.")
    values = {
        "id": operator,
        "name": name,
        "agency": agency,
        "training_kind": training_kind,
        "training_until": training_until,
        "requests_per_minute": requests_per_minute,
        "first_start": first_start,
        "active": active,
        "created_at": created_at,
    }
    tx.execute(insert(_OPERATORS), values)
    set_roles(tx, operator, roles)
    return get(tx, operator)


def find(tx: Transaction, operator: str) -> OperatorRow | None:
    """Look an operator up, who may not exist."""
    row = tx.execute(_GET, {"wanted": operator}).first()
    if row is None:
        return None
    found = (GalleryRole(*each[1:]) for each in tx.execute(_GALLERY_ROLES_OF, {"wanted": operator}))
    return _row(row, tx.execute(_ROLES_OF, {"wanted": operator}).scalars(), found)


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
    roles: dict[str, set[str]] = {}
    for operator, role in tx.execute(_ALL_ROLES):
        roles.setdefault(operator, set()).add(role)
    here: dict[str, list[GalleryRole]] = {}
    for operator, *role in tx.execute(_ALL_GALLERY_ROLES):
        here.setdefault(operator, []).append(GalleryRole(*role))
    return [_row(row, roles.get(row.id, ()), here.get(row.id, ())) for row in tx.execute(_LIST)]


def any_named(tx: Transaction) -> bool:
    """Whether there is an operator besides the one of the first start."""
    return tx.execute(_NAMED).first() is not None


def change(tx: Transaction, operator: str, values: dict[str, Any]) -> None:
    """Change name, agency, training_kind, training_until or requests_per_minute; raises `NotFoundError`."""
    get(tx, operator)
    if values.keys() - _CHANGEABLE:
        raise ValueError(f"not to be changed: {sorted(values.keys() - _CHANGEABLE)}")
    if values:
        tx.execute(update(_OPERATORS).where(_OPERATORS.c.id == operator).values(**values))


def set_roles(tx: Transaction, operator: str, roles: Collection[str]) -> None:
    """Give an operator exactly these roles."""
    tx.execute(_DROP_ROLES, {"wanted": operator})
    if roles:
        tx.execute(insert(_ROLES), [{"operator": operator, "role": role} for role in sorted(set(roles))])


def set_gallery_roles(tx: Transaction, operator: str, roles: Collection[tuple[str, int]]) -> None:
    """Give an operator exactly these roles on single galleries: pairs of a role and a gallery's id."""
    tx.execute(_DROP_GALLERY_ROLES, {"wanted": operator})
    if roles:
        rows = [{"operator": operator, "role": role, "gallery_id": gallery} for role, gallery in sorted(set(roles))]
        tx.execute(insert(_GALLERY_ROLES), rows)


def set_active(tx: Transaction, operator: str, active: bool) -> None:
    """Let an operator act, or no longer; raises `NotFoundError`."""
    if tx.execute(_SET_ACTIVE, {"wanted": operator, "now_active": active}).rowcount == 0:
        raise NotFoundError(f"There is no operator {operator}.")


def _row(row: Sequence[Any], roles: Iterable[str], gallery_roles: Iterable[GalleryRole]) -> OperatorRow:
    return OperatorRow(*(*row, frozenset(roles), frozenset(gallery_roles)))
