"""Searches with what they were decided on, for judging them again by other rules; no rule is asked about tests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from recognizance.records import galleries, schema
from recognizance.records.transaction import Transaction

_SEARCHES = schema.searches
_OF_AGENCY = ~_SEARCHES.c.gallery.startswith(galleries.OF_TESTS)
_DECIDED = (
    select(*(_SEARCHES.c[name] for name in ("entry_index", "id", "at", "policy", "decision", "facts")))
    .where(_SEARCHES.c.entry_index > bindparam("after"), _OF_AGENCY)
    .order_by(_SEARCHES.c.entry_index)
    .limit(bindparam("at_most"))
)
_COUNT = select(func.count()).select_from(_SEARCHES).where(_OF_AGENCY)
_SINCE = _SEARCHES.c.at >= bindparam("since")
_UNTIL = _SEARCHES.c.at <= bindparam("until")


@dataclass(frozen=True, slots=True)
class DecidedSearch:
    """A search with what it was decided on, for judging it again."""

    entry_index: int
    id: str
    at: datetime
    policy: str | None
    decision: str | None
    facts: Mapping[str, Any] | None


def list_page(
    tx: Transaction,
    *,
    after_entry: int,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[DecidedSearch]:
    """List searches with what they were decided on, oldest first, from after an entry; both times are included."""
    statement, parameters = _within(_DECIDED, since, until)
    rows = tx.execute(statement, {"after": after_entry, "at_most": limit, **parameters})
    return [
        DecidedSearch(
            row.entry_index,
            row.id,
            row.at,
            row.policy,
            row.decision,
            None if row.facts is None else json.loads(row.facts),
        )
        for row in rows
    ]


def count(tx: Transaction, *, since: datetime | None = None, until: datetime | None = None) -> int:
    """Count the searches that `list_page` lists."""
    statement, parameters = _within(_COUNT, since, until)
    return int(tx.execute(statement, parameters).scalar_one())


def _within(statement: Any, since: datetime | None, until: datetime | None) -> tuple[Any, dict[str, Any]]:
    parameters: dict[str, Any] = {}
    if since is not None:
        statement = statement.where(_SINCE)
        parameters["since"] = since
    if until is not None:
        statement = statement.where(_UNTIL)
        parameters["until"] = until
    return statement, parameters
