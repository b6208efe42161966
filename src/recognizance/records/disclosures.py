"""To whom what entries commit to was opened."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select

from recognizance.records import schema
from recognizance.records.transaction import Transaction

_DISCLOSURES = schema.disclosures
_OF_ENTRY = (
    select(_DISCLOSURES)
    .where(_DISCLOSURES.c.disclosed_entry == bindparam("wanted"))
    .order_by(_DISCLOSURES.c.entry_index)
)


@dataclass(frozen=True, slots=True)
class DisclosureRow:
    """Fields of an entry that were opened; ``entry_index`` is that of the disclosure's own entry."""

    entry_index: int
    disclosed_entry: int
    fields: tuple[str, ...]
    disclosed_by: str
    at: datetime


def add(tx: Transaction, disclosure: DisclosureRow) -> None:
    """Keep that something was disclosed."""
    values = {
        "entry_index": disclosure.entry_index,
        "disclosed_entry": disclosure.disclosed_entry,
        "fields": json.dumps(list(disclosure.fields)),
        "disclosed_by": disclosure.disclosed_by,
        "at": disclosure.at,
    }
    tx.execute(insert(_DISCLOSURES), values)


def of_entry(tx: Transaction, entry_index: int) -> list[DisclosureRow]:
    """List what was disclosed of an entry, oldest first."""
    return [
        DisclosureRow(row.entry_index, row.disclosed_entry, tuple(json.loads(row.fields)), row.disclosed_by, row.at)
        for row in tx.execute(_OF_ENTRY, {"wanted": entry_index})
    ]
