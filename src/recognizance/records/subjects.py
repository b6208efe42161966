"""Subjects: the people that references are of, as the client names them."""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy import delete as delete_from

from recognizance.errors import SubjectExistsError, SubjectNotFoundError, TooManyReferencesError
from recognizance.records import galleries, packing, schema, sealed
from recognizance.records.transaction import Transaction, chunks

SubjectStatus = Literal["CREATED", "ACTIVE"]
REFERENCES_MAX = 100

_SUBJECTS = schema.subjects
_REFS = schema.references
_HERE = _SUBJECTS.c.gallery_id == bindparam("gallery")
_COLUMNS = select(
    _SUBJECTS.c.id,
    _SUBJECTS.c.identifier,
    _SUBJECTS.c.key_slot,
    _SUBJECTS.c.sealed_name,
    _SUBJECTS.c.faces,
    _SUBJECTS.c.created_at,
)
_IDENTIFIERS = select(_SUBJECTS.c.id, _SUBJECTS.c.identifier).where(_HERE)
_CREATE = insert(_SUBJECTS)
_GET = _COLUMNS.where(_HERE, _SUBJECTS.c.name_digest == bindparam("digest"))
_LIST = _COLUMNS.where(_HERE, _SUBJECTS.c.id > bindparam("after")).order_by(_SUBJECTS.c.id).limit(bindparam("at_most"))
_FIND_MANY = _COLUMNS.where(_HERE, _SUBJECTS.c.name_digest.in_(bindparam("digests", expanding=True)))
_BY_IDENTIFIER = _COLUMNS.where(_HERE, _SUBJECTS.c.identifier.in_(bindparam("identifiers", expanding=True)))
_DELETE = delete_from(_SUBJECTS).where(_SUBJECTS.c.id == bindparam("wanted"))
_MORE_FACES = (
    update(_SUBJECTS)
    .where(_SUBJECTS.c.id == bindparam("wanted"))
    .values(faces=_SUBJECTS.c.faces + bindparam("more_faces"))
)
_OF_SUBJECT = _REFS.c.subject_id == bindparam("wanted")
_FACES = select(_REFS.c.face_id).where(_OF_SUBJECT).order_by(_REFS.c.sequence)
_AMONG = _REFS.c.face_id.in_(bindparam("face_ids", expanding=True))
# By face id alone: given the gallery too, the database may choose to walk all of it.
_WHOSE = select(_REFS.c.sequence, _REFS.c.face_id, _REFS.c.gallery_id, _REFS.c.subject_id).where(_AMONG)
_ASSIGN = update(_REFS).where(_AMONG).values(subject_id=bindparam("assigned"))
_RELEASE = update(_REFS).where(_OF_SUBJECT).values(subject_id=None)
_OWN_TEMPLATES = (
    select(_REFS.c.gallery_id, _REFS.c.face_id, _REFS.c.key_slot, _REFS.c.sealed_template)
    .where(_OF_SUBJECT)
    .order_by(_REFS.c.sequence)
)


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """A subject of a gallery, and how many references it has.

    Attributes
    ----------
    identifier : str
        Lower-case UUID of our own; ``name`` is the client's.
    key_slot : int
        Number of the key that the name is sealed under.
    """

    id: int
    identifier: str
    key_slot: int
    name: str
    faces: int
    created_at: datetime

    @property
    def status(self) -> SubjectStatus:
        """CREATED without references, ACTIVE with; nothing in between, for changes happen whole or not at all."""
        return "ACTIVE" if self.faces else "CREATED"


def create(tx: Transaction, gallery: int, subject: str, *, created_at: datetime) -> SubjectRow:
    """Create a subject without references.

    Raises
    ------
    SubjectExistsError
        If the gallery has one of this name; names are case-sensitive.
    """
    if find(tx, gallery, subject) is not None:
        raise SubjectExistsError(f"The user id: {subject} already exists")
    identifier, slot = str(uuid.uuid4()), tx.vault.take()
    values = {
        "identifier": identifier,
        "gallery_id": gallery,
        "key_slot": slot,
        "name_digest": sealed.name_digest(tx, gallery, subject),
        "sealed_name": sealed.seal_name(tx, gallery, identifier, slot, subject),
        "faces": 0,
        "created_at": created_at,
    }
    tx.execute(_CREATE, values)
    galleries.changed(tx, gallery, users=1)
    return get(tx, gallery, subject)


def find(tx: Transaction, gallery: int, subject: str) -> SubjectRow | None:
    """Look a subject up by name, who may not exist."""
    row = tx.execute(_GET, {"gallery": gallery, "digest": sealed.name_digest(tx, gallery, subject)}).first()
    return None if row is None else _subject(tx, gallery, row)


def get(tx: Transaction, gallery: int, subject: str) -> SubjectRow:
    """Look a subject up by name.

    Raises
    ------
    SubjectNotFoundError
    """
    found = find(tx, gallery, subject)
    if found is None:
        raise SubjectNotFoundError(f"The user id: {subject} does not exist")
    return found


def list_page(tx: Transaction, gallery: int, *, after: int = 0, limit: int) -> list[SubjectRow]:
    """List subjects in the order of creation, at most `limit`, beginning after the id `after`."""
    parameters = {"gallery": gallery, "after": after, "at_most": limit}
    return [_subject(tx, gallery, row) for row in tx.execute(_LIST, parameters)]


def delete(tx: Transaction, gallery: int, subject: str) -> None:
    """Delete a subject and the key of its name; its references stay in the gallery, without subject.

    Raises
    ------
    SubjectNotFoundError
    """
    found = get(tx, gallery, subject)
    delete_row(tx, gallery, found.id, found.key_slot)


