"""References: the enrolled faces and their templates."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BindParameter, bindparam, delete, insert, select

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
).select_from(
    _REFS.join(schema.galleries, schema.galleries.c.id == _REFS.c.gallery_id).outerjoin(
        schema.subjects, schema.subjects.c.id == _REFS.c.subject_id
    )
)
_AMONG = _REFS.c.face_id.in_(bindparam("face_ids", expanding=True))
_HERE = _REFS.c.gallery_id == bindparam("gallery")
_AFTER = _REFS.c.sequence > bindparam("after")
_AT_MOST: BindParameter[int] = bindparam("at_most")
_GET_MANY = _SELECT.where(_HERE, _AMONG)
_OF_IMAGE = _SELECT.where(_HERE, _REFS.c.image_id == bindparam("image_id")).order_by(_REFS.c.sequence)
_OF_SUBJECT = _REFS.c.subject_id == bindparam("subject")
_FOUND = select(_REFS.c.sequence, _REFS.c.face_id, _REFS.c.image_id, _REFS.c.subject_id).where(_HERE, _AMONG)
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
    return {
        row.face_id: _reference(row)
        for chunk in chunks(face_ids)
        for row in tx.execute(_GET_MANY, {"gallery": gallery, "face_ids": chunk})
    }


def of_image(tx: Transaction, gallery: int, image_id: str) -> list[Reference]:
    """List the references that were made of one photograph, in order of enrolment."""
    return [_reference(row) for row in tx.execute(_OF_IMAGE, {"gallery": gallery, "image_id": image_id})]


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
    parameters: dict[str, Any] = {"after": after_sequence}
    if subject is None:
        statement = _SELECT.where(_AFTER, _HERE)
        parameters["gallery"] = gallery
    else:
        # The gallery is implied; naming it too would let the database walk all of it.
        statement = _SELECT.where(_AFTER, _OF_SUBJECT)
        parameters["subject"] = subjects.get(tx, gallery, subject).id
    if face_ids is None:
        parameters["at_most"] = limit
        return [_reference(row) for row in tx.execute(statement.order_by(_REFS.c.sequence).limit(_AT_MOST), parameters)]
    rows = [
        row
        for chunk in chunks(dict.fromkeys(face_ids))
        for row in tx.execute(statement.where(_AMONG), {**parameters, "face_ids": chunk})
    ]
    rows.sort(key=lambda row: int(row.sequence))
    return [_reference(row) for row in rows[:limit]]


def delete_many(tx: Transaction, gallery: int, face_ids: Iterable[str]) -> dict[str, int]:
    """Erase references, and each photograph whose last reference this was.

    Returns
    -------
    dict of str to int
        Face id to sequence of those that were there; the others are left out.
    """
    found = [
        row
        for chunk in chunks(dict.fromkeys(face_ids))
        for row in tx.execute(_FOUND, {"gallery": gallery, "face_ids": chunk})
    ]
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
