"""`recognizance import`: what `export` wrote, or what Amazon Rekognition lists."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recognizance.cli.enrol import default_jobs
from recognizance.cli.errors import ExitCode, MisuseError, answered
from recognizance.cli.exporting import FORMAT, HEAD, PHOTOGRAPHS, REFERENCES, SUFFIXES, TEMPLATES, digest_of
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, progress, show_warning
from recognizance.errors import InvalidRequestError, ModelMismatchError, NotFoundError

if TYPE_CHECKING:
    from recognizance.cli.connection import Connection

_BATCH = 500


def import_gallery(
    context: typer.Context,
    gallery: Annotated[str, typer.Option("--gallery", "-g", help="The gallery to import into; made if there is none.")],
    folder: Annotated[Path | None, typer.Option("--from", help="A folder that `recognizance export` made.")] = None,
    from_rekognition: Annotated[
        bool, typer.Option("--from-rekognition", help="Import what Amazon Rekognition lists, with its ids.")
    ] = False,
    faces: Annotated[
        Path | None, typer.Option(help="The JSON of `aws rekognition list-faces`, one page or several.")
    ] = None,
    users: Annotated[Path | None, typer.Option(help="The JSON of `aws rekognition list-users`.")] = None,
    photos: Annotated[
        Path | None, typer.Option(help="The photographs, named by their ExternalImageId or ImageId.", file_okay=False)
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write what could not be imported into this CSV file.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Photographs in flight.  Default: two more than cores.")
    ] = None,
) -> int:
    """Import a gallery: one that `export` wrote, or a collection of Amazon Rekognition's.

    Run again, it takes in what is missing; ids stay what they were.
    """
    from recognizance.cli.connection import connect
    from recognizance.cli.leaving import faces_in_gallery

    invocation: Invocation = context.obj
    jobs = jobs or default_jobs(invocation)
    if from_rekognition:
        if folder is not None or faces is None or photos is None:
            raise MisuseError(
                "--from-rekognition needs --faces and --photos, and no --from.",
                "See `recognizance import --help` and docs/cli.md.",
            )
        from recognizance.cli.leaving import import_from_rekognition

        return import_from_rekognition(invocation, gallery, faces, users, photos, report=report, jobs=jobs)
    if folder is None or not (faces is None and users is None and photos is None and report is None):
        raise MisuseError("Name the export with --from, or use --from-rekognition with --faces and --photos.")
    head = read_head(folder)
    rows, templates = read_references(folder, head)
    with connect(invocation, jobs=jobs) as connection:
        row = connection.gallery(gallery)
        if row is None:
            row = connection.native.create_gallery(Gallery=gallery, KeepPhotographs=head["keep_photographs"])["Gallery"]
        _require_same_model(row, head)
        present = faces_in_gallery(connection, gallery)
        carried = _carry_photographs(connection, gallery, folder, rows, present) if row["KeepPhotographs"] else 0
        _carry_references(connection, gallery, head["model"], rows, templates)
        carry_subjects(connection, gallery, head.get("subjects", []))
    there = sum(item["face_id"] in present for item in rows)
    told = f", with {count(carried, 'photograph')}" if carried else ""
    output().print(f"Imported {count(len(rows) - there, 'reference')} into {gallery}{told}.", soft_wrap=True)
    if there:
        output().print(f"{count(there, 'reference was', 'references were')} there already.")
    if row["Calibration"] != head["calibration"]:
        show_warning(
            "The calibration here is another one than where the export was made.",
            "Scores are the same; percents and expected false candidates may differ.",
        )
    return ExitCode.OK


def read_head(folder: Path) -> dict[str, Any]:
    """Read gallery.json and check the other files by it.

    Raises
    ------
    NotFoundError, MisuseError, InvalidRequestError
    """
    if not folder.is_dir():
        raise NotFoundError(f"There is no folder {folder}.")
    if not (folder / HEAD).is_file():
        raise MisuseError(f"{folder} is no whole export: {HEAD}, which is written last, is missing.", "Export again.")
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        if head["format"] != FORMAT:
            raise MisuseError(f"{folder} has the format {head['format']!r}, not {FORMAT!r}.")
        digests = {name: str(head["sha256"][name]) for name in (REFERENCES, TEMPLATES)}
        for name in ("model", "calibration", "references", "keep_photographs"):
            head[name]
    except (ValueError, KeyError, TypeError) as error:
        raise MisuseError(f"{folder / HEAD} cannot be read: {error!r}.", "Export again.") from error
    for name, digest in digests.items():
        if not (folder / name).is_file() or digest_of(folder / name) != digest:
            raise InvalidRequestError(f"{folder / name} is not the file that was exported.", "Export again.")
    return dict(head)


def read_references(folder: Path, head: dict[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    """Read the references and their templates, ndarray of shape (n_references, dimension), float32."""
    import numpy as np

    try:
        with (folder / REFERENCES).open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        templates = np.load(folder / TEMPLATES, mmap_mode="r" if rows else None, allow_pickle=False)
    except ValueError as error:
        raise InvalidRequestError(f"{folder} cannot be read: {error}.", "Export again.") from error
    if (
        templates.ndim != 2
        or templates.dtype != np.dtype("<f4")
        or not len(templates) == len(rows) == head["references"]
    ):
        raise InvalidRequestError(
            f"{folder} does not fit together: {len(rows):,} references, templates of shape {templates.shape}.",
            "Export again.",
        )
    return rows, templates


def _require_same_model(row: dict[str, Any], head: dict[str, Any]) -> None:
    if row["Model"] != head["model"]:
        raise ModelMismatchError(
            f"The export was made with the model {head['model']}; the gallery {row['Name']} holds templates of "
            f"{row['Model']}.",
            "Enrol the photographs anew, or set RECOGNIZANCE_EMBEDDER and RECOGNIZANCE_MIRROR to that model.",
        )


def _carry_references(
    connection: "Connection", gallery: str, model: str, rows: Sequence[dict[str, Any]], templates: Any
) -> None:
    """Import the templates as they are; references that are there are passed over by the server."""
    with progress("Importing", len(rows), "reference") as advance:
        pairs = iter(zip(rows, templates, strict=True))
        while batch := list(islice(pairs, _BATCH)):
            connection.native.import_references(
                Gallery=gallery, Model=model, References=[_request(row, template) for row, template in batch]
            )
            advance(len(batch))


def _request(row: dict[str, Any], template: Any) -> dict[str, Any]:
    request = {
        "FaceId": row["face_id"],
        "ImageId": row["image_id"],
        "Box": _wire(row["box"]),
        "Landmarks": [{"X": x, "Y": y} for x, y in row["landmarks"]],
        "Confidence": row["confidence"],
        "Pose": _wire(row["pose_degrees"]),
        "Quality": _wire(row["quality"]),
        "Template": template.astype("<f4").tobytes(),
    }
    if row.get("external_id") is not None:
        request["ExternalId"] = row["external_id"]
    if row.get("subject") is not None:
        request["Subject"] = row["subject"]
    return request


def _wire(numbers: dict[str, float]) -> dict[str, float]:
    return {name.capitalize(): value for name, value in numbers.items()}


def _carry_photographs(
    connection: "Connection", gallery: str, folder: Path, rows: Sequence[dict[str, Any]], present: set[str]
) -> int:
    """Import the photographs that the export holds, with their faces under their ids; return how many.

    One after the other: the order of enrolment is part of what is exported.
    """
    images: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        images.setdefault(row["image_id"], []).append(row)
    found = list(_photographs(folder, images)) if (folder / PHOTOGRAPHS).is_dir() else []
    if not found:
        return 0
    carried = 0
    with progress("Photographs", len(found), "photograph") as advance:
        for image, path in found:
            faces = images[image]
            if not all(row["face_id"] in present for row in faces):
                request: dict[str, Any] = {
                    "Gallery": gallery,
                    "Photograph": path.read_bytes(),
                    "ImageId": image,
                    "Faces": [
                        {"FaceId": row["face_id"], "Box": _wire(row["box"])}
                        | ({"Subject": row["subject"]} if row.get("subject") else {})
                        for row in faces
                    ],
                }
                if faces[0].get("external_id") is not None:
                    request["ExternalId"] = faces[0]["external_id"]
                connection.native.import_photograph(**request)
                carried += 1
            advance()
    return carried


def _photographs(folder: Path, images: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, Path]]:
    for image in images:
        for suffix in SUFFIXES.values():
            path = folder / PHOTOGRAPHS / f"{image}{suffix}"
            if path.is_file():
                yield image, path


def carry_subjects(connection: "Connection", gallery: str, names: Sequence[str]) -> None:
    """Create the subjects that have no reference."""
    from botocore.exceptions import ClientError

    known = {
        user["UserId"]
        for page in connection.rekognition.get_paginator("list_users").paginate(CollectionId=gallery)
        for user in page["Users"]
    }
    for name in names:
        if name not in known:
            try:
                connection.rekognition.create_user(CollectionId=gallery, UserId=name)
            except ClientError as error:
                if answered(error)[0] != "ConflictException":
                    raise
