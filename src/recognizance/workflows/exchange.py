"""Carry galleries out and in: references with their templates, photographs, and faces with ids given elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import DetectedFace, Image, Pose, Quality, Reference, RelativeBox
from recognizance.errors import InvalidRequestError, ModelMismatchError, ReferenceNotFoundError
from recognizance.ledger import ConcealedList
from recognizance.records import Transaction, galleries, images, photographs, references, subjects
from recognizance.records.galleries import GalleryRow
from recognizance.records.photographs import Photograph
from recognizance.records.references import NewReference
from recognizance.workflows.act import Act
from recognizance.workflows.engine import Photograph as Fetch
from recognizance.workflows.enrol import conceal_enrolled, new_reference, overlap, relative_box
from recognizance.workflows.place import (
    Workplace,
    failures_recorded,
    find_gallery,
    name_faces,
    permit,
    record,
    same_gallery,
)
from recognizance.workflows.shelf import require_model
from recognizance.workflows.withholding import require_no_export, withholds

_SAME_FACE = 0.4
"""Overlap of another service's box with ours that makes them the same face; detectors draw boxes differently."""

UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Exported:
    """A reference with its template."""

    reference: Reference
    template: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A reference to import as it is; ``template`` has unit length."""

    face_id: str
    image_id: str
    external_id: str | None
    subject: str | None
    box: RelativeBox
    landmarks: tuple[tuple[float, float], ...]
    confidence: float
    pose: Pose
    quality: Quality
    template: NDArray[np.float32]
    enrolled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NamedFace:
    """A face that another service indexed: its ids and where it saw the face."""

    face_id: str
    box: RelativeBox
    subject: str | None


@failures_recorded("export")
def export_references(
    place: Workplace, act: Act, gallery_name: str, *, after: int, limit: int
) -> tuple[GalleryRow, list[Exported], int]:
    """Read up to `limit` references with their templates in the order of enrolment; recorded as an export.

    If there are more, one more is returned, by which that is seen; it is not to be given away, and the entry neither
    counts it nor commits to it.
    """
    permitted = permit(place, act, "export", gallery=gallery_name)
    require_no_export(place, permitted)
    with place.store.write() as tx:
        gallery = galleries.get(tx, gallery_name)
        page = references.list_page(tx, gallery.id, after_sequence=after, limit=limit + 1)
        exported = [Exported(item, references.template_of(tx, gallery.id, item.face_id)) for item in page]
        given = page[:limit]
        entry = record(
            tx,
            permitted,
            {"gallery": gallery.id, "references": len(given)},
            [ConcealedList("faces", [(reference.face_id, reference.key_slot) for reference in given])],
        )
    return gallery, exported, entry


@failures_recorded("export")
def read_photograph(place: Workplace, act: Act, gallery_name: str, image_id: str) -> tuple[Photograph, int]:
    """Open the enrolled photograph of an image id; recorded as an export.

    Raises
    ------
    NotFoundError
        If the gallery has no such image, or keeps no photographs.
    """
    permitted = permit(place, act, "export", gallery=gallery_name)
    require_no_export(place, permitted, image_id)
    with place.store.write() as tx:
        gallery = galleries.get(tx, gallery_name)
        if not references.of_image(tx, gallery.id, image_id):
            raise ReferenceNotFoundError(f"The image id {image_id} does not exist in the gallery.")
        photograph = photographs.get_photograph(tx, image_id)
        entry = record(tx, permitted, {"gallery": gallery.id, "image": image_id})
    return photograph, entry


@failures_recorded("enrol")
def import_references(
    place: Workplace, act: Act, gallery_name: str, model: str, incoming: Sequence[Incoming]
) -> tuple[int, int]:
    """Take references in with the ids and dates they have; those that are there already are passed over.

    They and one entry are made durable together; then searches see them.

    Returns
    -------
    tuple of int
        How many were new, and the entry's index.

    Raises
    ------
    ModelMismatchError
        If another model made the templates.
    InvalidRequestError
        If a template is not of unit length, or an id belongs to another gallery.
    """
    permitted = permit(place, act, "enrol", gallery=gallery_name)
    gallery = find_gallery(place, gallery_name)
    require_model(gallery, place.engine.model)
    if model != gallery.model:
        raise ModelMismatchError(
            f"The templates were made by {model}; the gallery holds those of {gallery.model}.",
            "Import the photographs instead, or start the server with the other model.",
        )
    for item in incoming:
        length = float(np.linalg.norm(item.template)) if item.template.shape == (place.engine.dimension,) else 0.0
        if not abs(length - 1) <= UNIT_TOLERANCE:
            raise InvalidRequestError(
                f"The template of {item.face_id} is not a vector of {place.engine.dimension} numbers and length 1."
            )
    now = place.clock()
    with place.shelf.changing(gallery) as change:
        with place.store.write(alone=True) as tx:
            gallery = same_gallery(tx, gallery)
            known = references.get_many(tx, gallery.id, [item.face_id for item in incoming])
            fresh = [item for item in incoming if item.face_id not in known]
            _refuse_foreign(tx, gallery, [item.face_id for item in fresh], [item.image_id for item in fresh])
            references.add_many(
                tx,
                gallery.id,
                [
                    NewReference(
                        face_id=item.face_id,
                        image_id=item.image_id,
                        external_id=item.external_id,
                        template=item.template,
                        box=item.box,
                        landmarks=item.landmarks,
                        confidence=item.confidence,
                        pose=item.pose,
                        quality=item.quality,
                        enrolled_at=item.enrolled_at or now,
                    )
                    for item in fresh
                ],
            )
            named = [(item.subject, item.face_id) for item in fresh if item.subject is not None]
            _give(tx, place, gallery, named)
            templates_now = _templates_of(tx, gallery, {name for name, _ in named})
            stored = references.get_many(tx, gallery.id, [item.face_id for item in fresh])
            entry = record(
                tx,
                permitted,
                {"gallery": gallery.id, "imported": True, "references": len(fresh), **name_faces(sorted(stored))},
                conceal_enrolled(list(stored.values())),
            )
        if fresh:
            change.add([item.face_id for item in fresh], np.stack([item.template for item in fresh]))
        for identifier, rows in templates_now.items():
            change.subject(identifier, rows)
    return len(fresh), entry


@dataclass(frozen=True, slots=True)
class _Found:
    named: NamedFace
    face: DetectedFace


@failures_recorded("enrol")
def import_photograph(
    place: Workplace,
    act: Act,
    gallery_name: str,
    photograph: Fetch,
    *,
    image_id: str,
    external_id: str | None,
    faces: Sequence[NamedFace],
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Enrol the faces of a photograph under the ids that another service gave them.

    Each named face is looked for where the other service saw it.  Photograph, references, subjects and one entry
    are made durable together; then searches see them.

    Returns
    -------
    tuple
        Face ids that are in the gallery now, those that could not be found in the photograph, the entry's index.
    """
    permitted = permit(place, act, "enrol", gallery=gallery_name)
    gallery = find_gallery(place, gallery_name)
    require_model(gallery, place.engine.model)
    hidden = withholds(place, permitted) is not None
    data, bytes_max = photograph()
    image, seen = place.engine.look(data, bytes_max)
    found = _match(faces, seen, image)
    templates = place.engine.templates(image, [item.face for item in found])
    now = place.clock()
    with place.shelf.changing(gallery) as change:
        with place.store.write() as tx:
            gallery = same_gallery(tx, gallery)
            known = references.get_many(tx, gallery.id, [item.face_id for item in faces])
            fresh = [
                (item, template)
                for item, template in zip(found, templates, strict=True)
                if item.named.face_id not in known
            ]
            _refuse_foreign(tx, gallery, [item.named.face_id for item, _ in fresh], [image_id])
            same = images.is_of(tx, image_id, image.sha256)
            if same is not None and hidden:
                raise InvalidRequestError(f"The image id {image_id} is taken, and by which photograph is withheld.")
            if same is False:
                raise InvalidRequestError(f"The image id {image_id} belongs to another photograph.")
            if fresh and same is None:
                if images.find(tx, gallery.id, image.sha256, external_id) is None:
                    images.remember(tx, gallery.id, image.sha256, external_id, image_id)
                if gallery.keep_photographs and not photographs.exists(tx, image_id):
                    photographs.put(tx, image_id, "reference", data, media_type=image.media_type, created_at=now)
            references.add_many(
                tx,
                gallery.id,
                [
                    new_reference(
                        item.named.face_id,
                        item.face,
                        template,
                        image,
                        image_id=image_id,
                        external_id=external_id,
                        now=now,
                    )
                    for item, template in fresh
                ],
            )
            named = [(item.named.subject, item.named.face_id) for item, _ in fresh if item.named.subject is not None]
            _give(tx, place, gallery, named)
            templates_now = _templates_of(tx, gallery, {name for name, _ in named})
            stored = references.get_many(tx, gallery.id, [item.named.face_id for item, _ in fresh])
            entry = record(
                tx,
                permitted,
                {
                    "gallery": gallery.id,
                    "image": image_id,
                    "imported": True,
                    "references": len(fresh),
                    **name_faces(sorted(stored)),
                },
                conceal_enrolled(list(stored.values()), sha256=image.sha256),
            )
        change.enrolled([item.named.face_id for item, _ in fresh], [template for _, template in fresh])
        for identifier, rows in templates_now.items():
            change.subject(identifier, rows)
    present = {item.named.face_id for item in found} | set(known)
    missing = tuple(item.face_id for item in faces if item.face_id not in present)
    return tuple(item.face_id for item in faces if item.face_id in present), missing, entry