def delete_row(tx: Transaction, gallery: int, subject_id: int, slot: int) -> None:
    """Delete a subject whose name need not be known, as `delete` does."""
    tx.destroy_slots([slot])
    released = tx.execute(_RELEASE, {"wanted": subject_id}).rowcount
    tx.execute(_DELETE, {"wanted": subject_id})
    galleries.changed(tx, gallery, users=-1, regrouped=released > 0)


def associate(
    tx: Transaction,
    gallery: int,
    subject: str,
    face_ids: Iterable[str],
    *,
    references_max: int = REFERENCES_MAX,
) -> list[str]:
    """Give references to a subject.

    Returns
    -------
    list of str
        The face ids that it gained: those of the gallery that belonged to no subject.

    Raises
    ------
    SubjectNotFoundError
    TooManyReferencesError
        If it would hold more than `references_max`; it then gains none.
    """
    found = get(tx, gallery, subject)
    gained = _held_by(tx, gallery, None, face_ids)
    if found.faces + len(gained) > references_max:
        raise TooManyReferencesError(
            f"The user id: {subject} would have {found.faces + len(gained)} faces; {references_max} are allowed",
            "Disassociate faces first, or use another user.",
        )
    _move(tx, gallery, gained, subject_id=found.id, counted_on=found.id, by=len(gained))
    return gained


def disassociate(tx: Transaction, gallery: int, subject: str, face_ids: Iterable[str]) -> list[str]:
    """Take references from a subject; returns the face ids that it had.

    Raises
    ------
    SubjectNotFoundError
    """
    found = get(tx, gallery, subject)
    lost = _held_by(tx, gallery, found.id, face_ids)
    _move(tx, gallery, lost, subject_id=None, counted_on=found.id, by=-len(lost))
    return lost


def faces_of(tx: Transaction, gallery: int, subject: str) -> list[str]:
    """List the face ids of a subject in order of enrolment.

    Raises
    ------
    SubjectNotFoundError
    """
    return list(tx.execute(_FACES, {"wanted": get(tx, gallery, subject).id}).scalars())


def find_many(tx: Transaction, gallery: int, names: Iterable[str]) -> dict[str, SubjectRow]:
    """Look subjects up by name; those that the gallery does not have are left out."""
    digests = (sealed.name_digest(tx, gallery, name) for name in dict.fromkeys(names))
    rows = (
        _subject(tx, gallery, row)
        for chunk in chunks(digests)
        for row in tx.execute(_FIND_MANY, {"gallery": gallery, "digests": chunk})
    )
    return {row.name: row for row in rows}


def by_identifier(tx: Transaction, gallery: int, identifiers: Iterable[str]) -> dict[str, SubjectRow]:
    """Look subjects up by our identifier; those that the gallery does not have any more are left out."""
    rows = (
        _subject(tx, gallery, row)
        for chunk in chunks(identifiers)
        for row in tx.execute(_BY_IDENTIFIER, {"gallery": gallery, "identifiers": chunk})
    )
    return {row.identifier: row for row in rows}


def identifiers_of(tx: Transaction, gallery: int) -> dict[int, str]:
    """Read our identifiers of all subjects of a gallery by id."""
    return {row.id: row.identifier for batch in tx.stream(_IDENTIFIERS, {"gallery": gallery}, 8_192) for row in batch}


def templates_of(tx: Transaction, gallery: int, subject: str) -> NDArray[np.float32]:
    """Read the templates of a subject's references, of shape (n, dimension); (0, 0) if it has none.

    Raises
    ------
    SubjectNotFoundError
    """
    rows = tx.execute(_OWN_TEMPLATES, {"wanted": get(tx, gallery, subject).id})
    opened = [sealed.open_template(tx, *row) for row in rows]
    return packing.unpack_templates(opened) if opened else np.zeros((0, 0), dtype=np.float32)


def lost_faces(tx: Transaction, subject_ids: Iterable[int]) -> None:
    """Take note that references were erased: one for each time that a subject is listed."""
    for subject_id, lost in Counter(subject_ids).items():
        tx.execute(_MORE_FACES, {"wanted": subject_id, "more_faces": -lost})


def _held_by(tx: Transaction, gallery: int, subject_id: int | None, face_ids: Iterable[str]) -> list[str]:
    """List those of the face ids that belong to this subject (or to none) in order of enrolment."""
    rows = [
        row
        for chunk in chunks(dict.fromkeys(face_ids))
        for row in tx.execute(_WHOSE, {"face_ids": chunk})
        if row.gallery_id == gallery and row.subject_id == subject_id
    ]
    return [row.face_id for row in sorted(rows, key=lambda row: int(row.sequence))]


def _move(
    tx: Transaction, gallery: int, face_ids: list[str], *, subject_id: int | None, counted_on: int, by: int
) -> None:
    if not face_ids:
        return
    for chunk in chunks(face_ids):
        tx.execute(_ASSIGN, {"assigned": subject_id, "face_ids": chunk})
    tx.execute(_MORE_FACES, {"wanted": counted_on, "more_faces": by})
    galleries.changed(tx, gallery, regrouped=True)


def _subject(tx: Transaction, gallery: int, row: Any) -> SubjectRow:
    name = sealed.open_name(tx, gallery, row.identifier, row.key_slot, row.sealed_name)
    return SubjectRow(row.id, row.identifier, row.key_slot, name, row.faces, row.created_at)
