"""The record of each search: who asked what of which gallery, and what was answered."""

import contextlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from sqlalchemy import bindparam, delete, insert, select, update

from recognizance.errors import ErasedError, NotFoundError
from recognizance.records import photographs, schema, sealed
from recognizance.records.transaction import Transaction, chunks

Searched = Literal["reference", "subject"]

_SEARCHES = schema.searches
_CANDIDATES = schema.search_candidates
_GET = select(_SEARCHES).where(_SEARCHES.c.id == bindparam("wanted"))
_ADD = insert(_SEARCHES)
_ADD_CANDIDATES = insert(_CANDIDATES)
_GET_CANDIDATES = (
    select(
        _CANDIDATES.c.number,
        _CANDIDATES.c.rank,
        _CANDIDATES.c.score,
        _CANDIDATES.c.similarity_percent,
        _CANDIDATES.c.fmr,
    )
    .where(_CANDIDATES.c.entry_index == bindparam("wanted"))
    .order_by(_CANDIDATES.c.rank)
)
_LIST = (
    select(_SEARCHES)
    .where(_SEARCHES.c.entry_index < bindparam("before"))
    .order_by(_SEARCHES.c.entry_index.desc())
    .limit(bindparam("at_most"))
)
_AT_ENTRY = select(_SEARCHES.c.id).where(_SEARCHES.c.entry_index == bindparam("wanted"))
_AT = select(_SEARCHES).where(_SEARCHES.c.entry_index == bindparam("wanted"))
_IMAGES = select(schema.references.c.image_id).where(
    schema.references.c.face_id.in_(bindparam("face_ids", expanding=True))
)
_RETAIN = update(_SEARCHES).where(_SEARCHES.c.id == bindparam("wanted")).values(retain_until=bindparam("moment"))
_BY_GALLERY = _SEARCHES.c.gallery_id == bindparam("gallery")
_BY_OPERATOR = _SEARCHES.c.operator == bindparam("by")
_FACE_IDS = select(schema.references.c.sequence, schema.references.c.face_id).where(
    schema.references.c.sequence.in_(bindparam("numbers", expanding=True))
)
_SUBJECTS = select(schema.subjects.c.id, schema.subjects.c.identifier).where(
    schema.subjects.c.id.in_(bindparam("numbers", expanding=True))
)
_AMONG_ENTRIES = _SEARCHES.c.entry_index.in_(bindparam("wanted", expanding=True))
_OF_ENTRIES = select(_SEARCHES).where(_AMONG_ENTRIES)
_DELETE_CANDIDATES = delete(_CANDIDATES).where(_CANDIDATES.c.entry_index.in_(bindparam("wanted", expanding=True)))
_FORGET_RESULTS = (
    update(_SEARCHES)
    .where(_AMONG_ENTRIES)
    .values(
        probe_photograph=None,
        probe_slot=None,
        sealed_probe=None,
        results_deleted_at=bindparam("moment"),
    )
)
_SET_FACTS = update(_SEARCHES).where(_SEARCHES.c.entry_index == bindparam("wanted")).values(facts=bindparam("kept"))
_NO_ENTRY_YET = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ProbeDigest:
    """A photograph's SHA-256 under a salt: it shows which photograph was searched to whoever has it, and says
    nothing to others, nor to anyone once the salt is gone.
    """  # noqa: D205 - one sentence

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, sha256: bytes) -> Self:
        """Salt a photograph's digest with 32 random bytes."""
        salt = secrets.token_bytes(32)
        return cls(salt, _salted(salt, sha256))

    def is_of(self, sha256: bytes) -> bool:
        """Whether it was made from this photograph's digest."""
        return hmac.compare_digest(self.digest, _salted(self.salt, sha256))