def _match(named: Sequence[NamedFace], faces: Sequence[DetectedFace], image: Image) -> list[_Found]:
    """Pair named faces with detected ones by overlap, best pairs first."""
    pairs = sorted(
        (
            (overlap(item.box, relative_box(face.box, image)), row, column)
            for row, item in enumerate(named)
            for column, face in enumerate(faces)
        ),
        reverse=True,
    )
    rows: set[int] = set()
    columns: set[int] = set()
    found = []
    for shared, row, column in pairs:
        if shared >= _SAME_FACE and row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            found.append(_Found(named[row], faces[column]))
    return found


def _refuse_foreign(tx: Transaction, gallery: GalleryRow, face_ids: Sequence[str], image_ids: Sequence[str]) -> None:
    """Refuse ids that belong to another gallery: photographs and faces are never shared between galleries."""
    if len(set(face_ids)) != len(face_ids):
        raise InvalidRequestError("A face id is given twice.")
    taken = references.taken(tx, face_ids)
    kind = "face"
    if not taken:
        taken, kind = references.images_elsewhere(tx, gallery.id, image_ids), "image"
    if taken:
        raise InvalidRequestError(
            f"{len(taken)} {kind} ids belong to another gallery already, the first is {min(taken)}.",
            "Delete the other gallery first, or enrol the photographs anew.",
        )


def _templates_of(tx: Transaction, gallery: GalleryRow, names: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """Read the templates of subjects' references, by our identifier of the subject."""
    return {
        owner.identifier: subjects.templates_of(tx, gallery.id, name)
        for name, owner in subjects.find_many(tx, gallery.id, names).items()
    }


def _give(tx: Transaction, place: Workplace, gallery: GalleryRow, named: Sequence[tuple[str, str]]) -> None:
    """Give references to subjects, creating those that are not there."""
    present = subjects.find_many(tx, gallery.id, [subject for subject, _ in named])
    for subject in dict.fromkeys(subject for subject, _ in named):
        if subject not in present:
            subjects.create(tx, gallery.id, subject, created_at=place.clock())
        subjects.associate(tx, gallery.id, subject, [face_id for owner, face_id in named if owner == subject])
