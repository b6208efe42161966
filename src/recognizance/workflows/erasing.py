"""Erase people: their templates, photographs, names and keys, so that no copy of the record says anything of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognizance.errors import ReferenceNotFoundError
from recognizance.ledger import Concealed
from recognizance.records import Transaction, references, subjects
from recognizance.workflows.act import Act
from recognizance.workflows.holding import require_free
from recognizance.workflows.objections import objections_refused
from recognizance.workflows.place import (
    Workplace,
    failures_recorded,
    find_gallery,
    name_faces,
    permit,
    record,
    same_gallery,
)


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why somebody is erased, in words, and by whose order: the id of its document.

    The entry commits to both, and auditors can have them disclosed.
    """

    reason: str | None = None
    order: str | None = None

    @property
    def concealed(self) -> tuple[Concealed, ...]:
        """What is given of them, for an entry."""
        given = {"order": self.order, "reason": self.reason}
        return tuple(Concealed(field, value) for field, value in given.items() if value is not None)


NO_GROUNDS = Grounds()


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """What went with a person, and the entry that says so."""

    references: int
    photographs: int
    entry: int


@failures_recorded("erase")
def erase_subject(
    place: Workplace, act: Act, gallery_name: str, subject: str, *, grounds: Grounds = NO_GROUNDS
) -> ErasedPerson:
    """Erase a subject with all its references, and every photograph that shows it.

    The erasure and one entry are made durable together; searches no longer find the person; the person's keys are
    destroyed, which erases them from every backup of the record too; the write-ahead log is emptied; then it is
    confirmed.  Other people in the same photographs keep their templates and lose the photograph.

    Raises
    ------
    SubjectNotFoundError
    RefusedError
        If a legal hold keeps the subject, or somebody else whose photograph would go along.
    """
    permitted = permit(place, act, "erase", gallery=gallery_name)
    gallery = find_gallery(place, gallery_name)
    with place.shelf.changing(gallery) as change, objections_refused(place, permitted):
        with place.store.write() as tx:
            gallery = same_gallery(tx, gallery)
            found = subjects.get(tx, gallery.id, subject)
            face_ids = subjects.faces_of(tx, gallery.id, subject)
            photographs = references.photographs_showing(tx, gallery.id, face_ids)
            require_free(tx, gallery.id, {found.identifier, *_touched(tx, gallery.id, face_ids, photographs)})
            references.delete_many(tx, gallery.id, face_ids, with_photographs=True)
            subjects.delete(tx, gallery.id, subject)
            entry = record(
                tx,
                permitted,
                {
                    "gallery": gallery.id,
                    "photographs": len(photographs),
                    "references": len(face_ids),
                    "subject": found.identifier,
                    **name_faces(face_ids),
                },
                grounds.concealed,
            )
        change.erased(face_ids)
        change.subject(found.identifier, np.zeros((0, place.engine.dimension), dtype=np.float32))
    return ErasedPerson(len(face_ids), len(photographs), entry)


@failures_recorded("erase")
def erase_faces(
    place: Workplace, act: Act, gallery_name: str, face_ids: Sequence[str], *, grounds: Grounds = NO_GROUNDS
) -> ErasedPerson:
    """Erase references, of a subject or not, and every photograph that shows one of them; effects as `erase_subject`.

    Raises
    ------
    ReferenceNotFoundError
        If the gallery does not hold one of them; nothing is erased then.
    RefusedError
        If a legal hold keeps one of them, or somebody else whose photograph would go along.
    """
    permitted = permit(place, act, "erase", gallery=gallery_name)
    gallery = find_gallery(place, gallery_name)
    wanted = list(dict.fromkeys(face_ids))
    with place.shelf.changing(gallery) as change, objections_refused(place, permitted):
        with place.store.write() as tx:
            gallery = same_gallery(tx, gallery)
            known = references.get_many(tx, gallery.id, wanted)
            missing = [face_id for face_id in wanted if face_id not in known]
            if missing:
                raise ReferenceNotFoundError(f"The face id: {missing[0]} does not exist")
            owners = sorted({str(row.subject) for row in known.values() if row.subject is not None})
            photographs = references.photographs_showing(tx, gallery.id, wanted)
            require_free(tx, gallery.id, _touched(tx, gallery.id, wanted, photographs))
            references.delete_many(tx, gallery.id, wanted, with_photographs=True)
            left = {
                owner.identifier: subjects.templates_of(tx, gallery.id, name)
                for name, owner in subjects.find_many(tx, gallery.id, owners).items()
            }
            entry = record(
                tx,
                permitted,
                {
                    "gallery": gallery.id,
                    "photographs": len(photographs),
                    "references": len(wanted),
                    **name_faces(wanted),
                },
                grounds.concealed,
            )
        change.erased(wanted)
        for identifier, rows in left.items():
            change.subject(identifier, rows)
    return ErasedPerson(len(wanted), len(photographs), entry)


def _touched(tx: Transaction, gallery: int, face_ids: Sequence[str], photographs: Sequence[str]) -> set[str]:
    """Name all that an erasure takes something from: the references, all others in the photographs, their subjects."""
    rows = [*references.get_many(tx, gallery, face_ids).values()]
    for image_id in photographs:
        rows += references.of_image(tx, gallery, image_id)
    owners = subjects.find_many(tx, gallery, {row.subject for row in rows if row.subject is not None})
    return {row.face_id for row in rows} | {owner.identifier for owner in owners.values()}
