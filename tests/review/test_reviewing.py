"""From a search to what is released of it, over the wire, with programs that know nothing of reviews."""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import PIL.Image
import pytest
from botocore.exceptions import ClientError

from recognizance.review import COMPONENTS
from review.office import STATEMENT, Answered, Office, asking, findings
from review.test_ways_out import found_on_record

TOLD_OF_THRESHOLD = {
    "ThresholdAppliedPercent",
    "FalseMatchRate",
    "FalseMatchRateFitted",
    "WorstGroup",
    "WorstGroupFalseMatchRate",
    "WorstGroupFalseMatchRateFitted",
    "GroupsMeasured",
}


def refused(ask: object) -> str:
    answered = asking(ask)
    assert isinstance(answered, Answered), answered
    assert answered.code == "AccessDeniedException"
    return answered.message


def test_a_search_is_withheld_examined_and_released(office: Office) -> None:
    case, person = office.case("ivy"), next(iter(office.people))
    probe = office.probe(person)
    answered = office.search(case, probe, MaxFaces=5)
    assert (answered.status, answered.code) == (400, "AccessDeniedException")
    assert "review REVIEW" in answered.message
    assert "[reviewed/look-first] (ENTRY)" in answered.message
    assert answered.headers["x-recognizance-decision"] == "referred"
    review = answered.review
    assert office.search(case, probe, MaxFaces=5) == answered
    positions = office.agree(review)
    assert office.search(case, probe, MaxFaces=5) == answered
    office.release(review, positions)
    found = office.search(case, probe, MaxFaces=5)
    assert [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]] == [person]
    assert found["SearchedFaceBoundingBox"]["Width"] > 0
    headers = found["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-recognizance-review"], headers["x-recognizance-lead"]) == (review, "reviewed")
    searches = [entry for entry in office.server.entries() if entry["details"].get("lead") == review]
    made = [entry for entry in searches if entry["kind"] == "search" and "repeats" not in entry["details"]]
    assert [entry["decision"] for entry in made] == ["referred"]
    for entry in searches:
        assert office.face_ids[person] not in json.dumps(entry)


def test_another_request_case_or_operator_is_another_lead(office: Office) -> None:
    case, other = office.case("ivy", "max"), office.case("ivy")
    probe = office.probe(next(iter(office.people)))
    leads = {
        office.lead(case, probe),
        office.lead(other, probe),
        office.lead(None, probe),
        office.lead(case, probe, by="max"),
        office.lead(case, probe, FaceMatchThreshold=81),
        office.lead(case, probe, MaxFaces=1),
        office.lead(case, probe, QualityFilter="LOW"),
        office.lead(case, office.stranger()),
    }
    assert len(leads) == 8


def test_the_same_request_twice_at_once_makes_one_lead(office: Office) -> None:
    case, probe = office.case("ivy"), office.probe(next(iter(office.people)))
    with ThreadPoolExecutor(4) as pool:
        leads = set(pool.map(lambda _: office.lead(case, probe), range(4)))
    assert len(leads) == 1


def test_with_and_without_candidates_the_answers_are_the_same(office: Office) -> None:
    case = office.case("ivy")
    probes = (office.probe(next(iter(office.people))), office.stranger())
    first = [office.search(case, probe) for probe in probes]
    assert first[0] == Answered(first[1].status, first[1].code, first[1].message, first[1].headers, first[0].review)
    for answered in first:
        office.agree(answered.review, "no-conclusion")
        office.release(answered.review, [])
    last = [office.search(case, probe) for probe in probes]
    assert last[0] == Answered(last[1].status, last[1].code, last[1].message, last[1].headers, last[0].review)
    assert "no candidate was released" in last[0].message
    seen = [office.native("ivy").show_review(ReviewId=answered.review)["Review"] for answered in last]
    assert seen[0].keys() == seen[1].keys()
    assert [each["State"] for each in seen] == ["released", "released"]
    assert [each["Released"] for each in seen] == [0, 0]


