"""A clock behind the log: nobody can say what is valid now."""

import pytest

from authority.conftest import Office, begun, office
from recognizance.errors import RefusedError
from recognizance.workflows import operators

__all__ = ["begun", "office"]


def test_acts_that_depend_on_the_time_wait_for_the_clock(office: Office) -> None:
    office.hire("ann", "supervisor")
    office.pass_time(hours=-1)
    with pytest.raises(RefusedError, match="standing/clock"):
        office.hire("bob", "supervisor")
    assert office.last()["decision"] == "refused"
    with pytest.raises(RefusedError, match="standing/clock"):  # its own refusal did not set the newest time back
        office.hire("bob", "supervisor")
    operators.list_operators(office.place, office.act())  # reading does not depend on it
    office.pass_time(hours=1)
    office.hire("bob", "supervisor")


def test_a_clock_that_is_a_little_behind_is_not(office: Office) -> None:
    office.hire("ann", "supervisor")
    office.pass_time(seconds=-0.5)
    office.hire("bob", "supervisor")
