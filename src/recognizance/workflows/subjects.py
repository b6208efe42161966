"""Subjects: several references of one person, searched as one (Rekognition's users)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recognizance.errors import IdempotencyMismatchError
from recognizance.ledger import Concealed, ConcealedList, Value
from recognizance.records import Transaction, galleries, idempotency, references, subjects
from recognizance.records.galleries import GalleryRow
from recognizance.records.subjects import SubjectRow
from recognizance.workflows.act import Act
from recognizance.workflows.holding import require_free
from recognizance.workflows.objections import objections_refused
from recognizance.workflows.place import (
    Permit,
    Workplace,
    failures_recorded,
    find_gallery,
    permit,
    record,
    same_gallery,
)
from recognizance.workflows.shelf import require_model, subject_template
from recognizance.workflows.testing import name_for
from recognizance.workflows.withholding import require_no_comparison, withholds

NOT_FOUND = "FACE_NOT_FOUND"
OTHER_SUBJECT = "ASSOCIATED_TO_A_DIFFERENT_USER"
LOW_MATCH = "LOW_MATCH_CONFIDENCE"


@dataclass(frozen=True, slots=True)
class Association:
    """What became of each reference; ``failed`` pairs an id with (reason, percent or None, subject or None)."""

    done: tuple[str, ...]
    failed: tuple[tuple[str, str, float | None, str | None], ...]
    status: str
    entry: int


@failures_recorded("subject")
def create_subject(place: Workplace, act: Act, gallery_name: str, name: str, token: str | None) -> int:
    """Create a subject; it and one entry are made durable together.

    The same idempotency token with the same name succeeds again, without a second effect.

    Raises
    ------
    SubjectExistsError, IdempotencyMismatchError
    """
    permitted = permit(place, act, "subject", gallery=gallery_name)
    with place.store.write() as tx:
        gallery = galleries.get(tx, gallery_name)
        if (earlier := _earlier(tx, permitted, gallery, token, [name])) is not None:
            return _repeated(tx, permitted, gallery, earlier)
        made = subjects.create(tx, gallery.id, name, created_at=permitted.time)
        details: dict[str, Value] = {"gallery": gallery.id, "change": "created", "subject": made.identifier}
        entry = record(tx, permitted, details, [Concealed("subject_name", name, made.key_slot)])
        _remember(tx, permitted, gallery, token, [name], {"entry": entry})
    return entry


@failures_recorded("subject")
def delete_subject(place: Workplace, act: Act, gallery_name: str, name: str, token: str | None) -> int:
    """Delete a subject; its references stay, and belong to nobody.

    Raises
    ------
    SubjectNotFoundError, IdempotencyMismatchError
    RefusedError
        If a legal hold keeps the subject.
    """
    permitted = permit(place, act, "subject", gallery=gallery_name, lessens=True)
    gallery = find_gallery(place, gallery_name)
    with place.shelf.changing(gallery) as change, objections_refused(place, permitted):
        with place.store.write() as tx:
            gallery = same_gallery(tx, gallery)
            if (earlier := _earlier(tx, permitted, gallery, token, [name])) is not None:
                return _repeated(tx, permitted, gallery, earlier)
            found = subjects.get(tx, gallery.id, name)
            require_free(tx, gallery.id, [found.identifier])
            subjects.delete(tx, gallery.id, name)
            details: dict[str, Value] = {"gallery": gallery.id, "change": "deleted", "subject": found.identifier}
            entry = record(tx, permitted, details)
            _remember(tx, permitted, gallery, token, [name], {"entry": entry})
        change.subject(found.identifier, np.zeros((0, place.engine.dimension), dtype=np.float32))
    return entry


@failures_recorded("list")
def list_subjects(
    place: Workplace, act: Act, gallery_name: str, *, after: int, limit: int
) -> tuple[list[SubjectRow], int]:
    """List up to `limit` subjects, and one more, which is not counted, in the order of creation; recorded."""
    gallery_name = name_for(place, act, gallery_name)
    permitted = permit(place, act, "list", gallery=gallery_name)
    with place.store.write() as tx:
        gallery = galleries.get(tx, gallery_name)
        page = subjects.list_page(tx, gallery.id, after=after, limit=limit + 1)
        entry = record(tx, permitted, {"gallery": gallery.id, "subjects": min(len(page), limit)})
    return page, entry


@failures_recorded("subject")
def associate(
    place: Workplace,
    act: Act,
    gallery_name: str,
    name: str,
    face_ids: Sequence[str],
    *,
    threshold_percent: float,
    token: str | None,
) -> Association:
    """Give references to a subject.

    A reference that does not resemble those the subject has by `threshold_percent`, or by the rules' floor, is left
    out, as is one of another subject; the first references of a subject are taken on the client's word, and then
    compared with one another's average in the order given.

    Raises
    ------
    SubjectNotFoundError, TooManyReferencesError, IdempotencyMismatchError
    """
    permitted = permit(place, act, "subject", gallery=gallery_name, threshold_percent=threshold_percent)
    gallery = find_gallery(place, gallery_name)
    require_model(gallery, place.engine.model)
    wanted = list(dict.fromkeys(face_ids))
    request = [name, *wanted, str(threshold_percent)]
    require_no_comparison(place, permitted, threshold_percent)
    if threshold_percent > 0 or withholds(place, permitted) is None:  # on the caller's word, no floor says otherwise
        threshold_percent = permitted.threshold(threshold_percent)
    with place.shelf.changing(gallery) as change:
        with place.store.write() as tx:
            gallery = same_gallery(tx, gallery)
            if (earlier := _earlier(tx, permitted, gallery, token, request)) is not None:
                return _association(
                    {**_named(tx, gallery, earlier), "entry": _repeated(tx, permitted, gallery, earlier)}
                )
            found = subjects.get(tx, gallery.id, name)
            held = list(subjects.templates_of(tx, gallery.id, name))
            known = references.get_many(tx, gallery.id, wanted)
            done: list[str] = []
            failed: list[tuple[str, str, float | None, str | None]] = []
            fresh: list[str] = []
            for face_id in wanted:
                reference = known.get(face_id)
                if reference is None:
                    failed.append((face_id, NOT_FOUND, None, None))
                elif reference.subject == name:
                    done.append(face_id)
                elif reference.subject is not None:
                    failed.append((face_id, OTHER_SUBJECT, None, reference.subject))
                else:
                    vector = references.template_of(tx, gallery.id, face_id)
                    percent = None
                    if held:
                        score = float(np.dot(subject_template(np.stack(held)), vector))
                        percent = place.calibration.percent(score)
                    if percent is not None and percent < threshold_percent:
                        failed.append((face_id, LOW_MATCH, percent, None))
                    else:
                        held.append(vector)
                        fresh.append(face_id)
                        done.append(face_id)
            subjects.associate(tx, gallery.id, name, fresh)
            result = _finish(tx, permitted, gallery, name, done, failed)
            rows = subjects.templates_of(tx, gallery.id, name)
            _remember(tx, permitted, gallery, token, request, _unnamed(tx, gallery, result))
        change.subject(found.identifier, rows)
    return _association(result)


@failures_recorded("subject")
def disassociate(
    place: Workplace, act: Act, gallery_name: str, name: str, face_ids: Sequence[str], *, token: str | None
) -> Association:
    """Take references from a subject; they stay in the gallery.

    Raises
    ------
    SubjectNotFoundError, IdempotencyMismatchError
    RefusedError
        If a legal hold keeps the subject: a reference that is no longer its own would not be kept.
    """
    permitted = permit(place, act, "subject", gallery=gallery_name, lessens=True)
    gallery = find_gallery(place, gallery_name)
    wanted = list(dict.fromkeys(face_ids))
    request = [name, *wanted]
    with place.shelf.changing(gallery) as change, objections_refused(place, permitted):
        with place.store.write() as tx:
            gallery = same_gallery(tx, gallery)
            if (earlier := _earlier(tx, permitted, gallery, token, request)) is not None:
                return _association(
                    {**_named(tx, gallery, earlier), "entry": _repeated(tx, permitted, gallery, earlier)}
                )
            found = subjects.get(tx, gallery.id, name)
            known = references.get_many(tx, gallery.id, wanted)
            done = [face_id for face_id in wanted if face_id in known and known[face_id].subject == name]
            failed: list[tuple[str, str, float | None, str | None]] = []
            for face_id in wanted:
                if face_id not in known or known[face_id].subject is None:
                    failed.append((face_id, NOT_FOUND, None, None))
                elif known[face_id].subject != name:
                    failed.append((face_id, OTHER_SUBJECT, None, known[face_id].subject))
            if done:
                require_free(tx, gallery.id, [found.identifier])
            subjects.disassociate(tx, gallery.id, name, done)
            result = _finish(tx, permitted, gallery, name, done, failed)
            rows = subjects.templates_of(tx, gallery.id, name)
            _remember(tx, permitted, gallery, token, request, _unnamed(tx, gallery, result))
        change.subject(found.identifier, rows)
    return _association(result)


def _finish(
    tx: Transaction,
    permitted: Permit,
    gallery: GalleryRow,
    name: str,
    done: list[str],
    failed: list[tuple[str, str, float | None, str | None]],
) -> dict[str, Any]:
    found = subjects.get(tx, gallery.id, name)
    asked = [*done, *(face_id for face_id, *_ in failed)]
    slots = {face_id: row.key_slot for face_id, row in references.get_many(tx, gallery.id, asked).items()}
    entry = record(
        tx,
        permitted,
        {"gallery": gallery.id, "subject": found.identifier},
        [
            Concealed("subject_name", name, found.key_slot),
            ConcealedList("faces", [(face_id, slots.get(face_id)) for face_id in done]),
            # Whether somebody resembles a subject is what a review may withhold.
            ConcealedList(
                "refused_faces",
                [({"face": face_id, "reason": why}, slots.get(face_id)) for face_id, why, *_ in failed],
            ),
        ],
    )
    status = found.status
    return {"done": done, "failed": failed, "status": status, "entry": entry}


def _association(result: dict[str, Any]) -> Association:
    return Association(
        done=tuple(result["done"]),
        failed=tuple((face_id, reason, percent, other) for face_id, reason, percent, other in result["failed"]),
        status=str(result["status"]),
        entry=int(result["entry"]),
    )


def _unnamed(tx: Transaction, gallery: GalleryRow, result: dict[str, Any]) -> dict[str, Any]:
    """Put our identifiers in the place of subjects' names, which must be erasable from kept answers too."""
    known = subjects.find_many(tx, gallery.id, [other for *_, other in result["failed"] if other is not None])
    failed = [(*rest, None if other is None else known[other].identifier) for *rest, other in result["failed"]]
    return {**result, "failed": failed}