def test_how_often_strangers_reach_a_threshold_tells_nothing_of_the_result(office: Office) -> None:
    case, person = office.case("ivy"), next(iter(office.people))
    reviews = [office.lead(case, probe, FaceMatchThreshold=75) for probe in (office.probe(person), office.stranger())]

    def told(name: str) -> list[dict[str, object]]:
        seen = [office.native(name).show_review(ReviewId=review)["Review"] for review in reviews]
        return [{key: value for key, value in each.items() if key in TOLD_OF_THRESHOLD} for each in seen]

    assert told("eve") == told("sue") == [{}, {}], "a threshold is the least that a candidate can have"
    searched = told("ivy")
    assert searched[0] == searched[1]
    assert searched[0].keys() == TOLD_OF_THRESHOLD
    for review in reviews:
        office.agree(review)
    assert told("eve") == [{}, {}]
    assert told("sue") == searched
    office.release(reviews[0], office.positions(reviews[0], "sue"))
    headers = office.search(case, office.probe(person), FaceMatchThreshold=75)["ResponseMetadata"]["HTTPHeaders"]
    for whose, key in (("", "FalseMatchRate"), ("worst-group-", "WorstGroupFalseMatchRate")):
        assert headers[f"x-recognizance-{whose}false-match-rate"] == f"{searched[0][key]:.3g}"
        assert headers[f"x-recognizance-{whose}false-match-rate-basis"] == "measured"
        assert searched[0][f"{key}Fitted"] is False
    assert headers["x-recognizance-worst-group"] == searched[0]["WorstGroup"]
    for name in ("ivy", "otto"):
        found = [
            office.native(name).get_search(SearchId=found_on_record(office, review))["Search"] for review in reviews
        ]
        assert [{key: each[key] for key in TOLD_OF_THRESHOLD} for each in found] == searched


def test_the_second_examiner_learns_nothing_of_the_first(office: Office) -> None:
    case, person = office.case("ivy"), next(iter(office.people))
    review = office.lead(case, office.probe(person))
    eli = office.native("eli")
    before = [eli.show_review(ReviewId=review)["Review"], eli.open_review(ReviewId=review)["Review"]]
    listed = [each for each in eli.list_reviews()["Reviews"] if each["ReviewId"] == review]
    office.examine(review, "eve", "support-same")
    assert [eli.show_review(ReviewId=review)["Review"], eli.open_review(ReviewId=review)["Review"]] == before
    assert [each for each in eli.list_reviews()["Reviews"] if each["ReviewId"] == review] == listed
    (line, *_), told = before[0]["Candidates"], json.dumps(before, default=str)
    assert line.keys() == {"Position"}
    for hidden in (office.face_ids[person], case, "ivy"):
        assert hidden not in told
    own = office.native("eve").show_review(ReviewId=review)["Review"]
    assert (own["State"], [each["Examiner"] for each in own["Examinations"]]) == ("open", ["eve"])
    done = office.examine(review, "eli", "strong-support-different")["Review"]
    assert done["State"] == "disputed"
    assert {each["Examiner"] for each in done["Examinations"]} == {"eve", "eli"}
    assert office.native("ela").show_review(ReviewId=review)["Review"]["Examinations"] == []


def test_examiners_see_faces_and_nothing_else(office: Office) -> None:
    review = office.lead(office.case("ivy"), office.probe(next(iter(office.people))))
    opened = office.native("eve").open_review(ReviewId=review)
    (probe,) = opened["Probe"]
    for candidate in opened["Candidates"]:
        (picture,) = candidate["Pictures"]
        with PIL.Image.open(io.BytesIO(picture)) as face, PIL.Image.open(io.BytesIO(probe)) as searched:
            assert (face.format, searched.format) == ("PNG", "PNG")
            assert min(*face.size, *searched.size) > 40
            assert not face.info


def test_who_searched_or_works_on_the_case_does_not_examine(office: Office) -> None:
    case = office.case("ike", "ivy", "ela")
    review = office.lead(case, office.probe(next(iter(office.people))), by="ike")
    for name in ("ike", "ela"):
        client = office.native(name)
        for ask in (
            lambda client=client: client.open_review(ReviewId=review),
            lambda client=client: client.conclude_review(ReviewId=review, Findings=[], Stated=True),
        ):
            assert "[standing/review]" in refused(ask)
        assert review not in str(client.list_reviews()["Reviews"])
    assert "[standing/role]" in refused(lambda: office.native("ike").release_review(ReviewId=review, Positions=[]))


def test_roles(office: Office) -> None:
    review = office.lead(office.case("ivy"), office.probe(next(iter(office.people))))
    for name in ("max", "otto", "ada"):
        assert "[standing/role]" in refused(lambda name=name: office.native(name).show_review(ReviewId=review))
    for name in ("ivy", "eve", "otto", "ada"):
        told = refused(lambda name=name: office.native(name).release_review(ReviewId=review, Positions=[]))
        assert "[standing/role]" in told
    assert "have not concluded" in refused(lambda: office.release(review, []))
    assert "have not concluded" in refused(lambda: office.native("sue").open_review(ReviewId=review))


