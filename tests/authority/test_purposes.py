"""Purposes: registered, in force for a time, and what a request for one stands on."""

from datetime import timedelta

import pytest

from authority.conftest import Office
from recognizance.errors import InvalidRequestError, NotFoundError, RefusedError
from recognizance.workflows import purposes
from recognizance.workflows.footing import settle
from recognizance.workflows.place import permit

THEFT = {"title": "Theft", "legal_basis": "Code 1-2-3"}


def basis(office: Office, code: str) -> str | None:
    act = office.act(purpose=code)
    return settle(office.place.store, office.place.roster, act, office.now).purpose_basis


def test_a_purpose_in_force_gives_its_legal_basis(office: Office) -> None:
    assert basis(office, "theft") is None
    row, entry = purposes.add_purpose(office.place, office.act(), "theft", **THEFT)
    assert basis(office, "theft") == "Code 1-2-3"
    assert permit(office.place, office.act(purpose="theft"), "search").act.notes["purpose_id"] == row.id
    told = office.last()
    assert (told["index"], told["kind"], told["details"]["change"]) == (entry, "purpose", "added")
    assert {"legal_basis", "purpose_code", "title"} <= told["commitments"].keys()
    assert "Theft" not in str(told)
    office.pass_time(hours=1)
    purposes.end_purpose(office.place, office.act(), "theft")
    assert basis(office, "theft") is None
    assert purposes.list_purposes(office.place, office.act())[0] == []
    assert len(purposes.list_purposes(office.place, office.act(), ended=True)[0]) == 1


def test_what_is_not_registered_is_no_reason_to_refuse(office: Office) -> None:
    assert "purpose_id" not in permit(office.place, office.act(purpose="whatever"), "search").act.notes


def test_one_code_may_have_one_basis_after_the_other(office: Office) -> None:
    place, day = office.place, timedelta(days=1)
    purposes.add_purpose(place, office.act(), "theft", **THEFT, valid_until=office.now + day)
    later = {"title": "Theft", "legal_basis": "Code 9"}
    for begins in (None, office.now + day - timedelta(seconds=1)):
        with pytest.raises(InvalidRequestError, match="registered for that time"):
            purposes.add_purpose(place, office.act(), "theft", **later, valid_from=begins)
    purposes.add_purpose(place, office.act(), "theft", **later, valid_from=office.now + day)
    assert basis(office, "theft") == "Code 1-2-3"
    office.pass_time(days=1)
    assert basis(office, "theft") == "Code 9"


def test_nothing_ends_in_the_past(office: Office) -> None:
    place = office.place
    with pytest.raises(InvalidRequestError, match="before it begins"):
        purposes.add_purpose(place, office.act(), "theft", **THEFT, valid_until=office.now)
    purposes.add_purpose(place, office.act(), "theft", **THEFT)
    with pytest.raises(InvalidRequestError, match="past"):
        purposes.end_purpose(place, office.act(), "theft", office.now - timedelta(seconds=1))
    with pytest.raises(NotFoundError):
        purposes.end_purpose(place, office.act(), "fraud")
    purposes.end_purpose(place, office.act(), "theft", office.now + timedelta(hours=1))
    assert basis(office, "theft") == "Code 1-2-3"


def test_administrators_and_supervisors_keep_them_and_everybody_reads(office: Office) -> None:
    for name, role in (("sue", "supervisor"), ("ivy", "investigator"), ("otto", "auditor"), ("eve", "examiner")):
        office.hire(name, role)
    purposes.add_purpose(office.place, office.act("sue"), "theft", **THEFT)
    for name in ("ivy", "otto", "eve"):
        with pytest.raises(RefusedError, match="standing/role"):
            purposes.add_purpose(office.place, office.act(name), "fraud", **THEFT)
        assert len(purposes.list_purposes(office.place, office.act(name))[0]) == 1
