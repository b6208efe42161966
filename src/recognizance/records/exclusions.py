"""Not this person: who is not released again for a case."""

from collections.abc import Iterable

from sqlalchemy import bindparam, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

_EXCLUDED = schema.case_exclusions
_OF_CASE = select(_EXCLUDED.c.kind, _EXCLUDED.c.number, _EXCLUDED.c.lead_id).where(
    _EXCLUDED.c.case_id == bindparam("wanted")
)
_OWNERS = select(schema.references.c.sequence, schema.references.c.subject_id).where(
    schema.references.c.sequence.in_(bindparam("numbers", expanding=True)), schema.references.c.subject_id.is_not(None)
)


def remember(tx: Transaction, case_id: str, lead_id: str, kind: str, numbers: Iterable[int]) -> None:
    """Remember that these references or subjects are not the person; of a reference, its subject with it."""
    known = of_case(tx, case_id)
    wanted = [(kind, number) for number in numbers]
    wanted += [("subject", owner) for owner in owners(tx, kind, [number for _, number in wanted]).values()]
    rows = [
        {"case_id": case_id, "kind": kind, "number": number, "lead_id": lead_id}
        for kind, number in dict.fromkeys(wanted)
        if (kind, number) not in known
    ]
    if rows:
        tx.execute(insert(_EXCLUDED), rows)


def of_case(tx: Transaction, case_id: str) -> dict[tuple[str, int], str]:
    """Give the leads by which references and subjects are excluded for a case, by kind and number."""
    return {(kind, number): lead for kind, number, lead in tx.execute(_OF_CASE, {"wanted": case_id})}


def excluding(tx: Transaction, case_id: str, kind: str, numbers: list[int]) -> dict[int, str]:
    """Tell which of these are excluded for a case, by themselves or with the subject that they belong to."""
    known = of_case(tx, case_id)
    if not known:
        return {}
    belongs = owners(tx, kind, numbers)
    found = {number: known.get((kind, number)) or known.get(("subject", belongs.get(number, 0))) for number in numbers}
    return {number: lead for number, lead in found.items() if lead is not None}


def owners(tx: Transaction, kind: str, numbers: list[int]) -> dict[int, int]:
    """Give the ids of the subjects that references belong to, by the reference's number."""
    if kind != "reference" or not numbers:
        return {}
    return {int(number): int(owner) for number, owner in tx.execute(_OWNERS, {"numbers": numbers})}
