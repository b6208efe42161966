"""Whether two operators are two persons: that neither could sign as the other, and nobody as both."""

from recognizance.records import Transaction, access_keys, operators
from recognizance.records.access_keys import AccessKeyRow

ROLE = "supervisor"
"""The role that a second person needs."""


def objection_to(tx: Transaction, first: str, second: str) -> str | None:
    """Say, as a sentence, why `second` cannot confirm what `first` asks for; None if they can."""
    if first == second:
        return "Nobody confirms their own request."
    for operator in (first, second):
        row = operators.find(tx, operator)
        if row is None or not row.active:
            return f"The operator {operator} is not active."
    issuers = {operator: issuers_of(tx, operator) for operator in (first, second)}
    for one, other in ((first, second), (second, first)):
        if one in issuers[other]:
            return (
                f"Credentials that {other} signs with were issued by {one}, or by somebody whose credentials "
                f"{one} had issued: {one} could sign as {other}."
            )
    shared = sorted(each for each in issuers[first] & issuers[second] if _is_named(tx, each))
    if shared:
        return (
            f"Credentials that {first} and {second} sign with were both issued by {shared[0]}, or by somebody whose "
            f"credentials {shared[0]} had issued: {shared[0]} could sign as either."
        )
    return None


def may_second(tx: Transaction, first: str, second: str) -> bool:
    """Whether `second` can confirm what `first` asks for."""
    return objection_to(tx, first, second) is None


def issuers_of(tx: Transaction, operator: str) -> frozenset[str]:
    """Name everybody who has seen, or could have asked for, a secret that the operator can sign with now.

    A key leads to the operator who issued it, and to the key that signed the request for it, which leads on.  An
    operator who replaces a key of their own does not shake off who issued the one before: that one could have
    replaced it too.
    """
    keys = {row.access_key_id: row for row in access_keys.list_all(tx)}
    found: set[str] = set()
    for row in keys.values():
        if row.operator == operator and row.active:
            found |= _chain(keys, row)
    return frozenset(found - {operator})


def _chain(keys: dict[str, AccessKeyRow], row: AccessKeyRow | None) -> set[str]:
    found: set[str] = set()
    seen: set[str] = set()
    while row is not None and row.access_key_id not in seen:
        seen.add(row.access_key_id)
        if row.issued_by is not None:
            found.add(row.issued_by)
        row = keys.get(row.issued_with) if row.issued_with is not None else None
    return found


def _is_named(tx: Transaction, operator: str) -> bool:
    """Whether this is anybody but the administrator of the first start, whom everybody's keys may go back to."""
    row = operators.find(tx, operator)
    return row is None or not row.first_start
