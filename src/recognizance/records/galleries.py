"""Galleries: one enrolment database each, made by one model."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from recognizance.errors import GalleryExistsError, GalleryNotFoundError
from recognizance.records import schema
from recognizance.records.transaction import Transaction

_GALLERIES = schema.galleries
_COLUMNS = tuple(column for column in _GALLERIES.c if column.name not in ("faces", "users", "erasures_known_from"))
_GET = select(*_COLUMNS).where(_GALLERIES.c.name == bindparam("wanted"))
_COUNTS = select(_GALLERIES.c.faces, _GALLERIES.c.users).where(_GALLERIES.c.id == bindparam("wanted"))
_EXISTS = select(_GALLERIES.c.id).where(_GALLERIES.c.id == bindparam("wanted"))
_MODELS = select(_GALLERIES.c.id, _GALLERIES.c.model)
_BY_NUMBER = select(*_COLUMNS).where(_GALLERIES.c.id == bindparam("wanted"))
_VERSION = select(_GALLERIES.c.version).where(_GALLERIES.c.id == bindparam("wanted"))
_LIST = (
    select(*_COLUMNS).where(_GALLERIES.c.id > bindparam("after")).order_by(_GALLERIES.c.id).limit(bindparam("at_most"))
)
OF_TESTS = "testing:"
"""What the names of galleries begin with that testers made."""

_CHANGED = (
    update(_GALLERIES)
    .where(_GALLERIES.c.id == bindparam("wanted"))
    .values(
        version=_GALLERIES.c.version + 1,
        faces=_GALLERIES.c.faces + bindparam("more_faces"),
        users=_GALLERIES.c.users + bindparam("more_users"),
        subjects_version=_GALLERIES.c.subjects_version + bindparam("regrouped"),
    )
)


@dataclass(frozen=True, slots=True)
class GalleryRow:
    """A gallery.

    Attributes
    ----------
    id : int
        Never used again, not even for a gallery of the same name.
    model, calibration : str
        What its templates were made by and its scores are read with.
    version : int
        Grows by one with every change of its references or subjects, from 0.
    subjects_version : int
        Grows by one with every change of which references belong to which subject, from 0.
    """

    id: int
    name: str
    model: str
    calibration: str
    keep_photographs: bool
    created_at: datetime
    version: int
    subjects_version: int


@dataclass(frozen=True, slots=True)
class GalleryCounts:
    """How many references and subjects a gallery holds."""

    faces: int
    users: int


def name_of_test(operator: str, name: str) -> str:
    """Name a gallery that a tester made; no gallery that others make can be called so."""
    return f"{OF_TESTS}{operator}:{name}"


def is_of_test(name: str, operator: str) -> bool:
    """Whether a gallery of this name was made by this tester."""
    return name.startswith(name_of_test(operator, ""))


def is_of_agency(name: str) -> bool:
    """Whether a gallery of this name is no tester's."""
    return not name.startswith(OF_TESTS)


def shown_name(name: str) -> str:
    """Give what a gallery is called by who may use it."""
    return name.rpartition(":")[2]


def create(
    tx: Transaction, name: str, *, model: str, calibration: str, keep_photographs: bool, created_at: datetime
) -> GalleryRow:
    """Create an empty gallery.

    Raises
    ------
    GalleryExistsError
        If there is one of this name; names are case-sensitive.
    """
    if tx.execute(_GET, {"wanted": name}).first() is not None:
        raise GalleryExistsError(f"The collection id: {shown_name(name)} already exists")
    values = {
        "name": name,
        "model": model,
        "calibration": calibration,
        "keep_photographs": keep_photographs,
        "created_at": created_at,
        "version": 0,
        "faces": 0,
        "users": 0,
        "subjects_version": 0,
        "erasures_known_from": 0,
    }
    tx.execute(insert(_GALLERIES), values)
    return get(tx, name)


def get(tx: Transaction, name: str) -> GalleryRow:
    """Look a gallery up by name.

    Raises
    ------
    GalleryNotFoundError
    """
    row = tx.execute(_GET, {"wanted": name}).first()
    if row is None:
        raise no_gallery(name)
    return _gallery(row)


def no_gallery(name: str) -> GalleryNotFoundError:
    """Say that there is no gallery of this name."""
    return GalleryNotFoundError(f"The collection id: {shown_name(name)} does not exist")


def find_number(tx: Transaction, name: str) -> int | None:
    """Find the number of the gallery of this name."""
    row = tx.execute(_GET, {"wanted": name}).first()
    return None if row is None else int(row.id)


def find_by_number(tx: Transaction, gallery: int) -> GalleryRow | None:
    """Look a gallery up by its number, which is never another one's."""
    row = tx.execute(_BY_NUMBER, {"wanted": gallery}).first()
    return None if row is None else _gallery(row)


