from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.making import bare, pack, request
from recognizance.policy import (
    Allowed,
    Applied,
    BrokenPack,
    Decision,
    Pack,
    Reason,
    Referred,
    Refused,
    ResultFacts,
    judge,
    judge_result,
)
from recognizance.policy.cedar import ASK, RELEASE, Verdict, put_question
from recognizance.policy.context import NO_RESULT, request_context
from recognizance.policy.packs import strictest

PERMITS = '@id("all") permit(principal, action, resource);'
OPEN = bare("open", PERMITS)
CLOSED = bare("closed", '@id("none") forbid(principal, action, resource);')
REVIEWED = bare("reviewed", PERMITS + '@id("later") forbid(principal, action == Action::"release", resource);')
EMPTY = bare("empty")
OVERFLOWING = bare(
    "overflowing",
    PERMITS + '@id("big") forbid(principal, action, resource) when { context.time_s * 9223372036854775807 < 0 };',
)
BROKEN = BrokenPack("broken", "00", ("It is not there.",))


def rules(decision: Decision) -> list[str]:
    return [reason.rule for reason in decision.reasons]


def decide(packs: Sequence[Pack | BrokenPack], **changes: object) -> Decision:
    return judge(packs, request(**changes)).decision


def test_what_a_rule_permits_and_none_forbids_is_allowed() -> None:
    assert decide([pack()]) == Allowed((pack().reason("everything"),))


@pytest.mark.parametrize(
    ("changes", "kind", "named"),
    [
        ({"training": "expired"}, Refused, ["county/trained"]),
        ({"offence": None}, Refused, ["county/theft"]),
        ({"offence": "arson", "training": "none"}, Refused, ["county/theft", "county/trained"]),
        ({"offence": "arson", "operation": "compare"}, Allowed, ["county/everything"]),
        ({"offence": "theft"}, Referred, ["county/look-first"]),
        ({"offence": "theft", "training": "expired"}, Refused, ["county/trained"]),
    ],
)
def test_rules_decide_and_are_named(changes: dict[str, object], kind: type, named: list[str]) -> None:
    decision = decide([pack()], **changes)
    assert isinstance(decision, kind)
    assert rules(decision) == named


def test_without_a_pack_nothing_permits() -> None:
    assert rules(decide([])) == ["standing/no-pack"]


def test_an_empty_pack_refuses() -> None:
    assert rules(decide([EMPTY])) == ["empty/nothing-permits"]
    assert rules(decide([OPEN, EMPTY])) == ["empty/nothing-permits"]


def test_what_cannot_be_evaluated_refuses_although_cedar_would_allow_it() -> None:
    decision = decide([OPEN, OVERFLOWING])
    assert isinstance(decision, Refused)
    assert rules(decision) == ["overflowing/cannot-be-decided"]
    assert "overflow" in decision.reasons[0].explanation


def test_what_fails_on_the_question_of_release_alone_refuses_too() -> None:
    failing = bare(
        "failing",
        PERMITS
        + '@id("big") forbid(principal, action == Action::"release", resource) '
        + "when { context.time_s * 9223372036854775807 < 0 };",
    )
    assert rules(decide([failing])) == ["failing/cannot-be-decided"]


def test_a_broken_pack_refuses_and_tells_why() -> None:
    decision = decide([OPEN, BROKEN])
    assert isinstance(decision, Refused)
    assert rules(decision) == ["broken/cannot-be-decided"]
    assert "It is not there" in decision.reasons[0].explanation


def test_a_missing_or_a_strange_fact_is_no_answer() -> None:
    asked = request_context("search", request(), Applied(99.0, 5))
    for action, facts in ((ASK, asked), (RELEASE, {**asked, "result": NO_RESULT})):
        assert verdict(action, facts).allowed
        for name in facts:
            lacking = {key: value for key, value in facts.items() if key != name}
            strange = {**facts, name: {"a": "record"}}
            for changed in (lacking, strange, {**facts, name: None}, {**facts, "more": 1}):
                found = verdict(action, changed)
                assert found.failure, (action, name)
                assert not found.allowed


def verdict(action: str, facts: dict[str, object]) -> Verdict:
    return OPEN.rules.judge(put_question(action, facts, "ada", "people"))


