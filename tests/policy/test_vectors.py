import pytest

from recognizance.errors import PackError
from recognizance.policy.vectors import read_vectors

ONE = '[[vector]]\nname = "one"\nkind = "refused"\nexpect = "refused"\nrules = ["p/r"]\n'


def test_what_a_vector_leaves_out_is_the_plainest_request() -> None:
    (vector,) = read_vectors(ONE)
    assert (vector.act, vector.training, vector.source, vector.edits) == ("search", "current", "unstated", None)
    assert (vector.has_case, vector.authority, vector.at_hours) == (False, None, 0)


@pytest.mark.parametrize("more", ['offence = "theft"', "case = true", 'authority = { kind = "warrant" }'])
def test_offence_and_authority_bring_a_case_along(more: str) -> None:
    assert read_vectors(ONE + more)[0].has_case


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[vector", "vectors.toml cannot be read"),
        (ONE + "nobody = 1", "vector.0.nobody"),
        (ONE.replace('["p/r"]', "[]"), "vector.0.rules"),
        (ONE.replace('"refused"\nexpect', '"allowed"\nexpect'), "a vector of the kind allowed expects that"),
        (ONE + "session = true", "a session has a purpose and a case"),
        (ONE + 'authority = { kind = "emergency", ratified_hours = 2 }', "not ratified when it is made"),
        (ONE + 'act = "erase"', "vector.0.act"),
        (ONE + ONE, "Two vectors are called 'one'"),
    ],
)
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    with pytest.raises(PackError, match=r"vectors\.toml") as raised:
        read_vectors(text)
    assert told in raised.value.message


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(PackError) as raised:
        read_vectors('[[vector]]\nname = ""\n')
    assert len(raised.value.problems) == 4
