"""Photographs in archives, read as they are: nothing is unpacked onto the disk."""

import bz2
import gzip
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from recognizance.cli.errors import MisuseError
from recognizance.cli.forward import Forward
from recognizance.cli.items import Item, Place, Source, State, is_photograph, require_fitting, too_large
from recognizance.cli.naming import Naming, external_id
from recognizance.errors import ImageError

_TARS: dict[str, Callable[..., Any]] = {
    ".tar": open,
    ".tar.gz": gzip.open,
    ".tgz": gzip.open,
    ".tar.bz2": bz2.open,
    ".tbz2": bz2.open,
    ".tar.xz": lzma.open,
    ".txz": lzma.open,
}

_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
)

_ENCRYPTED = 0x1  # of a zip member's flags


def is_archive(path: Path) -> bool:
    """Tell by the name whether a file is an archive that can be read."""
    return path.name.lower().endswith((".zip", *_TARS))


def read_archive(path: Path, naming: Naming) -> Source:
    """List the photographs in an archive.

    A zip names them in one place; a tar is walked through once to count them, and again to read them.

    Raises
    ------
    MisuseError
        If the archive is broken, cut short or encrypted: nothing of it is enrolled then.
    """
    try:
        return _zip(path, naming) if path.name.lower().endswith(".zip") else _tar(path, naming)
    except _BROKEN as error:
        raise MisuseError(f"{path} is no whole archive: {error}.", "Make or fetch it again.") from error


@dataclass(frozen=True, slots=True)
class _ZipMember:
    """A photograph in a zip, which any thread may read at any time."""

    archive: zipfile.ZipFile
    path: Path
    member: zipfile.ZipInfo

    @property
    def name(self) -> str:
        return f"{self.path}/{self.member.filename}"

    @property
    def identity(self) -> str:
        return _identity(self.path, self.member.filename)

    @property
    def held_bytes(self) -> int:
        return 0

    def state(self) -> State:
        return self.member.file_size, self.member.CRC

    def read(self, bytes_max: int) -> bytes:
        if self.member.file_size > bytes_max:
            raise too_large(self.name, bytes_max)
        try:
            with self.archive.open(self.member) as file:
                data = file.read(bytes_max + 1)
        except _BROKEN as error:
            raise ImageError(f"{self.name} cannot be read: {error}.") from error
        return require_fitting(data, self.name, bytes_max)

    def ready(self, bytes_max: int) -> Place:
        return self


def _zip(path: Path, naming: Naming) -> Source:
    archive = zipfile.ZipFile(path)
    files = [member for member in archive.infolist() if not member.is_dir()]
    chosen = [member for member in files if is_photograph(member.filename)]
    if any(member.flag_bits & _ENCRYPTED for member in chosen):
        archive.close()
        raise MisuseError(f"{path} is encrypted.", "Unpack it, and enrol the folder.")
    items = (Item(_ZipMember(archive, path, member), _called(member.filename, naming)) for member in chosen)
    return Source.of(tuple(items), skipped=len(files) - len(chosen), close=archive.close)


@dataclass(frozen=True, slots=True)
class _TarMember:
    """A photograph in a tar, which can be read while the walk is at it."""

    stream: Forward
    path: Path
    member: tarfile.TarInfo
    archive_state: State

    @property
    def name(self) -> str:
        return f"{self.path}/{self.member.name}"

    @property
    def identity(self) -> str:
        return _identity(self.path, self.member.name)

    @property
    def held_bytes(self) -> int:
        return 0

    def state(self) -> State:
        # A tar holds no checksums of its members: whoever changes one changes the archive.
        return (*self.archive_state, self.member.size, int(self.member.mtime))

    def read(self, bytes_max: int) -> bytes:
        if self.member.size > bytes_max:
            raise too_large(self.name, bytes_max)
        self.stream.seek(self.member.offset_data)
        data = self.stream.take(self.member.size)
        if len(data) < self.member.size:
            raise ImageError(f"{self.name} is cut short.")
        return require_fitting(data, self.name, bytes_max)

    def ready(self, bytes_max: int) -> Place:
        try:
            return _Held(self.name, self.identity, self.state(), self.read(bytes_max))
        except ImageError as error:
            return _Held(self.name, self.identity, self.state(), error)
        except _BROKEN as error:
            return _Held(self.name, self.identity, self.state(), ImageError(f"{self.name} cannot be read: {error}."))


@dataclass(frozen=True, slots=True)
class _Held:
    """A photograph of a tar whose bytes, or what was wrong with them, are in memory."""

    name: str
    identity: str
    was: State
    content: bytes | ImageError

    @property
    def held_bytes(self) -> int:
        return 0 if isinstance(self.content, ImageError) else len(self.content)

    def state(self) -> State:
        return self.was

    def read(self, bytes_max: int) -> bytes:
        if isinstance(self.content, ImageError):
            raise self.content
        return self.content

    def ready(self, bytes_max: int) -> Place:
        return self


def _tar(path: Path, naming: Naming) -> Source:
    count = files = 0
    with _opened(path) as stream:
        for member in _members(stream):
            files += not member.isdir()
            count += _holds_photograph(member)
        stream.drain()  # which checks a checksum at the end

    def walk() -> Iterator[Item]:
        try:
            found = path.stat()
            with _opened(path) as again:
                for member in _members(again):
                    if _holds_photograph(member):
                        place = _TarMember(again, path, member, (found.st_size, found.st_mtime_ns))
                        yield Item(place, _called(member.name, naming))
        except _BROKEN as error:
            raise MisuseError(f"{path} changed, or cannot be read any more: {error}.") from error

    return Source(count, files - count, walk)


@contextmanager
def _opened(path: Path) -> Iterator[Forward]:
    opener = next(opener for ending, opener in _TARS.items() if path.name.lower().endswith(ending))
    with opener(path, "rb") as file:
        yield Forward(file, seekable=opener is open)


def _members(stream: Forward) -> Iterator[tarfile.TarInfo]:
    with tarfile.open(fileobj=stream, mode="r:") as tar:  # type: ignore[call-overload]  # needs no more of a file
        while (member := tar.next()) is not None:
            tar.members.clear()  # which would grow with the archive
            yield member
        stream.seek(tar.offset)
        if stream.read(tarfile.BLOCKSIZE).strip(b"\0"):  # tarfile takes a damaged header for the end
            raise tarfile.ReadError("a header in it is damaged")


def _holds_photograph(member: tarfile.TarInfo) -> bool:
    return member.isreg() and not member.issparse() and is_photograph(member.name)


def _called(member: str, naming: Naming) -> str | None:
    return external_id(PurePosixPath(member.replace("\\", "/").lstrip("/").removeprefix("./")), naming)


def _identity(path: Path, member: str) -> str:
    return f"{os.path.abspath(path)}\n{member}"  # noqa: PTH100 - as for files
