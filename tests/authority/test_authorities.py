"""Authorities of cases: recorded, named by requests, extended, ratified, rejected and ended."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from authority.conftest import Office
from recognizance.errors import InvalidRequestError, NotFoundError, RecognizanceError, RefusedError
from recognizance.ledger import Entry
from recognizance.records import authority_uses
from recognizance.workflows import authorities, cases, emergencies, lapsing, sessions
from recognizance.workflows.act import Act
from recognizance.workflows.authorities import Known, Scope
from recognizance.workflows.place import permit, record, record_alone

HOUR = timedelta(hours=1)


@pytest.fixture
def staffed(office: Office) -> Office:
    """Ivy works on case 9, which is about burglary, and max on case 8; sue and una are supervisors."""
    for name, role in (("ivy", "investigator"), ("max", "investigator"), ("sue", "supervisor"), ("una", "supervisor")):
        office.hire(name, role)
    cases.open_case(office.place, office.act(), "9", ["ivy"], offence="burglary", offence_words="At night", owner="ivy")
    cases.open_case(office.place, office.act(), "8", ["max"])
    return office


def warrant(office: Office, document: str = "W-1", case: str = "9", **changes: Any) -> Known:
    known = {"kind": "warrant", "document": document, "issuer": "Judge Doe", **changes}
    return authorities.add_authority(office.place, office.act("sue"), case, **known)[0]


def declare(office: Office, document: str = "E-1", *, by: str = "ivy", **changes: Any) -> Known:
    known = {"document": document, "reason": "A child is missing.", **changes}
    return emergencies.declare_emergency(office.place, office.act(by), "9", **known)[0]


def ratify(office: Office, *, by: str = "sue", document: str = "E-1", **changes: Any) -> Known:
    known = {"ratified_by_document": "W-7", "issuer": "Judge Roe", **changes}
    return emergencies.ratify(office.place, office.act(by), "9", document, **known)[0]


def under(office: Office, document: str = "W-1", **changes: Any) -> Act:
    return office.act("ivy", **{"case": "9", "authority": document, **changes})


def state(office: Office, document: str, kind: str = "search", **named: Any) -> str:
    """Do an act under an authority; say ``valid``, or by which rule it is refused."""
    try:
        permit(office.place, under(office, document), kind, **named)
    except RefusedError:
        (rule,) = office.last()["rules"]
        return rule.removeprefix("authority/")
    return "valid"


def test_a_valid_authority_is_named_in_the_entry_by_our_id(staffed: Office) -> None:
    known = warrant(staffed)
    permitted = permit(staffed.place, under(staffed), "search")
    with staffed.place.store.write() as tx:
        record(tx, permitted, {})
    entry = staffed.last()
    assert entry["details"]["authority_id"] == known.authority.id
    assert entry["details"]["case_id"]
    assert "authority" in entry["commitments"]
    assert "W-1" not in str(entry)
    (shown,), _ = authorities.list_authorities(staffed.place, staffed.act("ivy"))
    assert (shown.state, shown.acts, shown.case) == ("valid", 1, "9")


def test_a_document_of_another_case_and_none_at_all_are_told_alike(staffed: Office) -> None:
    warrant(staffed, "W-8", case="8")
    answers = set()
    for document in ("W-8", "W-404"):
        with pytest.raises(RefusedError) as caught:
            permit(staffed.place, under(staffed, document), "search")
        answers.add(str(caught.value).rpartition("(entry")[0])
        assert staffed.last()["rules"] == ["authority/unknown"]
        assert "authority_id" not in staffed.last()["details"]
    assert len(answers) == 1
    with pytest.raises(RefusedError, match="standing/case"):
        permit(staffed.place, staffed.act("ivy", case="8", authority="W-8"), "search")
    with pytest.raises(RefusedError, match="authority/unknown"):
        permit(staffed.place, staffed.act("max", authority="W-8"), "search")  # without its case
    with pytest.raises(RefusedError, match="authority/unknown"):
        sessions.open_session(staffed.place, staffed.act("ivy"), purpose="p", case="9", authority="W-8")


def test_time_and_limits_are_judged_for_each_act(staffed: Office) -> None:
    now = staffed.now
    warrant(staffed, "soon", valid_from=now + HOUR)
    warrant(staffed, "short", valid_until=now + HOUR)
    warrant(staffed, "narrow", scope=Scope(galleries=("mugshots",), operations=("search", "detect")))
    assert state(staffed, "soon", gallery="mugshots") == "not-yet"
    assert state(staffed, "short", gallery="mugshots") == "valid"
    assert state(staffed, "narrow", gallery="mugshots") == "valid"
    assert state(staffed, "narrow", gallery="licences") == "out-of-scope"
    assert state(staffed, "narrow", "enrol", gallery="mugshots") == "out-of-scope"
    assert state(staffed, "narrow", "compare") == "out-of-scope"
    assert state(staffed, "narrow", "list", gallery="mugshots") == "valid"
    staffed.pass_time(hours=1)
    assert state(staffed, "soon", gallery="mugshots") == "valid"
    assert state(staffed, "short", gallery="mugshots") == "expired"


def test_an_extension_adds_to_what_is_on_record(staffed: Office) -> None:
    place, now = staffed.place, staffed.now
    warrant(staffed, valid_until=now + HOUR)
    staffed.pass_time(hours=2)
    assert state(staffed, "W-1") == "expired"
    more = {"extended_by": "W-1a", "issuer": "Judge Roe"}
    for until in (now, now + HOUR):
        with pytest.raises(InvalidRequestError, match="not extend"):
            authorities.extend(place, staffed.act("sue"), "9", "W-1", valid_until=until, **more)
    known, entry = authorities.extend(place, staffed.act("sue"), "9", "W-1", valid_until=now + 5 * HOUR, **more)
    assert known.authority.valid_until == now + HOUR
    assert [each.valid_until for each in known.authority.extensions] == [now + 5 * HOUR]
    assert staffed.last()["index"] == entry
    assert staffed.last()["details"]["change"] == "extended"
    assert state(staffed, "W-1") == "valid"
    staffed.pass_time(hours=3)
    assert state(staffed, "W-1") == "expired"


def test_ending_ends_sessions_at_once(staffed: Office) -> None:
    warrant(staffed)
    place = staffed.place
    session, _ = sessions.open_session(place, staffed.act("ivy"), purpose="p", case="9", authority="W-1")
    assumed, _ = sessions.assume(place, staffed.act("ivy"), session.id, name="x")
    act = staffed.act("ivy", access_key_id=assumed.key.access_key_id, session=session.id)
    permit(place, act, "search")
    with pytest.raises(RefusedError, match="standing/role"):
        authorities.end(place, staffed.act("ivy"), "9", "W-1")
    authorities.end(place, staffed.act("sue"), "9", "W-1")
    assert staffed.last()["details"]["sessions"] == 1
    with pytest.raises(RefusedError, match="standing/key"):
        permit(place, act, "search")
    assert state(staffed, "W-1") == "ended"
    with pytest.raises(InvalidRequestError, match="ended before"):
        authorities.end(place, staffed.act("sue"), "9", "W-1")


def test_who_records_what(staffed: Office) -> None:
    place = staffed.place
    with pytest.raises(RefusedError, match="standing/role"):
        authorities.add_authority(place, staffed.act("ivy"), "9", kind="warrant", document="W-2", issuer="Judge Doe")
    with pytest.raises(InvalidRequestError, match="declare"):
        warrant(staffed, kind="emergency")
    warrant(staffed)
    with pytest.raises(InvalidRequestError, match="already"):
        warrant(staffed)
    staffed.pass_time(seconds=1)
    warrant(staffed, case="8")  # another case may have a document of the same name
    with pytest.raises(RefusedError, match="standing/case"):
        declare(staffed, by="max")
    with pytest.raises(RefusedError, match="standing/case"):
        declare(staffed, by="sue")  # a supervisor, but not of this case
    with pytest.raises(NotFoundError):
        warrant(staffed, case="404")
    assert [each.case for each in authorities.list_authorities(place, staffed.act("max"))[0]] == ["8"]
    assert [each.case for each in authorities.list_authorities(place, staffed.act("una"))[0]] == ["9", "8"]
    for case in ("9", "404"):
        with pytest.raises(NotFoundError, match=f"no case {case}"):
            authorities.list_authorities(place, staffed.act("max"), case=case)


def test_an_emergency_is_usable_at_once_and_lapses_by_itself(staffed: Office) -> None:
    declare(staffed, hours=24)
    assert state(staffed, "E-1") == "valid"
    staffed.pass_time(hours=23.99)
    assert state(staffed, "E-1") == "valid"
    staffed.pass_time(hours=0.01)
    assert state(staffed, "E-1") == "lapsed"
    with pytest.raises(RefusedError, match="authority/lapsed"):
        ratify(staffed)
    with pytest.raises(RefusedError, match="authority/lapsed"):
        authorities.extend(
            staffed.place,
            staffed.act("sue"),
            "9",
            "E-1",
            valid_until=staffed.now + HOUR,
            extended_by="W",
            issuer="Judge",
        )


def test_a_ratified_emergency_goes_on(staffed: Office) -> None:
    declare(staffed)
    known = ratify(staffed)
    assert (known.authority.ratified_by, known.authority.ratification["document"]) == ("sue", "W-7")
    staffed.pass_time(hours=100)
    assert state(staffed, "E-1") == "valid"
    lapsing.look(staffed.place)
    assert [entry["details"]["change"] for entry in staffed.entries("authority")] == ["declared", "ratified"]
    assert "W-7" not in str(staffed.entries())
    with pytest.raises(InvalidRequestError, match="ratified before"):
        ratify(staffed, by="una")


def test_a_ratification_does_not_shorten(staffed: Office) -> None:
    declare(staffed, valid_until=staffed.now + 5 * HOUR)
    with pytest.raises(InvalidRequestError, match="shorten"):
        ratify(staffed, valid_until=staffed.now + HOUR)
    assert ratify(staffed, valid_until=staffed.now + 100 * HOUR).authority.until == staffed.now + 100 * HOUR


def test_whoever_declared_it_does_not_ratify_it(staffed: Office) -> None:
    staffed.hire("abe", "investigator", "supervisor")
    staffed.hire("adm", "administrator", "supervisor")
    cases.set_member(staffed.place, staffed.act("adm"), "9", "abe", member=True)
    declare(staffed, by="abe")
    with pytest.raises(RefusedError, match="Nobody confirms their own request"):
        ratify(staffed, by="abe")
    with pytest.raises(RefusedError, match="standing/role"):
        ratify(staffed, by="ivy")
    staffed.hire("joe", "supervisor", by="adm")
    staffed.hire("kim", "investigator", by="adm")
    cases.set_member(staffed.place, staffed.act("adm"), "9", "kim", member=True)
    declare(staffed, "E-2", by="kim")
    for by, words in (("adm", "issued by adm"), ("joe", "both issued by adm")):
        with pytest.raises(RefusedError, match=words):
            ratify(staffed, by=by, document="E-2")
        assert staffed.last()["rules"] == ["standing/second-person"]
    ratify(staffed, document="E-2")


def test_a_rejected_emergency_stops_at_once(staffed: Office) -> None:
    declare(staffed)
    use(staffed, "E-1")
    session, _ = sessions.open_session(staffed.place, staffed.act("ivy"), purpose="p", case="9", authority="E-1")
    known, _ = emergencies.reject(staffed.place, staffed.act("sue"), "9", "E-1", reason="No danger.")
    assert (known.state, known.acts, known.deleted) == ("ended", 1, 1)
    assert state(staffed, "E-1") == "ended"
    with staffed.place.store.read() as tx:
        assert not sessions.sessions.get(tx, session.id).is_open(staffed.now)
    staffed.pass_time(hours=50)
    lapsing.look(staffed.place)
    assert changes(staffed) == ["declared", "rejected", "results deleted"]
    with pytest.raises(InvalidRequestError, match="rejected before"):
        ratify(staffed, by="una")


def test_ending_an_emergency_does_not_save_its_results(staffed: Office) -> None:
    declare(staffed)
    use(staffed, "E-1")
    authorities.end(staffed.place, staffed.act("ivy"), "9", "E-1")  # who declared it may
    assert state(staffed, "E-1") == "ended"
    staffed.pass_time(hours=48)
    lapsing.look(staffed.place)
    assert changes(staffed) == ["declared", "ended", "lapsed", "results deleted"]


def test_a_closed_case_does_not_save_them_either(staffed: Office) -> None:
    declare(staffed)
    use(staffed, "E-1")
    cases.close_case(staffed.place, staffed.act(), "9")
    with pytest.raises(InvalidRequestError, match="closed"):
        warrant(staffed)
    staffed.pass_time(hours=48)
    lapsing.look(staffed.place)
    assert changes(staffed) == ["declared", "lapsed", "results deleted"]


def test_lapse_and_deletion_happen_once_whoever_looks(staffed: Office) -> None:
    for number in range(3):
        declare(staffed, f"E-{number}")
        use(staffed, f"E-{number}")
    staffed.pass_time(hours=48)
    together(*[lambda: lapsing.look(staffed.place)] * 4)
    found = [(entry["details"]["change"], entry["details"]["subject_authority"]) for entry in mine(staffed)[3:]]
    assert len(found) == len(set(found)) == 6
    assert {entry["operator"] for entry in mine(staffed)[3:]} == {"server"}
    lapsing.look(staffed.place)
    assert len(mine(staffed)) == 9


def test_a_deletion_that_a_crash_left_over_is_done_by_who_looks_next(staffed: Office) -> None:
    declare(staffed)
    use(staffed, "E-1")
    staffed.pass_time(hours=48)
    known, _ = authorities.list_authorities(staffed.place, staffed.act("sue"))
    assert lapsing._let_lapse(staffed.place, known[0].authority.id, staffed.now)  # and no more: the process died
    assert changes(staffed) == ["declared", "lapsed"]
    lapsing.look(staffed.place)
    lapsing.look(staffed.place)
    assert changes(staffed) == ["declared", "lapsed", "results deleted"]


def test_of_two_who_decide_at_once_one_does(staffed: Office) -> None:
    declare(staffed)
    done = together(
        lambda: ratify(staffed, by="sue"),
        lambda: emergencies.reject(staffed.place, staffed.act("una"), "9", "E-1", reason="No danger."),
        lambda: ratify(staffed, by="una"),
    )
    assert sum(not isinstance(each, Exception) for each in done) == 1
    assert len([entry for entry in mine(staffed) if entry["decision"] == "allowed"]) in (2, 3)


def test_nothing_is_judged_while_the_clock_is_behind(staffed: Office) -> None:
    declare(staffed)
    warrant(staffed)
    set_back(staffed, hours=1)
    assert state(staffed, "W-1") == "standing/clock"
    with pytest.raises(RefusedError, match="standing/clock"):
        ratify(staffed)
    with pytest.raises(RefusedError, match="standing/clock"):
        declare(staffed, "E-2")
    staffed.pass_time(hours=50)
    set_back(staffed, hours=1)
    lapsing.look(staffed.place)
    assert "lapsed" not in changes(staffed)
    staffed.pass_time(hours=1)
    lapsing.look(staffed.place)
    assert "lapsed" in changes(staffed)


def set_back(office: Office, **duration: float) -> None:
    """Leave an entry of now, and set the clock back."""
    record_alone(office.place, Entry("stop", office.now, "server", "allowed", (), {}))
    office.pass_time(**{unit: -value for unit, value in duration.items()})


def test_the_offence_of_the_case_is_known_to_the_rules(staffed: Office) -> None:
    (docket,), _ = cases.list_cases(staffed.place, staffed.act("ivy"), "9")
    assert (docket.case.offence, docket.case.offence_words, docket.case.owner) == ("burglary", "At night", "ivy")
    cases.update_case(staffed.place, staffed.act(), "9", {"offence": "arson", "owner": "max"})
    (docket,), _ = cases.list_cases(staffed.place, staffed.act("max"), "9")
    assert (docket.case.offence, docket.case.offence_words, docket.members) == ("arson", "At night", ("ivy", "max"))
    with pytest.raises(NotFoundError):
        cases.list_cases(staffed.place, staffed.act("ivy"), "8")
    assert "At night" not in str(staffed.entries())
    assert "arson" not in str(staffed.entries())


def use(office: Office, document: str) -> None:
    """Do something under an authority whose results the entry commits to."""
    permitted = permit(office.place, under(office, document), "compare")
    with office.place.store.write() as tx:
        record(tx, permitted, {})


def mine(office: Office) -> list[dict[str, Any]]:
    return [entry for entry in office.entries("authority") if entry["decision"] == "allowed"]


def changes(office: Office) -> list[str]:
    return [entry["details"]["change"] for entry in mine(office)]


def together(*tasks: Callable[[], object]) -> list[object]:
    """Run tasks at the same time; give what each returned, or the error that it raised."""
    done: list[object] = [None] * len(tasks)
    barrier = threading.Barrier(len(tasks))

    def run(number: int, task: Callable[[], object]) -> None:
        barrier.wait()
        try:
            done[number] = task()
        except RecognizanceError as error:
            done[number] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_what_was_used_stays_on_record(staffed: Office) -> None:
    declare(staffed)
    use(staffed, "E-1")
    staffed.pass_time(hours=48)
    lapsing.look(staffed.place)
    (known,), _ = authorities.list_authorities(staffed.place, staffed.act("sue"))
    assert (known.state, known.acts, known.deleted) == ("lapsed", 1, 1)
    with staffed.place.store.read() as tx:
        assert authority_uses.to_delete(tx) == []
    assert json.dumps(staffed.entries()).count(known.authority.id) >= 3
