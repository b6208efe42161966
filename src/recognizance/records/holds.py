"""Legal holds: what may not be erased until they are released."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, insert, or_, select, update

from recognizance.errors import NotFoundError
from recognizance.records import schema
from recognizance.records.transaction import Transaction, chunks

SUBJECT = "subject"
SEARCH = "search"

_HOLDS = schema.holds
_SEARCHES = schema.searches
_CANDIDATES = schema.search_candidates
_LIST = select(_HOLDS).order_by(_HOLDS.c.placed_at, _HOLDS.c.id)
_GET = select(_HOLDS).where(_HOLDS.c.id == bindparam("wanted"))
_STANDING = _HOLDS.c.released_at.is_(None)
_IN_GALLERY = select(_HOLDS.c.id).where(_STANDING, _HOLDS.c.gallery_id == bindparam("gallery"))
_ON_TARGETS = select(_HOLDS.c.id).where(_STANDING, _HOLDS.c.target.in_(bindparam("targets", expanding=True)))
_ON_SEARCHES = (
    select(_HOLDS.c.id)
    .join_from(_HOLDS, _SEARCHES, _SEARCHES.c.id == _HOLDS.c.target)
    .where(_STANDING, _HOLDS.c.kind == SEARCH)
)
_ON_SEARCH = select(_HOLDS.c.id).where(_STANDING, _HOLDS.c.kind == SEARCH, _HOLDS.c.target == bindparam("wanted"))
_TARGETS: BindParameter[str] = bindparam("targets", expanding=True)


def _is_one_of_them(kind: ColumnElement[str], number: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the reference or subject of a number is among the targets."""
    references, subjects = schema.references.c, schema.subjects.c
    return or_(
        and_(kind == "reference", number.in_(select(references.sequence).where(references.face_id.in_(_TARGETS)))),
        and_(kind == "subject", number.in_(select(subjects.id).where(subjects.identifier.in_(_TARGETS)))),
    )


_AS_CANDIDATE = _ON_SEARCHES.join(_CANDIDATES, _CANDIDATES.c.entry_index == _SEARCHES.c.entry_index).where(
    _is_one_of_them(_SEARCHES.c.searched, _CANDIDATES.c.number)
)
_AS_PROBE = _ON_SEARCHES.where(_is_one_of_them(_SEARCHES.c.probe_kind, _SEARCHES.c.probe_number))


