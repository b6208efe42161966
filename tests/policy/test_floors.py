from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.making import bare, pack, request
from recognizance.policy import Allowed, Refused, judge
from recognizance.policy.floors import apply_floors, thousandths

PERMITS = '@id("all") permit(principal, action, resource);'


def floored(name: str, more: str) -> object:
    return bare(name, PERMITS, f'[[floor]]\nid = "least"\nsource = "s"\nwords = "The least."\n{more}\n')


RAISES = floored("raises", "percent = 99")
REFUSES = floored("refuses", 'percent = 97\neffect = "refuse"')


def test_a_lower_threshold_is_raised_and_the_floor_named() -> None:
    found = judge([RAISES], request(threshold_percent=80.0))
    assert isinstance(found.decision, Allowed)
    assert found.applied.threshold_percent == 99.0
    assert [reason.rule for reason in found.applied.raised] == ["raises/least"]


def test_a_higher_one_stays() -> None:
    applied = judge([RAISES], request(threshold_percent=99.5)).applied
    assert (applied.threshold_percent, applied.raised) == (99.5, ())


def test_or_it_is_refused() -> None:
    found = judge([REFUSES], request(threshold_percent=96.9999))
    assert isinstance(found.decision, Refused)
    assert [reason.rule for reason in found.decision.reasons] == ["refuses/least"]
    assert isinstance(judge([REFUSES], request(threshold_percent=97.0)).decision, Allowed)


def test_one_that_another_pack_raises_is_still_refused() -> None:
    decision = judge([RAISES, REFUSES], request(threshold_percent=80.0)).decision
    assert [reason.rule for reason in decision.reasons] == ["refuses/least"]


def test_a_false_match_rate_is_a_floor_too() -> None:
    applied = judge([floored("rate", "fmr = 1e-6")], request(threshold_percent=80.0)).applied
    assert applied.threshold_percent == pytest.approx(90.0)


@pytest.mark.parametrize(
    ("roles", "purpose", "basis", "expected"),
    [
        ({"examiner"}, "theft", None, 80.0),
        ({"investigator"}, None, None, 99.0),
        ({"investigator"}, "missing", None, 99.0),
        ({"investigator"}, "missing", "RCW 1", 80.0),
        ({"investigator"}, "theft", None, 99.0),
        ({"investigator"}, "theft", "RCW 2", 99.0),
        ({"investigator", "examiner"}, "theft", None, 99.0),
    ],
)
def test_a_floor_concerns_roles_and_purposes_and_whoever_names_no_registered_one(
    roles: set[str], purpose: str | None, basis: str | None, expected: float
) -> None:
    some = floored("some", 'percent = 99\nroles = ["investigator"]\npurposes = ["theft"]')
    facts = request(roles=frozenset(roles), purpose=purpose, purpose_basis=basis, threshold_percent=80.0)
    assert judge([some], facts).applied.threshold_percent == expected


def test_the_list_is_cut() -> None:
    applied = judge([pack()], request(candidates_max=500)).applied
    assert (applied.candidates_max, [reason.rule for reason in applied.raised]) == (10, ["county/least"])
    assert judge([pack()], request(candidates_max=3)).applied.candidates_max == 3


def test_an_act_without_a_threshold_has_no_floor() -> None:
    applied = judge([RAISES, REFUSES, pack()], request(threshold_percent=None, candidates_max=None)).applied
    assert (applied.threshold_percent, applied.candidates_max, applied.raised, applied.refused) == (None, None, (), ())


def test_rules_see_the_threshold_that_is_applied() -> None:
    asked = bare(
        "asked",
        PERMITS
        + '@id("low") forbid(principal, action, resource) when { context.threshold_thousandths < 99000 };'
        + '@id("asked-low") forbid(principal, action, resource) '
        + "when { context.threshold_requested_thousandths < 70000 };",
    )
    assert isinstance(judge([asked, RAISES], request(threshold_percent=80.0)).decision, Allowed)
    assert [r.rule for r in judge([asked, RAISES], request(threshold_percent=60.0)).decision.reasons] == [
        "asked/asked-low"
    ]
    assert [r.rule for r in judge([asked], request(threshold_percent=98.9999)).decision.reasons] == ["asked/low"]


@given(st.floats(0, 100))
def test_thousandths_never_round_up(percent: float) -> None:
    whole = thousandths(percent)
    assert whole <= Fraction(repr(percent) if "e" not in repr(percent) else percent) * 1000 < whole + 1


def test_thousandths_of_what_people_write_are_exact() -> None:
    for whole in range(100_001):
        assert thousandths(whole / 1000) == whole
    assert thousandths(None) == -1


@given(
    st.floats(0, 100),
    st.lists(st.tuples(st.floats(0.5, 100), st.booleans()), max_size=4),
)
def test_the_strictest_floor_holds(requested: float, floors: list[tuple[float, bool]]) -> None:
    packs = [
        floored(f"p{number}", f'percent = {least!r}\neffect = "{"raise" if raising else "refuse"}"')
        for number, (least, raising) in enumerate(floors)
    ]
    applied = apply_floors(packs, request(threshold_percent=requested))
    assert applied.threshold_percent == max([requested, *(least for least, raising in floors if raising)])
    assert len(applied.refused) == sum(not raising and requested < least for least, raising in floors)
