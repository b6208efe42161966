"""Rule packs are switched on and off in the record; loosening what is enforced takes two persons."""

from pathlib import Path
from typing import Any

import pytest

from authority.conftest import Office
from policy.making import DESCRIPTION, RULES, write_pack
from recognizance.errors import InvalidRequestError, NotFoundError, PackError, RefusedError
from recognizance.policy import BrokenPack
from recognizance.records import policies as record
from recognizance.workflows import approvals, explaining, policies, trying
from recognizance.workflows.explaining import Situation
from recognizance.workflows.place import Permit, permit
from recognizance.workflows.restoring import put_in_force_again, rules_in_force

FIRST = "administrator"
CLOSED = '@id("none") forbid(principal, action, resource);'
BARE = 'title = "T"\njurisdiction = "j"\nstatus = "model"\nsummary = "s"\ndisclaimer = "Not legal advice."\n'


def described(identifier: str, *rules: str) -> str:
    words = "".join(f'[[rule]]\nid = "{rule}"\nsource = "s"\nwords = "About {rule}."\n' for rule in rules)
    return f'id = "{identifier}"\n{BARE}[[source]]\nkey = "s"\ncitation = "A source"\n{words}'


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    write_pack(tmp_path / "packs", "county")
    write_pack(tmp_path / "packs", "closed", described("closed", "none"), CLOSED)
    return tmp_path / "packs"


@pytest.fixture
def staff(office: Office, packs: Path) -> Office:
    """Ada changes rules, sue approves, ivy searches; each has a key of the first start's."""
    for name, roles in {
        "ada": ["administrator"],
        "sue": ["supervisor", "auditor"],
        "ivy": ["investigator"],
    }.items():
        office.hire(name, *roles, key=False)
    for name in ("sue", "ivy", "ada"):  # the first start closes once ada has a key
        office.issue(name)
    return office


def search(office: Office, name: str = "ivy", **asked: Any) -> Permit:
    wanted = {"threshold_percent": 80.0, "candidates_max": 50, "reviewable": True, **asked}
    return permit(office.place, office.act(name), "search", gallery="people", **wanted)


