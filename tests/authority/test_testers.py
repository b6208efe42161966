"""Testers from outside: they measure the system on their own photographs, and the agency's galleries are not there."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from authority.conftest import Office
from authority.moved import Clock, moved_server
from policy.making import write_pack
from recognizance.errors import InvalidRequestError
from recognizance.workflows import operators
from rekognition import pictures
from rekognition.refusals import refusal
from sts.staff import Staff

HOURS = 5
ROLES = {"tess": "tester", "theo": "tester", "ivy": "investigator", "otto": "auditor", "ada": "administrator"}
NOBODY = "00000000-0000-4000-8000-000000000000"
BUCKET = {"S3Object": {"Bucket": "photos", "Name": "agency.jpg"}}


@dataclass
class Bench:
    """A server whose rules refuse who is not trained and raise thresholds, an agency's gallery, and two testers."""

    staff: Staff
    clock: Clock
    people: list[list[bytes]]

    def client(self, name: str, path: str = "") -> Any:
        return self.staff.client("rekognition", self.staff.keys[name], path)

    def last(self) -> dict[str, Any]:
        return self.staff.server.entries()[-1]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.staff.server.entries() if each["kind"] == kind]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, model_cache: Path, faces: Path) -> Iterator[Bench]:
    folder, clock = tmp_path_factory.mktemp("testers"), Clock()
    write_pack(folder / "packs", "county")
    given = {
        "packs": folder / "packs",
        "testing_hours": HOURS,
        "s3_endpoint": "http://127.0.0.1:9",
        "s3_buckets": ["photos"],
    }
    people = [
        [path.read_bytes() for path in files[:2]] for files in pictures.mugshots(faces).values() if len(files) > 1
    ]
    with moved_server(folder / "home", model_cache, clock, **given) as server:
        staff = Staff(server, {"first": server.key})
        first = staff.native("first")
        for name, role in ROLES.items():
            first.create_operator(Operator=name, Name=name.title(), Roles=[role])
            staff.keys[name] = staff.issue(name, by="first")
        bench = Bench(staff, clock, people)
        bench.client("ada").create_collection(CollectionId="mugshots")
        bench.client("ivy").index_faces(CollectionId="mugshots", Image={"Bytes": people[0][0]})
        staff.native("ada").enable_pack(Pack="county")
        staff.native("ada").set_policy_mode(Mode="enforce")
        yield bench


@pytest.fixture
def tess(bench: Bench) -> Iterator[Any]:
    """A tester with a collection ``own`` of two people."""
    client = bench.client("tess")
    client.create_collection(CollectionId="own")
    for number, (reference, _) in enumerate(bench.people[:2]):
        client.index_faces(CollectionId="own", Image={"Bytes": reference}, ExternalImageId=f"p{number}", MaxFaces=1)
    yield client
    client.delete_collection(CollectionId="own")


def test_one_to_one_is_answered_raw_whatever_the_rules_say(bench: Bench) -> None:
    (one, same), (other, _) = bench.people[:2]
    theo = bench.client("theo")
    found = [
        theo.compare_faces(
            SourceImage={"Bytes": one}, TargetImage={"Bytes": photo}, SimilarityThreshold=0, QualityFilter="NONE"
        )
        for photo in (same, other)
    ]
    mated, nonmated = (each["FaceMatches"][0]["Similarity"] for each in found)
    assert mated > 80 > nonmated
    assert not found[1]["UnmatchedFaces"]
    assert found[1]["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-threshold-applied"] == "0"
    assert theo.detect_faces(Image={"Bytes": one})["FaceDetails"]
    assert bench.last()["details"]["testing"] == "own photographs"
    asked = {"SourceImage": {"Bytes": one}, "TargetImage": {"Bytes": other}}
    assert refusal(bench.client("ivy").compare_faces, **asked).code == "AccessDeniedException", "the rules bind others"


def test_one_to_many_in_a_collection_of_ones_own(bench: Bench, tess: Any) -> None:
    found = tess.search_faces_by_image(
        CollectionId="own", Image={"Bytes": bench.people[1][1]}, FaceMatchThreshold=0, MaxFaces=10, QualityFilter="NONE"
    )
    assert [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]] == ["p1", "p0"]
    headers = found["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-recognizance-references-searched"] == "2"
    entry = bench.staff.server.entries()[int(headers["x-recognizance-entry"])]
    assert (entry["kind"], entry["operator"], entry["details"]["testing"]) == ("search", "tess", "own photographs")
    tried = bench.staff.native("otto").try_pack(Pack="county")
    assert (tried["Total"], tried["Judged"]) == (0, 0), "what rules would have made of the agency's searches"
    described = tess.describe_collection(CollectionId="own")
    assert described["FaceCount"] == 2
    assert described["CollectionARN"].endswith(":collection/own")
    faces = [face["FaceId"] for face in tess.list_faces(CollectionId="own")["Faces"]]
    assert len(tess.search_faces(CollectionId="own", FaceId=faces[0], FaceMatchThreshold=0)["FaceMatches"]) == 1
    assert tess.delete_faces(CollectionId="own", FaceIds=faces[:1])["DeletedFaces"] == faces[:1]
    again = refusal(tess.create_collection, CollectionId="own")
    assert (again.code, again.message) == ("ResourceAlreadyExistsException", "The collection id: own already exists")


