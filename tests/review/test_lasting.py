"""Reviews outlive restarts, kills and erasures."""

import contextlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from recognizance.scoring.calibration import calibration_digest
from rekognition.processes import start_server
from review.office import Answered, Office, asking, reviewed_office, staffed, write_packs
from review.test_ways_out import found_on_record, indexed


def test_restarts_and_kills_in_between(tmp_path: Path, model_cache: Path, faces: Path) -> None:
    home, folder = tmp_path / "home", write_packs(tmp_path / "packs")
    with start_server(home, model_cache, packs=str(folder)) as server:
        office = staffed(server, faces, people=3)
        case, person = office.case("ivy"), next(iter(office.people))
        review = office.lead(case, office.probe(person))
        office.examine(review, "eve", "support-same")
    with start_server(home, model_cache, packs=str(folder)) as server:
        office = replace(office, server=server)
        assert office.lead(case, office.probe(person)) == review
        assert office.native("eli").show_review(ReviewId=review)["Review"]["Examinations"] == []
        positions = office.positions(review, "eli")
        office.examine(review, "eli", "support-same")
        server.kill()  # between conclusion and release
    with start_server(home, model_cache, packs=str(folder)) as server:
        office = replace(office, server=server)
        assert office.native("sue").show_review(ReviewId=review)["Review"]["State"] == "agreed"
        assert office.lead(case, office.probe(person)) == review
        office.release(review, positions)
        server.kill()
    with start_server(home, model_cache, packs=str(folder), calibrations=str(other_calibration(tmp_path))) as server:
        office = replace(office, server=server)
        found = office.search(case, office.probe(person))
        assert [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]] == [person]
        made_before_the_calibration(office, review)


@pytest.mark.long
def test_a_kill_at_any_moment(tmp_path: Path, model_cache: Path, faces: Path) -> None:
    home, folder = tmp_path / "home", write_packs(tmp_path / "packs")
    with start_server(home, model_cache, packs=str(folder)) as server:
        office = staffed(server, faces, people=3)
        killed_at_any_moment(office)
    with start_server(home, model_cache, packs=str(folder)) as server:
        whole_or_not_at_all(replace(office, server=server))


def other_calibration(folder: Path) -> Path:
    """Put the same curves down under another digest."""
    name = "sface-fb143eea0783.json"
    body = json.loads(resources.files("recognizance.scoring").joinpath("calibrations", name).read_text("utf-8"))
    del body["digest"]
    body["provenance"]["note"] = "Made anew."
    (folder / name).write_text(json.dumps({**body, "digest": calibration_digest(body)}), encoding="utf-8")
    return folder


def made_before_the_calibration(office: Office, review: str) -> None:
    seen = office.native("sue").show_review(ReviewId=review)["Review"]
    found = office.native("otto").get_search(SearchId=found_on_record(office, review))["Search"]
    for told in (seen, found):
        assert told["ThresholdAppliedPercent"] == 80
        assert not {"FalseMatchRate", "WorstGroup", "GroupsMeasured"} & told.keys()


def killed_at_any_moment(office: Office) -> None:
    """Let two examiners and a supervisor work on several leads, and kill the server under them."""
    case, person = office.case("ivy"), next(iter(office.people))
    reviews = [office.lead(case, office.probe(person), FaceMatchThreshold=70 + number) for number in range(6)]

    def work(review: str) -> None:
        with contextlib.suppress(ClientError, BotoCoreError):
            office.release(review, office.agree(review))

    with ThreadPoolExecutor(3) as pool:
        for number, review in enumerate(reviews):
            pool.submit(work, review)
            if number == 4:
                office.server.kill()


def whole_or_not_at_all(office: Office) -> None:
    entries = office.server.entries()
    for seen in office.native("ivy").list_reviews()["Reviews"]:
        about = [
            entry["details"].get("change") for entry in entries if entry["details"].get("lead") == seen["ReviewId"]
        ]
        state = office.native("sue").show_review(ReviewId=seen["ReviewId"])["Review"]["State"]
        concluded, released = about.count("concluded"), about.count("released")
        assert state == ("released" if released else "agreed" if concluded == 2 else "open"), about
        assert (concluded, released) in [(0, 0), (1, 0), (2, 0), (2, 1)]


