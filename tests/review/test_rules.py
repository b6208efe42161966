"""The words of a review: pure."""

import pytest

from recognizance.review import (
    AGREED,
    COMPONENTS,
    CONCLUSIONS,
    DISPUTED,
    FINDINGS,
    OPEN,
    ComponentFinding,
    Direction,
    Judged,
    ReviewTerms,
    Standing,
    agree,
    decided,
    incomplete,
    objection_to_examiner,
    objection_to_releaser,
)
from recognizance.review.conclusions import direction

SEEN = tuple(ComponentFinding(name, "similar") for name in COMPONENTS)


def test_every_conclusion_points_somewhere_and_the_scale_is_symmetric() -> None:
    directions = [direction(conclusion) for conclusion in CONCLUSIONS]
    assert directions == [Direction.SAME] * 2 + [Direction.NONE] + [Direction.DIFFERENT] * 2
    with pytest.raises(KeyError):
        direction("certain")
    assert len(set(COMPONENTS)) == len(COMPONENTS) == 18
    assert len(FINDINGS) == 4


@pytest.mark.parametrize(
    ("conclusions", "expected"),
    [
        (["support-same", "strong-support-same"], Direction.SAME),
        (["support-same", "no-conclusion"], None),
        (["no-conclusion", "no-conclusion"], Direction.NONE),
        (["support-same", "support-different"], None),
        ([], None),
    ],
)
def test_two_agree_if_they_point_the_same_way(conclusions: list[str], expected: Direction | None) -> None:
    assert agree(conclusions) is expected


def test_a_lead_is_decided_by_the_last_examiner() -> None:
    same, other = ["support-same", "support-same"], ["support-same", "support-different"]
    assert decided({1: ["support-same"]}, examinations=1, wanted=2) == OPEN
    assert decided({1: same, 2: same}, examinations=2, wanted=2) == AGREED
    assert decided({1: same, 2: other}, examinations=2, wanted=2) == DISPUTED
    assert decided({}, examinations=2, wanted=2) == AGREED
    assert decided({}, examinations=1, wanted=2) == OPEN
    assert decided({1: ["support-same"]}, examinations=1, wanted=1) == AGREED


def test_an_examination_is_of_every_candidate_and_component() -> None:
    whole = [Judged(1, "support-same", SEEN), Judged(2, "no-conclusion", SEEN)]
    assert incomplete(whole, [1, 2]) == ""
    assert incomplete([], []) == ""
    assert "no conclusion on candidate 2" in incomplete(whole[:1], [1, 2])
    assert "no candidate 2" in incomplete(whole, [1])
    assert "twice" in incomplete([*whole, whole[0]], [1, 2])
    assert "no finding on skin" in incomplete([Judged(1, "support-same", SEEN[1:])], [1])
    assert "two findings on skin" in incomplete([Judged(1, "support-same", (*SEEN, SEEN[0]))], [1])
    assert "is no conclusion" in incomplete([Judged(1, "yes", SEEN)], [1])


def test_who_may() -> None:
    assert objection_to_examiner(Standing("eve", "ivy")) == ""
    assert objection_to_examiner(Standing("ivy", "ivy"))
    assert objection_to_examiner(Standing("eve", "ivy", of_case=True))
    assert objection_to_releaser(Standing("sue", "ivy", of_case=True)) == ""
    assert objection_to_releaser(Standing("sue", "ivy", of_case=True, roles=frozenset({"supervisor", "investigator"})))
    assert objection_to_releaser(Standing("ivy", "ivy"))
    assert objection_to_releaser(Standing("sue", "ivy", examined=True))


def test_terms_are_kept_as_they_were() -> None:
    terms = ReviewTerms(withhold=False, examiners=3, statement="I have looked.", targets_max=5)
    assert ReviewTerms.read(terms.text()) == terms
    assert ReviewTerms.read("{}") == ReviewTerms()
