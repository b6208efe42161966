"""Two operators are two persons only if neither could sign as the other, and nobody as both."""

import pytest

from authority.conftest import Office
from recognizance.authority.second_person import issuers_of, may_second
from recognizance.errors import RefusedError
from recognizance.workflows import approvals, keys, operators
from recognizance.workflows.first_start import ADMINISTRATOR as FIRST
from recognizance.workflows.objections import Objection


@pytest.fixture
def staffed(office: Office) -> Office:
    """Sue and sam supervise and ada administers; the first start issued all their keys."""
    office.hire("sue", "supervisor")
    office.hire("sam", "supervisor", "administrator", key=False)
    office.hire("ada", "administrator", "supervisor", key=False)
    office.issue("sam")
    operators.update_operator(office.place, office.act("sam"), "ada", {"agency": "Yard"})
    return office


def second(office: Office, one: str, other: str) -> bool:
    with office.place.store.read() as tx:
        assert may_second(tx, one, other) == may_second(tx, other, one)
        return may_second(tx, one, other)


def test_keys_of_the_first_start_keep_people_apart(staffed: Office) -> None:
    assert second(staffed, "sue", "sam")
    assert not second(staffed, "sue", "sue")
    assert not second(staffed, "sue", FIRST)


def test_who_issued_a_key_is_not_apart_from_its_owner(staffed: Office) -> None:
    staffed.issue("ada", by="sam")
    assert not second(staffed, "sam", "ada")
    assert second(staffed, "sue", "ada")
    staffed.issue("sue", by="sam")  # a second key: sue's first is still the first start's
    assert not second(staffed, "sam", "sue")
    keys.revoke_key(staffed.place, staffed.act("sam"), staffed.keys["sue"])
    assert second(staffed, "sam", "sue")


def test_a_key_of_one_s_own_does_not_shake_off_who_issued_the_one_before(staffed: Office) -> None:
    staffed.hire("eve", "supervisor", by="sam")
    before = staffed.keys["eve"]
    staffed.issue("eve", by="eve")
    keys.revoke_key(staffed.place, staffed.act("eve"), before)
    assert not second(staffed, "sam", "eve")


def test_a_chain_of_issuers_counts_whole(staffed: Office) -> None:
    staffed.hire("mid", "administrator", by="sam")
    staffed.hire("end", "supervisor", by="mid")
    with staffed.place.store.read() as tx:
        assert issuers_of(tx, "end") == {"mid", "sam", FIRST}
    assert not second(staffed, "sam", "end")
    assert second(staffed, "sue", "end")


def test_nobody_is_two_persons_by_two_operators_of_their_making(staffed: Office) -> None:
    """An administrator who makes two supervisors has both their secrets."""
    for name in ("one", "two"):
        staffed.hire(name, "supervisor", by="sam")
    assert not second(staffed, "one", "two")
    assert second(staffed, "sue", "one")
    staffed.hire("mid", "administrator", by="sam")
    staffed.hire("end", "supervisor", by="mid")
    assert not second(staffed, "one", "end")
    row, _ = approvals.request(staffed.place, staffed.act("one"), "hold", {})
    with pytest.raises(RefusedError, match="sam could sign as either"):
        approvals.approve(staffed.place, staffed.act("two"), row.id)
    approvals.approve(staffed.place, staffed.act("sue"), row.id)


def test_recovery_is_a_beginning_of_its_own(staffed: Office) -> None:
    place = staffed.place
    staffed.issue("ada", by="sam")
    keys.revoke_key(place, staffed.act("ada"), staffed.keys["ada"])
    pair, _ = keys.recover(place.store, place.ledger, "ada", clock=place.clock)
    staffed.keys["ada"] = pair.access_key_id
    assert second(staffed, "sam", "ada")


def test_an_inactive_operator_seconds_nobody(staffed: Office) -> None:
    operators.set_active(staffed.place, staffed.act("sam"), "sue", active=False)
    assert not second(staffed, "sue", "sam")


