"""What went from a gallery since some version of it, so that a copy of its templates can catch up.

What came is found by its sequence (`references.templates`), for sequences only grow.  What went is listed here: face
ids, which are random and never used again, under the version that their erasure made.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, insert, select, update

from recognizance.records import schema
from recognizance.records.transaction import Transaction

ROWS_KEPT = 100_000
"""How many erased references a gallery remembers; a copy that missed more is compared or built anew."""

_VERSIONS_BETWEEN_PRUNINGS = 256
_MANY = 1_000

_LEAP = 2**32
"""More changes than a gallery has seen: a version that no copy can have."""

_GALLERIES = schema.galleries
_ERASED = schema.erased_references
_HERE = _ERASED.c.gallery_id == bindparam("gallery")
_STATE = select(_GALLERIES.c.version, _GALLERIES.c.erasures_known_from).where(_GALLERIES.c.id == bindparam("gallery"))
_NEWEST = select(func.max(_ERASED.c.version)).where(_HERE)
_SINCE = select(_ERASED.c.face_id).where(_HERE, _ERASED.c.version > bindparam("since"))
_FIRST_TOO_OLD = (
    select(_ERASED.c.version)
    .where(_HERE)
    .order_by(_ERASED.c.version.desc(), _ERASED.c.face_id.desc())
    .offset(bindparam("kept"))
    .limit(1)
)
_FORGET = delete(_ERASED).where(_HERE, _ERASED.c.version <= bindparam("until"))
_KNOWN_FROM = (
    update(_GALLERIES)
    .where(_GALLERIES.c.id == bindparam("wanted"), _GALLERIES.c.erasures_known_from < bindparam("until"))
    .values(erasures_known_from=bindparam("until"))
)
_ROWS_AT_ONCE = 65_536


def erased_since(tx: Transaction, gallery: int, version: int) -> list[str] | None:
    """List what was erased from a gallery after it had this version.

    Returns
    -------
    list of str, or None
        Face ids.  None if the gallery is gone, or no longer remembers back that far: then compare with
        `references.live_face_ids`.
    """
    state = tx.execute(_STATE, {"gallery": gallery}).first()
    if state is None or version < state.erasures_known_from:
        return None
    batches = tx.stream(_SINCE, {"gallery": gallery, "since": version}, _ROWS_AT_ONCE)
    return [row[0] for batch in batches for row in batch]


def note_erased(tx: Transaction, gallery: int, face_ids: Sequence[str]) -> None:
    """Remember that these references were erased by the change that made the gallery's present version."""
    version = tx.execute(_STATE, {"gallery": gallery}).one().version
    if len(face_ids) > ROWS_KEPT:
        forget_before(tx, gallery, version)
        return
    newest = tx.execute(_NEWEST, {"gallery": gallery}).scalar() or 0
    tx.execute(
        insert(_ERASED),
        [{"gallery_id": gallery, "version": version, "face_id": face_id} for face_id in face_ids],
    )
    # Finding what is too old walks the index over all that is kept: not with every single erasure.
    due = version // _VERSIONS_BETWEEN_PRUNINGS != newest // _VERSIONS_BETWEEN_PRUNINGS
    if due or len(face_ids) >= _MANY:
        prune(tx, gallery)


def prune(tx: Transaction, gallery: int, *, kept: int = ROWS_KEPT) -> None:
    """Forget all but the newest erasures of a gallery: at most `kept` references are remembered."""
    too_old = tx.execute(_FIRST_TOO_OLD, {"gallery": gallery, "kept": kept}).scalar()
    if too_old is not None:
        forget_before(tx, gallery, too_old)


def forget_before(tx: Transaction, gallery: int, version: int) -> None:
    """Forget what was erased up to and with this version: `erased_since` answers from it on."""
    tx.execute(_FORGET, {"gallery": gallery, "until": version})
    tx.execute(_KNOWN_FROM, {"wanted": gallery, "until": version})


def begin_anew(tx: Transaction) -> None:
    """Make every copy of every gallery out of date: the record was restored, and counts anew from where it was then."""
    tx.execute(delete(_ERASED))
    leapt = _GALLERIES.c.version + _LEAP
    regrouped = _GALLERIES.c.subjects_version + _LEAP
    tx.execute(update(_GALLERIES).values(version=leapt, erasures_known_from=leapt, subjects_version=regrouped))