def own_gallery(office: Office, person: str) -> tuple[Office, str]:
    """Make a gallery of the test's own with one person; give the face's id."""
    made = replace(office, gallery=f"own-{uuid.uuid4().hex[:8]}")
    made.rekognition("ada").create_collection(CollectionId=made.gallery)
    return made, indexed(made, made.people[person][0].read_bytes(), by="max")


def test_an_erased_candidate_is_not_released_and_what_was_seen_of_it_is_gone(office: Office) -> None:
    person = next(iter(office.people))
    office, face = own_gallery(office, person)
    case = office.case("ivy")
    review = office.lead(case, office.probe(person))
    (position,) = office.agree(review)
    assert office.native("sue").show_review(ReviewId=review)["Review"]["Examinations"][0]["Findings"][0]["Components"]
    office.native("sue").erase_person(Gallery=office.gallery, FaceIds=[face])
    (finding,) = office.native("sue").show_review(ReviewId=review)["Review"]["Examinations"][0]["Findings"]
    assert finding["Conclusion"] == "support-same"
    assert (finding["Components"], "Note" in finding) == ([], False)
    with pytest.raises(ClientError, match="it was erased"):
        office.release(review, [position])
    (opened,) = office.native("sue").open_review(ReviewId=review)["Candidates"]
    assert opened["Pictures"] == []
    office.release(review, [])
    assert "no candidate was released" in office.search(case, office.probe(person)).message


def test_who_is_erased_after_the_release_is_no_longer_answered(office: Office) -> None:
    person = next(iter(office.people))
    office, face = own_gallery(office, person)
    case = office.case("ivy")
    review = office.lead(case, office.probe(person))
    office.release(review, office.agree(review))
    assert len(office.search(case, office.probe(person))["FaceMatches"]) == 1
    office.native("sue").erase_person(Gallery=office.gallery, FaceIds=[face])
    assert "no candidate was released" in office.search(case, office.probe(person)).message


def test_an_erased_probe_leaves_the_review(office: Office) -> None:
    person = next(iter(office.people))
    office, _ = own_gallery(office, person)
    probe = indexed(office, office.probe(person), by="ike")
    case, client = office.case("max"), office.rekognition
    ask = {"CollectionId": office.gallery, "FaceId": probe, "FaceMatchThreshold": 0}
    review = asking(lambda: client("max", case).search_faces(**ask)).review
    assert len(office.native("eve").open_review(ReviewId=review)["Probe"]) == 1
    office.native("sue").erase_person(Gallery=office.gallery, FaceIds=[probe])
    opened = office.native("eve").open_review(ReviewId=review)
    assert opened["Probe"] == []
    assert len(opened["Candidates"]) == 1
    office.release(review, office.agree(review, "no-conclusion")[:0])
    gone = asking(lambda: client("max", case).search_faces(**ask))
    assert gone.code == "ResourceNotFoundException"


def test_a_hold_on_the_search_keeps_who_is_under_review(office: Office) -> None:
    person = next(iter(office.people))
    office, face = own_gallery(office, person)
    review = office.lead(office.case("ivy"), office.probe(person))
    search = found_on_record(office, review)
    hold = office.native("sue").place_hold(SearchId=search, Reason="an appeal")["Hold"]["HoldId"]
    kept = asking(lambda: office.native("una").erase_person(Gallery=office.gallery, FaceIds=[face]))
    assert "standing/hold" in kept.message
    office.release(review, office.agree(review))
    assert office.native("otto").get_search(SearchId=search)["Search"]["Holds"] == [hold]


def test_a_gallery_that_is_deleted_leaves_the_review(office: Office) -> None:
    person = next(iter(office.people))
    office, _ = own_gallery(office, person)
    review = office.lead(office.case("ivy"), office.probe(person))
    office.rekognition("ada").delete_collection(CollectionId=office.gallery)
    (position,) = office.agree(review)
    with pytest.raises(ClientError, match="it was erased"):
        office.release(review, [position])
    office.release(review, [])


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory, model_cache: Path, faces: Path) -> Any:
    """Rules that review and do not withhold."""
    home = tmp_path_factory.mktemp("lenient") / "home"
    with reviewed_office(home, model_cache, faces, withhold=False, people=4, more="targets_max = 2") as made:
        yield made


