"""`recognizance import --from-rekognition`: a collection of Amazon Rekognition's, with all its ids.

Rekognition gives no templates out, so the photographs are needed: each is found by the names that `list-faces` tells,
its faces by the boxes.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizance.cli.enrol import require_gallery
from recognizance.cli.errors import ExitCode, MisuseError, answered
from recognizance.cli.flight import in_flight, interruptible, patiently
from recognizance.cli.invocation import Invocation
from recognizance.cli.items import read_photograph
from recognizance.cli.naming import sanitise
from recognizance.cli.sources import photographs_below
from recognizance.cli.terminal import count, messages, output, progress, table
from recognizance.errors import ImageError, NotFoundError

if TYPE_CHECKING:
    from recognizance.cli.connection import Connection

_ABOUT_ONE_PHOTOGRAPH = frozenset(
    {"InvalidImageFormatException", "ImageTooLargeException", "InvalidParameterException"}
)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of the list, with its faces, and the photograph or the reason why there is none."""

    image_id: str
    external_id: str | None
    faces: tuple[dict[str, Any], ...]
    path: Path | None
    reason: str


def import_from_rekognition(
    invocation: Invocation,
    gallery: str,
    faces: Path,
    users: Path | None,
    photos: Path,
    *,
    report: Path | None,
    jobs: int,
) -> int:
    """Import what is not there yet; say what could not be imported, and why."""
    from recognizance.cli.connection import connect
    from recognizance.cli.importing import carry_subjects

    listed = read_pages(faces, "Faces")
    _require(listed, ("FaceId", "ImageId", "BoundingBox"), faces)
    subjects = read_pages(users, "Users") if users else []
    if users:
        _require(subjects, ("UserId",), users)
    if not photos.is_dir():
        raise NotFoundError(f"There is no folder {photos}.")
    pictures = find_pictures(listed, photos)
    failed: list[tuple[str, str | None, str, str]] = []
    imported = there = 0
    with connect(invocation, jobs=jobs) as connection:
        require_gallery(connection, gallery, create=True, photographs=True)
        present = faces_in_gallery(connection, gallery)
        todo = []
        for picture in pictures:
            missing = [face for face in picture.faces if face["FaceId"] not in present]
            there += len(picture.faces) - len(missing)
            if missing and picture.path is None:
                failed += [(face["FaceId"], picture.external_id, picture.image_id, picture.reason) for face in missing]
            elif missing:
                todo.append(picture)
        with interruptible() as stop, progress("Importing", len(todo), "photograph") as advance:
            for picture, (done, reasons) in in_flight(
                todo, lambda item: _import_one(connection, gallery, item, stop), jobs=jobs, stop=stop
            ):
                imported += len(set(done) - present)
                failed += [(face, picture.external_id, picture.image_id, reason) for face, reason in reasons.items()]
                advance()
            interrupted = stop.is_set()
        if not interrupted:
            carry_subjects(connection, gallery, [user["UserId"] for user in subjects])
    _summarise(gallery, imported, there, failed, report)
    if interrupted:
        messages().print("Interrupted.  The same command goes on where it was.")
        return ExitCode.INTERRUPTED
    return ExitCode.PARTLY if failed else ExitCode.OK


def faces_in_gallery(connection: "Connection", gallery: str) -> set[str]:
    """List the face ids of a gallery."""
    pages = connection.rekognition.get_paginator("list_faces").paginate(
        CollectionId=gallery, PaginationConfig={"PageSize": 4096}
    )
    return {face["FaceId"] for page in pages for face in page["Faces"]}


