"""Issue, revoke and recover access keys."""

from collections.abc import Callable
from datetime import datetime

from recognizance.authority.access_keys import KeyPair, make_key_pair
from recognizance.authority.administrators import ROLE, usable_administrators
from recognizance.errors import InvalidRequestError
from recognizance.ledger import Entry, Ledger, Value
from recognizance.records import RecordStore, Transaction, access_keys, operators, sessions
from recognizance.workflows import first_start
from recognizance.workflows.act import NOBODY, Act
from recognizance.workflows.objections import about, changing_authority
from recognizance.workflows.operators import keep_administered, require_named, require_no_request
from recognizance.workflows.place import Workplace, failures_recorded, name_many, permit, record

KIND = "key"
OWN = "own-key"
KEYS_MAX = 2
"""Active keys of one operator: the one in use, and its successor while programs change over."""


@failures_recorded(KIND)
def issue_key(place: Workplace, act: Act, operator: str) -> tuple[KeyPair, int]:
    """Issue an access key; its secret is returned this once.  The key and one entry are made durable together.

    Administrators issue anybody's; every operator can issue their own successor.

    Raises
    ------
    NotFoundError
    InvalidRequestError
        If the operator is not active, or has two active keys already.
    RefusedError
        If a request of the caller's awaits a second person, which the operator could be.
    """
    permitted = about(permit(place, act, OWN if operator == act.operator else KIND, recorded_as=KIND), operator)
    pair = make_key_pair()
    with changing_authority(place, permitted) as tx:
        row = operators.get(tx, operator)
        require_named(row)
        require_no_request(tx, act.operator, operator, row.roles)
        if not row.active:
            raise InvalidRequestError(f"The operator {operator} is not active.", "Activate the operator first.")
        active = [key.access_key_id for key in access_keys.list_of(tx, operator) if key.active]
        if len(active) >= KEYS_MAX:
            raise InvalidRequestError(
                f"The operator {operator} has {len(active)} active access keys already: {', '.join(active)}.",
                "Revoke the one that is no longer used: `recognizance operator key revoke KEY`.",
            )
        access_keys.create(
            tx,
            pair.access_key_id,
            operator=operator,
            secret=pair.secret,
            created_at=permitted.time,
            origin=access_keys.BY_OPERATOR,
            issued_by=act.operator,
            issued_with=act.access_key_id,
        )
        entry = record(tx, permitted, {"change": "issued", "key": pair.access_key_id})
        keep_administered(tx, permitted)
    return pair, entry


@failures_recorded(KIND)
def revoke_key(place: Workplace, act: Act, access_key_id: str) -> tuple[str, int]:
    """End an access key for good, at once, and the sessions that were opened with it; recorded.

    Returns
    -------
    tuple
        Whose key it was, and the entry's index.

    Raises
    ------
    NotFoundError
    InvalidRequestError
        If it was revoked before.
    RefusedError
        If nobody could administer the server afterwards.
    """
    with place.store.read() as tx:
        known = access_keys.find(tx, access_key_id)
    own = known is not None and known.operator == act.operator
    permitted = permit(place, act, OWN if own else KIND, recorded_as=KIND)
    if known is not None:
        permitted = about(permitted, known.operator)
    with changing_authority(place, permitted) as tx:
        row = access_keys.get(tx, access_key_id)
        if not access_keys.revoke(tx, access_key_id, now=permitted.time):
            raise InvalidRequestError(f"The access key {access_key_id} was revoked before.")
        opened = sessions.close_opened_with(tx, access_key_id, closed_at=permitted.time)
        details: dict[str, Value] = {
            "change": "revoked",
            "key": access_key_id,
            **name_many("sessions", opened),
        }
        entry = record(tx, permitted, details)
        keep_administered(tx, permitted)
    return row.operator, entry


def recover(
    store: RecordStore, ledger: Ledger[Transaction], operator: str, *, clock: Callable[[], datetime]
) -> tuple[KeyPair, int]:
    """Issue a key to a named administrator without anybody's signature; the caller holds the home folder.

    For when every administrator's secret is lost.  It is recorded as what it is.  Where no administrator is left at
    all, as after a restore that brought none of them back, it helps any that there was, and makes them active again.

    Raises
    ------
    NotFoundError
    InvalidRequestError
        If the operator is not a named and active administrator, and there is one.
    """
    pair, now = make_key_pair(), clock()
    details: dict[str, Value] = {"change": "recovered", "of": operator, "key": pair.access_key_id}
    with store.write() as tx:
        row = operators.get(tx, operator)
        named = row.active and not row.first_start
        if ROLE not in row.roles or not (named or _nobody_left(tx)):
            raise InvalidRequestError(
                f"The operator {operator} is not a named and active administrator.",
                "Only those are given a key without a signature; they can help everybody else.",
            )
        if not row.active:
            operators.set_active(tx, operator, True)
            details["activated"] = True
        access_keys.create(
            tx,
            pair.access_key_id,
            operator=operator,
            secret=pair.secret,
            created_at=now,
            origin=access_keys.RECOVERY,
        )
        entry = ledger.append(tx, Entry("recovery", now, NOBODY, "allowed", (), details))
        first_start.close_if_superseded(tx, ledger, by=NOBODY, now=now)
    return pair, entry


def _nobody_left(tx: Transaction) -> bool:
    """Whether nobody could administer the server, not even with a new key."""
    named = (row for row in operators.list_all(tx) if row.active and ROLE in row.roles and not row.first_start)
    return not any(named) and not usable_administrators(tx)