def test_what_is_not_withheld_goes_out_as_a_lead_and_is_reviewed_all_the_same(lenient: Office) -> None:
    case, person = lenient.case("ivy"), next(iter(lenient.people))
    for _ in range(2):
        found = lenient.search(case, lenient.probe(person))
        assert [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]] == [person]
        headers = found["ResponseMetadata"]["HTTPHeaders"]
        assert (headers["x-recognizance-lead"], headers["x-recognizance-decision"]) == ("unreviewed", "referred")
    review = headers["x-recognizance-review"]
    source, target = ({"Bytes": path.read_bytes()} for path in lenient.people[person][:2])
    examiner = lenient.rekognition("eve")
    compared = asking(lambda: examiner.compare_faces(SourceImage=source, TargetImage=target))
    assert isinstance(compared, Answered), "similarity is hidden from who examines, though the result goes out"
    assert "kept from examiners" in compared.message
    lenient.release(review, lenient.agree(review))
    assert lenient.native("ivy").show_review(ReviewId=review)["Review"]["Released"] == 1
    assert lenient.native("ivy").export_references(Gallery=lenient.gallery)["References"]


def test_one_probe_compared_with_many_is_a_search_also_where_nothing_is_withheld(lenient: Office) -> None:
    names = list(lenient.people)
    client = lenient.rekognition("ivy")

    def compare(source: str, target: str) -> Any:
        photographs = {"SourceImage": lenient.probe(source), "TargetImage": lenient.people[target][0].read_bytes()}
        return asking(lambda: client.compare_faces(**{name: {"Bytes": data} for name, data in photographs.items()}))

    for source in names[:2]:  # another probe is counted by itself
        for target in names[2:4]:
            assert not isinstance(compare(source, target), Answered)
    assert "more than 2 count as a search" in compare(names[0], names[1]).message
    assert "more than 2 count as a search" in compare(names[3], names[2]).message
    assert not isinstance(compare(names[0], names[2]), Answered)


def test_a_comparison_that_its_result_refuses_counts_too(lenient: Office) -> None:
    """What is refused by what was found tells something of it."""
    lenient.native("ada").enable_pack(Pack="result")
    names, client = list(lenient.people), lenient.rekognition("isa")
    probe = lenient.probe(names[0])

    def compare(target: bytes) -> Any:
        return asking(lambda: client.compare_faces(SourceImage={"Bytes": probe}, TargetImage={"Bytes": target}))

    for target in (probe, lenient.people[names[0]][0].read_bytes()):
        assert "result/look-first" in compare(target).message
    assert "more than 2 count as a search" in compare(lenient.people[names[1]][0].read_bytes()).message


def test_comparing_too_much_is_searching(tmp_path: Path, model_cache: Path, faces: Path) -> None:
    with reviewed_office(tmp_path / "home", model_cache, faces, more="targets_max = 2", people=4) as office:
        client, names = office.rekognition("ivy"), list(office.people)
        probe = office.probe(names[0])
        changed = probe + b"\0"  # the same face in other bytes

        def compare(source: bytes, target: str) -> Any:
            photograph = office.people[target][0].read_bytes()
            return asking(
                lambda: client.compare_faces(SourceImage={"Bytes": source}, TargetImage={"Bytes": photograph})
            )

        for source, target in ((probe, names[0]), (probe, names[0]), (changed, names[1])):
            assert not isinstance(compare(source, target), Answered)
        for source in (probe, changed, office.probe(names[3])):
            answered = compare(source, names[2])
            assert isinstance(answered, Answered)
            assert "more than 2 count as a search" in answered.message
        assert not isinstance(compare(probe, names[0]), Answered)  # counted already
        withheld = office.lead(office.case("ivy"), probe)
        told = compare(probe, names[0]).message
        assert withheld in told
        assert "It ends when the case is closed." in told
        without_case = office.lead(None, probe)
        told = compare(probe, names[0]).message
        assert without_case in told
        assert "was made in no case, so this does not end" in told
        examiner = office.rekognition("eve")
        pictures = {"SourceImage": {"Bytes": probe}, "TargetImage": {"Bytes": office.people[names[1]][0].read_bytes()}}
        assert "kept from examiners" in asking(lambda: examiner.compare_faces(**pictures)).message
        for review in (withheld, without_case):
            office.examine(review, "eve", "support-same")
        assert examiner.compare_faces(**pictures)["SourceImageFace"]
