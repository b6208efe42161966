from datetime import UTC, datetime

import pytest

from recognizance.policy import Allowed, Refused, RequestFacts, StandingPolicy
from recognizance.policy.standing import ROLES


def facts(**changes: object) -> RequestFacts:
    plain = {"operator": "o", "role": "investigator", "active": True, "operation": "search"}
    return RequestFacts(**{**plain, "time": datetime(2026, 1, 1, tzinfo=UTC), **changes})


def test_an_investigator_may_search() -> None:
    assert isinstance(StandingPolicy().decide(facts()), Allowed)


@pytest.mark.parametrize(
    "changes",
    [{"active": False}, {"operation": "gallery"}, {"operation": "unheard-of"}, {"role": "visitor"}, {"role": ""}],
)
def test_what_is_not_covered_is_refused_with_a_reason(changes: dict[str, object]) -> None:
    decision = StandingPolicy().decide(facts(**changes))
    assert isinstance(decision, Refused)
    assert all(reason.rule and reason.explanation for reason in decision.reasons)


def test_every_role_is_decided_for_every_act() -> None:
    acts = set().union(*ROLES.values())
    for role, covered in ROLES.items():
        for act in acts:
            decision = StandingPolicy().decide(facts(role=role, operation=act))
            assert isinstance(decision, Allowed) == (act in covered)
