"""On what footing a request stands: its operator, their key, and the purpose and case that it is for."""

from dataclasses import dataclass, replace
from datetime import datetime

from recognizance.authority.roster import Operator, Roster
from recognizance.records import RecordStore, Transaction, cases
from recognizance.records.sessions import SessionRow
from recognizance.workflows.act import Act

_CONTEXT = ("purpose", "case", "authority")


@dataclass(frozen=True, slots=True)
class Footing:
    """What the policy has to know of a request besides the act itself.

    ``act`` is the request's, completed by its session: purpose, case and authority are those that count.
    """

    act: Act
    operator: Operator
    key_valid: bool
    training: str
    contradictions: tuple[str, ...]
    case_open: bool | None


def settle(store: RecordStore, roster: Roster, act: Act, now: datetime) -> Footing:
    """Find out on what footing a request stands.

    Path and session say together what the request is for.  What one of them leaves out, the other fills in; what both
    name has to be the same.

    Raises
    ------
    NotFoundError
        If there is no such operator.
    """
    operator = roster.operator(act.operator)
    session = roster.session(act.session) if act.session else None
    said = {name: getattr(act, name) for name in _CONTEXT}
    fixed = {name: getattr(session, name) if session is not None else None for name in _CONTEXT}
    contradictions = tuple(
        name for name in _CONTEXT if None not in (said[name], fixed[name]) and said[name] != fixed[name]
    )
    said = {name: fixed[name] or said[name] for name in _CONTEXT}
    training = operator.training(now)
    notes = {"context": _source(act, session), "training": training}
    case_open = None
    if said["case"] is not None:
        found = _open_case(store, said["case"], operator.id)
        case_open = found is not None
        if found is not None and not contradictions:
            notes["case_id"] = found
    if session is not None:
        notes["session"] = session.id
    in_time = act.session is None or (session is not None and session.is_open(now))
    return Footing(
        replace(act, **said, notes=notes),
        operator,
        in_time and roster.is_valid(act.access_key_id, now),
        training,
        contradictions,
        case_open,
    )


def open_case(tx: Transaction, number: str, operator: str) -> str | None:
    """Find our id of the case of this number, if it is open and the operator works on it."""
    case = cases.find(tx, number)
    if case is None or case.closed_at is not None or not cases.is_member(tx, case.id, operator):
        return None
    return case.id


def _open_case(store: RecordStore, number: str, operator: str) -> str | None:
    with store.read() as tx:
        return open_case(tx, number, operator)


def _source(act: Act, session: SessionRow | None) -> str:
    in_path = any(getattr(act, name) is not None for name in _CONTEXT)
    if session is not None:
        return "both" if in_path else "session"
    return "path" if in_path else "none"
