"""What a request is for: claimed by its path, said by its session, checked against the cases."""

from dataclasses import replace

import pytest

from authority.conftest import Office
from recognizance.errors import InvalidRequestError, NotFoundError, RefusedError
from recognizance.workflows import approvals, authorities, cases, keys, operators, sessions
from recognizance.workflows.act import Act
from recognizance.workflows.first_start import ADMINISTRATOR as FIRST
from recognizance.workflows.place import permit
from recognizance.workflows.sessions import SessionRow


@pytest.fixture
def at_work(office: Office) -> Office:
    """Ivy works on case 9, which has the warrant W-1, and max on case 8."""
    for name in ("ivy", "max"):
        office.hire(name, "investigator")
    cases.open_case(office.place, office.act(), "9", ["ivy"])
    cases.open_case(office.place, office.act(), "8", ["max"])
    authorities.add_authority(office.place, office.act(), "9", kind="warrant", document="W-1", issuer="Judge")
    return office


def open_one(office: Office, **changes: str | None) -> tuple[SessionRow, Act]:
    """Open a session of ivy's; return it with an act signed by its credentials."""
    wanted = {"purpose": "theft", "case": "9", "authority": None, **changes}
    session, _ = sessions.open_session(office.place, office.act("ivy"), **wanted)
    assumed, _ = sessions.assume(office.place, office.act("ivy"), session.id, name="x")
    return session, office.act("ivy", access_key_id=assumed.key.access_key_id, session=session.id)


def search(office: Office, act: Act) -> Act:
    return permit(office.place, act, "search").act


def refusal(office: Office, act: Act, kind: str = "search") -> str:
    with pytest.raises(RefusedError) as caught:
        permit(office.place, act, kind)
    entry = office.last()
    assert entry["decision"] == "refused"
    assert caught.value.recorded is not None
    assert caught.value.recorded.entry == entry["index"]
    return str(caught.value).replace(f"(entry {entry['index']})", "")


def test_a_member_of_an_open_case_may_name_it(at_work: Office) -> None:
    act = search(at_work, at_work.act("ivy", case="9", purpose="theft", authority="W-1"))
    assert act.notes["context"] == "path"
    assert act.notes["case_id"]
    assert search(at_work, at_work.act("ivy")).notes["context"] == "none"


def test_a_case_that_is_absent_closed_or_somebody_else_s_is_refused_alike(at_work: Office) -> None:
    cases.open_case(at_work.place, at_work.act(), "7", ["ivy"])
    cases.close_case(at_work.place, at_work.act(), "7")
    answers = {refusal(at_work, at_work.act("ivy", case=number)) for number in ("8", "7", "404")}
    assert len(answers) == 1
    assert at_work.last()["rules"] == ["standing/case"]
    assert "case_id" not in at_work.last()["details"]
    assert at_work.last()["commitments"].keys() == {"case"}


def test_membership_is_checked_on_every_act_and_ends_at_once(at_work: Office) -> None:
    _, act = open_one(at_work)
    search(at_work, act)
    cases.set_member(at_work.place, at_work.act(), "9", "ivy", member=False)
    assert "standing/case" in refusal(at_work, act)
    cases.set_member(at_work.place, at_work.act(), "9", "ivy", member=True)
    search(at_work, act)
    cases.close_case(at_work.place, at_work.act(), "9")
    assert "standing/case" in refusal(at_work, act)
    with pytest.raises(RefusedError, match="standing/case"):
        sessions.assume(at_work.place, at_work.act("ivy"), str(act.session), name="x")


def test_a_session_fills_in_what_the_path_leaves_out(at_work: Office) -> None:
    session, act = open_one(at_work)
    found = search(at_work, act)
    assert (found.purpose, found.case, found.authority) == ("theft", "9", None)
    assert (found.notes["context"], found.notes["session"]) == ("session", session.id)
    both = search(at_work, replace(act, case="9", authority="W-1"))
    assert (both.purpose, both.authority, both.notes["context"]) == ("theft", "W-1", "both")


@pytest.mark.parametrize("part", ["purpose", "case", "authority"])
def test_path_and_session_must_agree(at_work: Office, part: str) -> None:
    _, act = open_one(at_work, authority="W-1")
    told = refusal(at_work, replace(act, **{part: "8"}))
    assert f"name a different {part}" in told
    assert at_work.last()["rules"] == ["standing/context"]