def _held_subject(kind: ColumnElement[str], number: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the reference or subject of a number is, or belongs to, the subject that a hold is on."""
    references, subjects = schema.references.c, schema.subjects.c
    held = select(subjects.id).where(subjects.identifier == _HOLDS.c.target).scalar_subquery()
    return or_(
        and_(kind == "subject", number == held),
        and_(kind == "reference", number.in_(select(references.sequence).where(references.subject_id == held))),
    )


_WANTED = _SEARCHES.c.entry_index.in_(bindparam("wanted", expanding=True))
_KEEPING = (
    select(_SEARCHES.c.entry_index, _HOLDS.c.id)
    .join_from(_SEARCHES, _HOLDS, _HOLDS.c.target == _SEARCHES.c.id)
    .where(_STANDING, _HOLDS.c.kind == SEARCH, _WANTED),
    select(_SEARCHES.c.entry_index, _HOLDS.c.id)
    .join_from(_SEARCHES, _HOLDS, _held_subject(_SEARCHES.c.probe_kind, _SEARCHES.c.probe_number))
    .where(_STANDING, _HOLDS.c.kind == SUBJECT, _WANTED),
    select(_SEARCHES.c.entry_index, _HOLDS.c.id)
    .join_from(_SEARCHES, _CANDIDATES, _CANDIDATES.c.entry_index == _SEARCHES.c.entry_index)
    .join(_HOLDS, _held_subject(_SEARCHES.c.searched, _CANDIDATES.c.number))
    .where(_STANDING, _HOLDS.c.kind == SUBJECT, _WANTED),
    # Of whose candidates nobody may learn: otherwise what is kept would tell that the subject was found.
    select(_SEARCHES.c.entry_index, _HOLDS.c.id)
    .join_from(_SEARCHES, schema.leads, schema.leads.c.entry_index == _SEARCHES.c.entry_index)
    .join(_HOLDS, _HOLDS.c.gallery_id == _SEARCHES.c.gallery_id)
    .where(_STANDING, _HOLDS.c.kind == SUBJECT, schema.leads.c.withheld, _WANTED),
)
_SUBJECT_EXISTS = select(schema.subjects.c.id).where(schema.subjects.c.identifier == bindparam("wanted"))
_SEARCH_EXISTS = select(_SEARCHES.c.entry_index).where(_SEARCHES.c.id == bindparam("wanted"))
_RELEASE = (
    update(_HOLDS)
    .where(_HOLDS.c.id == bindparam("wanted"), _STANDING)
    .values(released_by=bindparam("by"), released_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold.

    ``kind`` is ``subject`` or ``search``, ``target`` the identifier of the one or the other; ``reason`` is as given.
    """

    id: str
    kind: str
    target: str
    gallery_id: int | None
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None


def place(tx: Transaction, hold: Hold) -> None:
    """Keep a new hold."""
    values = {
        "id": hold.id,
        "kind": hold.kind,
        "target": hold.target,
        "gallery_id": hold.gallery_id,
        "sealed_reason": tx.sealer.seal(hold.reason.encode(), _context(hold.id)),
        "placed_by": hold.placed_by,
        "placed_at": hold.placed_at,
    }
    tx.execute(insert(_HOLDS), values)


def target_exists(tx: Transaction, hold: Hold) -> bool:
    """Whether there is what the hold is on."""
    statement = _SUBJECT_EXISTS if hold.kind == SUBJECT else _SEARCH_EXISTS
    return tx.execute(statement, {"wanted": hold.target}).first() is not None


def get(tx: Transaction, identifier: str) -> Hold:
    """Look a hold up; raises `NotFoundError`."""
    row = tx.execute(_GET, {"wanted": identifier}).first()
    if row is None:
        raise NotFoundError(f"There is no hold {identifier}.", "`recognizance hold list` shows those there are.")
    return _hold(tx, row)


def list_all(tx: Transaction, *, released: bool = False) -> list[Hold]:
    """List the holds that stand, oldest first; with `released`, the others too."""
    return [_hold(tx, row) for row in tx.execute(_LIST if released else _LIST.where(_STANDING))]


def release(tx: Transaction, identifier: str, *, by: str, at: datetime) -> bool:
    """Release a hold; says whether it stood."""
    return tx.execute(_RELEASE, {"wanted": identifier, "by": by, "at": at}).rowcount > 0


def standing_in(tx: Transaction, gallery: int) -> list[str]:
    """List the holds on anything in a gallery."""
    return list(tx.execute(_IN_GALLERY.order_by(_HOLDS.c.id), {"gallery": gallery}).scalars())


def on_search(tx: Transaction, search_id: str) -> list[str]:
    """List the holds that keep a search."""
    return list(tx.execute(_ON_SEARCH.order_by(_HOLDS.c.id), {"wanted": search_id}).scalars())


def standing_on(tx: Transaction, identifiers: Collection[str]) -> list[str]:
    """List the holds that keep these subjects or faces: on themselves, or on a search that they are part of.

    Parameters
    ----------
    identifiers : collection of str
        Face ids and identifiers of subjects.
    """
    found: set[str] = set()
    for chunk in chunks(identifiers):
        for statement in (_ON_TARGETS, _AS_CANDIDATE, _AS_PROBE):
            found.update(tx.execute(statement, {"targets": chunk}).scalars())
    return sorted(found)


def keeping_results(tx: Transaction, entries: Collection[int]) -> dict[int, list[str]]:
    """Name the holds that keep the results of searches, by the searches' entries; those that none keeps are left out.

    A search is kept by a hold on itself, and by one on a subject that was searched for or found; one whose result is
    withheld, by a hold on any subject of the gallery, found or not.
    """
    found: dict[int, set[str]] = {}
    for chunk in chunks(entries):
        for statement in _KEEPING:
            for entry, hold in tx.execute(statement, {"wanted": chunk}):
                found.setdefault(int(entry), set()).add(hold)
    return {entry: sorted(held) for entry, held in found.items()}


def told(holds: Sequence[str]) -> str:
    """Name holds in a sentence."""
    return f"the legal hold {holds[0]}" if len(holds) == 1 else f"the legal holds {', '.join(holds)}"


def _hold(tx: Transaction, row: object) -> Hold:
    values = row._asdict()  # type: ignore[attr-defined]
    sealed = values.pop("sealed_reason")
    return Hold(**values, reason=tx.sealer.open(sealed, _context(values["id"])).decode())


def _context(identifier: str) -> str:
    return f"hold:{identifier}"
