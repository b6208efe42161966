"""Examinations of leads: who concluded what, and what they saw; sealed under the key of whom they saw."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select

from recognizance.errors import ErasedError
from recognizance.records import schema
from recognizance.records.transaction import Transaction

_EXAMINATIONS = schema.examinations
_FINDINGS = schema.findings
_OF_LEAD = (
    select(_EXAMINATIONS)
    .where(_EXAMINATIONS.c.lead_id == bindparam("wanted"))
    .order_by(_EXAMINATIONS.c.concluded_at, _EXAMINATIONS.c.examiner)
)
_FINDINGS_OF = (
    select(_FINDINGS)
    .where(_FINDINGS.c.lead_id == bindparam("wanted"))
    .order_by(_FINDINGS.c.examiner, _FINDINGS.c.position)
)
_LEADS_OF = select(_EXAMINATIONS.c.lead_id).where(_EXAMINATIONS.c.examiner == bindparam("by"))


@dataclass(frozen=True, slots=True)
class FindingRow:
    """What an examiner concluded of one candidate.

    ``detail`` is the JSON of what they saw; None once the candidate is erased.
    """

    examiner: str
    position: int
    conclusion: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class ExaminationRow:
    """One examiner's examination; ``entry_index`` is that of its entry."""

    examiner: str
    entry_index: int
    concluded_at: datetime
    findings: tuple[FindingRow, ...]


@dataclass(frozen=True, slots=True)
class NewFinding:
    """What an examiner concludes of one candidate; ``slot`` is the candidate's key, None if it is erased."""

    position: int
    conclusion: str
    detail: str
    slot: int | None


def add(
    tx: Transaction, lead_id: str, examiner: str, entry_index: int, findings: Sequence[NewFinding], *, at: datetime
) -> None:
    """Keep an examination; one for each examiner and lead."""
    tx.execute(
        insert(_EXAMINATIONS),
        {"lead_id": lead_id, "examiner": examiner, "entry_index": entry_index, "concluded_at": at},
    )
    rows = [
        {
            "lead_id": lead_id,
            "examiner": examiner,
            "position": each.position,
            "conclusion": each.conclusion,
            "key_slot": each.slot,
            "sealed": None
            if each.slot is None
            else tx.vault.seal(each.slot, each.detail.encode(), _context(lead_id, examiner, each.position)),
        }
        for each in findings
    ]
    if rows:
        tx.execute(insert(_FINDINGS), rows)


def of_lead(tx: Transaction, lead_id: str) -> list[ExaminationRow]:
    """List the examinations of a lead in the order in which they were concluded."""
    found: dict[str, list[FindingRow]] = {}
    for row in tx.execute(_FINDINGS_OF, {"wanted": lead_id}).all():
        detail = None
        if row.sealed is not None:
            with contextlib.suppress(ErasedError):
                context = _context(lead_id, row.examiner, row.position)
                detail = tx.vault.open_sealed(row.key_slot, row.sealed, context).decode()
        found.setdefault(row.examiner, []).append(FindingRow(row.examiner, row.position, row.conclusion, detail))
    return [
        ExaminationRow(row.examiner, row.entry_index, row.concluded_at, tuple(found.get(row.examiner, ())))
        for row in tx.execute(_OF_LEAD, {"wanted": lead_id}).all()
    ]


def leads_of(tx: Transaction, examiner: str) -> set[str]:
    """Tell which leads an examiner has concluded on."""
    return set(tx.execute(_LEADS_OF, {"by": examiner}).scalars())


def _context(lead_id: str, examiner: str, position: int) -> str:
    return f"finding:{lead_id}:{examiner}:{position}"
