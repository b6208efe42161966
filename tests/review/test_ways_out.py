"""Every way by which a withheld result could be learned of (`review.WAYS_OUT`), tried over the wire."""

import importlib
import json
import sys
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from recognizance.native.operations import OPERATIONS as NATIVE
from recognizance.rekognition.operations import OPERATIONS as REKOGNITION
from recognizance.review import WAYS_OUT
from review.office import Answered, Office, asking, findings


def withheld(answered: object) -> Answered:
    """Require that it is refused, and refused for a review."""
    assert isinstance(answered, Answered), answered
    assert answered.code == "AccessDeniedException", answered
    return answered


def uniform(first: object, second: object) -> Answered:
    """Require that two answers are one, but for the review."""
    one, other = withheld(first), withheld(second)
    assert one == Answered(other.status, other.code, other.message, other.headers, one.review)
    return one


@pytest.fixture(scope="module")
def person(office: Office) -> str:
    return list(office.people)[1]


@pytest.fixture(scope="module")
def case(office: Office, person: str) -> str:
    """A case in which one search waits for reviewers."""
    number = office.case("ivy", "max")
    office.lead(number, office.probe(person))
    return number


def test_every_way_is_tried_goes_through_operations_that_exist_and_is_closed_somewhere() -> None:
    here = sys.modules[__name__]
    assert [way.id for way in WAYS_OUT if not hasattr(here, f"test_{way.id.replace('-', '_')}")] == []
    assert len({way.id for way in WAYS_OUT}) == len(WAYS_OUT)
    offered = {*NATIVE, *REKOGNITION}
    for way in WAYS_OUT:
        assert set(way.operations) <= offered, way.id
        module, _, function = way.where.rpartition(".")
        try:
            found = importlib.import_module(f"recognizance.{way.where}")
        except ModuleNotFoundError:
            found = getattr(importlib.import_module(f"recognizance.{module}"), function)
        assert found is not None


def test_search(office: Office, case: str, person: str) -> None:
    ivy, native = office.rekognition("ivy", case), office.native("ivy")
    gallery, stranger = office.gallery, office.stranger()
    user = f"u-{uuid.uuid4().hex[:8]}"
    face = indexed(office, stranger)
    ivy.create_user(CollectionId=gallery, UserId=user)
    ivy.associate_faces(CollectionId=gallery, UserId=user, FaceIds=[face], UserMatchThreshold=0)
    uniform(office.search(case, office.probe(person)), office.search(case, stranger, MaxFaces=7))
    uniform(
        asking(lambda: ivy.search_faces(CollectionId=gallery, FaceId=face)),
        asking(lambda: ivy.search_faces(CollectionId=gallery, FaceId=office.face_ids[person], FaceMatchThreshold=0)),
    )
    for changes in ({"UserId": user}, {"FaceId": face}):
        for threshold in (0, 100):
            asked = {"CollectionId": gallery, "UserMatchThreshold": threshold, **changes}
            withheld(asking(lambda asked=asked: ivy.search_users(**asked)))
    pictures = (office.probe(person), stranger)
    uniform(
        *(asking(lambda p=p: ivy.search_users_by_image(CollectionId=gallery, Image={"Bytes": p})) for p in pictures)
    )
    uniform(*(asking(lambda p=p: native.search_gallery(Gallery=gallery, Photograph=p)) for p in pictures))