@dataclass(frozen=True, slots=True)
class SearchCandidate:
    """One line of a candidate list.

    Attributes
    ----------
    number : int
        The reference's sequence, or the subject's id where subjects were searched.  Numbers are never used again.
    identifier : str or None
        The face id, or the subject's identifier; looked up when read, None if it was erased since.
    """

    number: int
    identifier: str | None
    rank: int
    score: float
    similarity_percent: float
    fmr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRecord:
    """A search as it was made.

    Attributes
    ----------
    id : str
        Lower-case UUID.
    entry_index : int
        Of its entry in the ledger, which belongs to this search alone.
    gallery_id : int or None
        None once the gallery was deleted.
    searched : "reference" or "subject"
        What the candidates are.
    probe_photograph : str or None
        Under which the photograph was kept; it may have been erased since.
    probe : ProbeDigest or None
        Of the photograph; None if another probe was searched, or its key is destroyed.
    probe_slot : int or None
        The key that `probe` is sealed under: the photograph's if it was kept; otherwise it gets one of its own.
    probe_kind, probe_number : "reference" or "subject", and int; or None
        What was searched instead of a photograph.
    probe_reference : str or None
        Its face id or identifier; looked up when read, None if it was erased since.
    threshold_requested_percent, threshold_requested_score : float or None
        None where the request left it to the server.
    candidates_requested, candidates_max : int
        The limit that was asked for, and the one that was applied; the first is None in searches of before rule packs.
    purpose, case, authority : str or None
        As claimed in the request.
    authority_id : str or None
        Our own id of the authority; None if none was named, or if the record is older than the register of them.
    source : str
        What the photograph was said to come from: ``still``, ``stored-video``, ``live`` or ``unstated``.
    edits : str or None
        What was said to have been done to it, joined by ``+``, or ``none``; None if nothing was said.
    results_deleted_at : datetime or None
        When its results were deleted because the emergency that it was made under was not ratified.
    policy : str or None
        Digest of the rules in force (`records.policies`); None in searches of before rule packs, as the next three.
    decision : str or None
        What the rule packs said: ``allowed``, ``referred`` or ``refused``.  Where they only observe, it did not bind.
    rules : tuple of str
        The rules that said it, and the floors that were applied.
    facts : mapping or None
        What was decided on (`policy.replaying`).
    retain_until : datetime or None
        When it is to be deleted, if somebody has said so.
    candidates : tuple of SearchCandidate
        By rank.  `list_page` leaves them out.
    """

    id: str
    entry_index: int
    gallery_id: int | None
    gallery: str
    operator: str
    operation: str
    searched: Searched
    probe_photograph: str | None = None
    probe: ProbeDigest | None = None
    probe_slot: int | None = None
    probe_kind: Searched | None = None
    probe_number: int | None = None
    probe_reference: str | None = None
    threshold_requested_percent: float | None = None
    threshold_requested_score: float | None = None
    threshold_applied_percent: float
    threshold_applied_score: float
    candidates_max: int
    candidates_requested: int | None = None
    references_searched: int
    gallery_version: int
    model: str
    calibration: str
    purpose: str | None = None
    case: str | None = None
    authority: str | None = None
    authority_id: str | None = None
    source: str = "unstated"
    edits: str | None = None
    results_deleted_at: datetime | None = None
    at: datetime
    policy: str | None = None
    decision: str | None = None
    rules: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None
    retain_until: datetime | None = None
    candidates: tuple[SearchCandidate, ...] = ()


_CLAIMS = {"purpose": "claimed_purpose", "case": "claimed_case"}
_DERIVED = ("authority", "probe", "probe_reference", "candidates", "rules", "facts")
_PLAIN = tuple(name for name in SearchRecord.__dataclass_fields__ if name not in {*_DERIVED, *_CLAIMS})


def add(tx: Transaction, search: SearchRecord) -> None:
    """Record a search with its candidates, in the transaction that appends its entry."""
    values: dict[str, Any] = {name: getattr(search, name) for name in _PLAIN}
    values.update({column: getattr(search, name) for name, column in _CLAIMS.items()})
    values["sealed_authority"] = None
    if search.authority is not None:
        values["sealed_authority"] = tx.sealer.seal(search.authority.encode(), _context(search.entry_index))
    values["rules"] = json.dumps(search.rules)
    values["facts"] = None if search.facts is None else json.dumps(search.facts, sort_keys=True)
    values["sealed_probe"] = None
    if search.probe is not None:
        slot = values["probe_slot"] = search.probe_slot or tx.vault.take()
        values["sealed_probe"] = sealed.seal_probe(tx, search.id, slot, search.probe.salt, search.probe.digest)
    tx.execute(_ADD, values)
    rows = [
        {
            "entry_index": search.entry_index,
            "number": candidate.number,
            "rank": candidate.rank,
            "score": candidate.score,
            "similarity_percent": candidate.similarity_percent,
            "fmr": candidate.fmr,
        }
        for candidate in search.candidates
    ]
    if rows:
        tx.execute(_ADD_CANDIDATES, rows)


def get(tx: Transaction, search_id: str) -> SearchRecord:
    """Read a search with its candidates.

    Raises
    ------
    NotFoundError
    """
    row = tx.execute(_GET, {"wanted": search_id}).first()
    if row is None:
        raise NotFoundError(f"There is no search {search_id} on record.")
    return _whole(tx, row)


def at_entry(tx: Transaction, entry_index: int) -> SearchRecord:
    """Read the search of an entry with its candidates.

    Raises
    ------
    NotFoundError
    """
    row = tx.execute(_AT, {"wanted": entry_index}).first()
    if row is None:
        raise NotFoundError(f"Entry {entry_index} is not a search's.")
    return _whole(tx, row)


