"""The rules in force are held against the log: who can write to the database loosens nothing by it."""

import logging

import pytest

from authority.conftest import Office
from authority.test_switching_packs import agreed, packs, refused, search, staff
from policy.making import request
from recognizance.records import meta
from recognizance.workflows import policies
from recognizance.workflows.rulebook import Rulebook

__all__ = ["packs", "staff"]

NEWEST = "DELETE FROM policies WHERE number = (SELECT max(number) FROM policies)"


def written(office: Office, statement: str) -> None:
    """Write to the database past the server."""
    with office.place.store.write() as tx:
        tx.connection.exec_driver_sql(statement)


@pytest.fixture
def enforced(staff: Office) -> Office:
    policies.enable(staff.place, staff.act("ada"), "closed")
    policies.set_mode(staff.place, staff.act("ada"), "enforce")
    assert "closed/none" in refused(search, staff)
    return staff


@pytest.mark.parametrize("deleted", [NEWEST, "DELETE FROM policies"])
def test_without_the_newest_rules_nothing_is_permitted(enforced: Office, deleted: str) -> None:
    written(enforced, deleted)
    for rulebook in (enforced.place.rulebook, Rulebook(enforced.place.store)):
        (reason,) = rulebook.in_force().rule(request()).refusal
        assert (reason.rule, rulebook.in_force().binds) == ("standing/rules-as-logged", True)
    assert "Two persons can put rules in force again" in refused(search, enforced)
    assert enforced.last()["rules"] == ["standing/rules-as-logged"]


def test_what_is_in_force_by_the_log_alone_is_put_right_by_two_persons(enforced: Office) -> None:
    place, ada = enforced.place, enforced.act("ada")
    written(enforced, "DELETE FROM policies")
    assert "two persons" in refused(policies.enable, place, ada, "county")
    policies.enable(place, ada, "closed", agreed(enforced, "replace", "closed"))
    assert place.rulebook.in_force().row.mode == "enforce"
    assert "closed/none" in refused(search, enforced)
    policies.enable(place, ada, "county")


def test_the_start_looks_no_further_back_than_the_start_before(
    enforced: Office, caplog: pytest.LogCaptureFixture
) -> None:
    place = enforced.place
    assert Rulebook(place.store).look()
    written(enforced, "DROP TRIGGER entries_refuse_update")
    written(
        enforced,
        "UPDATE entries SET body = CAST('{}' AS BLOB) WHERE entry_index < (SELECT max(entry_index) FROM entries)",
    )
    assert Rulebook(place.store).look()
    written(enforced, NEWEST)
    with caplog.at_level(logging.ERROR):
        assert not Rulebook(place.store).look()
    assert "are not those that the log says" in caplog.text


def test_what_the_start_before_has_seen_is_believed_only_of_this_log(enforced: Office) -> None:
    place, ada = enforced.place, enforced.act("ada")
    assert Rulebook(place.store).look()
    with place.store.read() as tx:
        seen = meta.get(tx, "rules_as_logged")
    policies.enable(place, ada, "county")
    assert Rulebook(place.store).look()
    with place.store.write() as tx:
        meta.put(tx, "rules_as_logged", seen or "")
    written(enforced, NEWEST)
    assert not Rulebook(place.store).look()
    for forged in ("", "00", "e" * 200):
        with place.store.write() as tx:
            meta.put(tx, "rules_as_logged", forged)
        assert not Rulebook(place.store).look()
