"""Open and close cases, and say who works on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.ledger import Concealed, Value
from recognizance.records import Transaction, cases, outcomes
from recognizance.records.cases import CaseRow
from recognizance.records.outcomes import OutcomeRow
from recognizance.workflows.act import Act
from recognizance.workflows.objections import objections_refused
from recognizance.workflows.operators import oversees
from recognizance.workflows.outcomes import require_evidence
from recognizance.workflows.place import Workplace, failures_recorded, new_identifier, permit, record

KIND = "case"


@dataclass(frozen=True, slots=True)
class Docket:
    """A case and who works on it."""

    case: CaseRow
    members: tuple[str, ...]


@failures_recorded(KIND)
def open_case(
    place: Workplace,
    act: Act,
    number: str,
    members: Sequence[str],
    *,
    offence: str | None = None,
    offence_words: str | None = None,
    owner: str | None = None,
) -> tuple[Docket, int]:
    """Register a case with its first members; it and one entry are made durable together.

    Parameters
    ----------
    offence, offence_words : str or None
        The code of the offence, and what it is in words.
    owner : str or None
        Who answers for the case; a member by that.

    Raises
    ------
    InvalidRequestError
        If the number is registered.
    NotFoundError
        If a member is no operator.
    """
    permitted = permit(place, act, KIND)
    with place.store.write() as tx:
        case = cases.create(tx, new_identifier(), number, opened_at=permitted.time)
        for member in dict.fromkeys([*members, *([owner] if owner else [])]):
            cases.add_member(tx, case.id, member, added_at=permitted.time)
        given = {"offence": offence, "offence_words": offence_words, "owner": owner}
        cases.change(tx, case.id, {name: value for name, value in given.items() if value is not None})
        found = _docket(tx, cases.get(tx, number))
        details: dict[str, Value] = {"change": "opened", "subject_case": case.id, "members": list(found.members)}
        if owner is not None:
            details["owner"] = owner
        entry = record(tx, permitted, details, [Concealed("case_number", number), *_concealed(given)])
    return found, entry


@failures_recorded(KIND)
def update_case(place: Workplace, act: Act, number: str, changes: Mapping[str, str]) -> tuple[Docket, int]:
    """Change a case's ``offence``, ``offence_words`` or ``owner``, who becomes a member; recorded.

    Raises
    ------
    NotFoundError
        If there is no such case, or the owner is no operator.
    InvalidRequestError
        If the case is closed.
    """
    permitted = permit(place, act, KIND)
    with place.store.write() as tx:
        case = _open(tx, number)
        if "owner" in changes:
            cases.add_member(tx, case.id, changes["owner"], added_at=permitted.time)
        cases.change(tx, case.id, changes)
        found = _docket(tx, cases.get(tx, number))
        details: dict[str, Value] = {"change": "updated", "subject_case": case.id, "fields": [*sorted(changes)]}
        if "owner" in changes:
            details["owner"] = changes["owner"]
        entry = record(tx, permitted, details, [Concealed("case_number", number), *_concealed(changes)])
    return found, entry


@failures_recorded(KIND)
def close_case(place: Workplace, act: Act, number: str, *, identified: bool = False) -> tuple[Docket, int]:
    """Close a case: nobody can name it any more, and sessions for it end at once; recorded.

    Parameters
    ----------
    identified : bool
        Close it as one in which the person was identified, which becomes an outcome of it.

    Raises
    ------
    NotFoundError
    InvalidRequestError
        If it is closed.
    RefusedError
        If it would be closed as identified on a match alone, and rules that apply to it say that it cannot be.
    """
    permitted = permit(place, act, KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        case = _open(tx, number)
        if identified:
            require_evidence(place, tx, case)
        cases.close(tx, case.id, closed_at=permitted.time)
        details: dict[str, Value] = {"change": "closed", "identified": identified, "subject_case": case.id}
        entry = record(tx, permitted, details, [Concealed("case_number", number)])
        if identified:
            outcomes.add(tx, OutcomeRow(entry, "identified", case.id, None, "", permitted.act.operator, permitted.time))
        found = _docket(tx, cases.get(tx, number))
    return found, entry


@failures_recorded(KIND)
def set_member(place: Workplace, act: Act, number: str, operator: str, *, member: bool) -> tuple[Docket, int]:
    """Let an operator work on a case, or no longer, at once; recorded.

    Raises
    ------
    NotFoundError
        If there is no such case, operator or member.
    InvalidRequestError
        If the case is closed, or the operator works on it already (or does not).
    """
    permitted = permit(place, act, KIND)
    with place.store.write() as tx:
        case = _open(tx, number)
        if member:
            changed = cases.add_member(tx, case.id, operator, added_at=permitted.time)
        else:
            changed = cases.remove_member(tx, case.id, operator)
        if not changed:
            how = "works on it already" if member else "does not work on it"
            raise InvalidRequestError(f"The case {number} is as asked: {operator} {how}.")
        details = {"change": "member added" if member else "member removed", "subject_case": case.id, "of": operator}
        entry = record(tx, permitted, details, [Concealed("case_number", number)])
        found = _docket(tx, case)
    return found, entry


@failures_recorded("roster")
def list_cases(place: Workplace, act: Act, number: str | None = None) -> tuple[list[Docket], int]:
    """List cases by number; those who do not oversee see those they work on.  Recorded.

    Raises
    ------
    NotFoundError
        If one is named and is not there, or not for the caller to see.
    """
    permitted = permit(place, act, "roster")
    with place.store.write() as tx:
        rows = cases.list_all(tx, member=None if oversees(tx, act) else act.operator)
        found = [_docket(tx, row) for row in rows if number in (None, row.number)]
        if number is not None and not found:
            raise NotFoundError(f"There is no case {number}.", "`recognizance case list` shows those there are.")
        return found, record(tx, permitted, {"cases": len(found)})


def _open(tx: Transaction, number: str) -> CaseRow:
    case = cases.get(tx, number)
    if case.closed_at is not None:
        raise InvalidRequestError(f"The case {number} is closed.", "A closed case stays as it was.")
    return case


def _concealed(given: Mapping[str, str | None]) -> list[Concealed]:
    """Conceal what is said of the offence."""
    return [Concealed(name, given[name]) for name in ("offence", "offence_words") if given.get(name) is not None]


def _docket(tx: Transaction, case: CaseRow) -> Docket:
    return Docket(case, tuple(cases.members(tx, case.id)))
