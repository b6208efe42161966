"""References: the enrolled faces and their templates."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BindParameter, Executable, bindparam, delete, insert, select

from recognizance.biometrics import Pose, Quality, Reference, RelativeBox
from recognizance.errors import ReferenceNotFoundError
from recognizance.records import galleries, images, packing, schema, subjects
from recognizance.records.transaction import Transaction, chunks

_REFS = schema.references
_ADD = insert(_REFS).returning(_REFS.c.sequence, sort_by_parameter_order=True)
_SELECT = select(
    _REFS.c.sequence,
    _REFS.c.face_id,
    _REFS.c.image_id,
    _REFS.c.external_id,
    schema.subjects.c.name.label("subject"),
    _REFS.c.face,
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
_FOUND = select(_REFS.c.sequence, _REFS.c.face_id, _REFS.c.image_id, _REFS.c.subject_id, _REFS.c.gallery_id).where(
    _AMONG
)
_DELETE = delete(_REFS).where(_REFS.c.sequence.in_(bindparam("sequences", expanding=True)))
_TEMPLATE = select(_REFS.c.template).where(_HERE, _REFS.c.face_id == bindparam("face_id"))
_TEMPLATES = select(_REFS.c.sequence, _REFS.c.face_id, _REFS.c.template).where(_HERE, _AFTER).order_by(_REFS.c.sequence)


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
    templates : ndarray of shape (n, dimension), float32, read-only
        Row i belongs to ``face_ids[i]``.
    """

    sequences: NDArray[np.int64]
    face_ids: tuple[str, ...]
    templates: NDArray[np.float32]


def add_many(tx: Transaction, gallery: int, new: Sequence[NewReference]) -> list[int]:
    """Enrol references; returns their sequence numbers in the given order."""
    if not new:
        return []
    rows = [
        {
            "gallery_id": gallery,
            "face_id": reference.face_id,
            "image_id": reference.image_id,
            "external_id": reference.external_id,
            "enrolled_at": reference.enrolled_at,
            "face": packing.pack_face(
                reference.box, reference.landmarks, reference.confidence, reference.pose, reference.quality
            ),
            "template": packing.pack_template(reference.template),
        }
        for reference in new
    ]
    sequences = [int(number) for number in tx.execute(_ADD, rows).scalars()]
    galleries.changed(tx, gallery, faces=len(rows))
    return sequences


def get_many(tx: Transaction, gallery: int, face_ids: Iterable[str]) -> dict[str, Reference]:
    """Look references of a gallery up; those that it does not hold are left out."""
    return {row.face_id: _reference(row) for row in _rows(tx, _GET_MANY, gallery, face_ids)}


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
    return [_reference(row) for row in sorted(rows, key=lambda row: int(row.sequence))]


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
    parent = gallery if subject is None else subjects.get(tx, gallery, subject).id
    if face_ids is not None:
        rows = [
            row
            for row in _rows(tx, _GET_MANY, gallery, face_ids)
            if row.sequence > after_sequence and subject in (None, row.subject)
        ]
        return [_reference(row) for row in sorted(rows, key=lambda row: int(row.sequence))[:limit]]
    statement = _PAGE if subject is None else _PAGE_OF_SUBJECT
    page = tx.execute(statement, {"parent": parent, "after": after_sequence, "at_most": limit})
    return [_reference(row) for row in page]


def delete_many(tx: Transaction, gallery: int, face_ids: Iterable[str]) -> dict[str, int]:
    """Erase references, and each photograph whose last reference this was.

    Returns
    -------
    dict of str to int
        Face id to sequence of those that were there; the others are left out.
    """
    found = list(_rows(tx, _FOUND, gallery, face_ids))
    if not found:
        return {}
    for chunk in chunks(row.sequence for row in found):
        tx.execute(_DELETE, {"sequences": chunk})
    subjects.lost_faces(tx, (row.subject_id for row in found if row.subject_id is not None))
    images.forget_unreferenced(tx, {row.image_id for row in found})
    galleries.changed(tx, gallery, faces=-len(found))
    return {row.face_id: row.sequence for row in found}


def template_of(tx: Transaction, gallery: int, face_id: str) -> NDArray[np.float32]:
    """Read one template, of shape (dimension,), float32.

    Raises
    ------
    ReferenceNotFoundError
    """
    blob = tx.execute(_TEMPLATE, {"gallery": gallery, "face_id": face_id}).scalar()
    if blob is None:
        raise ReferenceNotFoundError(f"The face id: {face_id} does not exist")
    return packing.unpack_template(blob)


def templates(tx: Transaction, gallery: int, *, after_sequence: int = 0, batch: int = 8_192) -> Iterator[TemplateBatch]:
    """Read all templates of a gallery in order of enrolment, `batch` rows at a time."""
    for rows in tx.stream(_TEMPLATES, {"gallery": gallery, "after": after_sequence}, batch):
        sequences, face_ids, blobs = zip(*rows, strict=True)
        yield TemplateBatch(np.array(sequences, np.int64), tuple(face_ids), packing.unpack_templates(blobs))


def _rows(tx: Transaction, statement: Executable, gallery: int, face_ids: Iterable[str]) -> Iterator[Any]:
    for chunk in chunks(dict.fromkeys(face_ids)):
        yield from (row for row in tx.execute(statement, {"face_ids": chunk}) if row.gallery_id == gallery)


def _reference(row: Any) -> Reference:
    box, landmarks, confidence, pose, quality = packing.unpack_face(row.face)
    return Reference(
        sequence=row.sequence,
        face_id=row.face_id,
        image_id=row.image_id,
        external_id=row.external_id,
        subject=row.subject,
        box=box,
        landmarks=landmarks,
        confidence=confidence,
        pose=pose,
        quality=quality,
        model=row.model,
        enrolled_at=row.enrolled_at,
    )
