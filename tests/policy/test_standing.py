from datetime import UTC, datetime
from itertools import combinations

import pytest

from recognizance.policy import Allowed, Refused, RequestFacts, StandingPolicy
from recognizance.policy.standing import CREDENTIALS, OWN, ROLES, TESTER, USING


def facts(**changes: object) -> RequestFacts:
    plain = {"operator": "o", "roles": frozenset({"investigator"}), "active": True, "operation": "search"}
    return RequestFacts(**{**plain, "time": datetime(2026, 1, 1, tzinfo=UTC), **changes})


def rule_of(**changes: object) -> str:
    decision = StandingPolicy().decide(facts(**changes))
    assert isinstance(decision, Refused)
    (reason,) = decision.reasons
    assert reason.explanation
    return reason.rule


def test_an_investigator_may_search() -> None:
    assert isinstance(StandingPolicy().decide(facts()), Allowed)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"active": False}, "standing/active"),
        ({"key_valid": False}, "standing/key"),
        ({"operation": "gallery"}, "standing/role"),
        ({"operation": "unheard-of"}, "standing/role"),
        ({"roles": frozenset({"visitor"})}, "standing/role"),
        ({"roles": frozenset()}, "standing/role"),
        ({"case": "9", "case_open": False}, "standing/case"),
        ({"contradictions": ("case",)}, "standing/context"),
        *(
            ({"case": "9", "case_open": True, "authority": "W-1", "authority_state": state}, f"authority/{state}")
            for state in ("unknown", "not-yet", "expired", "out-of-scope", "lapsed", "ended")
        ),
        ({"case": "9", "case_open": False, "authority": "W-1", "authority_state": "unknown"}, "standing/case"),
        ({"authority": "W-1", "authority_state": "expired", "clock_behind": True}, "standing/clock"),
        ({"roles": frozenset({"tester"}), "case": "9", "case_open": True}, "standing/testing"),
        ({"roles": frozenset({"tester"}), "authority": "W-1", "authority_state": "valid"}, "standing/testing"),
    ],
)
def test_what_is_not_covered_is_refused_by_its_rule(changes: dict[str, object], rule: str) -> None:
    assert rule_of(**changes) == rule


def test_roles_add_up_and_nothing_else_does() -> None:
    acts = set().union(*ROLES.values())
    for count in range(len(ROLES) + 1):
        for roles in combinations(ROLES, count):
            covered = frozenset().union(*(ROLES[role] for role in roles))
            for act in acts:
                decision = StandingPolicy().decide(facts(roles=frozenset(roles), operation=act))
                assert isinstance(decision, Allowed) == (act in covered), (roles, act)


def test_auditors_and_administrators_do_nothing_biometric() -> None:
    biometric = USING - {"list"}
    assert not ROLES["auditor"] & USING
    assert not ROLES["administrator"] & biometric


def test_a_session_never_changes_who_may_act() -> None:
    everything = frozenset(ROLES)
    for act in set().union(*ROLES.values()):
        decision = StandingPolicy().decide(facts(roles=everything, operation=act, in_session=True))
        assert isinstance(decision, Refused) == (act in CREDENTIALS), act


def test_expired_training_is_no_reason_to_refuse() -> None:
    assert isinstance(StandingPolicy().decide(facts(training="expired")), Allowed)


def test_every_role_of_the_agency_covers_what_concerns_the_operator_alone() -> None:
    assert all(covered >= OWN for role, covered in ROLES.items() if role != TESTER)


def test_a_tester_learns_nothing_of_who_works_here_and_by_what_rules() -> None:
    assert {"identity", "own-key", "receipt"} == ROLES[TESTER] & OWN
    assert not ROLES[TESTER] & {"bucket", "export", "subject", "ledger", "session"}


def test_an_authority_lifts_nothing_by_itself() -> None:
    valid = {"case": "9", "case_open": True, "authority": "W-1", "authority_state": "valid"}
    assert isinstance(StandingPolicy().decide(facts(**valid)), Allowed)
    assert rule_of(**valid, operation="gallery") == "standing/role"


def test_a_purpose_that_is_not_registered_is_no_reason_to_refuse() -> None:
    assert isinstance(StandingPolicy().decide(facts(purpose="anything", purpose_basis=None)), Allowed)


def test_a_case_does_not_lift_what_the_operator_lacks() -> None:
    assert rule_of(active=False, case="9", case_open=True) == "standing/active"
    assert rule_of(operation="gallery", case="9", case_open=False) == "standing/role"