def test_the_same_name_is_three_collections(bench: Bench, tess: Any) -> None:
    theo = bench.client("theo")
    for client in (tess, theo):
        client.create_collection(CollectionId="mugshots")
        assert client.describe_collection(CollectionId="mugshots")["FaceCount"] == 0
    assert tess.list_collections()["CollectionIds"] == ["own", "mugshots"]
    assert theo.list_collections()["CollectionIds"] == ["mugshots"]
    assert bench.client("ada").list_collections()["CollectionIds"] == ["mugshots"]
    assert bench.client("ada").describe_collection(CollectionId="mugshots")["FaceCount"] == 1
    for client in (tess, theo):
        client.delete_collection(CollectionId="mugshots")
    assert bench.client("ada").describe_collection(CollectionId="mugshots")["FaceCount"] == 1


def test_ids_of_the_agencys_faces_are_none_in_ones_own_collection(bench: Bench, tess: Any) -> None:
    (theirs,) = bench.client("ada").list_faces(CollectionId="mugshots")["Faces"]
    found, unknown = (
        refusal(tess.search_faces, CollectionId="own", FaceId=each) for each in (theirs["FaceId"], NOBODY)
    )
    assert found.code == "ResourceNotFoundException"
    assert found.message.replace(theirs["FaceId"], NOBODY) == unknown.message
    assert tess.list_faces(CollectionId="own", FaceIds=[theirs["FaceId"]])["Faces"] == []
    (kept,) = tess.delete_faces(CollectionId="own", FaceIds=[theirs["FaceId"]])["UnsuccessfulFaceDeletions"]
    assert kept["Reasons"] == ["FACE_NOT_FOUND"]


def test_nobody_else_reaches_a_testers_collection(bench: Bench, tess: Any) -> None:
    for name in ("theo", "ada"):
        client = bench.client(name)
        assert refusal(client.describe_collection, CollectionId="own").code == "ResourceNotFoundException"
        assert "own" not in str(client.list_collections()["CollectionIds"])
        for spelt in ("testing:tess:own", "testing:own", "tess:own"):
            assert refusal(client.describe_collection, CollectionId=spelt).code == "InvalidParameterException"
    assert tess.describe_collection(CollectionId="own")["FaceCount"] == 2


def test_nobody_else_reaches_it_by_its_name_in_the_record(bench: Bench, tess: Any) -> None:
    arn = tess.describe_collection(CollectionId="own")["CollectionARN"]
    tess.tag_resource(ResourceArn=arn, Tags={"vendor": "x"})
    spelt = arn.replace(":collection/own", ":collection/testing:tess:own")
    for name in ("theo", "ivy", "ada"):
        told = refusal(bench.client(name).list_tags_for_resource, ResourceArn=spelt)
        assert (told.code, told.message) == ("ResourceNotFoundException", "The collection id: own does not exist")
    ada = bench.client("ada")
    for call, asked in ((ada.tag_resource, {"Tags": {"vendor": "y"}}), (ada.untag_resource, {"TagKeys": ["vendor"]})):
        assert refusal(call, ResourceArn=spelt, **asked).code == "ResourceNotFoundException"
    assert tess.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"vendor": "x"}
    role = {"Operator": "zed", "Name": "Zed", "Roles": ["investigator@testing:tess:own"]}
    assert refusal(bench.staff.native("ada").create_operator, **role).code == "ResourceNotFoundException"


def test_ones_own_collection_has_no_users(tess: Any) -> None:
    """Each answer is about users: that the collection is not there would not be true."""
    face = tess.list_faces(CollectionId="own")["Faces"][0]["FaceId"]
    assert tess.list_users(CollectionId="own")["Users"] == []
    assert tess.search_users(CollectionId="own", FaceId=face)["UserMatches"] == []
    told = refusal(tess.search_users, CollectionId="own", UserId="u")
    assert (told.code, told.message) == ("ResourceNotFoundException", "The user id: u does not exist")
    assert refusal(tess.create_user, CollectionId="own", UserId="u").code == "AccessDeniedException"
    assert refusal(tess.list_users, CollectionId="mugshots").message == "The collection id: mugshots does not exist"