def version_of(tx: Transaction, gallery: int) -> int | None:
    """Read the version of a gallery by its id; None if it is gone."""
    found: int | None = tx.execute(_VERSION, {"wanted": gallery}).scalar()
    return found


def list_page(tx: Transaction, *, after: int = 0, limit: int) -> list[GalleryRow]:
    """List galleries in the order of creation, at most `limit`, beginning after the id `after`.

    Ids make short page tokens, and stay good when the gallery that a page ended with is deleted.
    """
    return [_gallery(row) for row in tx.execute(_LIST, {"after": after, "at_most": limit})]


def list_of_agency(
    tx: Transaction, *, among: Collection[int] | None = None, after: int = 0, limit: int
) -> list[GalleryRow]:
    """List the galleries that no tester made, or some of them, as `list_page` does."""
    statement = _LIST.where(~_GALLERIES.c.name.startswith(OF_TESTS))
    if among is not None:
        statement = statement.where(_GALLERIES.c.id.in_(sorted(among)))
    return [_gallery(row) for row in tx.execute(statement, {"after": after, "at_most": limit})]


def list_of_tests(tx: Transaction, *, operator: str | None = None, after: int = 0, limit: int) -> list[GalleryRow]:
    """List the galleries that a tester made, or all testers, as `list_page` does."""
    prefix = OF_TESTS if operator is None else name_of_test(operator, "")
    statement = _LIST.where(_GALLERIES.c.name.startswith(prefix, autoescape=True))
    return [_gallery(row) for row in tx.execute(statement, {"after": after, "at_most": limit})]


def models(tx: Transaction) -> dict[int, str]:
    """Tell the model of every gallery, by its number."""
    return {row.id: row.model for row in tx.execute(_MODELS)}


def exists(tx: Transaction, gallery: int) -> bool:
    """Tell whether a gallery of this number is there."""
    return tx.execute(_EXISTS, {"wanted": gallery}).first() is not None


def counts(tx: Transaction, gallery: int) -> GalleryCounts:
    """Count the references and subjects of a gallery; equally fast at any size."""
    row = tx.execute(_COUNTS, {"wanted": gallery}).one()
    return GalleryCounts(faces=row.faces, users=row.users)


def changed(tx: Transaction, gallery: int, *, faces: int = 0, users: int = 0, regrouped: bool = False) -> None:
    """Take note of a change: `faces` references and `users` subjects more (or fewer), and a new version.

    Parameters
    ----------
    regrouped : bool
        Whether any subject has other references than before.
    """
    counted = {"more_faces": faces, "more_users": users, "regrouped": int(regrouped)}
    tx.execute(_CHANGED, {"wanted": gallery, **counted})


def delete_gallery(tx: Transaction, name: str) -> GalleryRow:
    """Erase a gallery and everything under it, and every key; returns what it was.

    References, subjects, photographs, tags, image digests and idempotency tokens go.  The searches made in
    it stay on record, without their probes and candidate lists.

    Raises
    ------
    GalleryNotFoundError
    """
    gallery = get(tx, name)
    references, searches, candidates = schema.references, schema.searches, schema.search_candidates
    photographs, images = schema.photographs, schema.images
    here = searches.c.gallery_id == gallery.id
    kept_under = (
        select(references.c.image_id).where(references.c.gallery_id == gallery.id),
        select(images.c.image_id).where(images.c.gallery_id == gallery.id),
        select(searches.c.probe_photograph).where(here),
    )
    for slots in (
        select(references.c.key_slot).where(references.c.gallery_id == gallery.id),
        select(schema.subjects.c.key_slot).where(schema.subjects.c.gallery_id == gallery.id),
        *(select(photographs.c.key_slot).where(photographs.c.identifier.in_(kept)) for kept in kept_under),
        select(searches.c.probe_slot).where(here),
    ):
        tx.destroy_slots(slots)
    for identifiers in kept_under:
        tx.execute(delete(photographs).where(photographs.c.identifier.in_(identifiers)))
    tx.execute(delete(candidates).where(candidates.c.entry_index.in_(select(searches.c.entry_index).where(here))))
    tx.execute(update(searches).where(here).values(gallery_id=None, probe_slot=None, sealed_probe=None))
    for table in (
        references,
        schema.erased_references,
        schema.engine_positions,
        schema.subjects,
        images,
        schema.tags,
        schema.idempotency,
        schema.gallery_roles,
    ):
        tx.execute(delete(table).where(table.c.gallery_id == gallery.id))
    tx.execute(delete(_GALLERIES).where(_GALLERIES.c.id == gallery.id))
    return gallery


def _gallery(row: Any) -> GalleryRow:
    return GalleryRow(*row)
