"""Leads: searches whose results reviewers see first, from the search to the release."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from recognizance.errors import NotFoundError
from recognizance.records import schema
from recognizance.records.transaction import Transaction, chunks

RELEASED = "released"
WITHHELD = "withheld"
NOT_THIS_PERSON = "not-this-person"
DELETED = "deleted"
"""The state of a lead whose results are deleted."""

_LEADS = schema.leads
_LINES = schema.lead_candidates
_CANDIDATES = schema.search_candidates
_SEARCHES = schema.searches
_SELECT = select(_LEADS)
_GET = _SELECT.where(_LEADS.c.id == bindparam("wanted"))
_BY_REQUEST = _SELECT.where(_LEADS.c.request_digest == bindparam("wanted"))
_BY_ENTRY = _SELECT.where(_LEADS.c.entry_index == bindparam("wanted"))
_LIST = _SELECT.order_by(_LEADS.c.made_at, _LEADS.c.id)
_AMONG = _LEADS.c.state.in_(bindparam("states", expanding=True))
_THEIRS = _LIST.where(
    _LEADS.c.withheld,
    or_(
        _LEADS.c.operator == bindparam("by"),
        _LEADS.c.case_id.in_(
            select(schema.case_members.c.case_id).where(schema.case_members.c.operator == bindparam("by"))
        ),
    ),
)
_WITHHELD_AMONG = _SELECT.where(_LEADS.c.withheld, _LEADS.c.entry_index.in_(bindparam("entries", expanding=True)))
_OF_OPERATOR = _LIST.where(_LEADS.c.operator == bindparam("by"))
_OF_CASE = _LIST.where(_LEADS.c.case_id == bindparam("wanted"))
_LINES_OF = (
    select(
        _LINES.c.position,
        _LINES.c.rank,
        _LINES.c.excluded_by,
        _LINES.c.decision,
        _CANDIDATES.c.number,
        _CANDIDATES.c.score,
        _CANDIDATES.c.similarity_percent,
        _CANDIDATES.c.fmr,
    )
    .select_from(
        _LINES.join(_LEADS, _LEADS.c.id == _LINES.c.lead_id).outerjoin(
            _CANDIDATES,
            (_CANDIDATES.c.entry_index == _LEADS.c.entry_index) & (_CANDIDATES.c.rank == _LINES.c.rank),
        )
    )
    .where(_LINES.c.lead_id == bindparam("wanted"))
    .order_by(_LINES.c.position)
)
_ADD_LINES = insert(_LINES)
_DECIDE = (
    update(_LINES)
    .where(_LINES.c.lead_id == bindparam("wanted"), _LINES.c.position == bindparam("place"))
    .values(decision=bindparam("decided"))
)
_MOVE = (
    update(_LEADS)
    .where(_LEADS.c.id == bindparam("wanted"), _LEADS.c.state == bindparam("before"))
    .values(state=bindparam("after"), concluded_at=bindparam("moment"))
)
_RELEASE = (
    update(_LEADS)
    .where(_LEADS.c.id == bindparam("wanted"), _LEADS.c.state.in_(bindparam("before", expanding=True)))
    .values(
        state=RELEASED, released_by=bindparam("by"), released_at=bindparam("moment"), sealed_reason=bindparam("why")
    )
)
_END = (
    update(_LEADS)
    .where(_LEADS.c.id == bindparam("wanted"))
    .values(state=DELETED, request_digest=bindparam("freed"), sealed_reason=None)
)
_IDS_OF = select(_LEADS.c.id).where(_LEADS.c.entry_index.in_(bindparam("entries", expanding=True)))
_DELETE = tuple(delete(table).where(table.c.lead_id == bindparam("wanted")) for table in (_LINES, schema.findings))
_HELD_IN = (
    select(_LEADS.c.id)
    .join_from(_LEADS, _SEARCHES, _SEARCHES.c.entry_index == _LEADS.c.entry_index)
    .join(schema.holds, schema.holds.c.target == _SEARCHES.c.id)
    .where(_LEADS.c.withheld, schema.holds.c.released_at.is_(None), _SEARCHES.c.gallery_id == bindparam("gallery"))
    .order_by(_LEADS.c.id)
)


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead.

    Attributes
    ----------
    id : str
        Lower-case UUID; what people call the review by.
    entry_index : int
        Of the search.
    operator : str
        Who searched.
    withheld : bool
        Whether nothing of it goes out before the release.
    terms : str
        JSON: on what terms it is reviewed (`review.ReviewTerms`).
    rules : tuple of str
        The rules that referred it.
    concluded_at : datetime or None
        When the last examiner whom the terms ask for had concluded.
    reason : str
        What the supervisor said by releasing.
    """

    id: str
    entry_index: int
    operator: str
    case_id: str | None
    state: str
    withheld: bool
    terms: str
    rules: tuple[str, ...]
    made_at: datetime
    concluded_at: datetime | None = None
    released_by: str | None = None
    released_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeadLine:
    """A candidate of a lead.

    Attributes
    ----------
    position : int
        From 1, in an order of chance.
    number : int or None
        Of the reference or subject, as the search says; None once the search's results are deleted.
    excluded_by : str or None
        The lead by which it is not this person for the case, from before.
    decision : str or None
        ``released``, ``withheld`` or ``not-this-person``, once that is decided.
    """

    position: int
    rank: int
    excluded_by: str | None
    decision: str | None
    number: int | None
    score: float | None
    similarity_percent: float | None
    fmr: float | None


