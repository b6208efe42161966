"""What examiners look at: the faces of probe and candidates, cut out of their photographs."""

from collections.abc import Sequence

from recognizance.biometrics import Reference
from recognizance.errors import ErasedError, NotFoundError
from recognizance.imaging.cropping import crop_png
from recognizance.records import Transaction, photographs, references, subjects
from recognizance.records.searches import SearchRecord
from recognizance.workflows.enrol import relative_box
from recognizance.workflows.place import Workplace

PICTURES_MAX = 4
"""Of a subject with many references, the first ones are shown."""

_NO_LIMIT = 2**62


def probe_of(tx: Transaction, search: SearchRecord) -> tuple[bytes, None] | list[tuple[bytes, Reference]]:
    """Read what the probe of a search is shown by: its photograph, or those of the reference or subject."""
    if search.probe_kind is not None:
        identifier = search.probe_reference
        return [] if identifier is None else of_candidate(tx, search.gallery_id, search.probe_kind, identifier)
    data = None if search.probe_photograph is None else _kept(tx, search.probe_photograph)
    return [] if data is None else (data, None)


def of_candidate(tx: Transaction, gallery: int | None, kind: str, identifier: str) -> list[tuple[bytes, Reference]]:
    """Read the photographs of a reference or subject, each with the reference that shows where its face is."""
    if gallery is None:
        return []
    face_ids: Sequence[str] = [identifier]
    if kind == "subject":
        found = subjects.by_identifier(tx, gallery, [identifier]).get(identifier)
        face_ids = [] if found is None else subjects.faces_of(tx, gallery, found.name)[:PICTURES_MAX]
    rows = references.get_many(tx, gallery, face_ids)
    pairs = [(_kept(tx, rows[face_id].image_id), rows[face_id]) for face_id in face_ids if face_id in rows]
    return [(data, reference) for data, reference in pairs if data is not None]


def cut_out(place: Workplace, found: tuple[bytes, None] | list[tuple[bytes, Reference]]) -> list[bytes]:
    """Cut the faces out, as PNG; of a probe photograph the largest face, which is the one that was searched."""
    if isinstance(found, tuple):
        image, faces = place.engine.look(found[0], _NO_LIMIT)
        return [crop_png(image, relative_box(faces[0].box, image))] if faces else []
    return [crop_png(place.engine.decode(data, _NO_LIMIT), reference.box) for data, reference in found]


def slot_of(tx: Transaction, search: SearchRecord, identifier: str | None) -> int | None:
    """Find the key of whom a candidate is; None if they are erased."""
    if identifier is None or search.gallery_id is None:
        return None
    if search.searched == "reference":
        reference = references.get_many(tx, search.gallery_id, [identifier]).get(identifier)
        return None if reference is None else reference.key_slot
    subject = subjects.by_identifier(tx, search.gallery_id, [identifier]).get(identifier)
    return None if subject is None else subject.key_slot


def _kept(tx: Transaction, identifier: str) -> bytes | None:
    try:
        return photographs.get(tx, identifier)
    except (NotFoundError, ErasedError):
        return None
