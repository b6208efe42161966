"""Killed in the middle of indexing: whatever was acknowledged is there when the server comes back."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from rekognition.answers import check_answers
from rekognition.processes import Server

THREADS = 3
KILLED_AFTER = 60


def test_kill_9_loses_no_acknowledged_face(new_server: Callable[..., Server], faces: Path) -> None:
    photographs = [path.read_bytes() for path in sorted((faces / "fairface" / "images").glob("*.jpg"))[:400]]
    server = new_server()
    client = server.client(max_pool_connections=THREADS)
    client.create_collection(CollectionId="stream")
    acknowledged: dict[str, bytes] = {}

    def stream(share: int) -> None:
        try:
            for photograph in photographs[share::THREADS]:
                answer = client.index_faces(
                    CollectionId="stream", Image={"Bytes": photograph}, QualityFilter="NONE", MaxFaces=1
                )
                acknowledged.update((record["Face"]["FaceId"], photograph) for record in answer["FaceRecords"])
        except (BotoCoreError, ClientError):
            pass  # killed

    threads = [threading.Thread(target=stream, args=(share,)) for share in range(THREADS)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < KILLED_AFTER and any(thread.is_alive() for thread in threads):
        time.sleep(0.002)
    server.kill()
    for thread in threads:
        thread.join()
    client.close()
    assert KILLED_AFTER <= len(acknowledged) < len(photographs), "it was killed in the middle"

    client = new_server().client()
    check_answers(client)
    listed = [
        face["FaceId"]
        for page in client.get_paginator("list_faces").paginate(CollectionId="stream")
        for face in page["Faces"]
    ]
    assert set(acknowledged) <= set(listed)
    assert len(listed) <= len(acknowledged) + THREADS, "at most what each thread had under way comes besides"
    assert client.describe_collection(CollectionId="stream")["FaceCount"] == len(listed)
    for face_id in acknowledged:
        others = client.search_faces(CollectionId="stream", FaceId=face_id, FaceMatchThreshold=0)["FaceMatches"]
        assert len(others) == len(listed) - 1
    for face_id, photograph in list(acknowledged.items())[-10:]:
        image = {"Bytes": photograph}
        found = client.search_faces_by_image(CollectionId="stream", Image=image)["FaceMatches"]
        assert (found[0]["Face"]["FaceId"], found[0]["Similarity"]) == (face_id, 100)
        again = client.index_faces(CollectionId="stream", Image=image, QualityFilter="NONE", MaxFaces=1)
        assert again["FaceRecords"][0]["Face"]["FaceId"] == face_id, "indexing goes on where it was"
    client.close()
