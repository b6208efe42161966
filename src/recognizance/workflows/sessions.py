"""Open, use, list and close sessions: one operator at work for one purpose on one case."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recognizance.authority import validity
from recognizance.authority.access_keys import TemporaryKey, make_temporary_key
from recognizance.errors import InvalidRequestError
from recognizance.ledger import Concealed, Value
from recognizance.policy import Reason
from recognizance.policy.standing import NOT_YOUR_CASE, authority_reason
from recognizance.records import Transaction, authorities, sessions
from recognizance.records.sessions import SessionRow as SessionRow
from recognizance.workflows.act import Act
from recognizance.workflows.footing import open_case
from recognizance.workflows.objections import Objection, changing_authority
from recognizance.workflows.operators import oversees
from recognizance.workflows.place import Workplace, failures_recorded, new_identifier, permit, record

KIND = "session"
SECONDS_MIN = 900
SECONDS_MAX = 43_200
SECONDS_DEFAULT = 3_600
LISTED_MAX = 1_000
"""Programs open a session each time they start: a list shows the newest ones."""

_NOT_YOURS = Reason(
    "standing/session",
    "You have no open session of this name.",
    "Open one: `recognizance session register`, or `recognizance session open`.",
)


@dataclass(frozen=True, slots=True)
class Assumed:
    """Temporary credentials for a session, shown this once."""

    session: SessionRow
    key: TemporaryKey
    expires_at: datetime


@failures_recorded(KIND)
def open_session(
    place: Workplace, act: Act, *, purpose: str, case: str, authority: str | None, seconds: int = SECONDS_DEFAULT
) -> tuple[SessionRow, int]:
    """Register a session; it and one entry are made durable together.

    Raises
    ------
    InvalidRequestError
        If the signed path names another purpose, case or authority.
    RefusedError
        If the operator does not work on an open case of this number, or the authority is none of the case, or not
        valid now.
    """
    said = {"purpose": purpose, "case": case, "authority": authority}
    for name, value in said.items():
        if getattr(act, name) not in (None, value):
            raise InvalidRequestError(f"The path of the endpoint names another {name} than the session to open.")
    permitted = permit(place, act, KIND)
    # A refusal commits to what was asked for, too.
    asked = tuple(Concealed(f"session_{name}", value) for name, value in said.items() if value is not None)
    permitted = replace(permitted, concealed=(*permitted.concealed, *asked))
    with changing_authority(place, permitted) as tx:
        found = open_case(tx, case, act.operator)
        if found is None:
            raise Objection(NOT_YOUR_CASE)
        under = _authority(tx, found.id, authority, permitted.time)
        row = sessions.create(
            tx,
            new_identifier(),
            operator=act.operator,
            purpose=purpose,
            case_id=found.id,
            authority=authority,
            authority_id=under,
            opened_at=permitted.time,
            opened_with=act.access_key_id,
            expires_at=permitted.time + timedelta(seconds=seconds),
        )
        details: dict[str, Value] = {
            "change": "opened",
            "opened_session": row.id,
            "seconds": seconds,
            "session_case": found.id,
        }
        if under is not None:
            details["session_authority"] = under
        entry = record(tx, permitted, details)
    return row, entry


def _authority(tx: Transaction, case_id: str, document: str | None, now: datetime) -> str | None:
    """Find our id of the authority that a session is to be under; raises `Objection` unless it is valid."""
    if document is None:
        return None
    found = authorities.find(tx, case_id, document)
    state = validity.state_of(found, now)
    if found is None or state != validity.VALID:
        raise Objection(authority_reason(state))
    return found.id


@failures_recorded(KIND)
def assume(
    place: Workplace, act: Act, session_id: str, *, seconds: int = SECONDS_DEFAULT, name: str
) -> tuple[Assumed, int]:
    """Make temporary credentials for a session of one's own; their secret and token are returned this once.

    They end with the session at the latest, and with the access key that asked for them.

    Parameters
    ----------
    name : str
        What the caller calls these credentials.

    Raises
    ------
    RefusedError
        If the caller has no open session of this id; nobody learns whether there is one.
    """
    permitted = permit(place, act, KIND)
    key = make_temporary_key()
    with changing_authority(place, permitted) as tx:
        row = sessions.find(tx, session_id)
        if row is None or row.operator != act.operator or not row.is_open(permitted.time):
            raise Objection(_NOT_YOURS)
        if open_case(tx, row.case, act.operator) is None:
            raise Objection(NOT_YOUR_CASE)
        expires_at = min(row.expires_at, permitted.time + timedelta(seconds=seconds))
        sessions.add_credential(
            tx,
            key.access_key_id,
            session=row.id,
            secret=key.secret,
            token=key.token,
            obtained_with=act.access_key_id,
            expires_at=expires_at,
            now=permitted.time,
        )
        details = {"change": "assumed", "opened_session": row.id, "key": key.access_key_id}
        entry = record(tx, permitted, details, [Concealed("role_session_name", name)])
    return Assumed(row, key, expires_at), entry


@failures_recorded(KIND)
def close_session(place: Workplace, act: Act, session_id: str) -> tuple[SessionRow, int]:
    """End a session and its credentials at once; recorded.

    Everybody closes their own; who may revoke keys closes anybody's.

    Raises
    ------
    NotFoundError
        If there is none, or not for the caller to see.
    InvalidRequestError
        If it is over.
    """
    with place.store.read() as tx:
        found = sessions.find(tx, session_id)
    own = found is not None and found.operator == act.operator
    permitted = permit(place, act, KIND if own else "key", recorded_as=KIND)
    with changing_authority(place, permitted) as tx:
        row = sessions.get(tx, session_id)
        if not row.is_open(permitted.time):
            raise InvalidRequestError(f"The session {session_id} is over already.")
        sessions.close(tx, session_id, closed_at=permitted.time)
        entry = record(tx, permitted, {"change": "closed", "opened_session": session_id, "of": row.operator})
        row = sessions.get(tx, session_id)
    return row, entry


@failures_recorded("roster")
def list_sessions(place: Workplace, act: Act, *, finished: bool = False) -> tuple[list[SessionRow], int]:
    """List the newest sessions in the order of opening, those that are over only if asked for; recorded.

    Those who do not oversee see their own.
    """
    permitted = permit(place, act, "roster")
    with place.store.write() as tx:
        shown = sessions.list_newest(
            tx,
            operator=None if oversees(tx, act) else act.operator,
            open_at=None if finished else permitted.time,
            limit=LISTED_MAX,
        )
        return shown, record(tx, permitted, {"sessions": len(shown)})


def identify(place: Workplace, act: Act) -> tuple[str, SessionRow | None, int]:
    """Tell the caller who they are, and in which session; recorded."""
    permitted = permit(place, act, "identity")
    with place.store.write() as tx:
        session = sessions.find(tx, act.session) if act.session else None
        return act.operator, session, record(tx, permitted, {})
