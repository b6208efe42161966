"""On what footing a request stands: its operator and their key, and the purpose, case and authority that it is for."""

from dataclasses import dataclass, replace
from datetime import datetime

from recognizance.authority import validity
from recognizance.authority.roster import Operator, Roster
from recognizance.policy.standing import TESTER, WITHOUT_GALLERY
from recognizance.records import RecordStore, Transaction, authorities, cases, galleries, purposes
from recognizance.records.authorities import AuthorityRow
from recognizance.records.cases import CaseRow
from recognizance.records.purposes import PurposeRow
from recognizance.records.sessions import SessionRow
from recognizance.workflows.act import Act

_CONTEXT = ("purpose", "case", "authority")
_NO_EDITS = "none"
UNSTATED = "unstated"
OWN_PHOTOGRAPHS = "own photographs"
"""What the entry of a test says of it."""


@dataclass(frozen=True, slots=True)
class Footing:
    """What the policy has to know of a request besides the act itself.

    ``act`` is the request's, completed by its session: purpose, case and authority are those that count.  ``roles``
    are those that hold for this act; ``authority_state`` says how the authority stands towards it.
    """

    act: Act
    operator: Operator
    roles: frozenset[str]
    key_valid: bool
    training: str
    contradictions: tuple[str, ...]
    case_open: bool | None
    offence: str | None = None
    purpose_basis: str | None = None
    authority_id: str | None = None
    authority_kind: str | None = None
    authority_state: str = validity.NONE

    @property
    def is_test(self) -> bool:
        """Whether the operator is a tester, who works on their own photographs."""
        return TESTER in self.operator.roles

    @property
    def source(self) -> str:
        """What the photograph is said to come from."""
        return self.act.source or UNSTATED

    @property
    def edits(self) -> frozenset[str] | None:
        """What is said to have been done to the photograph; None if nothing is said."""
        if self.act.edits is None:
            return None
        return frozenset() if self.act.edits == _NO_EDITS else frozenset(self.act.edits.split("+"))


@dataclass(frozen=True, slots=True)
class _Registered:
    """What the record knows of what a request names."""

    case: CaseRow | None = None
    purpose: PurposeRow | None = None
    authority: AuthorityRow | None = None
    gallery: int | None = None


def settle(
    store: RecordStore,
    roster: Roster,
    act: Act,
    now: datetime,
    *,
    operation: str | None = None,
    gallery: str | None = None,
) -> Footing:
    """Find out on what footing a request stands.

    Path and session say together what the request is for.  What one of them leaves out, the other fills in; what both
    name has to be the same.  An authority is looked for in the case that is named, and nowhere else: nobody learns
    whether another case has it.

    Parameters
    ----------
    operation, gallery : str or None
        The act, as the policy knows it, and the gallery that it names.

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
    known = _look_up(store, operator, said, now, gallery)
    training = operator.training(now)
    notes = {"context": _source(act, session), "training": training}
    if not contradictions:
        notes |= {
            f"{name}_id": found.id
            for name, found in (("case", known.case), ("purpose", known.purpose), ("authority", known.authority))
            if found is not None
        }
    if session is not None:
        notes["session"] = session.id
    if TESTER in operator.roles:
        notes["testing"] = OWN_PHOTOGRAPHS
    in_time = act.session is None or (session is not None and session.is_open(now))
    state = validity.NONE
    if said["authority"] is not None:
        state = validity.state_of(known.authority, now, operation=operation, gallery=gallery)
    return Footing(
        act=replace(act, **said, notes=notes),
        operator=operator,
        roles=_roles(operator, known.gallery, operation, gallery),
        key_valid=in_time and roster.is_valid(act.access_key_id, now),
        training=training,
        contradictions=contradictions,
        case_open=None if said["case"] is None else known.case is not None,
        offence=known.case.offence if known.case else None,
        purpose_basis=known.purpose.legal_basis if known.purpose else None,
        authority_id=known.authority.id if known.authority else None,
        authority_kind=known.authority.kind if known.authority else None,
        authority_state=state,
    )


def open_case(tx: Transaction, number: str, operator: str) -> CaseRow | None:
    """Find the case of this number, if it is open and the operator works on it."""
    case = cases.find(tx, number)
    if case is None or case.closed_at is not None or not cases.is_member(tx, case.id, operator):
        return None
    return case


def _look_up(
    store: RecordStore, operator: Operator, said: dict[str, str | None], now: datetime, gallery: str | None
) -> _Registered:
    purpose, case, authority = (said[name] for name in _CONTEXT)
    looks_for_gallery = gallery is not None and bool(operator.gallery_roles)
    if purpose is None and case is None and not looks_for_gallery:
        return _Registered()
    with store.read() as tx:
        # A test is of nobody's case, whoever made the tester a member: entries of what failed would name it.
        found = open_case(tx, case, operator.id) if case is not None and TESTER not in operator.roles else None
        return _Registered(
            case=found,
            purpose=purposes.in_force(tx, purpose, now) if purpose is not None else None,
            authority=authorities.find(tx, found.id, authority) if found and authority is not None else None,
            gallery=galleries.find_number(tx, gallery) if looks_for_gallery and gallery is not None else None,
        )


def _roles(operator: Operator, number: int | None, operation: str | None, gallery: str | None) -> frozenset[str]:
    """Name the roles that hold for an act on a gallery, or on none."""
    if gallery is None and operation in WITHOUT_GALLERY:
        return operator.roles | {role for role, _ in operator.gallery_roles}
    return operator.roles_for(number)


def _source(act: Act, session: SessionRow | None) -> str:
    in_path = any(getattr(act, name) is not None for name in _CONTEXT)
    if session is not None:
        return "both" if in_path else "session"
    return "path" if in_path else "none"
