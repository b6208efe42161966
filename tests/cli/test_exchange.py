import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.config import Config

from cli.conftest import Cli
from cli.test_serve import exports
from recognizance.cli.errors import ExitCode
from recognizance.cli.leaving import find_pictures, read_pages


def searched(cli: Cli, photo: Path, gallery: str) -> list[dict[str, Any]]:
    found = cli("search", photo, "-g", gallery, "--threshold", "10", "--json").json()["candidates"]
    return [{**row, "score": round(row["score"], 5), "false_match_rate": 0, "similarity_percent": 0} for row in found]


@pytest.mark.parametrize("photographs", [(), ("--photographs",)], ids=["templates", "photographs"])
def test_an_export_read_back_gives_the_same_candidates(
    served: Cli, another_cli: Cli, folder: Path, tmp_path: Path, photographs: tuple[str, ...]
) -> None:
    out = tmp_path / "export"
    result = served("export", "-g", "people", "--out", out, *photographs)
    assert result.code == 0, result.err
    head = json.loads((out / "gallery.json").read_text())
    templates = np.load(out / "templates.npy", allow_pickle=False)
    assert head["format"] == "recognizance-gallery-1"
    assert templates.shape == (8, 128)
    assert templates.dtype == np.float32
    assert len(list(out.glob("photographs/*"))) == (8 if photographs else 0)
    photo = next(folder.rglob("*.jpg"))
    with another_cli.serving():
        for told in ("Imported 8 references", "8 references were there already")[: 2 if photographs else 1]:
            again = another_cli("import", "-g", "copy", "--from", out)
            assert again.code == 0, again.err
            assert told in again.out
        assert searched(another_cli, photo, "copy") == searched(served, photo, "people")
        if photographs:
            assert another_cli("export", "-g", "copy", "--out", tmp_path / "copy", "--photographs").code == 0
            for path in (out / "photographs").iterdir():
                assert (tmp_path / "copy" / "photographs" / path.name).read_bytes() == path.read_bytes()


def test_an_export_that_is_not_whole_is_refused(served: Cli, tmp_path: Path) -> None:
    out = tmp_path / "export"
    (tmp_path / "export.partial").mkdir()  # left behind by an interrupted export
    assert served("export", "-g", "people", "--out", out).code == 0
    assert not (tmp_path / "export.partial").exists()
    assert served("export", "-g", "people", "--out", out).code == ExitCode.USAGE
    shutil.copytree(out, tmp_path / "cut")
    (tmp_path / "cut" / "gallery.json").unlink()
    refused = served("import", "-g", "copy", "--from", tmp_path / "cut")
    assert refused.code == ExitCode.USAGE
    assert "no whole export" in refused.err
    with (out / "templates.npy").open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\0\0\0")
    changed = served("import", "-g", "copy", "--from", out)
    assert changed.code != 0
    assert "not the file that was exported" in changed.err
    (out / "templates.npy").unlink()
    assert served("import", "-g", "copy", "--from", out).code != 0


def test_a_collection_is_taken_over_from_rekognition_with_its_ids(
    served: Cli, another_cli: Cli, folder: Path, tmp_path: Path
) -> None:
    client = client_of(served)
    listed = client.list_faces(CollectionId="people")["Faces"]
    mine = [face["FaceId"] for face in listed if face["ExternalImageId"] == listed[0]["ExternalImageId"]]
    client.create_user(CollectionId="people", UserId="first")
    client.create_user(CollectionId="people", UserId="without-faces")
    client.associate_faces(CollectionId="people", UserId="first", FaceIds=mine)
    with (tmp_path / "faces.json").open("w") as file:  # pages one after another, as `aws` prints them in a loop
        for page in client.get_paginator("list_faces").paginate(
            CollectionId="people", PaginationConfig={"PageSize": 3}
        ):
            json.dump({"Faces": page["Faces"], "FaceModelVersion": page["FaceModelVersion"]}, file, indent=2)
    users = client.list_users(CollectionId="people")["Users"]
    (tmp_path / "users.json").write_text(json.dumps({"Users": users}))
    photos = tmp_path / "photos"
    shutil.copytree(folder, photos)
    lost = next(photos.rglob("*.jpg"))
    kept = lost.rename(tmp_path / lost.name)

    arguments = ["--faces", tmp_path / "faces.json", "--users", tmp_path / "users.json", "--photos", photos]
    command = ["import", "--from-rekognition", *arguments, "-g", "mine", "--report", tmp_path / "left.csv"]
    with another_cli.serving():
        first = another_cli(*command)
        assert first.code == ExitCode.PARTLY
        assert "Imported 7 faces" in first.out
        assert lost.stem in (tmp_path / "left.csv").read_text()
        shutil.move(kept, lost)
        second = another_cli(*command)
        assert second.code == 0, second.err
        assert "Imported 1 face " in second.out
        assert "7 faces were there already" in second.out
        copy = client_of(another_cli)
        names = ("FaceId", "ImageId", "ExternalImageId", "UserId")
        assert ids(copy.list_faces(CollectionId="mine")["Faces"], names) == ids(
            client.list_faces(CollectionId="people")["Faces"], names
        )
        assert {user["UserId"] for user in copy.list_users(CollectionId="mine")["Users"]} == {"first", "without-faces"}
        copy.close()
    client.close()


def ids(rows: list[dict[str, Any]], names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return sorted(tuple(row.get(name, "") for name in names) for row in rows)


def client_of(cli: Cli) -> Any:
    told = exports(cli("env").out)
    return boto3.client(
        "rekognition",
        endpoint_url=told["AWS_ENDPOINT_URL_REKOGNITION"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        region_name=told["AWS_REGION"],
        config=Config(proxies={}),
    )


def test_photographs_that_could_be_several_images_are_not_guessed(tmp_path: Path) -> None:
    for name in ("ann.jpg", "bob/1.jpg", "bob/2.png", "1b9d0000-0000-4000-8000-000000000000.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "faces.json").write_text(
        json.dumps(
            [
                {"FaceId": "a", "ImageId": "i1", "ExternalImageId": "ann", "BoundingBox": {}},
                {"FaceId": "b", "ImageId": "i2", "ExternalImageId": "ann.jpg", "BoundingBox": {}},
                {"FaceId": "c", "ImageId": "i3", "ExternalImageId": "eve", "BoundingBox": {}},
                {"FaceId": "d", "ImageId": "i4", "ExternalImageId": "bob:1", "BoundingBox": {}},
                {"FaceId": "e", "ImageId": "i5", "ExternalImageId": "bob:1", "BoundingBox": {}},
                {"FaceId": "f", "ImageId": "1b9d0000-0000-4000-8000-000000000000", "BoundingBox": {}},
            ]
        )
    )
    found = {
        picture.image_id: picture for picture in find_pictures(read_pages(tmp_path / "faces.json", "Faces"), tmp_path)
    }
    assert found["i1"].path == tmp_path / "ann.jpg"
    assert found["i3"].path is None
    assert "share this ExternalImageId" in found["i4"].reason
    assert found["1b9d0000-0000-4000-8000-000000000000"].path is not None