def test_a_conclusion_is_whole_stated_and_final(office: Office) -> None:
    review = office.lead(office.case("ivy"), office.probe(next(iter(office.people))))
    eve = office.native("eve")
    (position, *others) = office.positions(review, "eve")
    whole = findings([position, *others], "support-same")

    def fails(changed: list[dict[str, object]], told: str, *, stated: bool = True) -> None:
        with pytest.raises(ClientError, match=told):
            eve.conclude_review(ReviewId=review, Findings=changed, Stated=stated)

    fails(whole, STATEMENT, stated=False)
    fails(whole[:-1], "no conclusion on candidate")
    fails([*whole, whole[0]], "twice")
    fails(findings([*range(900, 901)], "support-same"), "no candidate 900")
    fails([{**whole[0], "Conclusion": "certain"}, *whole[1:]], "no conclusion; there are")
    fails([{**whole[0], "Components": whole[0]["Components"][1:]}, *whole[1:]], f"no finding on {COMPONENTS[0]}")
    fails([{**whole[0], "Components": [{"Component": "aura", "Finding": "similar"}]}, *whole[1:]], "no component")
    fails([{**whole[0], "Components": [{"Component": "ears", "Finding": "nice"}]}, *whole[1:]], "no finding; there")
    office.examine(review, "eve", "support-same")
    assert "You have concluded" in refused(lambda: office.examine(review, "eve", "support-same"))
    office.examine(review, "eli", "support-same")
    assert "no further examination" in refused(lambda: office.examine(review, "ela", "support-same"))


def test_two_examiners_at_once_are_two_and_never_three(office: Office) -> None:
    review = office.lead(office.case("ivy"), office.probe(next(iter(office.people))))
    with ThreadPoolExecutor(3) as pool:
        done = list(
            pool.map(lambda name: asking(lambda: office.examine(review, name, "support-same")), ("eve", "eli", "ela"))
        )
    assert sum(isinstance(each, Answered) for each in done) == 1
    shown = office.native("sue").show_review(ReviewId=review)["Review"]
    assert (shown["State"], len(shown["Examinations"])) == ("agreed", 2)


def test_a_disagreement_is_a_supervisor_s_to_decide_with_a_reason(office: Office) -> None:
    case, probe = office.case("ivy"), office.probe(next(iter(office.people)))
    review = office.lead(case, probe, FaceMatchThreshold=0, MaxFaces=3)
    first, second, third = office.positions(review, "eve")
    office.examine(review, "eve", {first: "support-same", second: "support-different", third: "no-conclusion"})
    office.examine(review, "eli", {first: "support-different", second: "support-different", third: "no-conclusion"})
    assert office.native("ivy").show_review(ReviewId=review)["Review"]["State"] == "under-review"
    with pytest.raises(ClientError, match="needs a reason"):
        office.release(review, [first])
    for position, why in ((second, "another person"), (third, "nothing can be said"), (99, "no candidate 99")):
        with pytest.raises(ClientError, match=why):
            office.release(review, [position], Reason="r")
    opened = office.native("sue").open_review(ReviewId=review)
    assert {line["Rank"] for line in opened["Review"]["Candidates"]} == {1, 2, 3}
    office.release(review, [first], Reason="The scar is the same.")
    assert "released already" in refused(lambda: office.release(review, [first], Reason="r", by="una"))
    found = office.search(case, probe, FaceMatchThreshold=0, MaxFaces=3)
    assert len(found["FaceMatches"]) == 1
    assert "Reason" not in office.native("ivy").show_review(ReviewId=review)["Review"]


def test_who_is_not_the_person_is_not_released_again_for_the_case(office: Office) -> None:
    case, person = office.case("ivy"), next(iter(office.people))
    first = office.lead(case, office.probe(person))
    office.agree(first, "strong-support-different")
    office.release(first, [])
    again = office.lead(case, office.probe(person), FaceMatchThreshold=70, MaxFaces=1)
    (position,) = office.agree(again)
    (line,) = office.native("sue").show_review(ReviewId=again)["Review"]["Candidates"]
    assert line["ExcludedBy"] == first
    with pytest.raises(ClientError, match=f"not this person, by the review {first}"):
        office.release(again, [position])
    elsewhere = office.lead(office.case("ivy"), office.probe(person), MaxFaces=1)
    office.release(elsewhere, office.agree(elsewhere))
