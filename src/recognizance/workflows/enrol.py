"""Enrol the faces of a photograph."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from recognizance.biometrics import BoundingBox, DetectedFace, Image, QualityLevel, Reference, RelativeBox, Template
from recognizance.detection.filter import shortcomings
from recognizance.errors import ImageError
from recognizance.ledger import Concealed, ConcealedList, Value
from recognizance.records import Transaction, images, photographs, references
from recognizance.records.galleries import GalleryRow
from recognizance.records.references import NewReference
from recognizance.workflows.act import Act
from recognizance.workflows.engine import Photograph
from recognizance.workflows.place import (
    Permit,
    Workplace,
    estimated,
    failures_recorded,
    find_gallery,
    new_identifier,
    permit,
    record,
    record_failed,
    same_gallery,
)
from recognizance.workflows.shelf import require_model
from recognizance.workflows.withholding import enroller

EXCEEDS_MAX_FACES = "EXCEEDS_MAX_FACES"

FACES_MAX = 100
"""Faces of one photograph that are looked at, largest first."""

_SAME_FACE = 0.9  # overlap of two boxes in the same photograph that makes them the same face


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What came of a photograph.

    ``enrolled`` pairs each reference with the face it was made of, largest first; ``left_out`` pairs each other
    face with the reasons.  ``stored`` counts the references that were new.
    """

    image: Image
    enrolled: tuple[tuple[Reference, DetectedFace], ...]
    left_out: tuple[tuple[DetectedFace, tuple[str, ...]], ...]
    stored: int
    entry: int


@dataclass(frozen=True, slots=True)
class NotEnrolled:
    """A photograph that is none, with the entry that says so."""

    error: ImageError
    entry: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Which faces to enrol of each photograph, and whether to estimate the attributes of all of them."""

    faces_max: int | None
    quality: QualityLevel
    attributes: bool = False


Wanted = tuple[Photograph, str | None]
"""A photograph, and what the client calls it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A photograph that was looked at; ``image`` has let go of its pixels.

    With the same bytes, ``known_by`` says that it is the same photograph.
    """

    data: bytes
    external_id: str | None
    known_by: str | None
    image: Image
    chosen: list[DetectedFace]
    templates: list[Template]
    left_out: list[tuple[DetectedFace, tuple[str, ...]]]
    attributes: bool


@failures_recorded("enrol")
def enrol(
    place: Workplace,
    act: Act,
    gallery_name: str,
    photograph: Photograph,
    *,
    external_id: str | None,
    faces_max: int | None,
    quality: QualityLevel,
    attributes: bool = False,
) -> Enrolment:
    """Enrol the faces of a photograph into a gallery.

    The policy is asked; the faces are found, filtered and embedded; references, photograph and one entry are made
    durable together; then searches see them; then they are returned.  The same bytes with the same external id
    are not stored a second time: the references that are there are returned, where the results of searches are withheld
    only to who enrolled them.  If `attributes` are asked for, they are estimated of every face and returned; they are
    not kept.
    """
    permitted, gallery = _begin(place, act, gallery_name, attributes=attributes)
    seen = _look(place, permitted, (photograph, external_id), Selection(faces_max, quality, attributes))
    (done,) = _store(place, permitted, gallery, [seen])
    return cast(Enrolment, done)  # what was seen is stored


@failures_recorded("enrol")
def enrol_many(
    place: Workplace, act: Act, gallery_name: str, photographs: Sequence[Wanted], selection: Selection
) -> list[Enrolment | NotEnrolled]:
    """Enrol the faces of several photographs, each as `enrol` does, or not at all if it is no photograph.

    The policy is asked once; each photograph is looked at; references, photographs and one entry for each photograph
    are made durable together; then searches see them; then they are returned.
    """
    permitted, gallery = _begin(place, act, gallery_name)
    seen: list[_Seen | ImageError] = []
    for photograph in photographs:
        try:
            seen.append(_look(place, permitted, photograph, selection))
        except ImageError as error:
            seen.append(error)
    return _store(place, permitted, gallery, seen)


def _begin(place: Workplace, act: Act, gallery_name: str, *, attributes: bool = False) -> tuple[Permit, GalleryRow]:
    permitted = permit(place, act, "enrol", gallery=gallery_name, attributes=attributes)
    gallery = find_gallery(place, gallery_name)
    require_model(gallery, place.engine.model)
    return permitted, gallery


def _look(place: Workplace, permitted: Permit, wanted: Wanted, selection: Selection) -> _Seen:
    photograph, external_id = wanted
    data, bytes_max = photograph()
    image, found = place.engine.look(data, bytes_max)
    faces = found[:FACES_MAX]
    if selection.attributes:
        faces = place.engine.with_attributes(image, faces)
    chosen, left_out = _choose(faces, image, selection.quality, selection.faces_max)
    templates = place.engine.templates(image, chosen)
    known_by = enroller(place, permitted, external_id)
    without = image.without_pixels()
    return _Seen(data, external_id, known_by, without, chosen, templates, left_out, selection.attributes)


def _store(
    place: Workplace, permitted: Permit, gallery: GalleryRow, photographs: Sequence[_Seen | ImageError]
) -> list[Enrolment | NotEnrolled]:
    done: list[Enrolment | NotEnrolled] = []
    fresh: list[tuple[str, Template]] = []
    with place.shelf.changing(gallery) as change:
        with place.store.write() as tx:
            gallery = same_gallery(tx, gallery)
            require_model(gallery, place.engine.model)
            for seen in photographs:
                if isinstance(seen, ImageError):
                    done.append(NotEnrolled(seen, record_failed(tx, permitted, type(seen).__name__)))
                    continue
                enrolled, added = _store_one(tx, permitted, gallery, seen, place.clock())
                done.append(enrolled)
                fresh += added
        change.enrolled([face_id for face_id, _ in fresh], [template for _, template in fresh])
    return done


def _store_one(
    tx: Transaction, permitted: Permit, gallery: GalleryRow, seen: _Seen, now: datetime
) -> tuple[Enrolment, list[tuple[str, Template]]]:
    """Store what is not there yet, with its entry; give the new references' templates by face id."""
    image, external_id = seen.image, seen.external_id
    image_id = images.find(tx, gallery.id, image.sha256, seen.known_by)
    known = references.of_image(tx, gallery.id, image_id) if image_id else []
    existing = [_find(known, relative_box(face.box, image)) for face in seen.chosen]
    fresh = [
        (face, template)
        for face, template, found in zip(seen.chosen, seen.templates, existing, strict=True)
        if found is None
    ]
    if fresh and image_id is None:
        image_id = new_identifier()
        images.remember(tx, gallery.id, image.sha256, seen.known_by, image_id)
        if gallery.keep_photographs:
            photographs.put(tx, image_id, "reference", seen.data, media_type=image.media_type, created_at=now)
    news = [
        new_reference(new_identifier(), face, template, image, image_id=str(image_id), external_id=external_id, now=now)
        for face, template in fresh
    ]
    if news:
        references.add_many(tx, gallery.id, news)
    stored = references.get_many(tx, gallery.id, [new.face_id for new in news])
    entry = record(
        tx,
        permitted,
        {
            "faces": [new.face_id for new in news],
            "gallery": gallery.id,
            "image": image_id,
            "model": gallery.model,
            "references": len(news),
            **estimated(attributes=seen.attributes),
        },
        conceal_enrolled(list(stored.values()), sha256=image.sha256),
    )
    added = iter(news)
    enrolled = tuple(
        (found if found is not None else stored[next(added).face_id], face)
        for face, found in zip(seen.chosen, existing, strict=True)
    )
    done = Enrolment(image, enrolled, tuple(seen.left_out), len(news), entry)
    return done, [(new.face_id, template) for new, (_, template) in zip(news, fresh, strict=True)]


