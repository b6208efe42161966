"""Operators and keys: what changes takes effect at once, is on record, and never leaves nobody."""

import contextlib
import threading
import uuid
from datetime import timedelta
from hashlib import sha256

import pytest

from authority.conftest import Office
from recognizance.authority.roster import Roster
from recognizance.errors import InvalidRequestError, NotFoundError, RefusedError
from recognizance.policy.standing import ROLES, TESTER
from recognizance.records import access_keys
from recognizance.records import operators as rows
from recognizance.records import sessions as session_rows
from recognizance.workflows import cases, first_start, keys, operators, sessions

FIRST = first_start.ADMINISTRATOR


def refused(office: Office, rule: str) -> None:
    entry = office.last()
    assert (entry["decision"], entry["rules"]) == ("refused", [rule])


def test_the_first_start_is_recorded_and_holds_every_role_but_a_testers(office: Office) -> None:
    (entry,) = office.entries()
    assert (entry["kind"], entry["operator"], entry["details"]["of"]) == ("first-start", "-", FIRST)
    assert office.place.roster.operator(FIRST).roles == ROLES.keys() - {TESTER}
    assert not first_start.found(office.place.store, office.place.ledger, office.place.clock)


def test_env_serves_the_first_start_only_until_somebody_is_named(office: Office) -> None:
    place = office.place
    first_start.hand_out(place, office.act())
    assert office.last()["kind"] == "env"
    pair = first_start.hand_out_alone(place.store, place.ledger, place.clock)
    assert pair.access_key_id == office.keys[FIRST]
    assert (office.last()["kind"], office.last()["decision"]) == ("env", "allowed")
    office.hire("ada", "investigator", key=False)
    with pytest.raises(RefusedError, match="named operators"):
        first_start.hand_out(place, office.act())
    refused(office, "standing/first-start")
    with pytest.raises(RefusedError, match="named operators"):
        first_start.hand_out_alone(place.store, place.ledger, place.clock)
    refused(office, "standing/first-start")


def test_the_first_start_is_closed_for_good_when_a_named_administrator_can_sign(office: Office) -> None:
    first = office.keys[FIRST]
    cases.open_case(office.place, office.act(), "9", [FIRST])
    sessions.open_session(office.place, office.act(), purpose="p", case="9", authority=None)
    office.hire("sue", "supervisor")
    assert office.place.roster.lookup(first).active  # type: ignore[union-attr]
    office.hire("ada", "administrator", key=False)
    assert office.place.roster.lookup(first).active  # type: ignore[union-attr]
    office.issue("ada")
    assert not office.place.roster.lookup(first).active  # type: ignore[union-attr]
    assert office.entries("first-start")[-1]["details"] == {"change": "closed", "of": FIRST}
    with office.place.store.read() as tx:
        assert first_start.administrator_key(tx) is None
        assert [row.closed_at is None for row in session_rows.list_newest(tx, limit=9)] == [False]
    for attempt in (
        lambda: operators.list_operators(office.place, office.act()),
        lambda: operators.set_active(office.place, office.act("ada"), FIRST, active=True),
        lambda: keys.issue_key(office.place, office.act("ada"), FIRST),
        lambda: operators.update_operator(office.place, office.act("ada"), FIRST, {}, {"administrator"}),
    ):
        with pytest.raises(RefusedError):
            attempt()
        assert office.last()["decision"] == "refused"


@pytest.mark.parametrize("how", ["promoted", "activated"])
def test_the_first_start_is_closed_however_there_comes_to_be_an_administrator(office: Office, how: str) -> None:
    office.hire("ada", "investigator" if how == "promoted" else "auditor")
    if how == "promoted":
        operators.update_operator(office.place, office.act(), "ada", {}, {"administrator"})
    else:
        operators.set_active(office.place, office.act(), "ada", active=False)
        operators.update_operator(office.place, office.act(), "ada", {}, {"administrator"})
        assert office.place.roster.operator(FIRST).active
        operators.set_active(office.place, office.act(), "ada", active=True)
    assert not office.place.roster.operator(FIRST).active


def test_nobody_is_locked_out(office: Office) -> None:
    office.hire("ada", "administrator")
    mine = office.keys["ada"]
    for attempt in (
        lambda: operators.set_active(office.place, office.act("ada"), "ada", active=False),
        lambda: keys.revoke_key(office.place, office.act("ada"), mine),
        lambda: operators.update_operator(office.place, office.act("ada"), "ada", {}, {"investigator"}),
    ):
        with pytest.raises(RefusedError, match="nobody could administer"):
            attempt()
        refused(office, "standing/last-administrator")
        assert office.last()["details"]["of"] == "ada"
    with office.place.store.read() as tx:
        assert access_keys.get(tx, mine).active
        assert rows.get(tx, "ada").roles == {"administrator"}
    office.hire("bob", "administrator", by="ada", key=False)  # of no help without a key
    with pytest.raises(RefusedError):
        keys.revoke_key(office.place, office.act("ada"), mine)
    office.issue("bob", by="ada")
    keys.revoke_key(office.place, office.act("ada"), mine)
    with pytest.raises(RefusedError):
        operators.set_active(office.place, office.act("bob"), "bob", active=False)