def test_small_galleries(office: Office, person: str) -> None:
    native, ivy = office.native("ivy"), office.rekognition("ivy")
    photograph = office.probe(person)
    within = [
        {"FaceIds": [office.face_ids[person]]},
        {"FaceIds": [office.face_ids[list(office.people)[2]]]},
    ]
    uniform(
        *(asking(lambda w=w: native.search_gallery(Gallery=office.gallery, Photograph=photograph, **w)) for w in within)
    )
    made = [f"small-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    for name, face in zip(made, (office.people[person][0].read_bytes(), office.stranger()), strict=True):
        office.rekognition("ada").create_collection(CollectionId=name)
        ivy.index_faces(CollectionId=name, Image={"Bytes": face}, QualityFilter="NONE")
    uniform(*(asking(lambda n=n: ivy.search_faces_by_image(CollectionId=n, Image={"Bytes": photograph})) for n in made))


def test_same_request(office: Office, person: str) -> None:
    number = office.case("ivy")
    found = office.lead(number, office.probe(person)), office.lead(number, office.stranger())
    for review in found:
        office.examine(review, "eve", "support-same")
    uniform(office.search(number, office.probe(person)), office.search(number, office.stranger()))
    for review in found:
        office.examine(review, "eli", "support-different")
    answered = uniform(office.search(number, office.probe(person)), office.search(number, office.stranger()))
    assert answered.review == found[0]
    states = [office.native("ivy").show_review(ReviewId=review)["Review"] for review in found]
    assert [each["State"] for each in states] == ["under-review"] * 2
    assert states[0].keys() == states[1].keys()
    listed = [each for each in office.native("ivy").list_reviews()["Reviews"] if each["ReviewId"] in found]
    assert [each["State"] for each in listed] == ["under-review"] * 2


def test_none_released(office: Office, person: str) -> None:
    number = office.case("ivy")
    for photograph in (office.probe(person), office.stranger()):
        review = office.lead(number, photograph)
        office.agree(review, "support-different")
        office.release(review, [])
    answered = uniform(office.search(number, office.probe(person)), office.search(number, office.stranger()))
    assert "no candidate was released" in answered.message


def test_compare(office: Office, case: str, person: str) -> None:
    source = {"Bytes": office.people[person][-1].read_bytes()}
    targets = [{"Bytes": office.people[name][0].read_bytes()} for name in (person, list(office.people)[2])]
    for name in ("ivy", "max"):  # who searched, and who works on the case
        client, native = office.rekognition(name), office.native(name)
        pairs = [{"SourceImage": source, "TargetImage": target} for target in targets]
        pairs += [{"SourceImage": target, "TargetImage": source} for target in targets]
        uniform(*(asking(partial(client.compare_faces, **pair)) for pair in pairs[:2]))
        uniform(*(asking(partial(client.compare_faces, **pair)) for pair in pairs[2:]))
        given = [{"Source": source["Bytes"], "Target": target["Bytes"]} for target in targets]
        uniform(*(asking(partial(native.compare_photographs, **each)) for each in given))


def test_compare_after_the_release(office: Office, person: str) -> None:
    """Who was not released is withheld after the release too; with the case it ends."""
    number = office.case("isa")
    review = office.lead(number, office.probe(person), by="isa")
    office.agree(review, "support-different")
    office.release(review, [])
    client = office.rekognition("isa")
    photographs = {
        "SourceImage": {"Bytes": office.probe(person)},
        "TargetImage": {"Bytes": office.people[person][0].read_bytes()},
    }
    withheld(asking(lambda: client.compare_faces(**photographs)))
    others = [case for case in office.native("ada").list_cases()["Cases"] if "isa" in case["Members"]]
    for other in others:
        if not other.get("ClosedAt"):
            office.native("ada").close_case(Number=other["Number"])
    assert client.compare_faces(**photographs)["FaceMatches"]


def test_associate(office: Office, person: str) -> None:
    ivy, gallery = office.rekognition("ivy"), office.gallery
    probe = indexed(office, office.probe(person))
    other = indexed(office, office.people[list(office.people)[2]][-1].read_bytes())
    users = [f"u-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    answers = []
    for user, face in zip(users, (probe, other), strict=True):
        ivy.create_user(CollectionId=gallery, UserId=user)
        ivy.associate_faces(CollectionId=gallery, UserId=user, FaceIds=[face], UserMatchThreshold=0)
        asked = {"CollectionId": gallery, "UserId": user, "FaceIds": [office.face_ids[person]]}
        answers.append(asking(lambda asked=asked: ivy.associate_faces(**asked)))
    uniform(*answers)
    done = ivy.associate_faces(
        CollectionId=gallery, UserId=users[1], FaceIds=[office.face_ids[person]], UserMatchThreshold=0
    )
    assert done["UnsuccessfulFaceAssociations"] == []
    ivy.disassociate_faces(CollectionId=gallery, UserId=users[1], FaceIds=[office.face_ids[person]])


def test_index_duplicates(office: Office, person: str) -> None:
    enrolled = office.people[person][0].read_bytes()
    ids = {indexed(office, enrolled, external_id=person) for _ in range(2)}
    assert office.face_ids[person] not in ids
    assert len(ids) == 1  # one's own photograph is known again
    asked = {"Gallery": office.gallery, "Photograph": enrolled, "ExternalId": person, "Quality": "NONE"}
    answer = office.native("max").enrol_photograph(**asked)
    assert answer["Stored"] == 1
    assert answer["References"][0]["FaceId"] not in {office.face_ids[person], *ids}
    batch = {"Gallery": office.gallery, "Photographs": [{"Photograph": enrolled, "ExternalId": person}]}
    (outcome,) = office.native("ike").enrol_photographs(**batch, Quality="NONE")["Outcomes"]
    assert outcome["Stored"] == 1


def test_import_duplicates(office: Office, person: str) -> None:
    shown = office.rekognition("ivy").list_faces(CollectionId=office.gallery, MaxResults=4096)["Faces"]
    image_id = next(face["ImageId"] for face in shown if face["FaceId"] == office.face_ids[person])
    box = {"Left": 0.2, "Top": 0.2, "Width": 0.6, "Height": 0.6}

    def take_in(photograph: bytes) -> object:
        faces = [{"FaceId": str(uuid.uuid4()), "Box": box}]
        return asking(
            lambda: office.native("ivy").import_photograph(
                Gallery=office.gallery, Photograph=photograph, ImageId=image_id, Faces=faces
            )
        )

    same, other = take_in(office.people[person][0].read_bytes()), take_in(office.stranger())
    assert isinstance(same, Answered)
    assert same == other
    assert "is taken" in same.message


def test_export(office: Office, person: str) -> None:
    number = office.case("max")
    native, client = office.native("max"), office.rekognition("max")
    shown = client.list_faces(CollectionId=office.gallery, MaxResults=4096)["Faces"]
    images = {face["FaceId"]: face["ImageId"] for face in shown}
    asked = [{"Gallery": office.gallery, "ImageId": images[office.face_ids[name]]} for name in list(office.people)[:3]]
    withheld(asking(lambda: native.export_references(Gallery=office.gallery)))
    for each in asked:
        withheld(asking(lambda each=each: native.get_photograph(**each)))
    review = office.lead(number, office.probe(person), by="max", MaxFaces=1)
    office.release(review, office.agree(review))
    (match,) = office.search(number, office.probe(person), by="max", MaxFaces=1)["FaceMatches"]
    given = native.get_photograph(Gallery=office.gallery, ImageId=match["Face"]["ImageId"])
    assert given["Photograph"]
    withheld(asking(lambda: native.get_photograph(**asked[0])))
    withheld(asking(lambda: native.export_references(Gallery=office.gallery)))


def found_on_record(office: Office, review: str) -> str:
    """Find the search that made a lead, as the log says it."""
    made = next(entry for entry in office.server.entries() if entry["details"].get("lead") == review)
    return str(made["details"]["search"])


def test_search_show(office: Office, person: str) -> None:
    number = office.case("ivy")
    reviews = office.lead(number, office.probe(person)), office.lead(number, office.stranger())
    searches = [found_on_record(office, review) for review in reviews]

    def shapes(name: str) -> list[Any]:
        seen = [office.native(name).get_search(SearchId=search)["Search"] for search in searches]
        for each in seen:
            facts = json.loads(each["Facts"])
            assert not {"candidates", "best_percent"} & facts["result"].keys()
            assert (each["Candidates"], each["CandidatesWithheld"]) == ([], True)
            assert (each["Positions"], each["Examinations"]) == ([], [])
        return [
            [each["ReviewState"], sorted(each), json.loads(each["Facts"])["result"]["references_searched"]]
            for each in seen
        ]

    for name in ("ivy", "otto"):
        one, other = shapes(name)
        assert one == other
    withheld(asking(lambda: office.native("max").get_search(SearchId=searches[0])))
    withheld(asking(lambda: office.native("sue").get_search(SearchId=searches[0])))
    for review in reviews:
        office.agree(review, "support-different")
        office.release(review, [])
    assert [shapes("ivy"), shapes("ian")] == [[shapes("ivy")[0]] * 2, [shapes("ian")[0]] * 2]
    whole = office.native("otto").get_search(SearchId=searches[0])["Search"]
    assert whole["Candidates"][0]["Identifier"]
    assert len(whole["Examinations"]) == 2


def test_explain(office: Office, person: str) -> None:
    number = office.case("ivy", "ian")
    for name in ("ivy", "ian"):
        reviews = office.lead(number, office.probe(person), by=name), office.lead(number, office.stranger(), by=name)
        told = []
        for review in reviews:
            search = found_on_record(office, review)
            answer = office.native(name).explain_decision(SearchId=search)
            answer.pop("ResponseMetadata")
            assert json.loads(answer["Explanation"]["Facts"])["result"] is None
            text = json.dumps(answer, default=str)
            entry = str(answer["Explanation"]["Entry"])
            told.append({*answer["Explanation"], str(text.count(search)), str(len(entry))})
        assert told[0] == told[1]
    # A pack that looks at results, replayed over one's own searches, one after the other.
    counts = []
    for review in reviews:
        at = office.native("ian").get_search(SearchId=found_on_record(office, review))["Search"]["At"]
        since, until = at - timedelta(milliseconds=5), at + timedelta(milliseconds=5)
        tried = office.native("ian").try_pack(Pack="result", Since=since, Until=until)
        tried.pop("ResponseMetadata")
        counts.append(tried)
    assert counts[0]["Judged"] == 1
    assert counts[0] == counts[1]


def test_disclosure(office: Office, person: str) -> None:
    number = office.case("ian")
    review = office.lead(number, office.probe(person), by="ian", MaxFaces=1)
    position = office.positions(review, "eve")
    office.native("eve").conclude_review(ReviewId=review, Findings=findings(position, "support-same"), Stated=True)
    about = [entry for entry in office.server.entries() if entry["details"].get("lead") == review]
    search = next(entry["index"] for entry in about if entry["kind"] == "search")
    examined = next(entry["index"] for entry in about if entry["details"].get("change") == "concluded")
    wanted = ((search, "candidates"), (examined, "conclusions"))
    for name in ("ian", "otto"):
        for index, field in wanted:
            told = withheld(
                asking(lambda i=index, f=field, n=name: office.native(n).disclose_entry(Index=i, Fields=[f]))
            )
            assert "has not ended" in told.message
    office.native("otto").disclose_entry(Index=search, Fields=["case", "probe_sha256"])
    office.examine(review, "eli", "support-same")
    office.release(review, [])
    for index, field in wanted:
        withheld(asking(lambda i=index, f=field: office.native("ian").disclose_entry(Index=i, Fields=[f])))
        assert office.native("otto").disclose_entry(Index=index, Fields=[field])["Disclosure"]
    opened = office.native("otto").get_search(SearchId=found_on_record(office, review))["Search"]["Disclosures"]
    assert [(each["Fields"], each["DisclosedBy"]) for each in opened] == [
        (["case", "probe_sha256"], "otto"),
        (["candidates"], "otto"),
    ]


def test_receipt(office: Office, person: str) -> None:
    number = office.case("ivy")
    bodies = []
    for photograph in (office.probe(person), office.stranger()):
        review = office.lead(number, photograph)
        index = next(entry["index"] for entry in office.server.entries() if entry["details"].get("lead") == review)
        receipt = office.native("ivy").get_receipt(Index=index)["Receipt"]
        assert office.face_ids[person] not in receipt
        bodies.append(office.server.entries()[index])
    assert bodies[0]["details"].keys() == bodies[1]["details"].keys()
    assert bodies[0]["commitments"].keys() == bodies[1]["commitments"].keys()


def test_hold(office: Office, person: str) -> None:
    review = office.lead(office.case("ivy"), office.probe(person), MaxFaces=2)
    placed = office.native("sue").place_hold(SearchId=found_on_record(office, review), Reason="an appeal")
    ivy, gallery = office.rekognition("ivy"), office.gallery
    own = indexed(office, office.stranger(), external_id=uuid.uuid4().hex)
    try:
        uniform(
            asking(lambda: ivy.delete_faces(CollectionId=gallery, FaceIds=[office.face_ids[person]])),
            asking(lambda: ivy.delete_faces(CollectionId=gallery, FaceIds=[own])),
        )
        uniform(
            asking(lambda: office.native("ivy").erase_person(Gallery=gallery, FaceIds=[office.face_ids[person]])),
            asking(lambda: office.native("ivy").erase_person(Gallery=gallery, FaceIds=[own])),
        )
    finally:
        office.release_hold(placed["Hold"]["HoldId"])
    ivy.delete_faces(CollectionId=gallery, FaceIds=[own])


def test_emergency_hold(office: Office, person: str) -> None:
    ivy = office.rekognition("ivy")
    ivy.create_user(CollectionId=office.gallery, UserId="held")
    ivy.associate_faces(
        CollectionId=office.gallery, UserId="held", FaceIds=[office.face_ids[person]], UserMatchThreshold=0
    )
    placed = office.native("sue").place_hold(Gallery=office.gallery, Subject="held", Reason="The defence asks for it.")
    told = []
    for photograph in (office.probe(person), office.stranger()):
        case = office.case("ivy")
        office.native("ivy").declare_emergency(Case=case, Document="E-1", Reason="A child is missing.")
        client = office.client("rekognition", office.keys["ivy"], f"/case/{case}/authority/E-1")
        searching = partial(client.search_faces_by_image, CollectionId=office.gallery, Image={"Bytes": photograph})
        review = withheld(asking(searching)).review
        client.close()
        office.native("una").reject_authority(Case=case, Document="E-1", Reason="There was no danger.")
        (authority,) = office.native("ivy").list_authorities(Case=case)["Authorities"]
        state = office.native("ivy").show_review(ReviewId=review)["Review"]["State"]
        told.append((authority["KeptByHolds"], authority["ResultsDeleted"], state))
    office.release_hold(placed["Hold"]["HoldId"])
    assert told[0] == told[1] == ([placed["Hold"]["HoldId"]], 0, "under-review")


def test_review(office: Office, person: str) -> None:
    number = office.case("ike", "ivy")
    review = office.lead(number, office.probe(person), by="ike")
    ike = office.native("ike")
    withheld(asking(lambda: ike.open_review(ReviewId=review)))
    withheld(asking(lambda: ike.conclude_review(ReviewId=review, Findings=[], Stated=True)))
    withheld(asking(lambda: ike.release_review(ReviewId=review, Positions=[])))
    seen = ike.show_review(ReviewId=review)["Review"]
    assert (seen["State"], seen["Candidates"], seen["Examinations"]) == ("under-review", [], [])
    assert all(each["ReviewId"] != review or not each["Candidates"] for each in ike.list_reviews()["Reviews"])


@pytest.mark.parametrize("roles", [["investigator", "examiner"], ["investigator", "supervisor"], ["examiner"]])
def test_who_works_on_the_case_is_shown_no_more_of_it_than_who_searched(office: Office, roles: list[str]) -> None:
    name = f"pat-{uuid.uuid4().hex[:8]}"
    office.native("ada").create_operator(Operator=name, Name="Pat", Roles=roles)
    office.keys[name] = office.issue(name, by="ada")
    case = office.case("ivy", name)
    photographs = (office.probe(next(iter(office.people))), office.stranger())
    reviews = [office.lead(case, photograph) for photograph in photographs]
    for concluded in (False, True):
        for review in reviews:
            if concluded:
                office.agree(review)
            seen = office.native(name).show_review(ReviewId=review)["Review"]
            assert (seen["State"], seen["Candidates"], seen["Examinations"]) == ("under-review", [], [])
            assert not {"SearchId", "Operator", "ConcludedAt"} & seen.keys()


def test_listings(office: Office, person: str) -> None:
    ivy, native = office.rekognition("ivy"), office.native("ivy")

    def everything() -> list[Any]:
        answers = [
            ivy.list_faces(CollectionId=office.gallery, MaxResults=4096),
            ivy.list_users(CollectionId=office.gallery),
            ivy.list_collections(),
            ivy.describe_collection(CollectionId=office.gallery),
            native.list_galleries(),
            native.list_cases(),
        ]
        for answer in answers:
            answer.pop("ResponseMetadata")
        return answers

    number = office.case("ivy")
    before = everything()
    review = office.lead(number, office.probe(person))
    office.agree(review, "support-same")
    assert everything() == before


def indexed(office: Office, photograph: bytes, *, by: str = "ivy", external_id: str = "probe") -> str:
    """Enrol a photograph; give its face's id."""
    answer = office.rekognition(by).index_faces(
        CollectionId=office.gallery,
        Image={"Bytes": photograph},
        ExternalImageId=external_id,
        MaxFaces=1,
        QualityFilter="NONE",
    )
    return str(answer["FaceRecords"][0]["Face"]["FaceId"])
