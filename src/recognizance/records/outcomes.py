"""What came of searches and cases later."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

_OUTCOMES = schema.outcomes
_LIST = select(_OUTCOMES).order_by(_OUTCOMES.c.entry_index)
_OF_CASE = _LIST.where(_OUTCOMES.c.case_id == bindparam("wanted"))
_OF_SEARCH = _LIST.where(_OUTCOMES.c.search_entry == bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One outcome, of a case, a search or both; ``entry_index`` is that of its own entry."""

    entry_index: int
    kind: str
    case_id: str | None
    search_entry: int | None
    note: str
    recorded_by: str
    recorded_at: datetime


def add(tx: Transaction, outcome: OutcomeRow) -> None:
    """Keep an outcome, its note sealed."""
    values = {
        "entry_index": outcome.entry_index,
        "kind": outcome.kind,
        "case_id": outcome.case_id,
        "search_entry": outcome.search_entry,
        "sealed_note": tx.sealer.seal(outcome.note.encode(), _context(outcome.entry_index)),
        "recorded_by": outcome.recorded_by,
        "recorded_at": outcome.recorded_at,
    }
    tx.execute(insert(_OUTCOMES), values)


def of_case(tx: Transaction, case_id: str) -> list[OutcomeRow]:
    """List the outcomes of a case, oldest first."""
    return [_outcome(tx, row) for row in tx.execute(_OF_CASE, {"wanted": case_id})]


def of_search(tx: Transaction, entry_index: int) -> list[OutcomeRow]:
    """List the outcomes of the search of an entry, oldest first."""
    return [_outcome(tx, row) for row in tx.execute(_OF_SEARCH, {"wanted": entry_index})]


def _outcome(tx: Transaction, row: Any) -> OutcomeRow:
    values = row._asdict()
    sealed = values.pop("sealed_note")
    return OutcomeRow(**values, note=tx.sealer.open(sealed, _context(row.entry_index)).decode())


def _context(entry_index: int) -> str:
    return f"outcome:{entry_index}"
