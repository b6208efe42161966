"""Photographs to enrol: where each of them is, and how its bytes are had."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from recognizance.errors import ImageError, ImageFormatError, ImageTooLargeError, NotFoundError

if TYPE_CHECKING:
    from recognizance.settings import Settings

EXTENSIONS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png"})

State = tuple[int | str, ...]
"""What changes whenever the bytes do."""


class Place(Protocol):
    """Where a photograph is."""

    @property
    def name(self) -> str:
        """Give the name that people are told."""

    @property
    def identity(self) -> str:
        """Give the name that stands for this place alone, wherever the command is run."""

    @property
    def held_bytes(self) -> int:
        """Count the photograph's bytes that are in memory."""

    def state(self) -> State:
        """Look at what is there now; raises `OSError` or `ValueError` if it cannot be looked at."""

    def read(self, bytes_max: int) -> bytes:
        """Read the photograph.

        Raises
        ------
        NotFoundError, ImageError
            Saying what is wrong with it.  Of one that is too large, not much more than `bytes_max` is read.
        """

    def ready(self, bytes_max: int) -> "Place":
        """Give a place that any thread may read at any time; called by the one that walks through the source."""


@dataclass(frozen=True, slots=True)
class Item:
    """A photograph to enrol."""

    place: Place
    external_id: str | None

    @property
    def name(self) -> str:
        """The name that people are told."""
        return self.place.name


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Source:
    """Photographs in order.

    Attributes
    ----------
    count : int
    skipped : int
        Files that are none by their names.
    walk : callable
        Begins a walk through the photographs.
    close : callable
        Lets go of what is held open; no photograph is read afterwards.
    """

    count: int
    skipped: int
    walk: Callable[[], Iterator[Item]]
    close: Callable[[], None] = _nothing

    @classmethod
    def of(cls, items: tuple[Item, ...], *, skipped: int = 0, close: Callable[[], None] = _nothing) -> "Source":
        """Make a source of photographs that can be read in any order."""
        return cls(len(items), skipped, lambda: iter(items), close)


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file."""

    path: Path

    @property
    def name(self) -> str:
        """See `Place.name`."""
        return str(self.path)

    @property
    def identity(self) -> str:
        """See `Place.identity`."""
        return os.path.abspath(self.path)  # noqa: PTH100 - resolving links would cost a look at every folder

    @property
    def held_bytes(self) -> int:
        """See `Place.held_bytes`."""
        return 0

    def state(self) -> State:
        """See `Place.state`."""
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns

    def read(self, bytes_max: int) -> bytes:
        """See `Place.read`."""
        return _read_file(self.path, bytes_max)

    def ready(self, bytes_max: int) -> "FilePlace":
        """See `Place.ready`."""
        return self


def is_photograph(name: str) -> bool:
    """Judge a name in an archive or a bucket: a JPEG or PNG, and nothing hidden, nor macOS's side files."""
    path = PurePosixPath(name.replace("\\", "/"))
    hidden = any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in EXTENSIONS and not hidden


def require_fitting(data: bytes, name: str, bytes_max: int) -> bytes:
    """Return `data` if they may be a photograph's.

    Raises
    ------
    ImageTooLargeError, ImageFormatError
    """
    if len(data) > bytes_max:
        raise too_large(name, bytes_max)
    if not data:
        raise ImageFormatError(f"{name} is empty.")
    return data


def too_large(name: str, bytes_max: int) -> ImageTooLargeError:
    """Make the error of a photograph of too many bytes."""
    return ImageTooLargeError(
        f"{name} has more than {bytes_max:,} bytes.",
        "Make it smaller, or set RECOGNIZANCE_PHOTOGRAPH_BYTES_MAX for the server and here.",
    )


def read_photograph(path: Path, settings: "Settings") -> bytes:
    """Read a photograph's bytes.

    Raises
    ------
    NotFoundError, ImageError
        Saying what is wrong with the file; what is in it is the server's to judge.
    """
    return _read_file(path, settings.photograph_bytes_max)


def _read_file(path: Path, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(bytes_max + 1)
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no photograph {path}.") from error
    except IsADirectoryError as error:
        raise ImageError(f"{path} is a folder, not a photograph.") from error
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a zero byte in the name
        raise ImageError(f"{str(path)!r} cannot be the name of a file.") from error
    return require_fitting(data, str(path), bytes_max)
