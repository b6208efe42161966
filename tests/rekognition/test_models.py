"""A collection keeps its model: a server that runs another one lists and erases, and compares nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from rekognition.answers import check_answers
from rekognition.pictures import many_faces, upright
from rekognition.processes import Server


def test_a_collection_of_another_model(new_server: Callable[..., Server], faces: Path) -> None:
    photograph = {"Bytes": upright(faces)}
    before = new_server()
    client = before.client()
    version = client.create_collection(CollectionId="plain")["FaceModelVersion"]
    face_id = client.index_faces(CollectionId="plain", Image=photograph)["FaceRecords"][0]["Face"]["FaceId"]
    client.create_user(CollectionId="plain", UserId="ada")
    stranger = client.index_faces(CollectionId="plain", Image={"Bytes": many_faces(faces)}, MaxFaces=1)["FaceRecords"][
        0
    ]
    client.associate_faces(CollectionId="plain", UserId="ada", FaceIds=[face_id])
    client.close()
    before.stop()

    after = new_server(mirror="true")
    client = after.client()
    check_answers(client)
    made = client.create_collection(CollectionId="mirrored")
    assert made["FaceModelVersion"] != version
    listed = client.list_collections()
    assert listed["CollectionIds"] == ["plain", "mirrored"]
    assert listed["FaceModelVersions"] == [version, made["FaceModelVersion"]]
    assert client.describe_collection(CollectionId="plain")["FaceModelVersion"] == version
    face, _ = client.list_faces(CollectionId="plain")["Faces"]
    assert (face["FaceId"], face["IndexFacesModelVersion"]) == (face_id, version)

    refusals: dict[str, tuple[Any, dict[str, Any]]] = {
        "IndexFaces": (client.index_faces, {"Image": photograph}),
        "SearchFaces": (client.search_faces, {"FaceId": face_id}),
        "SearchFacesByImage": (client.search_faces_by_image, {"Image": photograph}),
        "SearchUsers": (client.search_users, {"FaceId": face_id}),
        "SearchUsers by user": (client.search_users, {"UserId": "ada"}),
        "SearchUsersByImage": (client.search_users_by_image, {"Image": photograph}),
        # Scores of the old model mean nothing by the new one's calibration.
        "AssociateFaces": (client.associate_faces, {"UserId": "ada", "FaceIds": [stranger["Face"]["FaceId"]]}),
    }
    wrong = {}
    for name, (call, more) in refusals.items():
        try:
            call(CollectionId="plain", **more)
            wrong[name] = "was answered"
        except ClientError as error:
            # What was asked for cannot be had, which is no fault of the server's; asking again won't help.
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status != 400 or "was made with the model" not in str(error):
                wrong[name] = str(error)
    assert wrong == {}

    assert client.list_users(CollectionId="plain")["Users"][0]["UserId"] == "ada"
    client.disassociate_faces(CollectionId="plain", UserId="ada", FaceIds=[face_id])
    assert client.delete_faces(CollectionId="plain", FaceIds=[face_id])["DeletedFaces"] == [face_id]
    client.delete_collection(CollectionId="plain")
    client.close()