def test_a_request_is_approved_by_another_and_used_once(staffed: Office) -> None:
    place, wanted = staffed.place, {"hold": "h1", "why": "a name"}
    row, _ = approvals.request(place, staffed.act("sam"), "hold", wanted)
    assert "a name" not in str(staffed.entries())
    with place.store.write() as tx, pytest.raises(Objection, match="No second person"):
        approvals.redeem(tx, staffed.act("sam"), row.id, "hold", wanted, now=staffed.now)
    with pytest.raises(RefusedError, match="Nobody confirms their own"):
        approvals.approve(place, staffed.act("sam"), row.id)
    approved, index = approvals.approve(place, staffed.act("sue"), row.id)
    entry = staffed.entries()[index]
    assert (approved.decided_by, entry["operator"], entry["details"]["of"]) == ("sue", "sue", "sam")
    for act, kind, payload in (
        (staffed.act("sue"), "hold", wanted),
        (staffed.act("sam"), "erasure", wanted),
        (staffed.act("sam"), "hold", {**wanted, "hold": "h2"}),
    ):
        with place.store.write() as tx, pytest.raises(Objection, match="something else"):
            approvals.redeem(tx, act, row.id, kind, payload, now=staffed.now)
    with place.store.write() as tx:
        assert approvals.redeem(tx, staffed.act("sam"), row.id, "hold", wanted, now=staffed.now).decided_by == "sue"
    with place.store.write() as tx, pytest.raises(Objection, match="used already"):
        approvals.redeem(tx, staffed.act("sam"), row.id, "hold", wanted, now=staffed.now)
    with pytest.raises(RefusedError):
        approvals.withdraw(place, staffed.act("sam"), row.id)


def test_an_approval_lapses_when_the_two_become_one(staffed: Office) -> None:
    row, _ = approvals.request(staffed.place, staffed.act("sam"), "hold", {})
    approvals.approve(staffed.place, staffed.act("sue"), row.id)
    staffed.issue("sue", by="sam")
    with staffed.place.store.write() as tx, pytest.raises(Objection, match="could sign as"):
        approvals.redeem(tx, staffed.act("sam"), row.id, "hold", {}, now=staffed.now)


def test_a_request_and_its_approval_are_good_for_a_week(staffed: Office) -> None:
    place = staffed.place
    rows = [approvals.request(place, staffed.act("sam"), "hold", {})[0] for _ in range(2)]
    staffed.pass_time(days=6)
    approvals.approve(place, staffed.act("sue"), rows[0].id)
    staffed.pass_time(days=1, seconds=1)
    with place.store.write() as tx, pytest.raises(Objection, match="a week old"):
        approvals.redeem(tx, staffed.act("sam"), rows[0].id, "hold", {}, now=staffed.now)
    with pytest.raises(RefusedError, match="a week old"):
        approvals.approve(place, staffed.act("sue"), rows[1].id)
    assert approvals.withdraw(place, staffed.act("sam"), rows[0].id)[0].state == "withdrawn"


def test_who_waits_for_a_second_person_cannot_make_one(staffed: Office) -> None:
    place = staffed.place
    staffed.hire("ivy", "investigator", by="sam")
    operators.set_active(place, staffed.act("sam"), "sue", active=False)
    row, _ = approvals.request(place, staffed.act("sam"), "hold", {})
    for attempt in (
        lambda: staffed.issue("sue", by="sam"),
        lambda: operators.set_active(place, staffed.act("sam"), "sue", active=True),
        lambda: operators.update_operator(place, staffed.act("sam"), "ivy", {}, {"supervisor"}),
        lambda: operators.add_operator(place, staffed.act("sam"), "eve", name="Eve", roles={"supervisor"}),
    ):
        with pytest.raises(RefusedError, match="awaits a second person"):
            attempt()
        assert staffed.last()["rules"] == ["standing/second-person"]
    staffed.issue("ivy", by="sam")  # nobody who could approve
    staffed.issue("sam", by="sam")  # oneself
    approvals.withdraw(place, staffed.act("sam"), row.id)
    operators.set_active(place, staffed.act("sam"), "sue", active=True)


def test_requests_are_the_requester_s_to_withdraw_and_a_supervisor_s_to_approve(staffed: Office) -> None:
    place = staffed.place
    staffed.hire("aud", "auditor", by="sam")
    row, _ = approvals.request(place, staffed.act("sam"), "hold", {})
    with pytest.raises(RefusedError, match="standing/role"):
        approvals.approve(place, staffed.act("aud"), row.id)
    with pytest.raises(RefusedError, match="Only who made"):
        approvals.withdraw(place, staffed.act("sue"), row.id)
    with pytest.raises(RefusedError, match="standing/role"):
        approvals.request(place, staffed.act("aud"), "hold", {})
    assert [each.id for each in approvals.list_requests(place, staffed.act("aud"))[0]] == [row.id]