def add(tx: Transaction, lead: LeadRow, request: bytes, lines: Sequence[tuple[int, str | None]]) -> None:
    """Keep a new lead.

    Parameters
    ----------
    request : bytes
        What makes two requests the same; a keyed digest of it is kept.
    lines : sequence of (rank, lead or None)
        The candidates in the order in which they are shown; and by which lead each is excluded for the case.
    """
    values = {
        "id": lead.id,
        "entry_index": lead.entry_index,
        "operator": lead.operator,
        "case_id": lead.case_id,
        "request_digest": _digest(tx, request),
        "state": lead.state,
        "withheld": lead.withheld,
        "terms": lead.terms,
        "rules": json.dumps(list(lead.rules)),
        "made_at": lead.made_at,
    }
    tx.execute(insert(_LEADS), values)
    rows = [
        {"lead_id": lead.id, "position": position, "rank": rank, "excluded_by": excluded_by, "decision": None}
        for position, (rank, excluded_by) in enumerate(lines, 1)
    ]
    if rows:
        tx.execute(_ADD_LINES, rows)


def get(tx: Transaction, lead_id: str) -> LeadRow:
    """Look a lead up; raises `NotFoundError`."""
    row = tx.execute(_GET, {"wanted": lead_id}).first()
    if row is None:
        raise NotFoundError(f"There is no review {lead_id}.", "`recognizance review queue` lists those that wait.")
    return _lead(tx, row)


def of_request(tx: Transaction, request: bytes) -> LeadRow | None:
    """Find the lead of a request that was made before."""
    row = tx.execute(_BY_REQUEST, {"wanted": _digest(tx, request)}).first()
    return None if row is None else _lead(tx, row)


def of_entry(tx: Transaction, entry_index: int) -> LeadRow | None:
    """Find the lead that the search of an entry made."""
    row = tx.execute(_BY_ENTRY, {"wanted": entry_index}).first()
    return None if row is None else _lead(tx, row)


def list_all(tx: Transaction, states: Collection[str]) -> list[LeadRow]:
    """List the leads in these states, oldest first."""
    return [_lead(tx, row) for row in tx.execute(_LIST.where(_AMONG), {"states": list(states)})]


def withheld_from(tx: Transaction, operator: str) -> list[LeadRow]:
    """List the leads that were withheld from an operator: who searched, or works on the case."""
    return [_lead(tx, row) for row in tx.execute(_THEIRS, {"by": operator})]


def of_operator(tx: Transaction, operator: str) -> list[LeadRow]:
    """List the leads that an operator's searches made, oldest first."""
    return [_lead(tx, row) for row in tx.execute(_OF_OPERATOR, {"by": operator})]


def of_case(tx: Transaction, case_id: str) -> list[LeadRow]:
    """List the leads of a case, oldest first."""
    return [_lead(tx, row) for row in tx.execute(_OF_CASE, {"wanted": case_id})]


def withheld_among(tx: Transaction, entries: Iterable[int]) -> list[LeadRow]:
    """List the withheld leads of the searches of these entries."""
    return [_lead(tx, row) for chunk in chunks(entries) for row in tx.execute(_WITHHELD_AMONG, {"entries": chunk})]


def lines_of(tx: Transaction, lead_id: str) -> list[LeadLine]:
    """List a lead's candidates as they are shown."""
    return [LeadLine(**row._asdict()) for row in tx.execute(_LINES_OF, {"wanted": lead_id})]


def move(tx: Transaction, lead_id: str, before: str, after: str, *, at: datetime) -> bool:
    """Move a lead on; return False if it is not where it was thought to be."""
    values = {"wanted": lead_id, "before": before, "after": after, "moment": at}
    return tx.execute(_MOVE, values).rowcount == 1


def release(
    tx: Transaction,
    lead_id: str,
    decisions: Mapping[int, str],
    reason: str,
    *,
    before: Collection[str],
    by: str,
    at: datetime,
) -> bool:
    """Release a lead that is in one of the states `before`; return False if it is not."""
    sealed = tx.sealer.seal(reason.encode(), _context(lead_id))
    values = {"wanted": lead_id, "before": list(before), "by": by, "moment": at, "why": sealed}
    if tx.execute(_RELEASE, values).rowcount != 1:
        return False
    for position, decision in decisions.items():
        tx.execute(_DECIDE, {"wanted": lead_id, "place": position, "decided": decision})
    return True


def delete_results(tx: Transaction, entries: Iterable[int]) -> None:
    """End the leads that searches have made whose results are deleted, with what was concluded and decided on them.

    The leads stay on record, with who examined and who released.  The same request makes another lead from now on.
    Whom a supervisor has found not to be the person stays so for the case: that protects them.
    """
    for chunk in chunks(entries):
        for lead_id in tx.execute(_IDS_OF, {"entries": chunk}).scalars().all():
            for statement in _DELETE:
                tx.execute(statement, {"wanted": lead_id})
            tx.execute(_END, {"wanted": lead_id, "freed": _digest(tx, f"deleted {lead_id}".encode())})


def held_in(tx: Transaction, gallery: int) -> list[str]:
    """List the withheld leads in a gallery whose search a legal hold keeps."""
    return list(tx.execute(_HELD_IN, {"gallery": gallery}).scalars())


def _lead(tx: Transaction, row: Any) -> LeadRow:
    reason = "" if row.sealed_reason is None else tx.sealer.open(row.sealed_reason, _context(row.id)).decode()
    return LeadRow(
        id=row.id,
        entry_index=row.entry_index,
        operator=row.operator,
        case_id=row.case_id,
        state=row.state,
        withheld=row.withheld,
        terms=row.terms,
        rules=tuple(json.loads(row.rules)),
        made_at=row.made_at,
        concluded_at=row.concluded_at,
        released_by=row.released_by,
        released_at=row.released_at,
        reason=reason,
    )


def _digest(tx: Transaction, request: bytes) -> bytes:
    return tx.sealer.digest("request of a lead", request)


def _context(lead_id: str) -> str:
    return f"release:{lead_id}"