def _named(tx: Transaction, gallery: GalleryRow, kept: dict[str, Any]) -> dict[str, Any]:
    """Undo `_unnamed`; subjects that were deleted since have no name any more."""
    known = subjects.by_identifier(tx, gallery.id, [other for *_, other in kept["failed"] if other is not None])
    failed = [(*rest, known[other].name if other in known else None) for *rest, other in kept["failed"]]
    return {**kept, "failed": failed}


def _earlier(
    tx: Transaction, permitted: Permit, gallery: GalleryRow, token: str | None, request: Sequence[str]
) -> dict[str, Any] | None:
    """Find the answer that this token got before."""
    if token is None:
        return None
    found = idempotency.lookup(tx, _key(permitted, gallery, token), request=_bytes(request), at=permitted.time)
    if found is None:
        return None
    if not found.same_request:
        raise IdempotencyMismatchError("The ClientRequestToken was used before with other parameters.")
    answer: dict[str, Any] = json.loads(found.answer)
    return answer


def _repeated(tx: Transaction, permitted: Permit, gallery: GalleryRow, earlier: Mapping[str, Any]) -> int:
    """Record that an act was asked for again, and the answer given again without a second effect."""
    return record(tx, permitted, {"gallery": gallery.id, "repeats": int(earlier["entry"])})


def _remember(
    tx: Transaction,
    permitted: Permit,
    gallery: GalleryRow,
    token: str | None,
    request: Sequence[str],
    answer: dict[str, Any],
) -> None:
    if token is not None:
        idempotency.remember(
            tx,
            _key(permitted, gallery, token),
            request=_bytes(request),
            answer=json.dumps(answer).encode(),
            at=permitted.time,
        )


def _key(permitted: Permit, gallery: GalleryRow, token: str) -> idempotency.RequestKey:
    return idempotency.RequestKey(permitted.act.operator, permitted.act.operation, gallery.id, token)


def _bytes(request: Sequence[str]) -> bytes:
    return json.dumps(request).encode()
