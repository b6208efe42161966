"""Create, describe, list, label and delete galleries; list and erase references."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recognizance.authority.roster import Operator
from recognizance.biometrics import Reference
from recognizance.ledger import Concealed, Value
from recognizance.policy.standing import ROLES
from recognizance.records import galleries, references, subjects, tags
from recognizance.records.galleries import GalleryCounts, GalleryRow
from recognizance.workflows.act import Act
from recognizance.workflows.holding import require_free, require_gallery_free
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
from recognizance.workflows.testing import is_tester, name_for

ASSOCIATED = "ASSOCIATED_TO_AN_EXISTING_USER"
NOT_FOUND = "FACE_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Listed:
    """A gallery and its counts."""

    gallery: GalleryRow
    counts: GalleryCounts

    @property
    def name(self) -> str:
        """What it is called by who asks."""
        return galleries.shown_name(self.gallery.name)


@dataclass(frozen=True, slots=True)
class Erasure:
    """Which references were erased; ``kept`` names the others, the reason, and the subject they belong to."""

    erased: tuple[str, ...]
    kept: tuple[tuple[str, str, str | None], ...]
    entry: int


@failures_recorded("gallery", gallery="name")
def create_gallery(
    place: Workplace, act: Act, name: str, *, keep_photographs: bool = True, labels: Mapping[str, str] | None = None
) -> tuple[Listed, int]:
    """Create a gallery for the server's model; it and one entry are made durable together.

    Raises
    ------
    GalleryExistsError
    """
    name = name_for(place, act, name)
    permitted = permit(place, act, "gallery", gallery=name)
    with place.store.write() as tx:
        gallery = galleries.create(
            tx,
            name,
            model=place.engine.model,
            calibration=place.calibration.digest,
            keep_photographs=keep_photographs,
            created_at=place.clock(),
        )
        if labels:
            tags.set_tags(tx, gallery.id, labels)
        details: dict[str, Value] = {
            "change": "created",
            "gallery": gallery.id,
            "keep_photographs": keep_photographs,
            "model": gallery.model,
        }
        concealed = [Concealed("tags", {"put": dict(labels), "removed": []})] if labels else []
        entry = record(tx, permitted, details, concealed)
    return Listed(gallery, GalleryCounts(0, 0)), entry


@failures_recorded("list", gallery="name")
def describe_gallery(place: Workplace, act: Act, name: str) -> tuple[Listed, int]:
    """Return a gallery with its counts; recorded."""
    name = name_for(place, act, name)
    permitted = permit(place, act, "list", gallery=name)
    with place.store.write() as tx:
        gallery = galleries.get(tx, name)
        numbers = galleries.counts(tx, gallery.id)
        entry = record(tx, permitted, {"gallery": gallery.id})
    return Listed(gallery, numbers), entry


def list_galleries(place: Workplace, act: Act, *, after: int, limit: int) -> tuple[list[Listed], int]:
    """List up to `limit` galleries in the order of creation, after an id; recorded.

    If there are more, one more is returned, by which that is seen; the entry does not count it.  Who may list single
    galleries alone sees those, and nothing of the others; testers see those that they made, which nobody else does.
    """
    permitted = permit(place, act, "list")
    testing = is_tester(place, act)
    seen = _listable(place.roster.operator(act.operator))
    with place.store.write() as tx:
        if testing:
            found = galleries.list_of_tests(tx, operator=act.operator, after=after, limit=limit + 1)
        else:
            found = galleries.list_of_agency(tx, among=seen, after=after, limit=limit + 1)
        page = [Listed(gallery, galleries.counts(tx, gallery.id)) for gallery in found]
        entry = record(tx, permitted, {"galleries": min(len(page), limit)})
    return page, entry


def _listable(operator: Operator) -> frozenset[int] | None:
    """Name the galleries that an operator may list, by number; None for all."""
    if any("list" in ROLES.get(role, ()) for role in operator.roles):
        return None
    return frozenset(number for role, number in operator.gallery_roles if "list" in ROLES.get(role, ()))


@failures_recorded("gallery", gallery="name")
def delete_gallery(place: Workplace, act: Act, name: str) -> int:
    """Erase a gallery with everything in it: references, photographs, searches' probes and candidate lists.

    The entry stays.  Keys are destroyed, and the write-ahead log is emptied as soon as nobody reads from it
    (`RecordStore.write`).

    Raises
    ------
    RefusedError
        If a legal hold keeps anything in it.
    """
    name = name_for(place, act, name)
    permitted = permit(place, act, "gallery", gallery=name)
    gallery = find_gallery(place, name)
    with place.shelf.changing(gallery), objections_refused(place, permitted):
        with place.store.write(alone=True) as tx:
            gallery = same_gallery(tx, gallery)
            require_gallery_free(tx, gallery.id)
            galleries.delete_gallery(tx, name)
            entry = record(tx, permitted, {"gallery": gallery.id, "change": "deleted"})
        place.roster.forget()  # roles on this gallery went with it
        place.shelf.drop(gallery)
    return entry


@failures_recorded("list", gallery="name")
def list_references(
    place: Workplace,
    act: Act,
    name: str,
    *,
    after: int,
    limit: int,
    subject: str | None = None,
    face_ids: Sequence[str] | None = None,
) -> tuple[GalleryRow, list[Reference], int]:
    """List up to `limit` references, and one more, in the order of enrolment, after a sequence number; recorded.

    The one more, by which it is seen that there are more, is not counted.
    """
    name = name_for(place, act, name)
    permitted = permit(place, act, "list", gallery=name)
    with place.store.write() as tx:
        gallery = galleries.get(tx, name)
        if subject is not None:
            subjects.get(tx, gallery.id, subject)
        page = references.list_page(
            tx, gallery.id, after_sequence=after, limit=limit + 1, subject=subject, face_ids=face_ids
        )
        entry = record(tx, permitted, {"gallery": gallery.id, "references": min(len(page), limit)})
    return gallery, page, entry


@failures_recorded("erase", gallery="name")
def erase(place: Workplace, act: Act, name: str, face_ids: Sequence[str]) -> Erasure:
    """Erase references, and photographs that no reference is left of.

    References of a subject stay until they are disassociated.  The erasure and one entry are made durable
    together, and their keys are destroyed; searches no longer find them; then it is confirmed.  The write-ahead log is
    emptied as soon as nobody reads from it (`RecordStore.write`).

    Raises
    ------
    RefusedError
        If a legal hold keeps one of them; nothing is erased then.
    """
    name = name_for(place, act, name)
    permitted = permit(place, act, "erase", gallery=name)
    gallery = find_gallery(place, name)
    wanted = list(dict.fromkeys(face_ids))
    with place.shelf.changing(gallery) as change, objections_refused(place, permitted):
        with place.store.write() as tx:
            gallery = same_gallery(tx, gallery)
            known = references.get_many(tx, gallery.id, wanted)
            free = [face_id for face_id in wanted if face_id in known and known[face_id].subject is None]
            require_free(tx, gallery.id, free)
            references.delete_many(tx, gallery.id, free)
            entry = record(tx, permitted, {"gallery": gallery.id, "references": len(free), **name_faces(free)})
        change.erased(free)
    erased = set(free)
    kept = tuple(
        (face_id, ASSOCIATED, known[face_id].subject) if face_id in known else (face_id, NOT_FOUND, None)
        for face_id in wanted
        if face_id not in erased
    )
    return Erasure(tuple(free), kept, entry)


@failures_recorded("gallery", gallery="name")
def label_gallery(
    place: Workplace, act: Act, name: str, *, put: Mapping[str, str] | None = None, remove: Sequence[str] = ()
) -> int:
    """Set and remove a gallery's tags; recorded."""
    name = name_for(place, act, name)
    permitted = permit(place, act, "gallery", gallery=name)
    with place.store.write() as tx:
        gallery = galleries.get(tx, name)
        if put:
            tags.set_tags(tx, gallery.id, put)
        if remove:
            tags.remove(tx, gallery.id, remove)
        concealed = [Concealed("tags", {"put": dict(put or {}), "removed": list(remove)})]
        return record(tx, permitted, {"gallery": gallery.id, "change": "tags"}, concealed)


@failures_recorded("list", gallery="name")
def list_labels(place: Workplace, act: Act, name: str) -> tuple[dict[str, str], int]:
    """List a gallery's tags; recorded."""
    name = name_for(place, act, name)
    permitted = permit(place, act, "list", gallery=name)
    with place.store.write() as tx:
        gallery = galleries.get(tx, name)
        return tags.list_tags(tx, gallery.id), record(tx, permitted, {"gallery": gallery.id})
