"""Add, change, list, activate and deactivate operators."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recognizance.authority import second_person
from recognizance.authority.administrators import usable_administrators
from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.ledger import Concealed, Value
from recognizance.policy import Reason
from recognizance.policy.standing import ADMINISTRATOR, AUDITOR, ROLES, SUPERVISOR, TESTER
from recognizance.records import Transaction, access_keys, approvals, galleries, operators
from recognizance.records.access_keys import AccessKeyRow
from recognizance.records.operators import OperatorRow
from recognizance.workflows import first_start
from recognizance.workflows.act import Act
from recognizance.workflows.objections import Objection, about, changing_authority
from recognizance.workflows.place import Permit, Workplace, failures_recorded, permit, record

KIND = "operator"
OVERSEEING = frozenset({ADMINISTRATOR, AUDITOR, SUPERVISOR})
"""Roles that see everybody's keys, sessions and cases; the others see their own."""

_PERSONAL = ("name", "agency", "training_kind", "training_until")


@dataclass(frozen=True, slots=True)
class Known:
    """An operator with their access keys."""

    operator: OperatorRow
    keys: tuple[AccessKeyRow, ...]


@failures_recorded(KIND)
def add_operator(
    place: Workplace,
    act: Act,
    identifier: str,
    *,
    name: str,
    roles: Collection[str],
    agency: str = "",
    training_kind: str | None = None,
    training_until: datetime | None = None,
    requests_per_minute: int | None = None,
) -> tuple[Known, int]:
    """Add an operator, who has no access key yet; they and one entry are made durable together.

    Parameters
    ----------
    roles : collection of str
        ``ROLE`` holds everywhere, ``ROLE@GALLERY`` for one gallery alone.

    Raises
    ------
    InvalidRequestError
        If the id is taken, or a role is none.
    GalleryNotFoundError
        If a role is for a gallery that is not there.
    RefusedError
        If a request of the caller's awaits somebody with a role that is given here.
    """
    permitted = permit(place, act, KIND)
    everywhere, of_galleries = _require_roles(roles)
    with changing_authority(place, permitted) as tx:
        require_no_request(tx, act.operator, identifier, everywhere)
        made = operators.create(
            tx,
            identifier,
            name=name,
            roles=everywhere,
            agency=agency,
            training_kind=training_kind,
            training_until=training_until,
            requests_per_minute=requests_per_minute,
            created_at=permitted.time,
        )
        operators.set_gallery_roles(tx, identifier, _numbered(tx, of_galleries))
        made = operators.get(tx, identifier)
        personal = {each: getattr(made, each) for each in _PERSONAL}
        details: dict[str, Value] = {
            "change": "added",
            "of": made.id,
            "roles": [*made.spelt_roles],
            "rate": requests_per_minute,
        }
        entry = record(tx, permitted, details, _concealed(personal))
    return Known(made, ()), entry


@failures_recorded(KIND)
def update_operator(
    place: Workplace, act: Act, identifier: str, changes: dict[str, Any], roles: Collection[str] | None = None
) -> tuple[Known, int]:
    """Change what is known of an operator, or their roles; recorded.

    Raises
    ------
    NotFoundError, InvalidRequestError
    RefusedError
        If nobody could administer the server afterwards, or a request of the caller's awaits such a person.
    """
    permitted = about(permit(place, act, KIND), identifier)
    everywhere, of_galleries = _require_roles(roles) if roles is not None else (set(), [])
    with changing_authority(place, permitted) as tx:
        before = operators.get(tx, identifier)
        require_named(before)
        operators.change(tx, identifier, changes)
        if roles is not None:
            if (TESTER in everywhere) != (TESTER in before.roles):
                raise InvalidRequestError(
                    f"{identifier} cannot become a tester, or cease to be one: testers are nobody else, ever.",
                    "Deactivate this operator, and add another one.",
                )
            if everywhere - before.roles:
                require_no_request(tx, act.operator, identifier, {*before.roles, *everywhere})
            operators.set_roles(tx, identifier, everywhere)
            operators.set_gallery_roles(tx, identifier, _numbered(tx, of_galleries))
        after = operators.get(tx, identifier)
        details: dict[str, Value] = {"change": "updated", "fields": [*sorted(changes)]}
        if roles is not None:
            details |= {"roles": [*after.spelt_roles], "roles_before": [*before.spelt_roles]}
        if "requests_per_minute" in changes:
            details["rate"] = after.requests_per_minute
        personal = {each: value for each, value in changes.items() if each in _PERSONAL}
        entry = record(tx, permitted, details, _concealed(personal))
        keep_administered(tx, permitted)
        known = _known(tx, after)
    return known, entry