def conceal_enrolled(stored: Sequence[Reference], *, sha256: bytes | None = None) -> list[Concealed | ConcealedList]:
    """Conceal what the client called the references, and of which photograph they are, each by its own key."""
    named: list[tuple[Value, int | None]] = [(reference.external_id, reference.key_slot) for reference in stored]
    concealed: list[Concealed | ConcealedList] = [ConcealedList("external_ids", named)]
    if sha256 is not None:
        digests: list[tuple[Value, int | None]] = [(sha256.hex(), reference.key_slot) for reference in stored]
        concealed.append(ConcealedList("photograph_sha256", digests))
    return concealed


def _choose(
    faces: Sequence[DetectedFace], image: Image, quality: QualityLevel, faces_max: int | None
) -> tuple[list[DetectedFace], list[tuple[DetectedFace, tuple[str, ...]]]]:
    """Split faces into those to enrol, largest first, and those to leave out.

    Beyond `faces_max`, faces of low quality are dropped first, then the smallest.
    """
    left_out: list[tuple[DetectedFace, tuple[str, ...]]] = []
    passing: list[DetectedFace] = []
    for face in faces:
        reasons = shortcomings(face, image, quality)
        if reasons:
            left_out.append((face, tuple(reason.value for reason in reasons)))
        else:
            passing.append(face)
    if faces_max is not None and len(passing) > faces_max:
        order = sorted(range(len(passing)), key=lambda row: bool(shortcomings(passing[row], image, QualityLevel.AUTO)))
        kept = set(order[:faces_max])
        left_out.extend((face, (EXCEEDS_MAX_FACES,)) for row, face in enumerate(passing) if row not in kept)
        passing = [face for row, face in enumerate(passing) if row in kept]
    return passing, left_out


def relative_box(box: BoundingBox, image: Image) -> RelativeBox:
    """Express a box as ratios of the image."""
    return RelativeBox(
        left=box.left_px / image.width_px,
        top=box.top_px / image.height_px,
        width=box.width_px / image.width_px,
        height=box.height_px / image.height_px,
    )


def new_reference(
    face_id: str,
    face: DetectedFace,
    template: Template,
    image: Image,
    *,
    image_id: str,
    external_id: str | None,
    now: datetime,
) -> NewReference:
    """Make the row of a face that was found in a photograph."""
    return NewReference(
        face_id=face_id,
        image_id=image_id,
        external_id=external_id,
        template=template.vector,
        box=relative_box(face.box, image),
        landmarks=tuple((float(x) / image.width_px, float(y) / image.height_px) for x, y in face.landmarks.points_px),
        confidence=face.confidence,
        pose=face.pose,
        quality=face.quality,
        enrolled_at=now,
    )


def _find(known: Sequence[Reference], box: RelativeBox) -> Reference | None:
    """Find the reference that was made of the face in this box."""
    return next((reference for reference in known if overlap(reference.box, box) >= _SAME_FACE), None)


def overlap(first: RelativeBox, second: RelativeBox) -> float:
    """Give the intersection over union of two boxes, 0..1."""
    across = min(first.left + first.width, second.left + second.width) - max(first.left, second.left)
    down = min(first.top + first.height, second.top + second.height) - max(first.top, second.top)
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / max(first.width * first.height + second.width * second.height - shared, 1e-12)