def test_what_the_agency_keeps_in_s3_is_not_fetched(bench: Bench, tess: Any) -> None:
    own = {"Bytes": bench.people[0][0]}
    for call, asked in (
        (tess.detect_faces, {"Image": BUCKET}),
        (tess.compare_faces, {"SourceImage": own, "TargetImage": BUCKET}),
        (tess.index_faces, {"CollectionId": "own", "Image": BUCKET}),
        (tess.search_faces_by_image, {"CollectionId": "own", "Image": BUCKET}),
    ):
        size = len(bench.staff.server.entries())
        assert refusal(call, **asked).code == "AccessDeniedException"
        (entry,) = bench.staff.server.entries()[size:]
        assert (entry["decision"], entry["rules"], entry["kind"]) == ("refused", ["standing/role"], "bucket")


@pytest.mark.parametrize("path", ["/case/2026-17", "/authority/W-1", "/purpose/testing/case/2026-17/authority/W-1"])
def test_no_act_of_a_tester_is_of_a_case_or_under_an_authority(bench: Bench, path: str) -> None:
    told = refusal(bench.client("tess", path).detect_faces, Image={"Bytes": bench.people[0][0]})
    assert (told.code, "[standing/testing]" in told.message) == ("AccessDeniedException", True)
    assert bench.client("tess", "/purpose/testing").detect_faces(Image={"Bytes": bench.people[0][0]})["FaceDetails"]


def test_what_failed_is_of_no_case_either(bench: Bench) -> None:
    bench.staff.native("ada").open_case(Number="2026-99", Members=["tess"])
    refusal(bench.client("tess", "/case/2026-99").detect_faces, Image={})
    entry = bench.last()
    assert (entry["decision"], entry["details"]["testing"]) == ("failed", "own photographs")
    assert "case_id" not in entry["details"]


def test_a_testers_rate_is_their_own(bench: Bench) -> None:
    native = bench.staff.native("ada")
    native.create_operator(Operator="tim", Name="Tim", Roles=["tester"], RequestsPerMinute=2)
    bench.staff.keys["tim"] = bench.staff.issue("tim", by="ada")
    tim = bench.client("tim")
    assert [tim.list_collections()["CollectionIds"] for _ in range(2)] == [[], []]
    assert refusal(tim.list_collections).code == "ThrottlingException"
    bench.clock.move(seconds=61)  # the count is due
    deadline = time.monotonic() + 20
    while not (counted := bench.of_kind("throttle")) and time.monotonic() < deadline:
        time.sleep(0.2)
    (entry,) = counted
    assert (entry["operator"], entry["details"]["count"], entry["details"]["testing"]) == ("tim", 1, "own photographs")


def test_a_collection_is_deleted_when_its_time_is_over(bench: Bench) -> None:
    theo = bench.client("theo")
    theo.create_collection(CollectionId="forgotten")
    theo.index_faces(CollectionId="forgotten", Image={"Bytes": bench.people[0][0]})
    bench.clock.move(hours=HOURS, seconds=1)
    deadline = time.monotonic() + 20
    while theo.list_collections()["CollectionIds"] and time.monotonic() < deadline:
        time.sleep(0.2)
    assert refusal(theo.describe_collection, CollectionId="forgotten").code == "ResourceNotFoundException"
    (entry,) = [
        each for each in bench.staff.server.entries() if each["operator"] == "server" and each["kind"] == "gallery"
    ]
    assert entry["details"]["change"] == "deleted"
    assert entry["details"]["testing"] == "own photographs"
    assert bench.client("ada").describe_collection(CollectionId="mugshots")["FaceCount"] == 1, "the agency's stays"


def test_boto3_is_told_the_rule(bench: Bench) -> None:
    with pytest.raises(ClientError, match=r"\[standing/role\]"):
        bench.client("tess").create_user(CollectionId="own", UserId="u")


# --- the role -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("roles", [["tester", "investigator"], ["tester", "auditor@mugshots"], ["tester@mugshots"]])
def test_a_tester_has_no_other_role(office: Office, roles: list[str]) -> None:
    with pytest.raises(InvalidRequestError, match="no other role"):
        office.hire("tess", *roles)
    office.hire("tess", "tester")
    with pytest.raises(InvalidRequestError, match="no other role"):
        operators.update_operator(office.place, office.act(), "tess", {}, roles)


def test_nobody_becomes_a_tester_or_ceases_to_be_one(office: Office) -> None:
    office.hire("tess", "tester")
    office.hire("ivy", "investigator")
    for who, role in (("tess", "investigator"), ("ivy", "tester")):
        with pytest.raises(InvalidRequestError, match="nobody else, ever"):
            operators.update_operator(office.place, office.act(), who, {}, [role])
