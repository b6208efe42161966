"""`recognizance export`: a gallery in files that any program can read (docs/cli.md describes them).

They are written into a folder beside the one that was named, `gallery.json` last, which then takes its name: a folder
of that name is whole, and what an interrupted export leaves behind is called `.partial`.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from recognizance.cli.answers import place_document
from recognizance.cli.errors import ExitCode, MisuseError, answered
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, progress, show_warning
from recognizance.errors import GalleryNotFoundError

if TYPE_CHECKING:
    from recognizance.cli.connection import Connection

FORMAT = "recognizance-gallery-1"
HEAD, REFERENCES, TEMPLATES, PHOTOGRAPHS = "gallery.json", "references.jsonl", "templates.npy", "photographs"
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}

_PAGE = 500


def export(
    context: typer.Context,
    gallery: Annotated[str, typer.Option("--gallery", "-g", help="The gallery to export.")],
    out: Annotated[Path, typer.Option(help="The folder to make.", file_okay=False)],
    photographs: Annotated[
        bool, typer.Option("--photographs", help="Write the enrolled photographs too, not encrypted.")
    ] = False,
) -> int:
    """Export a gallery: references, templates and, if wanted, photographs, in open formats."""
    from recognizance.cli.connection import connect

    invocation: Invocation = context.obj
    out = Path(os.path.abspath(out))  # noqa: PTH100 - keeps links as they were typed
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise MisuseError(f"{out} exists already.", "Name a new folder.")
    if not out.parent.is_dir():
        raise MisuseError(f"{out.parent} is no folder.", "Make it first.")
    draft = out.with_name(f"{out.name}.partial")
    with connect(invocation) as connection:
        row = connection.gallery(gallery)
        if row is None:
            raise GalleryNotFoundError(f"There is no gallery {gallery}.", "`recognizance galleries` lists them.")
        if photographs and not row["KeepPhotographs"]:
            raise MisuseError(f"The gallery {gallery} keeps no photographs.", "Leave out --photographs.")
        if draft.exists():  # left behind by an interrupted export
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        references, images = _write_references(connection, row, draft)
        absent = _write_photographs(connection, gallery, draft, images) if photographs else 0
        _write_head(connection, row, draft, references, len(images) - absent if photographs else 0)
    if out.exists():
        out.rmdir()
    draft.rename(out)
    told = f" and {count(len(images) - absent, 'photograph')}" if photographs else ""
    output().print(f"Exported {count(references, 'reference')}{told} of {gallery} to {out}.", soft_wrap=True)
    if photographs:
        show_warning("The photographs in it are not encrypted.", "Keep the folder as safe as the server's own.")
    if absent:
        show_warning(f"{count(absent, 'photograph')} of imported references are not in the record.")
        return ExitCode.PARTLY
    return ExitCode.OK


def _pages(connection: "Connection", gallery: str) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = connection.native.export_references(Gallery=gallery, MaxResults=_PAGE, **token)
        yield page
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _write_references(connection: "Connection", row: dict[str, Any], folder: Path) -> tuple[int, list[str]]:
    """Write references and templates; return how many, and the image ids."""
    images: dict[str, None] = {}
    rows = dimension = 0
    with (
        (folder / REFERENCES).open("w", encoding="ascii", newline="\n") as lines,
        (folder / TEMPLATES).open("wb") as templates,
        progress("Exporting", row["References"], "reference") as advance,
    ):
        for page in _pages(connection, row["Name"]):
            for item in page["References"]:
                if not rows:
                    dimension = len(item["Template"]) // 4
                    _write_npy_head(templates, 0, dimension)
                templates.write(item["Template"])
                lines.write(json.dumps(_document(item)) + "\n")
                images[item["ImageId"]] = None
                rows += 1
            advance(len(page["References"]))
        templates.seek(0)
        _write_npy_head(templates, rows, dimension)
    return rows, list(images)


def _write_npy_head(file: BinaryIO, rows: int, dimension: int) -> None:
    """Write the head of an array that grows; NumPy leaves room in it for more rows."""
    import numpy as np

    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (rows, dimension)})


def _document(item: dict[str, Any]) -> dict[str, Any]:
    """Describe a reference, for a line of references.jsonl: boxes and landmarks as ratios of the upright photograph."""
    return {
        "face_id": item["FaceId"],
        "image_id": item["ImageId"],
        "external_id": item.get("ExternalId"),
        "subject": item.get("Subject"),
        "enrolled_at": item["EnrolledAt"].astimezone(UTC).isoformat(),
        **place_document(item),
    }


def _write_photographs(connection: "Connection", gallery: str, folder: Path, images: list[str]) -> int:
    """Write the photographs; return how many are not in the record."""
    from botocore.exceptions import ClientError

    place = folder / PHOTOGRAPHS
    place.mkdir(mode=0o700)
    absent = 0
    with progress("Photographs", len(images), "photograph") as advance:
        for image in images:
            try:
                answer = connection.native.get_photograph(Gallery=gallery, ImageId=image)
            except ClientError as error:
                if answered(error)[0] != "ResourceNotFoundException":
                    raise
                absent += 1
            else:
                path = place / f"{image}{SUFFIXES.get(answer['MediaType'], '.jpg')}"
                path.write_bytes(answer["Photograph"])
            advance()
    return absent


def _write_head(connection: "Connection", row: dict[str, Any], folder: Path, references: int, photographs: int) -> None:
    from recognizance import __version__

    document = {
        "format": FORMAT,
        "gallery": row["Name"],
        "model": row["Model"],
        "calibration": row["Calibration"],
        "keep_photographs": row["KeepPhotographs"],
        "created_at": row["CreatedAt"].astimezone(UTC).isoformat(),
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "exported_by": f"recognizance {__version__}",
        "references": references,
        "photographs": photographs,
        "subjects": [user["UserId"] for user in _users(connection, row["Name"])],
        "sha256": {name: digest_of(folder / name) for name in (REFERENCES, TEMPLATES)},
    }
    (folder / HEAD).write_text(json.dumps(document, indent=2) + "\n", encoding="ascii")


def _users(connection: "Connection", gallery: str) -> Iterator[dict[str, Any]]:
    for page in connection.rekognition.get_paginator("list_users").paginate(CollectionId=gallery):
        yield from page["Users"]


def digest_of(path: Path) -> str:
    """Give a file's SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
