"""What binds and what is only recorded, and that nothing withheld can be told from outside."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from policy.making import bare, request
from recognizance.policy import Pack, ResultFacts, spell_facts
from recognizance.records.decided_searches import DecidedSearch
from recognizance.records.policies import EnabledPack, PolicyRow
from recognizance.workflows.rulebook import NOTHING_ON, InForce
from recognizance.workflows.trying import judge_again

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PERMITS = '@id("all") permit(principal, action, resource);'
FLOOR = '[[floor]]\nid = "least"\nsource = "s"\nwords = "w"\npercent = 99\ncandidates_max = 3\n'
WITHHOLDING = bare(
    "withholding",
    PERMITS + '@id("later") forbid(principal, action == Action::"release", resource);',
    "[review]\nwithhold = true\n",
)
LOOKING = bare(
    "looking",
    PERMITS
    + '@id("many") forbid(principal, action == Action::"release", resource) '
    + "when { context.result.known && context.result.candidates > 2 };",
)
RAISING = bare("raising", PERMITS, FLOOR)
RESULTS = st.builds(ResultFacts, st.integers(0, 9), st.none() | st.floats(0, 100))


def in_force(mode: str, *packs: Pack) -> InForce:
    row = PolicyRow(1, "d", mode, tuple(EnabledPack(each.id, each.digest, NOW, "ada") for each in packs), NOW, "ada")
    return InForce(row, packs)


def test_observed_floors_are_told_and_not_applied() -> None:
    asked = request(threshold_percent=80.0, candidates_max=50)
    observed, enforced = (in_force(mode, RAISING).rule(asked) for mode in ("observe", "enforce"))
    assert (observed.threshold_percent, observed.candidates_max, observed.refusal) == (80.0, 50, ())
    assert (enforced.threshold_percent, enforced.candidates_max) == (99.0, 3)
    assert observed.rules == enforced.rules == ("raising/all", "raising/least")
    assert observed.details()["observed"] == "allowed"
    assert "observed" not in enforced.details()


def test_a_new_installation_says_nothing() -> None:
    ruling = InForce(NOTHING_ON, ()).rule(request()).with_result(ResultFacts(1, 99.0))
    assert (ruling.decision, ruling.rules, ruling.refusal, ruling.referral) == ("allowed", (), (), ())


@given(RESULTS, RESULTS)
def test_what_is_withheld_is_told_alike_whatever_was_found(one: ResultFacts, other: ResultFacts) -> None:
    ruling = in_force("enforce", WITHHOLDING, LOOKING).rule(request())
    first, second = ruling.with_result(one), ruling.with_result(other)
    assert first.judgement == second.judgement == ruling.judgement
    assert first.details() == second.details()
    assert first.referral


@given(RESULTS)
def test_a_result_makes_it_stricter_or_nothing(result: ResultFacts) -> None:
    before = in_force("enforce", LOOKING).rule(request())
    after = before.with_result(result)
    assert not before.referral
    assert bool(after.referral) == (result.candidates > 2)
    assert after.result == result


def test_a_result_takes_nothing_from_the_terms_of_the_review() -> None:
    later = PERMITS + '@id("later") forbid(principal, action == Action::"release", resource);'
    terms = "[review]\nblind = true\nhide_similarity = true\nexaminers = 3\nclose_on_match_alone = false\n"
    before = in_force("enforce", bare("strict", later, terms), LOOKING).rule(request())
    after = before.with_result(ResultFacts(9, 99.0))
    assert "looking/many" in after.rules
    assert before.judgement.review is not None
    assert after.judgement.review == before.judgement.review


@given(RESULTS)
def test_nobody_learns_what_is_withheld_by_trying_packs(result: ResultFacts) -> None:
    search = DecidedSearch(1, "id", NOW, "d", "referred", spell_facts(request(threshold_percent=0.0), result))
    nothing = DecidedSearch(1, "id", NOW, "d", "referred", spell_facts(request(threshold_percent=0.0), ResultFacts(0)))
    for pack in (LOOKING, RAISING):
        assert judge_again(pack, [search], {"d"}) == judge_again(pack, [nothing], {"d"})
    below = result.best_percent is not None and result.best_percent < 99
    assert judge_again(RAISING, [search], ()).lost == below