@failures_recorded(KIND)
def set_active(place: Workplace, act: Act, identifier: str, active: bool) -> tuple[Known, int]:
    """Let an operator act again, or no longer, at once; recorded.

    Raises
    ------
    NotFoundError
    RefusedError
        If nobody could administer the server afterwards, or a request of the caller's awaits such a person.
    """
    permitted = about(permit(place, act, KIND), identifier)
    with changing_authority(place, permitted) as tx:
        row = operators.get(tx, identifier)
        require_named(row)
        if active:
            require_no_request(tx, act.operator, identifier, row.roles)
        operators.set_active(tx, identifier, active)
        entry = record(tx, permitted, {"change": "activated" if active else "deactivated"})
        keep_administered(tx, permitted)
        known = _known(tx, operators.get(tx, identifier))
    return known, entry


@failures_recorded("roster")
def list_operators(place: Workplace, act: Act, identifier: str | None = None) -> tuple[list[Known], int]:
    """List operators by id, with their keys and never a secret; those who do not oversee see themselves.  Recorded.

    Raises
    ------
    NotFoundError
        If one is named and is not there, or not for the caller to see.
    """
    permitted = permit(place, act, "roster")
    with place.store.write() as tx:
        rows = operators.list_all(tx) if oversees(tx, act) else [operators.get(tx, act.operator)]
        shown = [_known(tx, row) for row in rows if identifier in (None, row.id)]
        if identifier is not None and not shown:
            # The same answer for nobody and for somebody else.
            raise NotFoundError(f"There is no operator {identifier}.")
        return shown, record(tx, permitted, {"operators": len(shown)})


def oversees(tx: Transaction, act: Act) -> bool:
    """Whether the caller may see what concerns others."""
    return bool(operators.get(tx, act.operator).roles & OVERSEEING)


def require_named(operator: OperatorRow) -> None:
    """Leave the administrator of the first start alone; raises `Objection`."""
    if operator.first_start:
        raise Objection(
            Reason(
                "standing/first-start",
                "The administrator of the first start is not changed by hand.",
                "It is closed for good when a named administrator has an access key.",
            )
        )


def require_no_request(tx: Transaction, asking: str, about: str, roles: Collection[str]) -> None:
    """Keep who waits for a second person from making one.

    Raises
    ------
    Objection
        If `asking` has a request that awaits a second person, and `about` has, or will have, the role of one.
    """
    if asking != about and second_person.ROLE in roles and approvals.any_waiting(tx, asking):
        raise Objection(
            Reason(
                "standing/second-person",
                f"A request of yours awaits a second person, which {about} could be.",
                "Let another administrator do it, or withdraw your request first.",
            )
        )


def keep_administered(tx: Transaction, permitted: Permit) -> None:
    """Close the administrator of the first start when there is a named one, and never leave nobody.

    Raises
    ------
    Objection
        If no active administrator would have a key to sign with.
    """
    first_start.close_if_superseded(tx, permitted.ledger, by=permitted.act.operator, now=permitted.time)
    if not usable_administrators(tx):
        raise Objection(
            Reason(
                "standing/last-administrator",
                "After this, no active administrator would have an access key: nobody could administer the server.",
                "Give another administrator an access key first.",
            )
        )


def _require_roles(roles: Collection[str]) -> tuple[set[str], list[tuple[str, str]]]:
    """Tell the roles that hold everywhere from those of single galleries, which come with the gallery's name."""
    pairs = [role.partition("@") for role in roles]
    unknown = sorted({role for role, _, _ in pairs} - ROLES.keys())
    if unknown or not roles:
        raise InvalidRequestError(
            f"{unknown[0]} is not a role." if unknown else "An operator needs a role.",
            f"The roles are {', '.join(sorted(ROLES))}; ROLE@GALLERY is for one gallery alone.",
        )
    if any(role == TESTER for role, _, _ in pairs) and [*roles] != [TESTER]:
        raise InvalidRequestError(
            "A tester has no other role, and no gallery of the agency.", "Add an operator who is a tester alone."
        )
    return {role for role, at, _ in pairs if not at}, [(role, gallery) for role, at, gallery in pairs if at]


def _numbered(tx: Transaction, of_galleries: Collection[tuple[str, str]]) -> list[tuple[str, int]]:
    for _, gallery in of_galleries:
        if not galleries.is_of_agency(gallery):
            raise galleries.no_gallery(gallery)
    return [(role, galleries.get(tx, gallery).id) for role, gallery in of_galleries]


def _known(tx: Transaction, row: OperatorRow) -> Known:
    return Known(row, tuple(access_keys.list_of(tx, row.id)))


def _concealed(personal: dict[str, Any]) -> list[Concealed]:
    spelt = {
        field: value.isoformat() if isinstance(value, datetime) else value for field, value in personal.items() if value
    }
    return [Concealed(field, value) for field, value in spelt.items()]