def test_a_session_for_a_case_of_somebody_else_is_not_opened(at_work: Office) -> None:
    for number in ("8", "404"):
        with pytest.raises(RefusedError, match="standing/case"):
            open_one(at_work, case=number)
        assert at_work.last()["commitments"].keys() == {"session_purpose", "session_case"}
    with pytest.raises(InvalidRequestError, match="another case"):
        sessions.open_session(at_work.place, at_work.act("ivy", case="9"), purpose="p", case="8", authority=None)


def test_only_the_session_s_own_operator_takes_it_on(at_work: Office) -> None:
    session, _ = open_one(at_work)
    answers = set()
    for operator, wanted in (("max", session.id), ("max", "none"), (FIRST, session.id), ("ivy", "none")):
        with pytest.raises(RefusedError) as caught:
            sessions.assume(at_work.place, at_work.act(operator), wanted, name="x")
        answers.add(str(caught.value).rpartition("(entry")[0])
    assert len(answers) == 1


def test_a_session_s_credentials_end_with_it(at_work: Office) -> None:
    session, act = open_one(at_work)
    at_work.pass_time(minutes=59)
    search(at_work, act)
    at_work.pass_time(minutes=2)
    assert "standing/key" in refusal(at_work, act)
    with pytest.raises(RefusedError):
        sessions.assume(at_work.place, at_work.act("ivy"), session.id, name="x")
    with pytest.raises(InvalidRequestError, match="over already"):
        sessions.close_session(at_work.place, at_work.act("ivy"), session.id)


def test_closing_takes_effect_at_once(at_work: Office) -> None:
    session, act = open_one(at_work)
    with pytest.raises(RefusedError):
        sessions.close_session(at_work.place, at_work.act("max"), session.id)
    sessions.close_session(at_work.place, at_work.act("ivy"), session.id)
    assert "standing/key" in refusal(at_work, act)
    second, act = open_one(at_work)
    sessions.close_session(at_work.place, at_work.act(FIRST), second.id)
    assert "standing/key" in refusal(at_work, act)


def test_credentials_never_outlive_their_session(at_work: Office) -> None:
    session, _ = sessions.open_session(
        at_work.place, at_work.act("ivy"), purpose="p", case="9", authority=None, seconds=900
    )
    assumed, _ = sessions.assume(at_work.place, at_work.act("ivy"), session.id, seconds=43_200, name="x")
    assert assumed.expires_at == session.expires_at


def test_a_session_changes_nobody_s_authority(at_work: Office) -> None:
    session, act = open_one(at_work)
    place = at_work.place
    operators.update_operator(place, at_work.act(), "ivy", {}, {"administrator", "supervisor", "investigator"})
    for attempt in (
        lambda: sessions.open_session(place, act, purpose="theft", case="9", authority=None),
        lambda: sessions.assume(place, act, session.id, name="x"),
        lambda: sessions.close_session(place, act, session.id),
        lambda: keys.issue_key(place, act, "ivy"),
        lambda: keys.issue_key(place, act, "max"),
        lambda: keys.revoke_key(place, act, at_work.keys["max"]),
        lambda: operators.add_operator(place, act, "eve", name="Eve", roles={"auditor"}),
        lambda: operators.set_active(place, act, "max", active=False),
        lambda: cases.open_case(place, act, "77", ["ivy"]),
        lambda: cases.set_member(place, act, "8", "ivy", member=True),
        lambda: approvals.approve(place, act, "none"),
    ):
        with pytest.raises(RefusedError, match="standing/session"):
            attempt()
        assert at_work.last()["rules"] == ["standing/session"]


def test_cases_are_for_members_to_see(at_work: Office) -> None:
    assert [each.case.number for each in cases.list_cases(at_work.place, at_work.act("ivy"))[0]] == ["9"]
    assert [each.case.number for each in cases.list_cases(at_work.place, at_work.act(FIRST))[0]] == ["8", "9"]
    assert sessions.list_sessions(at_work.place, at_work.act("max"))[0] == []
    open_one(at_work)
    assert len(sessions.list_sessions(at_work.place, at_work.act(FIRST))[0]) == 1
    with pytest.raises(InvalidRequestError, match="registered already"):
        cases.open_case(at_work.place, at_work.act(), "9", [])
    with pytest.raises(NotFoundError):
        cases.open_case(at_work.place, at_work.act(), "10", ["nobody"])
    with pytest.raises(InvalidRequestError, match="works on it already"):
        cases.set_member(at_work.place, at_work.act(), "9", "ivy", member=True)
    for quoted in ('"9"', "theft"):
        assert quoted not in str(at_work.entries()).replace("'", '"')
