"""Photographs on this machine: where they are, what to call them, and their bytes."""

import csv
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from recognizance.cli.errors import MisuseError
from recognizance.errors import ImageError, ImageFormatError, ImageTooLargeError, NotFoundError

if TYPE_CHECKING:
    from recognizance.settings import Settings

EXTENSIONS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png"})

_ID_LENGTH_MAX = 255


class Naming(StrEnum):
    """How the external id of a photograph comes from its file."""

    NAME = "name"
    PATH = "path"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Item:
    """A photograph to enrol."""

    path: Path
    external_id: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """Photographs in order; ``skipped`` counts files that are none by their names."""

    items: tuple[Item, ...]
    skipped: int


def read_source(source: Path, naming: Naming) -> Source:
    """List the photographs of a folder (with the folders in it), of a CSV file, or one photograph.

    Raises
    ------
    NotFoundError
        If there is no such file or folder.
    MisuseError
        If it is neither of these.
    """
    if source.is_dir():
        return _folder(source, naming)
    if not source.exists():
        raise NotFoundError(f"There is no file or folder {source}.")
    if source.suffix.lower() == ".csv":
        return _csv(source, naming)
    if source.suffix.lower() in EXTENSIONS:
        return Source((Item(source, external_id(source, source.parent, naming)),), 0)
    raise MisuseError(f"{source} is no folder, no CSV file and no JPEG or PNG.", "Name one of these.")


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


def external_id(path: Path, root: Path, naming: Naming) -> str | None:
    """Make an external id of a file's name, or of its path below `root`."""
    match naming:
        case Naming.NAME:
            return sanitise(path.stem)
        case Naming.PATH:
            return sanitise(path.relative_to(root).with_suffix("").as_posix().replace("/", ":"))
        case Naming.NONE:
            return None


def sanitise(name: str) -> str:
    """Write a name in the characters that Rekognition's external ids may have.

    Accents are dropped and other characters become ``_``; where letters get lost, a few digits of the name's
    digest keep different names different.
    """
    spread = unicodedata.normalize("NFKD", name)
    lost = any(not letter.isascii() and not unicodedata.combining(letter) for letter in spread)
    plain = spread.encode("ascii", "ignore").decode("ascii")
    kept = re.sub(r"[^a-zA-Z0-9_.\-:]+", "_", plain)
    if kept and not lost and len(kept) <= _ID_LENGTH_MAX:
        return kept
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    return f"{kept[: _ID_LENGTH_MAX - 9]}-{digest}".lstrip("_-") or digest


def read_photograph(path: Path, settings: "Settings") -> bytes:
    """Read a photograph's bytes.

    Raises
    ------
    NotFoundError, ImageError
        Saying what is wrong with the file; what is in it is the server's to judge.
    """
    limit = settings.photograph_bytes_max
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no photograph {path}.") from error
    except IsADirectoryError as error:
        raise ImageError(f"{path} is a folder, not a photograph.") from error
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a zero byte in the name
        raise ImageError(f"{str(path)!r} cannot be the name of a file.") from error
    if len(data) > limit:
        raise ImageTooLargeError(
            f"{path} has more than {limit:,} bytes.",
            "Make it smaller, or set RECOGNIZANCE_PHOTOGRAPH_BYTES_MAX for the server and here.",
        )
    if not data:
        raise ImageFormatError(f"{path} is empty.")
    return data


def _folder(folder: Path, naming: Naming) -> Source:
    found, skipped = photographs_below(folder)
    return Source(tuple(Item(path, external_id(path, folder, naming)) for path in found), skipped)


def _csv(source: Path, naming: Naming) -> Source:
    try:
        return Source(tuple(_rows(source, naming)), 0)
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
                yield Item(path, (given or None) if given is not None else external_id(path, path.parent, naming))


def _raise(error: OSError) -> None:
    raise error
