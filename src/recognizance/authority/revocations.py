"""What was ended stays ended: a record that is put back does not bring keys, operators and sessions back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from recognizance.records import Transaction, access_keys, authorities, cases, operators, purposes, sessions
from recognizance.records.authorities import AuthorityRow
from recognizance.records.operators import OperatorRow


@dataclass(frozen=True, slots=True)
class Ended:
    """Everything of authority that a record knows to be over, by id; cases by number.

    ``roles`` and ``members`` are what is left of both, by operator and case: the rest was taken away.  ``purposes``
    says until when those are in force that end; ``authorities`` are those that were ended, and emergencies that were
    ratified or rejected.
    """

    keys: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    cases: frozenset[str] = frozenset()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    purposes: Mapping[str, datetime] = field(default_factory=dict)
    authorities: Mapping[str, AuthorityRow] = field(default_factory=dict)


def ended_in(tx: Transaction) -> Ended:
    """Read what a record knows to be over."""
    return Ended(
        frozenset(row.access_key_id for row in access_keys.list_all(tx) if not row.active),
        frozenset(row.id for row in operators.list_all(tx) if not row.active),
        frozenset(sessions.list_closed(tx)),
        frozenset(row.number for row in cases.list_all(tx) if row.closed_at is not None),
        {row.id: frozenset(row.spelt_roles) for row in operators.list_all(tx)},
        {row.number: frozenset(cases.members(tx, row.id)) for row in cases.list_all(tx)},
        {row.id: row.valid_until for row in purposes.list_all(tx) if row.valid_until is not None},
        {row.id: row for row in authorities.list_all(tx) if row.ended_at or row.rejected_at or row.ratified_at},
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
        count += _take_roles(tx, operator, ended)
    for session in ended.sessions:
        count += sessions.close(tx, session, closed_at=now)
    for case in cases.list_all(tx):
        if case.closed_at is None and case.number in ended.cases:
            cases.close(tx, case.id, closed_at=now)
            count += 1
        members = frozenset(cases.members(tx, case.id))
        for member in members - ended.members.get(case.number, members):
            count += cases.remove_member(tx, case.id, member)
    return count + _end_purposes(tx, ended) + _decide_authorities(tx, ended, now)


def _take_roles(tx: Transaction, operator: OperatorRow, ended: Ended) -> bool:
    left = ended.roles.get(operator.id)
    if left is None or left.issuperset(operator.spelt_roles):
        return False
    operators.set_roles(tx, operator.id, operator.roles & left)
    kept = [each for each in operator.gallery_roles if f"{each.role}@{each.gallery_id}" in left]
    operators.set_gallery_roles(tx, operator.id, [(each.role, each.gallery_id) for each in kept])
    return True


def _end_purposes(tx: Transaction, ended: Ended) -> int:
    count = 0
    for row in purposes.list_all(tx):
        until = ended.purposes.get(row.id)
        if until is not None and (row.valid_until is None or until < row.valid_until):
            purposes.end(tx, row.id, until)
            count += 1
    return count


def _decide_authorities(tx: Transaction, ended: Ended, now: datetime) -> int:
    """End and reject again what was; what was ratified stays so, for otherwise its results would be deleted."""
    count = 0
    for row in authorities.list_all(tx):
        known = ended.authorities.get(row.id)
        if known is None:
            continue
        if known.rejected_at is not None:
            reason = known.ratification.get("reason", "")
            count += authorities.reject(tx, row.id, reason=reason, by=_there(tx, known.rejected_by), now=now)
        elif known.ratified_at is not None:
            by = _there(tx, known.ratified_by)
            document, issuer = (known.ratification[name] for name in ("document", "issuer"))
            authorities.ratify(tx, row.id, document=document, issuer=issuer, by=by, now=known.ratified_at)
        if known.ended_at is not None:
            count += authorities.end(tx, row.id, by=_there(tx, known.ended_by), now=now)
            sessions.close_under(tx, row.id, closed_at=now)
    return count


def _there(tx: Transaction, operator: str | None) -> str | None:
    """Name an operator who is in this record; None for one who came after the backup."""
    return operator if operator is not None and operators.find(tx, operator) is not None else None
