"""What follows when an emergency is not ratified: use stops, sessions end, and what it produced is deleted."""

from datetime import datetime

from recognizance.ledger import Entry, Value
from recognizance.records import (
    Transaction,
    authorities,
    authority_uses,
    holds,
    idempotency,
    leads,
    searches,
    sessions,
)
from recognizance.workflows.place import Workplace, is_behind, name_many
from recognizance.workflows.presence import OPERATOR

KIND = "authority"

RESULTS = frozenset(
    {
        "candidates",
        "conclusions",
        "decisions",
        "probe_reference",
        "probe_sha256",
        "refused_faces",
        "released",
        "scope_sha256",
        "scores_millionths",
        "source_sha256",
        "target_sha256",
    }
)
"""What entries commit to of searches and comparisons; nobody can open it any more once the results are deleted."""


def look(place: Workplace) -> None:
    """Let emergencies lapse that nobody ratified in time, and delete what is to be deleted and no hold keeps.

    Each lapse and each deletion is durable together with its entry, and happens once, whoever looks at the same time:
    a crash between the two leaves the deletion to whoever looks next.  While the server's clock is behind its log
    nobody can tell what is over, and nothing is done.
    """
    now = place.clock()
    with place.store.read() as tx:
        overdue = authorities.overdue(tx, now)
        waiting = [each for each in authority_uses.to_delete(tx) if _is_anything_due(tx, each)]
    if not (overdue or waiting) or is_behind(place, now):
        return
    for row in overdue:
        if _let_lapse(place, row.id, now):
            waiting.append(row.id)
    for identifier in dict.fromkeys(waiting):
        with place.store.write(alone=True) as tx:
            delete_results(place, tx, identifier, now=now)


def _let_lapse(place: Workplace, identifier: str, now: datetime) -> bool:
    try:
        with place.store.write() as tx:
            if not authorities.lapse(tx, identifier, now):
                return False  # ratified, rejected or noticed meanwhile
            closed = sessions.close_under(tx, identifier, closed_at=now)
            row = authorities.of_id(tx, identifier)
            details: dict[str, Value] = {
                "authority_kind": row.kind,
                "change": "lapsed",
                "ratify_by": row.ratify_by.isoformat() if row.ratify_by else None,
                "sessions": len(closed),
                "subject_authority": row.id,
                "subject_case": row.case_id,
            }
            place.ledger.append(tx, Entry(KIND, place.clock(), OPERATOR, "allowed", (), details))
    finally:
        place.roster.forget()
    return True


def delete_results(place: Workplace, tx: Transaction, identifier: str, *, now: datetime) -> None:
    """Delete the results of what was done under an authority, but for those that a legal hold keeps.

    Candidate lists, probe photographs and their keys go, what reviewers concluded of them, what opens the entries'
    commitments to all that, and answers that are kept for requests sent twice; that the authority was used stays on
    record.  An entry says what was deleted and which holds keep the rest; it is repeated only when that changes.
    """
    row = authorities.of_id(tx, identifier)
    free, keeping, kept = _sort_out(tx, identifier)
    suspended = " ".join(keeping) or None
    if not free and suspended == row.suspended_for:
        return
    found = searches.of_entries(tx, free)
    leads.delete_results(tx, [search.entry_index for search in found])
    photographs = searches.delete_results(tx, found, at=now)
    for entry, source in free.items():
        place.ledger.forget(tx, entry, RESULTS if source is None else RESULTS | {"reason"})
    idempotency.forget(tx, free, at=now)
    authority_uses.mark_deleted(tx, identifier, free, now)
    authorities.suspend(tx, identifier, suspended)
    details: dict[str, Value] = {
        "acts": len(free),
        "change": "results deleted" if free else "deletion suspended",
        "kept": kept,
        "photographs": photographs,
        "subject_authority": row.id,
        "subject_case": row.case_id,
        **name_many("holds", keeping),
        **name_many("searches", [search.id for search in found]),
    }
    place.ledger.append(tx, Entry(KIND, place.clock(), OPERATOR, "allowed", (), details))


def _is_anything_due(tx: Transaction, identifier: str) -> bool:
    free, keeping, _ = _sort_out(tx, identifier)
    return bool(free) or (" ".join(keeping) or None) != authorities.of_id(tx, identifier).suspended_for


def _sort_out(tx: Transaction, identifier: str) -> tuple[dict[int, int | None], list[str], int]:
    """Give the entries whose results can be deleted, the holds that keep others, and how many these are."""
    pending = authority_uses.pending(tx, identifier)
    held = holds.keeping_results(tx, {source or entry for entry, source in pending.items()})
    kept = {entry: held[source or entry] for entry, source in pending.items() if (source or entry) in held}
    free = {entry: source for entry, source in pending.items() if entry not in kept}
    return free, sorted({hold for keeping in kept.values() for hold in keeping}), len(kept)
