"""Where `enrol` finds photographs: folders, CSV files, archives, S3, or one file."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from recognizance.cli.archives import is_archive, read_archive
from recognizance.cli.buckets import SCHEME, read_bucket
from recognizance.cli.errors import MisuseError
from recognizance.cli.items import EXTENSIONS, FilePlace, Item, Source
from recognizance.cli.naming import Naming, external_id
from recognizance.errors import NotFoundError

if TYPE_CHECKING:
    from recognizance.settings import Settings


def read_source(given: str, naming: Naming, settings: "Settings") -> Source:
    """List the photographs of a folder (with the folders in it), a CSV file, an archive, an S3 prefix, or one file.

    Raises
    ------
    NotFoundError
        If there is no such file or folder.
    MisuseError
        If it is none of these, or a broken archive.
    SettingsError
        If S3 is asked for and cannot be used.
    """
    if given.startswith(SCHEME):
        return read_bucket(given, naming, settings)
    source = Path(given)
    if source.is_dir():
        return _folder(source, naming)
    if not source.exists():
        raise NotFoundError(f"There is no file or folder {source}.")
    if source.suffix.lower() == ".csv":
        return _csv(source, naming)
    if is_archive(source):
        return read_archive(source, naming)
    if source.suffix.lower() in EXTENSIONS:
        return Source.of((Item(FilePlace(source), external_id(PurePath(source.name), naming)),))
    raise MisuseError(
        f"{source} is no folder, no CSV file, no archive (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz) and no JPEG or PNG.",
        "Name one of these, or s3://BUCKET/PREFIX.",
    )


def photographs_below(folder: Path) -> tuple[list[Path], int]:
    """List the photographs in a folder and the folders in it, sorted; count the other files; pass hidden ones over."""
    found: list[Path] = []
    skipped = 0
    for place, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in EXTENSIONS and not name.startswith("."):
                found.append(Path(place, name))
            else:
                skipped += 1
    return found, skipped


def _folder(folder: Path, naming: Naming) -> Source:
    found, skipped = photographs_below(folder)
    items = (Item(FilePlace(path), external_id(path.relative_to(folder), naming)) for path in found)
    return Source.of(tuple(items), skipped=skipped)


def _csv(source: Path, naming: Naming) -> Source:
    try:
        return Source.of(tuple(_rows(source, naming)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise MisuseError(f"{source} cannot be read as CSV in UTF-8: {error}.") from error


def _rows(source: Path, naming: Naming) -> Iterator[Item]:
    with source.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        names = rows.fieldnames or ()
        if "file" not in names:
            raise MisuseError(
                f"{source} has no column `file`.",
                "Its first line must name the columns: file,external_id (the latter may be left out).",
            )
        for row in rows:
            if row["file"]:
                path = source.parent / row["file"]
                given = (row.get("external_id") or "") if "external_id" in names else None
                named = (given or None) if given is not None else external_id(PurePath(path.name), naming)
                yield Item(FilePlace(path), named)


def _raise(error: OSError) -> None:
    raise error
