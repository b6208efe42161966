"""Legal holds, over the wire, with three people."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.session
import PIL.Image
import pytest

from conftest import StartServer
from erasure.test_erasing import NAME, SUBJECT, enrol
from publication import log_client
from recognizance.native import native_client
from rekognition.pictures import mugshots
from rekognition.processes import Server

Refused = botocore.exceptions.ClientError


def hire(server: Server, name: str, *roles: str) -> Any:
    """Add an operator with a key of the administrator's making; return a client of theirs."""
    first = log_client.native(server)
    first.create_operator(Operator=name, Name=name.title(), Roles=list(roles))
    key = first.issue_access_key(Operator=name)
    session = botocore.session.Session()
    session.set_credentials(key["AccessKeyId"], key["SecretAccessKey"])
    return native_client(session, server.endpoint, region="us-east-1")


@pytest.fixture
def server(new_server: StartServer) -> Server:
    return new_server()


def refused(call: Callable[..., Any], words: str, **arguments: Any) -> None:
    with pytest.raises(Refused) as caught:
        call(**arguments)
    error = caught.value.response
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert words in error["Error"]["Message"]
    assert error["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-decision"] == "refused"


def release(first: Any, second: Any, hold: str) -> dict[str, Any]:
    """Release a hold with two persons."""
    approval = first.request_release(HoldId=hold)["ApprovalId"]
    refused(first.approve_request, "Nobody confirms their own request", ApprovalId=approval)
    second.approve_request(ApprovalId=approval)
    released: dict[str, Any] = first.release_hold(HoldId=hold, ApprovalId=approval)["Hold"]
    return released


def test_what_is_held_is_not_erased_until_two_persons_release_it(server: Server, faces: Path) -> None:
    person = enrol(server, faces)
    rekognition = server.client()
    ann, bob = (hire(server, name, "supervisor") for name in ("ann", "bob"))
    hold = ann.place_hold(Gallery=NAME, Subject=SUBJECT, Reason="The defence of Doe asked for it.")["Hold"]["HoldId"]

    refused(ann.erase_person, hold, Gallery=NAME, Subject=SUBJECT)
    refused(ann.erase_person, hold, Gallery=NAME, FaceIds=[person["face"]])
    refused(rekognition.delete_collection, hold, CollectionId=NAME)
    refused(ann.release_hold, "released by two persons", HoldId=hold)
    refused(bob.release_hold, "released by two persons", HoldId=hold)  # nor somebody else alone
    assert person["face"] in json.dumps(rekognition.list_faces(CollectionId=NAME)["Faces"])

    released = release(bob, ann, hold)
    assert (released["PlacedBy"], released["ReleasedBy"]) == ("ann", "bob")
    assert ann.erase_person(Gallery=NAME, Subject=SUBJECT)["References"] == 1
    assert ann.list_holds()["Holds"] == []
    assert [each["HoldId"] for each in ann.list_holds(Released=True)["Holds"]] == [hold]


