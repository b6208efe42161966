"""What was ended stays ended: a record that is put back does not bring keys, operators and sessions back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from recognizance.records import Transaction, access_keys, cases, operators, sessions


@dataclass(frozen=True, slots=True)
class Ended:
    """Everything of authority that a record knows to be over, by id; cases by number.

    ``roles`` and ``members`` are what is left of both, by operator and case: the rest was taken away.
    """

    keys: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    cases: frozenset[str] = frozenset()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)


def ended_in(tx: Transaction) -> Ended:
    """Read what a record knows to be over."""
    return Ended(
        frozenset(row.access_key_id for row in access_keys.list_all(tx) if not row.active),
        frozenset(row.id for row in operators.list_all(tx) if not row.active),
        frozenset(sessions.list_closed(tx)),
        frozenset(row.number for row in cases.list_all(tx) if row.closed_at is not None),
        {row.id: row.roles for row in operators.list_all(tx)},
        {row.number: frozenset(cases.members(tx, row.id)) for row in cases.list_all(tx)},
    )


def end_again(tx: Transaction, ended: Ended, *, now: datetime) -> int:
    """End what is not over in this record and was in another; return how much that was."""
    count = 0
    for row in access_keys.list_all(tx):
        if row.active and row.access_key_id in ended.keys:
            access_keys.revoke(tx, row.access_key_id, now=now)
            sessions.close_opened_with(tx, row.access_key_id, closed_at=now)
            count += 1
    for operator in operators.list_all(tx):
        if operator.active and operator.id in ended.operators:
            operators.set_active(tx, operator.id, False)
            count += 1
        kept = operator.roles & ended.roles.get(operator.id, operator.roles)
        if kept != operator.roles:
            operators.set_roles(tx, operator.id, kept)
            count += 1
    for session in ended.sessions:
        count += sessions.close(tx, session, closed_at=now)
    for case in cases.list_all(tx):
        if case.closed_at is None and case.number in ended.cases:
            cases.close(tx, case.id, closed_at=now)
            count += 1
        members = frozenset(cases.members(tx, case.id))
        for member in members - ended.members.get(case.number, members):
            count += cases.remove_member(tx, case.id, member)
    return count
