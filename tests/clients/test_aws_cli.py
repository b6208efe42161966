"""The AWS CLI, unmodified."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients.conftest import Photographs
from clients.programs import find_aws
from rekognition.processes import Server

Aws = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def aws(live_server: Server, tmp_path: Path) -> Aws:
    program = find_aws()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= live_server.environment()
    # As a newcomer passes it, on the command line.
    endpoint = environment.pop("AWS_ENDPOINT_URL_REKOGNITION")
    environment |= {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}

    def run(operation: str, *, path: str = "", **options: str) -> subprocess.CompletedProcess[str]:
        arguments = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
        return subprocess.run(
            [program, "rekognition", operation, "--endpoint-url", endpoint + path, "--output", "json", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_flow(aws: Aws, photographs: Photographs) -> None:
    name = "aws-cli-flow"
    ada, ada_later, bob = (f"fileb://{path}" for path in photographs)
    created = answer(aws("create-collection", collection_id=name))
    assert created["StatusCode"] == 200
    described = answer(aws("describe-collection", collection_id=name))
    assert (described["FaceCount"], described["CollectionARN"]) == (0, created["CollectionArn"])
    first, second = (
        answer(aws("index-faces", collection_id=name, image_bytes=image, external_image_id=label))["FaceRecords"][0][
            "Face"
        ]
        for image, label in ((ada, "ada"), (bob, "bob"))
    )
    assert answer(aws("list-faces", collection_id=name, page_size="1"))["Faces"] == [first, second]
    found = answer(aws("search-faces", collection_id=name, face_id=first["FaceId"], face_match_threshold="0"))
    assert [match["Face"] for match in found["FaceMatches"]] == [second]
    (match,) = answer(aws("search-faces-by-image", collection_id=name, image_bytes=ada_later))["FaceMatches"]
    assert match["Face"] == first
    assert match["Similarity"] >= 80
    compared = answer(aws("compare-faces", source_image_bytes=ada, target_image_bytes=ada_later))
    assert len(compared["FaceMatches"]) == 1
    assert answer(aws("delete-faces", collection_id=name, face_ids=second["FaceId"]))["DeletedFaces"] == [
        second["FaceId"]
    ]
    assert answer(aws("delete-collection", collection_id=name))["StatusCode"] == 200


def test_an_error_is_a_sentence(aws: Aws) -> None:
    done = aws("describe-collection", collection_id="absent")
    assert done.returncode != 0
    assert "(ResourceNotFoundException)" in done.stderr
    assert "The collection id: absent does not exist" in done.stderr


def test_what_is_said_of_a_photograph_is_signed_along(aws: Aws, photographs: Photographs) -> None:
    said = {"path": "/source/still/edits/cropped+pose-corrected"}
    assert answer(aws("detect-faces", image_bytes=f"fileb://{photographs[0]}", **said))["FaceDetails"]
