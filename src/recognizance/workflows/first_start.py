"""The administrator of the first start: there until somebody has a name.

It is made with the record, so that a newcomer can begin at once; it holds every role of the agency.  Only it is served
by `recognizance env`, and that stops once there are named operators.  When a named administrator can sign, it is closed
for good.
"""

from collections.abc import Callable
from datetime import datetime

from recognizance.authority.access_keys import KeyPair, make_key_pair
from recognizance.authority.administrators import usable_administrators
from recognizance.errors import Recorded, RefusedError
from recognizance.ledger import Entry, Ledger, Value
from recognizance.policy import Reason
from recognizance.policy.standing import ROLES, TESTER
from recognizance.records import RecordStore, Transaction, access_keys, operators, sessions
from recognizance.workflows.act import NOBODY, Act
from recognizance.workflows.objections import Objection, objections_refused
from recognizance.workflows.place import Workplace, permit, record

ADMINISTRATOR = "administrator"
"""Its id; no other operator can have it."""

KIND = "first-start"
NAMED = Reason(
    "standing/first-start",
    "There are named operators now: the administrator of the first start is not handed out any more.",
    "Ask an administrator for an access key of your own (`recognizance operator key issue`), and use it by --profile.",
)


def found(store: RecordStore, ledger: Ledger[Transaction], clock: Callable[[], datetime]) -> bool:
    """Make the administrator of the first start, unless there are operators; it and one entry are durable together."""
    with store.read() as tx:
        if operators.list_all(tx):
            return False
    pair, now = make_key_pair(), clock()
    with store.write() as tx:
        if operators.list_all(tx):
            return False
        operators.create(
            tx,
            ADMINISTRATOR,
            name="Administrator of the first start",
            roles=ROLES.keys() - {TESTER},
            created_at=now,
            first_start=True,
        )
        access_keys.create(tx, pair.access_key_id, operator=ADMINISTRATOR, secret=pair.secret, created_at=now)
        details = {"change": "opened", "of": ADMINISTRATOR, "key": pair.access_key_id}
        ledger.append(tx, Entry(KIND, now, NOBODY, "allowed", (), details))
    return True


def administrator_key(tx: Transaction) -> KeyPair | None:
    """Read the key of the administrator of the first start; None once it is closed."""
    operator = operators.find(tx, ADMINISTRATOR)
    if operator is None or not operator.active:
        return None
    for row in access_keys.list_of(tx, ADMINISTRATOR):
        known = access_keys.find_credential(tx, row.access_key_id) if row.active else None
        if known is not None:
            return KeyPair(known.access_key_id, known.secret)
    return None


def hand_out(place: Workplace, act: Act) -> int:
    """Record that `recognizance env` hands the key out.

    Raises
    ------
    RefusedError
        Once there are named operators.
    """
    permitted = permit(place, act, "env")
    with objections_refused(place, permitted), place.store.write() as tx:
        _require_nobody_named(tx)
        return record(tx, permitted, {"of": ADMINISTRATOR})


def hand_out_alone(store: RecordStore, ledger: Ledger[Transaction], clock: Callable[[], datetime]) -> KeyPair:
    """Hand the key out where no server runs; recorded, as is a refusal.  The caller holds the home folder.

    Raises
    ------
    RefusedError
        Once there are named operators.
    """
    now = clock()
    with store.write() as tx:
        pair = None if operators.any_named(tx) else administrator_key(tx)
        details: dict[str, Value] = {"of": ADMINISTRATOR}
        if pair is not None:
            details["access_key"] = pair.access_key_id
        decision = "refused" if pair is None else "allowed"
        index = ledger.append(tx, Entry("env", now, NOBODY, decision, (NAMED.rule,), details))
    if pair is None:
        refused = RefusedError(f"{NAMED.explanation} [{NAMED.rule}] (entry {index})", NAMED.remedy)
        refused.recorded = Recorded(index, decision)
        raise refused
    return pair


def close_if_superseded(tx: Transaction, ledger: Ledger[Transaction], *, by: str, now: datetime) -> bool:
    """Close the administrator of the first start for good, if a named administrator can sign; recorded."""
    first = operators.find(tx, ADMINISTRATOR)
    if first is None or not first.active or all(row.first_start for row in usable_administrators(tx)):
        return False
    operators.set_active(tx, ADMINISTRATOR, False)
    for row in access_keys.list_of(tx, ADMINISTRATOR):
        if row.active:
            access_keys.revoke(tx, row.access_key_id, now=now)
            sessions.close_opened_with(tx, row.access_key_id, closed_at=now)
    ledger.append(tx, Entry(KIND, now, by, "allowed", (), {"change": "closed", "of": ADMINISTRATOR}))
    return True


def _require_nobody_named(tx: Transaction) -> None:
    if operators.any_named(tx):
        raise Objection(NAMED)