@pytest.mark.parametrize("operator", ['"', "a\nb", "\\", "ünï", "x" * 500])
def test_nobodys_name_is_read_as_a_rule(operator: str) -> None:
    named = bare("named", PERMITS + '@id("bob") forbid(principal == Operator::"bob", action, resource);')
    assert isinstance(judge([named], request(operator=operator, gallery=operator)).decision, Allowed)
    assert rules(judge([named], request(operator="bob")).decision) == ["named/bob"]


ALL = (OPEN, CLOSED, REVIEWED, EMPTY, OVERFLOWING, BROKEN)


@given(st.lists(st.sampled_from(ALL), unique=True, min_size=1))
def test_the_strictest_wins_and_all_that_are_as_strict_are_named(packs: list[Pack | BrokenPack]) -> None:
    alone = [judge([each], request()).decision for each in packs]
    together = judge(packs, request())
    kinds = [Allowed, Referred, Refused]
    strict = max(kinds.index(type(each)) for each in alone)
    assert type(together.decision) is kinds[strict]
    expected = {reason for each in alone if type(each) is kinds[strict] for reason in each.reasons}
    assert set(together.decision.reasons) == expected
    assert dict(together.by_pack) == {each.id: decision for each, decision in zip(packs, alone, strict=True)}


@given(st.lists(st.sampled_from(ALL), unique=True), st.sampled_from(ALL))
def test_another_pack_never_makes_it_milder(packs: list[Pack | BrokenPack], more: Pack | BrokenPack) -> None:
    kinds = [Allowed, Referred, Refused]
    if not packs or more in packs:
        return
    before, after = judge(packs, request()).decision, judge([*packs, more], request()).decision
    assert kinds.index(type(after)) >= kinds.index(type(before))


def test_order_does_not_matter() -> None:
    for first, second in product(ALL, repeat=2):
        one, other = decide([first, second]), decide([second, first])
        assert type(one) is type(other)
        assert set(one.reasons) == set(other.reasons)


def test_no_decision_is_no_consent() -> None:
    with pytest.raises(ValueError, match="no decision"):
        strictest([])
    assert strictest([Allowed(()), Referred((Reason("a/b", "c"),))]) == Referred((Reason("a/b", "c"),))


def test_the_result_can_ask_for_a_review() -> None:
    weak = bare(
        "weak",
        PERMITS
        + '@id("weak") forbid(principal, action == Action::"release", resource) '
        + "when { context.result.known && context.result.best_thousandths < 99500 };",
    )
    first = judge([weak], request())
    assert isinstance(first.decision, Allowed)
    for best, kind in ((99.4, Referred), (99.5, Allowed), (99.49999, Referred), (None, Referred)):
        second = judge_result([weak], request(), first.applied, ResultFacts(1, best))
        assert isinstance(second.decision, kind), best
    assert second.review is not None


def test_who_withholds_is_not_asked_about_the_result() -> None:
    withholding = bare(
        "withholding",
        PERMITS + '@id("all-of-it") forbid(principal, action == Action::"release", resource);',
        "[review]\nwithhold = true\nexaminers = 3\n",
    )
    first = judge([withholding, REVIEWED], request())
    assert isinstance(first.decision, Referred)
    assert first.review is not None
    assert (first.review.withhold, first.review.examiners) == (True, 3)
    second = judge_result([withholding], request(), first.applied, ResultFacts(0))
    assert second.decision == Allowed(())


def test_a_result_that_cannot_be_judged_is_refused() -> None:
    first = judge([OPEN], request())
    looking = bare(
        "looking",
        PERMITS
        + '@id("big") forbid(principal, action == Action::"release", resource) '
        + "when { context.result.known && context.time_s * 9223372036854775807 < 0 };",
    )
    decision = judge_result([looking], request(), first.applied, ResultFacts(1, 99.0)).decision
    assert isinstance(decision, Refused)


def test_comparing_with_many_counts_as_a_search() -> None:
    counting = bare(
        "counting",
        PERMITS + '@id("no-search") forbid(principal, action, resource) when { context.act == "search" };',
        "[review]\ntargets_max = 3\n",
    )
    assert isinstance(decide([counting], operation="compare", targets=3), Allowed)
    assert rules(decide([counting], operation="compare", targets=4)) == ["counting/no-search"]
