"""Record the authorities of cases, extend, end and list them.

What they let an operator do is asked of each act (`footing`).  Emergencies are declared and decided on in
`emergencies`; what follows when nobody ratifies one is in `lapsing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from recognizance.authority import validity
from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.ledger import Concealed, Value
from recognizance.policy.standing import authority_reason
from recognizance.records import Transaction, authorities, authority_uses, cases, sessions
from recognizance.records.authorities import EMERGENCY, AuthorityRow
from recognizance.records.authorities import Scope as Scope
from recognizance.records.cases import CaseRow
from recognizance.workflows.act import Act
from recognizance.workflows.footing import open_case
from recognizance.workflows.objections import Objection, changing_authority, objections_refused
from recognizance.workflows.operators import oversees
from recognizance.workflows.place import Workplace, failures_recorded, new_identifier, permit, record

KIND = "authority"
DECLARE = "emergency"

UNLIMITED = Scope()


@dataclass(frozen=True, slots=True)
class Known:
    """An authority, the number of its case, and how it stands now, apart from what it is limited to.

    ``acts`` were done under it; the results of ``deleted`` of them were deleted.
    """

    authority: AuthorityRow
    case: str
    state: str
    acts: int
    deleted: int


@failures_recorded(KIND)
def add_authority(
    place: Workplace,
    act: Act,
    case: str,
    *,
    kind: str,
    document: str,
    issuer: str,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    scope: Scope = UNLIMITED,
) -> tuple[Known, int]:
    """Record a warrant, an order or a consent; it and one entry are made durable together.

    Parameters
    ----------
    valid_from : datetime or None
        None: from now on.
    valid_until : datetime or None
        None: until it is ended.

    Raises
    ------
    NotFoundError
        If there is no such case.
    InvalidRequestError
        If it is closed or has an authority of this document, or if this one could never cover an act.
    """
    permitted = permit(place, act, KIND)
    if kind == EMERGENCY:
        raise InvalidRequestError(
            "An emergency is declared by who works on the case.", "`recognizance authority declare` does that."
        )
    begins = valid_from or permitted.time
    validity.require_sound(kind, scope, begins, valid_until)
    with place.store.write() as tx:
        found = _open(tx, case)
        row = AuthorityRow(
            id=new_identifier(),
            case_id=found.id,
            kind=kind,
            valid_from=begins,
            valid_until=valid_until,
            added_by=act.operator,
            added_at=permitted.time,
            document=document,
            issuer=issuer,
            scope=scope,
        )
        authorities.add(tx, row)
        entry = record(tx, permitted, details_of("added", row), concealed_of(row, found))
        known = known_of(tx, row, found, permitted.time)
    return known, entry


@failures_recorded(KIND)
def extend(
    place: Workplace, act: Act, case: str, document: str, *, valid_until: datetime, extended_by: str, issuer: str
) -> tuple[Known, int]:
    """Record that an authority was extended.  What it was before stays on record beside it; recorded.

    Parameters
    ----------
    extended_by, issuer : str
        The document that extends it, and who issued it.

    Raises
    ------
    NotFoundError
    RefusedError
        If the authority was ended, or was an emergency that nobody ratified in time.
    InvalidRequestError
        If that would not extend it, or if it is an emergency that nobody has ratified yet.
    """
    permitted = permit(place, act, KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        found = _open(tx, case)
        row = authorities.get(tx, found.id, document)
        state = validity.state_of(row, permitted.time)
        if state in (validity.ENDED, validity.LAPSED):
            raise Objection(authority_reason(state))
        if row.kind == EMERGENCY and row.ratified_at is None:
            raise InvalidRequestError(
                "An emergency is ratified before it is extended.", "`recognizance authority ratify`."
            )
        if row.until is None or valid_until <= row.until:
            until = "until it is ended" if row.until is None else f"until {row.until.isoformat()}"
            raise InvalidRequestError(
                f"The authority is valid {until}: that would not extend it.", "`recognizance authority end` ends it."
            )
        authorities.extend(
            tx, row, valid_until, document=extended_by, issuer=issuer, by=act.operator, now=permitted.time
        )
        row = authorities.of_id(tx, row.id)
        told = [Concealed("document", extended_by), Concealed("issuer", issuer)]
        entry = record(tx, permitted, details_of("extended", row), [*told, *named_by(row, found)])
        known = known_of(tx, row, found, permitted.time)
    return known, entry


@failures_recorded(KIND)
def end(place: Workplace, act: Act, case: str, document: str) -> tuple[Known, int]:
    """End an authority and the sessions under it, at once; recorded.

    Who declared an emergency may end it.  Its ratification is due all the same: otherwise what it produced goes.

    Raises
    ------
    NotFoundError
    InvalidRequestError
        If it was ended before.
    """
    own = _declared_by(place, act, case, document)
    permitted = permit(place, act, DECLARE if own else KIND, recorded_as=KIND)
    with changing_authority(place, permitted) as tx:
        found = cases.get(tx, case)
        row = authorities.get(tx, found.id, document)
        if not authorities.end(tx, row.id, by=act.operator, now=permitted.time):
            raise InvalidRequestError(f"The authority {document} was ended before.")
        closed = sessions.close_under(tx, row.id, closed_at=permitted.time)
        row = authorities.of_id(tx, row.id)
        entry = record(tx, permitted, details_of("ended", row) | {"sessions": len(closed)}, named_by(row, found))
        known = known_of(tx, row, found, permitted.time)
    return known, entry


@failures_recorded("roster")
def list_authorities(
    place: Workplace, act: Act, *, case: str | None = None, document: str | None = None
) -> tuple[list[Known], int]:
    """List authorities in the order of their recording; who does not oversee sees those of their cases.  Recorded.

    Raises
    ------
    NotFoundError
        If a case or a document is named and is not there, or not for the caller to see.
    """
    permitted = permit(place, act, "roster")
    with place.store.write() as tx:
        seen = {row.id: row for row in cases.list_all(tx, member=None if oversees(tx, act) else act.operator)}
        shown = [
            known_of(tx, row, seen[row.case_id], permitted.time)
            for row in authorities.list_all(tx)
            if row.case_id in seen and case in (None, seen[row.case_id].number) and document in (None, row.document)
        ]
        if case is not None and case not in {row.number for row in seen.values()}:
            raise NotFoundError(f"There is no case {case}.", "`recognizance case list` shows those there are.")
        if document is not None and not shown:
            raise NotFoundError(
                f"There is no authority {document}.", "`recognizance authority list` shows those there are."
            )
        return shown, record(tx, permitted, {"authorities": len(shown)})


def _declared_by(place: Workplace, act: Act, case: str, document: str) -> bool:
    with place.store.read() as tx:
        found = open_case(tx, case, act.operator)
        row = authorities.find(tx, found.id, document) if found is not None else None
    return row is not None and row.kind == EMERGENCY and row.added_by == act.operator


def _open(tx: Transaction, number: str) -> CaseRow:
    case = cases.get(tx, number)
    if case.closed_at is not None:
        raise InvalidRequestError(f"The case {number} is closed.", "A closed case stays as it was.")
    return case


def known_of(tx: Transaction, row: AuthorityRow, case: CaseRow, now: datetime) -> Known:
    """Tell how an authority stands."""
    acts, deleted = authority_uses.count(tx, row.id)
    return Known(row, case.number, validity.state_of(row, now), acts, deleted)


def details_of(change: str, row: AuthorityRow) -> dict[str, Value]:
    """Tell what the entry of a change says of an authority."""
    return {
        "authority_kind": row.kind,
        "change": change,
        "ratify_by": row.ratify_by.isoformat() if row.ratify_by else None,
        "subject_authority": row.id,
        "subject_case": row.case_id,
        "valid_from": row.valid_from.isoformat(),
        "valid_until": row.until.isoformat() if row.until else None,
    }


def named_by(row: AuthorityRow, case: CaseRow) -> list[Concealed]:
    """Conceal by what names people know an authority."""
    return [Concealed("case_number", case.number), Concealed("named", row.document)]


def concealed_of(row: AuthorityRow, case: CaseRow) -> list[Concealed]:
    """Conceal all that was said of a new authority."""
    scope: Mapping[str, Value] = {name: list(getattr(row.scope, name)) for name in Scope.__dataclass_fields__}
    told = [Concealed("issuer", row.issuer), Concealed("scope", dict(scope)), *named_by(row, case)]
    return [*told, Concealed("reason", row.reason)] if row.reason else told