def images_of(tx: Transaction, candidates: Sequence[SearchCandidate]) -> set[str]:
    """Name the photographs of candidates that are references and still enrolled."""
    face_ids = [candidate.identifier for candidate in candidates if candidate.identifier is not None]
    return {str(image) for image in tx.execute(_IMAGES, {"face_ids": face_ids}).scalars()} if face_ids else set()


def retain(tx: Transaction, search_id: str, until: datetime | None) -> None:
    """Say until when a search is kept; None ends the clock."""
    tx.execute(_RETAIN, {"wanted": search_id, "moment": until})


def _whole(tx: Transaction, row: Any) -> SearchRecord:
    lines = tx.execute(_GET_CANDIDATES, {"wanted": row.entry_index}).all()
    found = _identifiers(tx, row.searched, [line.number for line in lines])
    candidates = [SearchCandidate(line.number, found.get(line.number), *line[1:]) for line in lines]
    return _search(tx, row, candidates)


def list_page(
    tx: Transaction,
    *,
    before_entry: int | None = None,
    limit: int,
    gallery: int | None = None,
    operator: str | None = None,
) -> list[SearchRecord]:
    """List searches without their candidates, newest first, at most `limit`, from before `before_entry`."""
    statement = _LIST
    before = _NO_ENTRY_YET if before_entry is None else before_entry
    parameters: dict[str, Any] = {"before": before, "at_most": limit}
    if gallery is not None:
        statement = statement.where(_BY_GALLERY)
        parameters["gallery"] = gallery
    if operator is not None:
        statement = statement.where(_BY_OPERATOR)
        parameters["by"] = operator
    return [_search(tx, row, ()) for row in tx.execute(statement, parameters).all()]


def of_entries(tx: Transaction, entries: Iterable[int]) -> list[SearchRecord]:
    """List the searches among the acts of these entries, without their candidates, in the order of the entries."""
    rows = [row for chunk in chunks(entries) for row in tx.execute(_OF_ENTRIES, {"wanted": chunk}).all()]
    return [_search(tx, row, ()) for row in sorted(rows, key=lambda row: int(row.entry_index))]


def delete_results(tx: Transaction, found: Sequence[SearchRecord], *, at: datetime) -> int:
    """Delete the candidate lists of searches, their probe photographs and the keys of both; they stay on record.

    So does what was decided on, but for what it says of the result.

    Returns
    -------
    int
        How many photographs there were.
    """
    tx.destroy_slots([search.probe_slot for search in found if search.probe_slot is not None])
    count = photographs.delete_many(tx, [each.probe_photograph for each in found if each.probe_photograph is not None])
    for chunk in chunks([search.entry_index for search in found]):
        tx.execute(_DELETE_CANDIDATES, {"wanted": chunk})
        tx.execute(_FORGET_RESULTS, {"wanted": chunk, "moment": at})
    for search in found:
        if search.facts is not None:
            kept = json.dumps({**search.facts, "result": None}, sort_keys=True)
            tx.execute(_SET_FACTS, {"wanted": search.entry_index, "kept": kept})
    return count


def id_at(tx: Transaction, entry_index: int) -> str | None:
    """Find the search that an entry records."""
    found: str | None = tx.execute(_AT_ENTRY, {"wanted": entry_index}).scalar()
    return found


def _search(tx: Transaction, row: Any, candidates: Sequence[SearchCandidate]) -> SearchRecord:
    probe = reference = None
    if row.sealed_probe is not None:
        with contextlib.suppress(ErasedError):
            probe = ProbeDigest(*sealed.open_probe(tx, row.id, row.probe_slot, row.sealed_probe))
    if row.probe_number is not None:
        reference = _identifiers(tx, row.probe_kind, [row.probe_number]).get(row.probe_number)
    return SearchRecord(
        **{name: getattr(row, name) for name in _PLAIN},
        **{name: getattr(row, column) for name, column in _CLAIMS.items()},
        authority=None
        if row.sealed_authority is None
        else tx.sealer.open(row.sealed_authority, _context(row.entry_index)).decode(),
        rules=tuple(json.loads(row.rules or "[]")),
        facts=None if row.facts is None else json.loads(row.facts),
        probe=probe,
        probe_reference=reference,
        candidates=tuple(candidates),
    )


def _identifiers(tx: Transaction, kind: Searched, numbers: Sequence[int]) -> dict[int, str]:
    """Look up what is still there of these references or subjects."""
    statement = _FACE_IDS if kind == "reference" else _SUBJECTS
    return {
        int(number): str(identifier)
        for chunk in chunks(numbers)
        for number, identifier in tx.execute(statement, {"numbers": chunk})
    }


def _salted(salt: bytes, sha256: bytes) -> bytes:
    return hmac.digest(salt, sha256, "sha256")


def _context(entry_index: int) -> str:
    return f"search-authority:{entry_index}"
