"""Who could administer the server right now."""

from recognizance.records import Transaction, access_keys, operators
from recognizance.records.operators import OperatorRow

ROLE = "administrator"


def usable_administrators(tx: Transaction) -> list[OperatorRow]:
    """List the active administrators who have an access key to sign with."""
    with_key = {row.operator for row in access_keys.list_all(tx) if row.active}
    return [row for row in operators.list_all(tx) if row.active and ROLE in row.roles and row.id in with_key]
