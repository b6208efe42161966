"""A server whose PostgreSQL goes away, and comes back."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from postgresql.cluster import find_programs, running_cluster
from rekognition.answers import check_answers
from rekognition.pictures import upright
from rekognition.processes import _is_healthy, start_server


def refused(call: Any, **parameters: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], caught.value.response["Error"]["Message"]


@pytest.mark.usefixtures("cluster")  # says why, where PostgreSQL is missing
def test_a_server_answers_with_errors_while_postgresql_is_away_and_goes_on_when_it_is_back(
    faces: Path, tmp_path: Path, model_cache: Path
) -> None:
    programs = find_programs()
    assert programs is not None
    image = {"Bytes": upright(faces)}
    with (
        running_cluster(programs) as cluster,
        start_server(tmp_path / "home", model_cache, record=cluster.create("record")) as server,
    ):
        client = server.client()
        check_answers(client)
        client.create_collection(CollectionId="staff")
        kept = []
        for end in (cluster.kill, cluster.stop, cluster.stop_at_once):
            name = f"photograph-{len(kept)}"
            indexed = client.index_faces(CollectionId="staff", Image=image, ExternalImageId=name)
            kept += [record["Face"]["FaceId"] for record in indexed["FaceRecords"]]
            end()
            for call, parameters in (
                (client.list_collections, {}),
                (client.create_user, {"CollectionId": "staff", "UserId": "never"}),
                (client.index_faces, {"CollectionId": "staff", "Image": image}),
                (client.search_faces_by_image, {"CollectionId": "staff", "Image": image}),
                (client.delete_faces, {"CollectionId": "staff", "FaceIds": kept}),
            ):
                status, message = refused(call, **parameters)
                assert status >= 500, (call, message)
            assert _is_healthy(server.port)
            cluster.start()
            assert [face["FaceId"] for face in client.list_faces(CollectionId="staff")["Faces"]] == kept
            found = client.search_faces_by_image(CollectionId="staff", Image=image, FaceMatchThreshold=99)
            assert {match["Face"]["FaceId"] for match in found["FaceMatches"]} == set(kept)
        assert client.list_users(CollectionId="staff")["Users"] == []
        client.close()
    assert server.process.returncode == 0