def test_two_administrators_cannot_turn_one_another_off_at_once(office: Office) -> None:
    office.hire("bob", "investigator")
    office.hire("ada", "administrator")
    operators.update_operator(office.place, office.act("ada"), "bob", {}, {"administrator"})
    barrier = threading.Barrier(2)

    def turn_off(one: str, other: str) -> None:
        barrier.wait()
        with contextlib.suppress(RefusedError):
            operators.set_active(office.place, office.act(one), other, active=False)

    threads = [threading.Thread(target=turn_off, args=pair) for pair in (("ada", "bob"), ("bob", "ada"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with office.place.store.read() as tx:
        assert sorted(row.active for row in rows.list_all(tx) if not row.first_start) == [False, True]


def test_keys_are_rotated_by_a_second_one_and_never_a_third(office: Office) -> None:
    office.hire("ivy", "investigator")
    first = office.keys["ivy"]
    second = office.issue("ivy", by="ivy")
    with pytest.raises(InvalidRequestError, match="2 active access keys"):
        office.issue("ivy", by="ivy")
    keys.revoke_key(office.place, office.act("ivy"), first)
    with pytest.raises(InvalidRequestError, match="before"):
        keys.revoke_key(office.place, office.act("ivy"), first)
    with office.place.store.read() as tx:
        found = access_keys.get(tx, second.access_key_id)
    assert (found.origin, found.issued_by, found.issued_with) == ("operator", "ivy", first)
    changes = [(entry["details"].get("change"), entry["details"].get("key")) for entry in office.entries("key")]
    assert changes[-4:-1] == [("issued", second.access_key_id), (None, None), ("revoked", first)]
    assert changes[-1] == (None, None)


def test_others_keys_are_an_administrator_s(office: Office) -> None:
    office.hire("ivy", "investigator")
    office.hire("max", "investigator", "supervisor", "auditor", "examiner")
    for attempt in (
        lambda: keys.issue_key(office.place, office.act("max"), "ivy"),
        lambda: keys.revoke_key(office.place, office.act("max"), office.keys["ivy"]),
        lambda: keys.revoke_key(office.place, office.act("max"), "AKIANONE"),
        lambda: operators.update_operator(office.place, office.act("max"), "max", {}, {"administrator"}),
        lambda: operators.add_operator(office.place, office.act("max"), "eve", name="Eve", roles={"administrator"}),
        lambda: operators.set_active(office.place, office.act("max"), "ivy", active=False),
    ):
        with pytest.raises(RefusedError, match="standing/role"):
            attempt()
        refused(office, "standing/role")


def test_what_was_revoked_while_a_request_waited_is_refused(office: Office) -> None:
    office.hire("ivy", "investigator")
    waiting = office.act("ivy")  # signed in, and not yet done
    keys.revoke_key(office.place, office.act(), office.keys["ivy"])
    with pytest.raises(RefusedError, match="have ended"):
        operators.list_operators(office.place, waiting)
    refused(office, "standing/key")
    office.issue("ivy")
    operators.set_active(office.place, office.act(), "ivy", active=False)
    with pytest.raises(RefusedError, match="not active"):
        operators.list_operators(office.place, office.act("ivy"))
    refused(office, "standing/active")


def test_revoking_a_key_ends_the_sessions_it_opened(office: Office) -> None:
    office.hire("ivy", "investigator")
    cases.open_case(office.place, office.act(), "9", ["ivy"])
    session, _ = sessions.open_session(office.place, office.act("ivy"), purpose="p", case="9", authority=None)
    assumed, _ = sessions.assume(office.place, office.act("ivy"), session.id, name="x")
    assert office.place.roster.lookup(assumed.key.access_key_id).active  # type: ignore[union-attr]
    keys.revoke_key(office.place, office.act(), office.keys["ivy"])
    assert not office.place.roster.lookup(assumed.key.access_key_id).active  # type: ignore[union-attr]
    assert office.entries("key")[-1]["details"]["sessions"] == [session.id]


def test_a_key_that_opened_very_many_sessions_is_revoked_all_the_same(office: Office) -> None:
    office.hire("ivy", "investigator")
    docket, _ = cases.open_case(office.place, office.act(), "9", ["ivy"])
    opened = [str(uuid.UUID(int=number)) for number in range(2_000)]
    with office.place.store.write() as tx:
        for identifier in opened:
            session_rows.create(
                tx,
                identifier,
                operator="ivy",
                purpose="p",
                case_id=docket.case.id,
                authority=None,
                opened_at=office.now,
                opened_with=office.keys["ivy"],
                expires_at=office.now + timedelta(hours=1),
            )
    keys.revoke_key(office.place, office.act(), office.keys["ivy"])
    assert not office.place.roster.lookup(office.keys["ivy"]).active  # type: ignore[union-attr]
    details = office.entries("key")[-1]["details"]
    assert details["sessions_sha256"] == sha256("\n".join(opened).encode()).hexdigest()


def test_lookups_during_a_revocation_never_keep_what_was_before(office: Office) -> None:
    office.hire("ivy", "investigator")
    for _ in range(20):
        pair = office.issue("ivy", by=FIRST) if len(office.keys) else None
        assert pair is not None
        stop = threading.Event()

        def look(key: str = pair.access_key_id, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                office.place.roster.lookup(key)
                office.place.roster.forget()

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        keys.revoke_key(office.place, office.act(), pair.access_key_id)
        known = office.place.roster.lookup(pair.access_key_id)
        stop.set()
        for thread in threads:
            thread.join()
        assert known is not None
        assert not known.active


def test_names_are_committed_to_and_not_quoted(office: Office) -> None:
    secret = "Aurelia Nimmersatt"
    operators.add_operator(
        office.place,
        office.act(),
        "ada",
        name=secret,
        agency="Scotland Yard",
        roles={"examiner"},
        training_kind="FISWG",
        training_until=office.now + timedelta(days=1),
    )
    entry = office.last()
    assert entry["commitments"].keys() == {"name", "agency", "training_kind", "training_until"}
    assert "Nimmersatt" not in str(office.entries())
    assert "Yard" not in str(office.entries())


def test_training_is_noted_and_does_not_refuse(office: Office) -> None:
    office.hire("ivy", "investigator")
    until = office.now + timedelta(days=1)
    operators.update_operator(office.place, office.act(), "ivy", {"training_kind": "FISWG", "training_until": until})
    noted = []
    for _ in range(2):
        operators.list_operators(office.place, office.act("ivy"))
        noted.append(office.last()["details"]["training"])
        office.pass_time(days=1)
    assert noted == ["current", "expired"]


def test_who_does_not_oversee_sees_themselves(office: Office) -> None:
    office.hire("ivy", "investigator")
    office.hire("max", "examiner")
    office.hire("sue", "supervisor")
    seen, _ = operators.list_operators(office.place, office.act("ivy"))
    assert [each.operator.id for each in seen] == ["ivy"]
    for name in ("max", "nobody"):
        with pytest.raises(NotFoundError, match=f"There is no operator {name}"):
            operators.list_operators(office.place, office.act("ivy"), name)
    assert len(operators.list_operators(office.place, office.act("sue"))[0]) == 4


def test_unknown_roles_and_ids_are_refused(office: Office) -> None:
    with pytest.raises(InvalidRequestError, match="root is not a role"):
        operators.add_operator(office.place, office.act(), "ada", name="Ada", roles={"root"})
    with pytest.raises(InvalidRequestError, match="needs a role"):
        operators.add_operator(office.place, office.act(), "ada", name="Ada", roles=())
    office.hire("ada", "auditor", key=False)
    with pytest.raises(InvalidRequestError, match="already exists"):
        operators.add_operator(office.place, office.act(), "ada", name="Ada", roles={"auditor"})
    with pytest.raises(NotFoundError):
        keys.issue_key(office.place, office.act(), "eve")
    operators.set_active(office.place, office.act(), "ada", active=False)
    with pytest.raises(InvalidRequestError, match="not active"):
        keys.issue_key(office.place, office.act(), "ada")
    assert office.last()["decision"] == "failed"


def test_recovery_helps_named_administrators_alone_and_shows(office: Office) -> None:
    office.hire("ivy", "investigator")
    store, ledger = office.place.store, office.place.ledger
    for name in ("ivy", FIRST):
        with pytest.raises(InvalidRequestError, match="named and active administrator"):
            keys.recover(store, ledger, name, clock=office.place.clock)
    office.hire("ada", "administrator")
    pair, index = keys.recover(store, ledger, "ada", clock=office.place.clock)
    entry = office.entries()[index]
    assert (entry["kind"], entry["operator"], entry["details"]["key"]) == ("recovery", "-", pair.access_key_id)
    assert pair.secret not in str(office.entries())
    assert Roster(store).lookup(pair.access_key_id).active  # type: ignore[union-attr]


def test_recovery_closes_the_first_start_too(office: Office) -> None:
    office.hire("ada", "administrator", key=False)
    keys.recover(office.place.store, office.place.ledger, "ada", clock=office.place.clock)
    with office.place.store.read() as tx:
        assert first_start.administrator_key(tx) is None
