from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from policy.making import request
from recognizance.policy import RequestFacts, ResultFacts, read_facts, spell_facts

FULL = request(edits=frozenset({"cropped"}), contradictions=("case",), purpose="theft", agency="Yard")


@given(
    st.frozensets(st.text()),
    st.none() | st.frozensets(st.text()),
    st.none() | st.floats(0, 100),
    st.none() | st.integers(0, 4096).map(lambda count: ResultFacts(count, 99.5 if count else None)),
)
def test_facts_come_back_as_they_were(
    roles: frozenset[str], edits: frozenset[str] | None, threshold: float | None, result: ResultFacts | None
) -> None:
    facts = replace(FULL, roles=roles, edits=edits, threshold_percent=threshold)
    assert read_facts(spell_facts(facts, result)) == (facts, result)


def test_a_fact_of_a_later_version_is_passed_over_and_one_of_an_earlier_is_unknown() -> None:
    spelt = spell_facts(FULL, ResultFacts(1))
    spelt["request"]["moon"] = "full"
    spelt["result"]["moon"] = "full"
    assert read_facts(spelt) == (FULL, ResultFacts(1))
    defaulted = {field.name for field in fields(RequestFacts) if field.name in ("agency", "edits", "source", "targets")}
    for name in defaulted:
        del spelt["request"][name]
    facts, _ = read_facts(spelt)
    assert (facts.agency, facts.edits, facts.source, facts.targets) == ("", None, "unstated", 0)