def refused(work: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(RefusedError) as found:
        work(*args, **options)
    return found.value.message


def agreed(office: Office, change: str, pack: str | None = None) -> str:
    """Ask for a change as ada, and have sue approve it."""
    approval, _ = policies.request_change(office.place, office.act("ada"), change, pack)
    approvals.approve(office.place, office.act("sue"), approval)
    return approval


def test_at_first_nothing_is_on_and_everything_is_allowed(staff: Office) -> None:
    row, listed, _ = policies.list_packs(staff.place, staff.act("ivy"))
    assert (row.mode, row.number) == ("observe", 0)
    assert [(each.pack.id, each.origin, each.enabled) for each in listed if each.origin == "own"] == [
        ("closed", "own", None),
        ("county", "own", None),
    ]
    permitted = search(staff)
    assert permitted.rules == ("standing/role",)
    assert permitted.ruling is not None
    assert "observed" not in permitted.ruling.details()


def test_what_is_observed_is_recorded_and_refuses_nothing(staff: Office) -> None:
    policies.enable(staff.place, staff.act("ada"), "county")
    permitted = search(staff)
    assert permitted.threshold(80.0) == 80.0
    assert permitted.limit(50) == 50
    assert permitted.rules == ("standing/role",)
    assert permitted.ruling is not None
    assert permitted.ruling.details() == {
        "mode": "observe",
        "policy": permitted.ruling.by.row.digest,
        "threshold_percent_thousandths": 80_000,
        "threshold_applied_percent_thousandths": 80_000,
        "limit": 50,
        "limit_applied": 50,
        "observed": "refused",
        "observed_rules": ["county/theft", "county/trained", "county/least"],
    }


def test_what_is_enforced_binds(staff: Office) -> None:
    policies.enable(staff.place, staff.act("ada"), "county")
    policies.set_mode(staff.place, staff.act("ada"), "enforce")
    told = refused(search, staff)
    entry = staff.last()
    assert told == (
        "Searches are for theft. Name a case of theft. (The county's manual, page 1) [county/theft] "
        "Only a trained person searches. Renew your training. (The county's manual, page 1) [county/trained] "
        f"(entry {entry['index']})"
    )
    assert (entry["decision"], entry["rules"]) == ("refused", ["county/theft", "county/trained"])
    assert entry["details"]["mode"] == "enforce"
    assert entry["details"]["threshold_percent_thousandths"] == 80_000


def test_roles_bind_before_any_pack(staff: Office) -> None:
    assert "standing/role" in refused(search, staff, "sue")


@pytest.mark.parametrize("kind", ["search", "compare", "enrol", "detect", "subject", "export"])
def test_enforced_without_a_pack_nothing_biometric_is_permitted(staff: Office, kind: str) -> None:
    policies.set_mode(staff.place, staff.act("ada"), "enforce")
    assert "[standing/no-pack]" in refused(permit, staff.place, staff.act("ivy"), kind)


def test_nobody_else_is_shut_out_by_a_pack_that_refuses_everything(staff: Office) -> None:
    policies.enable(staff.place, staff.act("ada"), "closed")
    policies.set_mode(staff.place, staff.act("ada"), "enforce")
    for name, kind in (("sue", "ledger"), ("sue", "erase"), ("sue", "hold"), ("ada", "policy"), ("ivy", "list")):
        permit(staff.place, staff.act(name), kind)
    permit(staff.place, staff.act("ivy"), "subject", lessens=True)
    assert "closed/none" in refused(search, staff)
    policies.disable(staff.place, staff.act("ada"), "closed", agreed(staff, "disable", "closed"))
    policies.set_mode(staff.place, staff.act("ada"), "observe", agreed(staff, "observe"))
    assert search(staff)


def test_loosening_takes_two_persons(staff: Office, packs: Path) -> None:
    place, ada = staff.place, staff.act("ada")
    policies.enable(place, ada, "county")
    policies.set_mode(place, ada, "enforce")
    write_pack(packs, "county", DESCRIPTION.replace("95.0", "55.0"), RULES)
    for loosen in (
        lambda approval=None: policies.disable(place, ada, "county", approval),
        lambda approval=None: policies.enable(place, ada, "county", approval),
        lambda approval=None: policies.set_mode(place, ada, "observe", approval),
    ):
        assert "loosened by two persons" in refused(loosen)
        waiting, _ = policies.request_change(place, ada, "observe")
        told = refused(loosen, waiting)
        assert "No second person" in told or "asks for something else" in told
        approvals.withdraw(place, ada, waiting)
    before = place.rulebook.in_force()
    assert [pack.digest for pack in before.packs] == [before.row.packs[0].digest]

    row, _ = policies.enable(place, ada, "county", agreed(staff, "replace", "county"))
    assert [pack.id for pack in row.packs] == ["county"]
    assert row.packs[0].digest != before.row.packs[0].digest
    row, _ = policies.set_mode(place, ada, "observe", agreed(staff, "observe"))
    assert (row.mode, staff.last()["details"]["change"]) == ("observe", "observe")


def test_where_nothing_is_permitted_for_want_of_a_pack_the_first_one_loosens(staff: Office) -> None:
    place, ada = staff.place, staff.act("ada")
    policies.set_mode(place, ada, "enforce")
    assert "enable ID --request" in refused(search, staff)
    assert "loosened by two persons" in refused(policies.enable, place, ada, "county")
    policies.enable(place, ada, "county", agreed(staff, "replace", "county"))
    policies.enable(place, ada, "closed")  # one more only tightens


def test_an_approval_is_for_the_version_that_it_was_asked_for(staff: Office, packs: Path) -> None:
    place, ada = staff.place, staff.act("ada")
    policies.enable(place, ada, "county")
    policies.set_mode(place, ada, "enforce")
    write_pack(packs, "county", DESCRIPTION.replace("95.0", "90.0"), RULES)
    approval = agreed(staff, "replace", "county")
    write_pack(packs, "county", DESCRIPTION.replace("95.0", "50.0"), RULES)
    assert "asks for something else" in refused(policies.enable, place, ada, "county", approval)


def test_nobody_approves_their_own_request(staff: Office) -> None:
    staff.hire("zoe", "administrator", "supervisor", by="ada")
    place = staff.place
    policies.enable(place, staff.act("zoe"), "county")
    policies.set_mode(place, staff.act("zoe"), "enforce")
    approval, _ = policies.request_change(place, staff.act("zoe"), "disable", "county")
    assert "Nobody confirms their own request" in refused(approvals.approve, place, staff.act("zoe"), approval)
    waiting, _ = policies.request_change(place, staff.act("ada"), "disable", "county")
    assert "standing/second-person" in refused(approvals.approve, place, staff.act("zoe"), waiting)  # ada's key


def test_one_alone_tightens_and_does_what_observing_allows(staff: Office, packs: Path) -> None:
    place, ada = staff.place, staff.act("ada")
    policies.enable(place, ada, "county")
    write_pack(packs, "county", DESCRIPTION.replace("95.0", "90.0"), RULES)
    (county,) = (each for each in policies.list_packs(place, ada)[1] if each.pack.id == "county")
    assert county.changed
    policies.enable(place, ada, "county")
    assert staff.last()["details"]["change"] == "replaced"
    policies.disable(place, ada, "county")
    policies.enable(place, ada, "county")
    policies.set_mode(place, ada, "enforce")
    policies.enable(place, ada, "closed")
    entry = staff.last()
    assert entry["kind"] == "policy"
    assert {name: entry["details"][name] for name in ("change", "pack", "mode")} == {
        "change": "enabled",
        "pack": "closed",
        "mode": "enforce",
    }
    assert entry["details"]["policy"] == place.rulebook.in_force().row.digest != entry["details"]["policy_before"]


def test_only_administrators_change_rules_and_everybody_reads_them(staff: Office) -> None:
    for change in (
        lambda act: policies.enable(staff.place, act, "county"),
        lambda act: policies.disable(staff.place, act, "county"),
        lambda act: policies.set_mode(staff.place, act, "enforce"),
        lambda act: policies.request_change(staff.place, act, "observe"),
    ):
        for name in ("sue", "ivy"):
            assert "standing/role" in refused(change, staff.act(name))
    for name in ("sue", "ivy", "ada"):
        assert policies.show_pack(staff.place, staff.act(name), "county")[0].pack.id == "county"


def test_what_cannot_be_is_told(staff: Office, packs: Path) -> None:
    place, ada = staff.place, staff.act("ada")
    with pytest.raises(NotFoundError):
        policies.enable(place, ada, "nowhere")
    with pytest.raises(NotFoundError):
        policies.show_pack(place, ada, "nowhere")
    with pytest.raises(NotFoundError):
        policies.disable(place, ada, "county")
    with pytest.raises(NotFoundError):
        policies.request_change(place, ada, "disable", "county")
    with pytest.raises(InvalidRequestError):
        policies.set_mode(place, ada, "observe")
    with pytest.raises(InvalidRequestError):
        policies.request_change(place, ada, "disable")
    write_pack(packs, "odd", DESCRIPTION.replace("95.0", "0"), RULES + "}")
    with pytest.raises(PackError) as found:
        policies.enable(place, ada, "odd")
    assert len(found.value.problems) == 2
    write_pack(packs, "elsewhere", " " + DESCRIPTION.replace('id = "county"', 'id  = "county"'))
    with pytest.raises(PackError, match="folder"):
        policies.enable(place, ada, "elsewhere")
    policies.enable(place, ada, "county")
    with pytest.raises(InvalidRequestError):
        policies.enable(place, ada, "county")
    assert staff.last()["decision"] == "failed"


def test_what_a_pack_said_counts_though_its_folder_is_gone(staff: Office, packs: Path) -> None:
    place, ada = staff.place, staff.act("ada")
    policies.enable(place, ada, "closed")
    policies.set_mode(place, ada, "enforce")
    for file in (packs / "closed").iterdir():
        file.unlink()
    (packs / "closed").rmdir()
    _, listed, _ = policies.list_packs(place, ada)
    assert [(each.pack.id, each.origin, each.changed) for each in listed if each.enabled] == [
        ("closed", "record", True)
    ]
    assert "About none." in refused(search, staff)


def test_a_pack_that_the_record_has_lost_refuses(staff: Office) -> None:
    place, ada = staff.place, staff.act("ada")
    row, _ = policies.enable(place, ada, "county")
    policies.set_mode(place, ada, "enforce")
    with place.store.write() as tx:
        tx.connection.exec_driver_sql("UPDATE pack_texts SET rules = 'permit(principal, action, resource);'")
    fresh = type(place.rulebook)(place.store)
    assert isinstance(fresh.in_force().packs[0], BrokenPack)
    assert [reason.rule for reason in fresh.in_force().rule(a_situation()).refusal] == ["county/cannot-be-decided"]
    assert row.packs[0].id == "county"


@pytest.mark.parametrize(
    "damage", ["mode = 'observe'", "mode = 'enforced'", "packs = '[]'", "packs = replace(packs, 'county', 'town')"]
)
def test_where_the_record_has_lost_which_rules_are_in_force_nothing_is_permitted(staff: Office, damage: str) -> None:
    place, ada = staff.place, staff.act("ada")
    policies.enable(place, ada, "county")
    policies.set_mode(place, ada, "enforce")
    with place.store.write() as tx:
        tx.connection.exec_driver_sql(f"UPDATE policies SET {damage}")  # noqa: S608 - the test's own words
    fresh = type(place.rulebook)(place.store).in_force()
    assert fresh.binds
    assert fresh.rule(a_situation()).refusal


def a_situation() -> Any:
    from policy.making import request

    return request()


def test_what_has_to_be_reviewed_is_refused_until_somebody_can(staff: Office, packs: Path) -> None:
    rules = '@id("all") permit(principal, action, resource);'
    rules += '@id("later") forbid(principal, action == Action::"release", resource);'
    write_pack(packs, "reviewed", described("reviewed", "all", "later"), rules)
    policies.enable(staff.place, staff.act("ada"), "reviewed")
    policies.set_mode(staff.place, staff.act("ada"), "enforce")
    assert [reason.rule for reason in search(staff).referral] == ["reviewed/later"]
    told = refused(permit, staff.place, staff.act("ivy"), "enrol", gallery="people")
    assert "[reviewed/later]" in told
    assert "[standing/review]" in told


def test_a_situation_is_explained(staff: Office) -> None:
    place = staff.place
    policies.enable(place, staff.act("ada"), "county")
    asked = Situation(operation="search", threshold_percent=80.0, candidates_max=3, offence="robbery")
    found, _ = explaining.explain_situation(place, staff.act("ivy"), asked)
    assert (found.decision, found.binds) == ("refused", False)
    assert [reason.rule for reason in found.reasons] == ["county/trained"]
    found, _ = explaining.explain_situation(
        place, staff.act("ivy"), Situation(operation="search", training="current", offence="theft"), "county"
    )
    assert (found.decision, found.binds, [reason.rule for reason in found.reasons]) == (
        "referred",
        True,
        ["county/look-first"],
    )
    assert found.by_pack == {"county": ("referred", found.reasons)}
    for wrong in ({"operation": "list"}, {"source": "dream"}, {"training": "good"}, {"authority_kind": "whim"}):
        with pytest.raises(InvalidRequestError):
            explaining.explain_situation(place, staff.act("ivy"), Situation(**{"operation": "search", **wrong}))


def test_an_entry_is_explained_by_the_rules_of_then(staff: Office, packs: Path) -> None:
    place, ada = staff.place, staff.act("ada")
    policies.enable(place, ada, "county")
    policies.set_mode(place, ada, "enforce")
    refused(search, staff)
    index = staff.last()["index"]
    write_pack(packs, "county", DESCRIPTION.replace("Searches are for theft.", "Other words."), RULES)
    policies.enable(place, ada, "county", agreed(staff, "replace", "county"))
    found, _ = explaining.explain_entry(place, staff.act("ivy"), index)
    assert found.decision == "refused"
    assert found.reasons[0].explanation == "Searches are for theft."
    assert explaining.explain_entry(place, staff.act("sue"), index)[0].policy == found.policy
    staff.hire("max", "investigator", by="ada")
    assert "standing/role" in refused(explaining.explain_entry, place, staff.act("max"), index)


def test_what_is_undone_is_not_in_force(staff: Office) -> None:
    """Blocks that share a commit see one another's rows; the number of one that is undone is given again."""
    place = staff.place
    policies.enable(place, staff.act("ada"), "closed")
    policies.set_mode(place, staff.act("ada"), "enforce")
    seen = []

    def undo() -> None:
        with place.store.write() as tx:
            record.put(tx, digest="loose", mode="observe", packs=[], since=staff.now, set_by="ada")
            seen.append(place.rulebook.in_force_in(tx).row)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undo()
    (undone,) = seen
    assert undone.digest == "loose"
    assert place.rulebook.in_force().binds
    policies.enable(place, staff.act("ada"), "county")
    in_force = place.rulebook.in_force()
    assert (in_force.row.number, [pack.id for pack in in_force.packs]) == (undone.number, ["closed", "county"])


def test_trying_a_pack_on_an_empty_record(staff: Office) -> None:
    tried, _ = trying.try_pack(staff.place, staff.act("sue"), "county")
    assert (tried.total, tried.judged, tried.next_entry) == (0, 0, None)
    assert "standing/role" in refused(trying.try_pack, staff.place, staff.act("ivy"), "county")


def test_a_restore_does_not_loosen(staff: Office) -> None:
    place, ada = staff.place, staff.act("ada")
    with place.store.read() as tx:
        assert rules_in_force(tx) is None
    policies.enable(place, ada, "county")
    with place.store.read() as tx:
        observed = rules_in_force(tx)
    policies.set_mode(place, ada, "enforce")
    with place.store.read() as tx:
        known = rules_in_force(tx)
    assert known is not None
    assert observed is not None
    with place.store.write() as tx:
        assert not put_in_force_again(tx, known)
        assert put_in_force_again(tx, observed)  # as if a backup of before were put back
        assert put_in_force_again(tx, known)
        present = record.in_force(tx)
    assert present is not None
    assert present.mode == "enforce"
    assert place.rulebook.in_force().row.digest == known.row.digest