def read_pages(path: Path, member: str) -> list[dict[str, Any]]:
    """Read the JSON of a list operation: one page, several one after another, or a list of either.

    Raises
    ------
    NotFoundError, MisuseError
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise MisuseError(f"{path} cannot be read: {error}.") from error
    decoder, position = json.JSONDecoder(), 0
    found: list[dict[str, Any]] = []
    try:
        while text[position:].strip():
            position += len(text[position:]) - len(text[position:].lstrip())
            page, position = decoder.raw_decode(text, position)
            for part in page if isinstance(page, list) else [page]:
                found += part.get(member, [part])
    except (ValueError, TypeError, AttributeError) as error:
        raise MisuseError(f"{path} is not the JSON of a list operation: {error}.") from error
    return found


def _require(rows: Sequence[Any], members: Sequence[str], path: Path) -> None:
    for row in rows:
        if not isinstance(row, dict) or any(member not in row for member in members):
            raise MisuseError(
                f"{path} lists something that has no {', '.join(members)}.",
                "It must be what `aws rekognition list-faces` (or list-users) printed, with --output json.",
            )


def find_pictures(listed: Sequence[dict[str, Any]], photos: Path) -> list[Picture]:
    """Find the photograph of each image id, by ImageId or ExternalImageId, with or without the extension."""
    index: dict[str, set[Path]] = defaultdict(set)
    found, _ = photographs_below(photos)
    for file in found:
        for key in _keys(file, photos):
            index[key].add(file)
    faces: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for face in listed:
        faces[face["ImageId"]].append(face)
    sharing: dict[str, set[str]] = defaultdict(set)
    for face in listed:
        if face.get("ExternalImageId"):
            sharing[face["ExternalImageId"]].add(face["ImageId"])
    pictures = []
    for image_id, group in faces.items():
        external_id = group[0].get("ExternalImageId")
        path, reason = _locate(image_id, external_id, index, sharing)
        pictures.append(Picture(image_id, external_id, tuple(group), path, reason))
    return pictures


def _keys(path: Path, root: Path) -> set[str]:
    inside = path.relative_to(root)
    names = {
        path.name,
        path.stem,
        inside.as_posix().replace("/", ":"),
        inside.with_suffix("").as_posix().replace("/", ":"),
    }
    return names | {sanitise(name) for name in names}


def _locate(
    image_id: str, external_id: str | None, index: dict[str, set[Path]], sharing: dict[str, set[str]]
) -> tuple[Path | None, str]:
    exact = index.get(image_id, set())
    if len(exact) == 1:
        return next(iter(exact)), ""
    if not external_id:
        return None, "no photograph is named by its ImageId, and it has no ExternalImageId"
    named = index.get(external_id, set())
    if not named:
        return None, "no photograph is named by its ExternalImageId or ImageId"
    if len(sharing[external_id]) > 1:
        return None, "several images share this ExternalImageId: name their photographs by ImageId"
    if len(named) > 1:
        return None, "several photographs are named by this ExternalImageId"
    return next(iter(named)), ""


def _import_one(
    connection: "Connection", gallery: str, picture: Picture, stop: Any
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Import one photograph's faces; return those that are in, and the reasons of those that are not."""
    from botocore.exceptions import ClientError

    assert picture.path is not None  # noqa: S101 - those without were sorted out
    every = [face["FaceId"] for face in picture.faces]
    request: dict[str, Any] = {
        "Gallery": gallery,
        "ImageId": picture.image_id,
        "Faces": [
            {"FaceId": face["FaceId"], "Box": face["BoundingBox"]}
            | ({"Subject": face["UserId"]} if face.get("UserId") else {})
            for face in picture.faces
        ],
    }
    if picture.external_id:
        request["ExternalId"] = picture.external_id
    try:
        request["Photograph"] = read_photograph(picture.path, connection.settings)
        answer = patiently(lambda: connection.native.import_photograph(**request), stop)
    except (ImageError, NotFoundError) as error:
        return (), dict.fromkeys(every, error.message)
    except ClientError as error:
        code, message = answered(error)
        if code not in _ABOUT_ONE_PHOTOGRAPH:
            raise
        return (), dict.fromkeys(every, message)
    return tuple(answer["Imported"]), dict.fromkeys(answer["Missing"], "no face was found where Rekognition saw one")


def _summarise(
    gallery: str, imported: int, there: int, failed: Sequence[tuple[str, str | None, str, str]], report: Path | None
) -> None:
    console = output()
    console.print(
        f"Imported {count(imported, 'face')} into {gallery}, with the ids that Rekognition gave them.", soft_wrap=True
    )
    if there:
        console.print(f"{count(there, 'face was', 'faces were')} there already.")
    if report is not None:
        with report.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["face_id", "external_id", "image_id", "reason"])
            rows.writerows(failed)
    if not failed:
        return
    by_reason: dict[str, list[str]] = defaultdict(list)
    for face_id, external_id, _, reason in failed:
        by_reason[reason].append(external_id or face_id)
    shown = table("reason", "faces", "for example", right=("faces",))
    for reason, names in sorted(by_reason.items(), key=lambda pair: -len(pair[1])):
        shown.add_row(reason, f"{len(names):,}", names[0])
    console.print(f"{count(len(failed), 'face was', 'faces were')} not imported:")
    console.print(shown)
    console.print(
        f"The list is in {report}." if report else "With --report FILE.csv you get the whole list.", soft_wrap=True
    )
