"""How far the copy of a gallery in a vector engine has followed the record.

The record's own change is the intent: what came since has a higher sequence, what went is listed in
`changes.erased_since`.  A position is moved on only after the engine has acknowledged, so whatever a crash of either
side left undone lies behind it and is done again; all of it can be done twice.
"""

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from recognizance.records import schema
from recognizance.records.transaction import Transaction

_POSITIONS = schema.engine_positions
_GALLERIES = schema.galleries
_ERASED = schema.erased_references
_HERE = _POSITIONS.c.gallery_id == bindparam("gallery")
_GET = select(_POSITIONS).where(_HERE)
_DELETE = delete(_POSITIONS).where(_HERE)
_BEHIND = (
    select(_GALLERIES.c.name)
    .outerjoin(_POSITIONS, _POSITIONS.c.gallery_id == _GALLERIES.c.id)
    .where(
        _GALLERIES.c.model == bindparam("model"),
        or_(
            _POSITIONS.c.version < _GALLERIES.c.version,
            _POSITIONS.c.stale,
            and_(_POSITIONS.c.gallery_id.is_(None), _GALLERIES.c.faces > 0),
        ),
    )
    .order_by(_GALLERIES.c.id)
)
_NEWEST_ERASURE = (
    select(func.max(_ERASED.c.version)).where(_ERASED.c.gallery_id == _POSITIONS.c.gallery_id).scalar_subquery()
)
_UNFORGOTTEN = (
    select(_GALLERIES.c.name)
    .join(_POSITIONS, _POSITIONS.c.gallery_id == _GALLERIES.c.id)
    .where(_GALLERIES.c.model == bindparam("model"), _POSITIONS.c.forgotten < _NEWEST_ERASURE)
    .order_by(_GALLERIES.c.id)
)


_MISTRUST = update(_POSITIONS).values(stale=True)


@dataclass(frozen=True, slots=True)
class Position:
    """What the engine has acknowledged of one gallery.

    Attributes
    ----------
    collection : str
        The engine's name for the copy.
    version : int
        Erasures up to this version of the gallery are done there.
    sequence : int
        References up to this one are there.
    forgotten : int
        Erasures up to this version have been compacted out of the engine's files, or that was asked for.
    stale : bool
        The copy is compared completely before anything is searched in it.
    """

    collection: str
    version: int
    sequence: int
    forgotten: int
    stale: bool = False


def get(tx: Transaction, gallery: int) -> Position | None:
    """Look up how far the copy of a gallery is; None if there is none."""
    row = tx.execute(_GET, {"gallery": gallery}).first()
    if row is None:
        return None
    return Position(row.collection, row.version, row.sequence, row.forgotten, row.stale)


def put(tx: Transaction, gallery: int, position: Position) -> None:
    """Move a copy's position."""
    tx.execute(_DELETE, {"gallery": gallery})
    values = {
        "gallery_id": gallery,
        "collection": position.collection,
        "version": position.version,
        "sequence": position.sequence,
        "forgotten": position.forgotten,
        "stale": position.stale,
    }
    tx.execute(insert(_POSITIONS), values)


def mistrust(tx: Transaction) -> None:
    """Have every copy compared completely before it is searched: the record is another one than they followed."""
    tx.execute(_MISTRUST)


def behind(tx: Transaction, model: str) -> list[str]:
    """Name the galleries of a model whose copies have something to catch up with, or are to be made."""
    return list(tx.execute(_BEHIND, {"model": model}).scalars())


def unforgotten(tx: Transaction, model: str) -> list[str]:
    """Name the galleries of whose copies something was erased that the engine's files may still hold."""
    return list(tx.execute(_UNFORGOTTEN, {"model": model}).scalars())
