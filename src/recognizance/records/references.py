"""References: the enrolled faces and their templates."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BindParameter, Executable, bindparam, delete, func, insert, select

from recognizance.biometrics import Pose, Quality, Reference, RelativeBox
from recognizance.errors import ReferenceNotFoundError
from recognizance.records import changes, galleries, images, packing, photographs, schema, sealed, subjects
from recognizance.records.transaction import Transaction, chunks

_REFS = schema.references
_ADD = insert(_REFS).returning(_REFS.c.sequence, sort_by_parameter_order=True)
_SELECT = select(
    _REFS.c.sequence,
    _REFS.c.face_id,
    _REFS.c.image_id,
    _REFS.c.key_slot,
    _REFS.c.sealed_facts,
    schema.subjects.c.identifier.label("subject"),
    schema.subjects.c.key_slot.label("subject_slot"),
    schema.subjects.c.sealed_name,
    schema.galleries.c.model,
    _REFS.c.enrolled_at,
    _REFS.c.gallery_id,
).select_from(
    _REFS.join(schema.galleries, schema.galleries.c.id == _REFS.c.gallery_id).outerjoin(
        schema.subjects, schema.subjects.c.id == _REFS.c.subject_id
    )
)
_AMONG = _REFS.c.face_id.in_(bindparam("face_ids", expanding=True))
_HERE = _REFS.c.gallery_id == bindparam("gallery")
_AFTER = _REFS.c.sequence > bindparam("after")
# By face or image alone, and the gallery compared afterwards: given both, SQLite may walk the whole gallery.
_GET_MANY = _SELECT.where(_AMONG)
_TAKEN = select(_REFS.c.face_id).where(_AMONG)
_IMAGES_ELSEWHERE = select(_REFS.c.image_id, _REFS.c.gallery_id).where(
    _REFS.c.image_id.in_(bindparam("image_ids", expanding=True))
)
_OF_IMAGE = _SELECT.where(_REFS.c.image_id == bindparam("image_id"))
_PARENT: BindParameter[int] = bindparam("parent")
_ORDERED = _SELECT.where(_AFTER).order_by(_REFS.c.sequence).limit(bindparam("at_most"))
_PAGE = _ORDERED.where(_REFS.c.gallery_id == _PARENT)
_PAGE_OF_SUBJECT = _ORDERED.where(_REFS.c.subject_id == _PARENT)
_FOUND = select(
    _REFS.c.sequence, _REFS.c.face_id, _REFS.c.image_id, _REFS.c.subject_id, _REFS.c.gallery_id, _REFS.c.key_slot
).where(_AMONG)
_DELETE = delete(_REFS).where(_REFS.c.sequence.in_(bindparam("sequences", expanding=True)))
_TEMPLATE = select(_REFS.c.key_slot, _REFS.c.sealed_template).where(_HERE, _REFS.c.face_id == bindparam("face_id"))
_TEMPLATES = (
    select(_REFS.c.sequence, _REFS.c.face_id, _REFS.c.subject_id, _REFS.c.key_slot, _REFS.c.sealed_template)
    .where(_HERE, _AFTER)
    .order_by(_REFS.c.sequence)
)
_OWNED_TEMPLATES = _TEMPLATES.where(_REFS.c.subject_id.is_not(None))
_NEWEST = select(func.max(_REFS.c.sequence)).where(_HERE)
_LIVE = select(_REFS.c.face_id).where(_HERE, _AFTER).order_by(_REFS.c.sequence)
_NUMBERS_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True)
class NewReference:
    """A face to enrol.

    Attributes
    ----------
    template : ndarray of shape (dimension,), float32
        Unit length, by the gallery's model.
    confidence : float
        The detector's, 0..1.
    landmarks : sequence of 5 (x, y) pairs
        As ratios of the photograph's width and height.
    """

    face_id: str
    image_id: str
    external_id: str | None
    template: NDArray[np.float32]
    box: RelativeBox
    landmarks: Sequence[tuple[float, float]]
    confidence: float
    pose: Pose
    quality: Quality
    enrolled_at: datetime


@dataclass(frozen=True, slots=True)
class TemplateBatch:
    """References in order of enrolment, as a scan index takes them.

    Attributes
    ----------
    sequences : ndarray of shape (n,), int64
    face_ids : tuple of n str
    subjects : tuple of n int or None
        Ids of the subjects that they belong to.
    templates : ndarray of shape (n, dimension), float32, read-only
        Row i belongs to ``face_ids[i]``.
    """

    sequences: NDArray[np.int64]
    face_ids: tuple[str, ...]
    subjects: tuple[int | None, ...]
    templates: NDArray[np.float32]


def add_many(tx: Transaction, gallery: int, new: Sequence[NewReference]) -> list[int]:
    """Enrol references, each sealed under a key of its own; returns their sequence numbers in the given order."""
    if not new:
        return []
    slots = tx.vault.take_many(len(new))
    rows = [_row(tx, gallery, reference, slot) for reference, slot in zip(new, slots, strict=True)]
    sequences = [int(number) for number in tx.execute(_ADD, rows).scalars()]
    galleries.changed(tx, gallery, faces=len(rows))
    return sequences


def get_many(tx: Transaction, gallery: int, face_ids: Iterable[str]) -> dict[str, Reference]:
    """Look references of a gallery up; those that it does not hold are left out."""
    return {reference.face_id: reference for reference in _references(tx, _rows(tx, _GET_MANY, gallery, face_ids))}


def taken(tx: Transaction, face_ids: Iterable[str]) -> set[str]:
    """Tell which of these face ids exist in any gallery."""
    return {str(face_id) for chunk in chunks(face_ids) for face_id in tx.execute(_TAKEN, {"face_ids": chunk}).scalars()}


def images_elsewhere(tx: Transaction, gallery: int, image_ids: Iterable[str]) -> set[str]:
    """Tell which of these image ids belong to references of other galleries."""
    return {
        str(row.image_id)
        for chunk in chunks(dict.fromkeys(image_ids))
        for row in tx.execute(_IMAGES_ELSEWHERE, {"image_ids": chunk})
        if row.gallery_id != gallery
    }


def of_image(tx: Transaction, gallery: int, image_id: str) -> list[Reference]:
    """List the references that were made of one photograph, in order of enrolment."""
    rows = [row for row in tx.execute(_OF_IMAGE, {"image_id": image_id}) if row.gallery_id == gallery]
    return _references(tx, sorted(rows, key=lambda row: int(row.sequence)))


def list_page(
    tx: Transaction,
    gallery: int,
    *,
    after_sequence: int = 0,
    limit: int,
    subject: str | None = None,
    face_ids: Collection[str] | None = None,
) -> list[Reference]:
    """List references in order of enrolment, at most `limit`, beginning after `after_sequence`.

    Only those of `subject`, and only those among `face_ids`, where given.

    Raises
    ------
    SubjectNotFoundError
        If the gallery has no such subject.
    """
    owner = None if subject is None else subjects.get(tx, gallery, subject)
    if face_ids is not None:
        rows = [
            row
            for row in _rows(tx, _GET_MANY, gallery, face_ids)
            if row.sequence > after_sequence and (owner is None or row.subject == owner.identifier)
        ]
        return _references(tx, sorted(rows, key=lambda row: int(row.sequence))[:limit])
    statement, parent = (_PAGE, gallery) if owner is None else (_PAGE_OF_SUBJECT, owner.id)
    return _references(tx, tx.execute(statement, {"parent": parent, "after": after_sequence, "at_most": limit}))


def delete_many(
    tx: Transaction, gallery: int, face_ids: Iterable[str], *, with_photographs: bool = False
) -> dict[str, int]:
    """Erase references and their keys, and each photograph whose last reference this was.

    Parameters
    ----------
    with_photographs : bool
        Erase every photograph that shows one of them, though others are in it too; of these the references stay.

    Returns
    -------
    dict of str to int
        Face id to sequence of those that were there; the others are left out.
    """
    found = list(_rows(tx, _FOUND, gallery, face_ids))
    if not found:
        return {}
    tx.destroy_slots(row.key_slot for row in found)
    for chunk in chunks(row.sequence for row in found):
        tx.execute(_DELETE, {"sequences": chunk})
    owners = [row.subject_id for row in found if row.subject_id is not None]
    subjects.lost_faces(tx, owners)
    images.forget_unreferenced(tx, {row.image_id for row in found})
    if with_photographs:
        photographs.delete_many(tx, {row.image_id for row in found})
    galleries.changed(tx, gallery, faces=-len(found), regrouped=bool(owners))
    changes.note_erased(tx, gallery, [row.face_id for row in found])
    return {row.face_id: row.sequence for row in found}


def photographs_showing(tx: Transaction, gallery: int, face_ids: Iterable[str]) -> list[str]:
    """List the image ids of the photographs that are kept and show any of these references."""
    shown = dict.fromkeys(row.image_id for row in _rows(tx, _FOUND, gallery, face_ids))
    return [image_id for image_id in shown if photographs.exists(tx, image_id)]


def template_of(tx: Transaction, gallery: int, face_id: str) -> NDArray[np.float32]:
    """Read one template, of shape (dimension,), float32.

    Raises
    ------
    ReferenceNotFoundError
    """
    row = tx.execute(_TEMPLATE, {"gallery": gallery, "face_id": face_id}).first()
    if row is None:
        raise ReferenceNotFoundError(f"The face id: {face_id} does not exist")
    return packing.unpack_template(sealed.open_template(tx, gallery, face_id, row.key_slot, row.sealed_template))


def newest_sequence(tx: Transaction, gallery: int) -> int:
    """Give the sequence of the newest reference of a gallery; 0 if it has none."""
    return int(tx.execute(_NEWEST, {"gallery": gallery}).scalar() or 0)


def templates(
    tx: Transaction, gallery: int, *, after_sequence: int = 0, owned_only: bool = False, batch: int = 8_192
) -> Iterator[TemplateBatch]:
    """Read the templates of a gallery in order of enrolment, `batch` rows at a time.

    Parameters
    ----------
    owned_only : bool
        Only those of references that belong to a subject.
    """
    statement = _OWNED_TEMPLATES if owned_only else _TEMPLATES
    for rows in tx.stream(statement, {"gallery": gallery, "after": after_sequence}, batch):
        opened = [sealed.open_template(tx, gallery, face_id, slot, template) for _, face_id, _, slot, template in rows]
        sequences, face_ids, owners, _, _ = zip(*rows, strict=True)
        yield TemplateBatch(np.array(sequences, np.int64), face_ids, owners, packing.unpack_templates(opened))


def live_face_ids(tx: Transaction, gallery: int) -> Iterator[Sequence[str]]:
    """Read the face ids of all references of a gallery, many at a time, in order of enrolment."""
    for batch in tx.stream(_LIVE, {"gallery": gallery, "after": 0}, _NUMBERS_AT_ONCE):
        yield [row[0] for row in batch]


def _rows(tx: Transaction, statement: Executable, gallery: int, face_ids: Iterable[str]) -> Iterator[Any]:
    for chunk in chunks(dict.fromkeys(face_ids)):
        yield from (row for row in tx.execute(statement, {"face_ids": chunk}) if row.gallery_id == gallery)


def _row(tx: Transaction, gallery: int, new: NewReference, slot: int) -> dict[str, Any]:
    face = packing.pack_face(new.box, new.landmarks, new.confidence, new.pose, new.quality)
    template = packing.pack_template(new.template)
    return {
        "gallery_id": gallery,
        "face_id": new.face_id,
        "image_id": new.image_id,
        "key_slot": slot,
        "enrolled_at": new.enrolled_at,
        "sealed_facts": sealed.seal_facts(tx, gallery, new.face_id, slot, face, new.external_id),
        "sealed_template": sealed.seal_template(tx, gallery, new.face_id, slot, template),
    }


def _references(tx: Transaction, rows: Iterable[Any]) -> list[Reference]:
    names: dict[str | None, str | None] = {None: None}
    found = []
    for row in rows:
        if row.subject not in names:
            names[row.subject] = sealed.open_name(tx, row.gallery_id, row.subject, row.subject_slot, row.sealed_name)
        face, external_id = sealed.open_facts(tx, row.gallery_id, row.face_id, row.key_slot, row.sealed_facts)
        box, landmarks, confidence, pose, quality = packing.unpack_face(face)
        found.append(
            Reference(
                sequence=row.sequence,
                face_id=row.face_id,
                image_id=row.image_id,
                external_id=external_id,
                subject=names[row.subject],
                box=box,
                landmarks=landmarks,
                confidence=confidence,
                pose=pose,
                quality=quality,
                model=row.model,
                enrolled_at=row.enrolled_at,
                key_slot=row.key_slot,
            )
        )
    return found