def test_a_held_search_keeps_everybody_it_names(server: Server, faces: Path) -> None:
    person = enrol(server, faces)
    rekognition = server.client()
    ann = hire(server, "ann", "supervisor")
    others = [face["FaceId"] for face in rekognition.list_faces(CollectionId=NAME)["Faces"]]
    others.remove(person["face"])
    answer = rekognition.search_faces(CollectionId=NAME, FaceId=others[0], FaceMatchThreshold=0)
    index = int(answer["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    entry = json.loads(log_client.entries(server, index + 1)[index])
    assert [match["Face"]["FaceId"] for match in answer["FaceMatches"]] == [person["face"]]
    hold = ann.place_hold(SearchId=entry["details"]["search"], Reason="Appeal 12.")["Hold"]["HoldId"]
    refused(ann.erase_person, hold, Gallery=NAME, Subject=SUBJECT)  # a candidate
    refused(rekognition.delete_faces, hold, CollectionId=NAME, FaceIds=others)  # the probe


def test_a_release_can_be_asked_for_and_approved(server: Server, faces: Path) -> None:
    enrol(server, faces)
    ann, bob = (hire(server, name, "supervisor") for name in ("ann", "bob"))
    hold = ann.place_hold(Gallery=NAME, Subject=SUBJECT, Reason="An order of the court.")["Hold"]["HoldId"]
    approval = ann.request_release(HoldId=hold)["ApprovalId"]
    refused(ann.release_hold, "approved", HoldId=hold, ApprovalId=approval)
    bob.approve_request(ApprovalId=approval)
    assert ann.release_hold(HoldId=hold, ApprovalId=approval)["Hold"]["ReleasedBy"] == "ann"
    with pytest.raises(Refused):
        ann.release_hold(HoldId=hold, ApprovalId=approval)


def test_only_supervisors_hold(server: Server, faces: Path) -> None:
    enrol(server, faces)
    joe = hire(server, "joe", "investigator")
    refused(joe.place_hold, "standing/role", Gallery=NAME, Subject=SUBJECT, Reason="Mine.")
    refused(joe.list_holds, "standing/role")


def test_what_is_held_is_neither_deleted_nor_taken_apart(server: Server, faces: Path) -> None:
    """Once a reference is its subject's no longer, nobody could tell that the hold is on it."""
    person = enrol(server, faces)
    rekognition = server.client()
    ann, bob = (hire(server, name, "supervisor") for name in ("ann", "bob"))
    hold = ann.place_hold(Gallery=NAME, Subject=SUBJECT, Reason="The defence asked for it.")["Hold"]["HoldId"]
    refused(rekognition.disassociate_faces, hold, CollectionId=NAME, UserId=SUBJECT, FaceIds=[person["face"]])
    refused(rekognition.delete_user, hold, CollectionId=NAME, UserId=SUBJECT)
    given = rekognition.list_faces(CollectionId=NAME, UserId=SUBJECT)["Faces"]
    assert [face["FaceId"] for face in given] == [person["face"]]
    assert "DeletedFaces" not in rekognition.delete_faces(CollectionId=NAME, FaceIds=[person["face"]])

    release(bob, ann, hold)
    rekognition.disassociate_faces(CollectionId=NAME, UserId=SUBJECT, FaceIds=[person["face"]])
    rekognition.delete_user(CollectionId=NAME, UserId=SUBJECT)
    assert rekognition.delete_faces(CollectionId=NAME, FaceIds=[person["face"]])["DeletedFaces"] == [person["face"]]


def test_a_photograph_of_somebody_held_stays_when_others_in_it_are_erased(server: Server, faces: Path) -> None:
    rekognition = server.client()
    ann, bob = (hire(server, name, "supervisor") for name in ("ann", "bob"))
    rekognition.create_collection(CollectionId=NAME)
    both = rekognition.index_faces(CollectionId=NAME, Image={"Bytes": beside_one_another(faces)})["FaceRecords"]
    held, other = (record["Face"]["FaceId"] for record in both)
    rekognition.create_user(CollectionId=NAME, UserId=SUBJECT)
    rekognition.associate_faces(CollectionId=NAME, UserId=SUBJECT, FaceIds=[held])
    rekognition.create_user(CollectionId=NAME, UserId="other")
    rekognition.associate_faces(CollectionId=NAME, UserId="other", FaceIds=[other])
    hold = ann.place_hold(Gallery=NAME, Subject=SUBJECT, Reason="The defence asked for it.")["Hold"]["HoldId"]
    refused(ann.erase_person, hold, Gallery=NAME, FaceIds=[other])
    refused(ann.erase_person, hold, Gallery=NAME, Subject="other")
    image = both[0]["Face"]["ImageId"]
    assert log_client.native(server).get_photograph(Gallery=NAME, ImageId=image)
    release(bob, ann, hold)
    assert ann.erase_person(Gallery=NAME, Subject="other")["Photographs"] == 1


def beside_one_another(faces: Path) -> bytes:
    """Paste two persons' photographs into one."""
    pictures = [PIL.Image.open(photographs[0]).convert("RGB") for photographs in list(mugshots(faces).values())[:2]]
    whole = PIL.Image.new("RGB", (sum(each.width for each in pictures), max(each.height for each in pictures)))
    for x, each in zip((0, pictures[0].width), pictures, strict=True):
        whole.paste(each, (x, 0))
    with io.BytesIO() as file:
        whole.save(file, "JPEG", quality=95)
        return file.getvalue()
