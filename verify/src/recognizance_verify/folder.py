"""A whole log in a folder: its checkpoint and all tiles for exactly that size, and nothing else.

Everything is recomputed from the entries, in one pass and in bounded memory.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recognizance_verify.census import Census
from recognizance_verify.consistency import require_growth
from recognizance_verify.encoding import HASH_BYTES, encode_base64, shown
from recognizance_verify.entries import parse_entry
from recognizance_verify.errors import VerificationError
from recognizance_verify.files import read_file
from recognizance_verify.growing import GrowingTree
from recognizance_verify.notes import NOTE_BYTES_MAX, Checkpoint, SignedNote
from recognizance_verify.tiles import ENTRY_BYTES_MAX, TILE_HEIGHT, TILE_WIDTH, tile_path, unpack_entries
from recognizance_verify.tree import leaf_hash
from recognizance_verify.trust import CheckedCheckpoint, Trust

CHECKPOINT_FILE = "checkpoint"
ENTRY_TILE_BYTES_MAX = TILE_WIDTH * (2 + ENTRY_BYTES_MAX)

_TILE_FILE = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_TILE_FOLDER = re.compile(r"tile(/(entries|[0-7])(/x[0-9]{3}){0,6}(/[0-9]{3}\.p)?)?")


@dataclass(frozen=True, slots=True)
class CheckedExport:
    """What was found in a folder that holds the log of its checkpoint, complete and unchanged."""

    checkpoint: CheckedCheckpoint
    census: Census


def read_checkpoint(folder: Path) -> SignedNote:
    """Read the checkpoint of an export.

    Raises
    ------
    VerificationError
        If there is none.
    """
    return SignedNote.parse(_read(folder, CHECKPOINT_FILE, NOTE_BYTES_MAX))


def verify_export(folder: Path, trust: Trust, older: Checkpoint | None = None) -> CheckedExport:
    """Check that a folder holds the whole log of its checkpoint, file by file and entry by entry.

    Parameters
    ----------
    older : Checkpoint, optional
        An older checkpoint, whose log must be the beginning of this one.

    Raises
    ------
    VerificationError
        If a file is missing, not needed or changed, an entry is not where it says, the entries are not those of the
        checkpoint, or the checkpoint is not to be believed (`Trust.check`).
    """
    checked = trust.check(read_checkpoint(folder))
    checkpoint = checked.checkpoint
    if older is not None:
        require_growth(older, checkpoint)
    _require_only_needed_files(folder, checkpoint.size)
    tree = GrowingTree(lambda level, index, hashes: _compare_tile(folder, level, index, hashes))
    census = Census()
    for data in _entries(folder, checkpoint.size):
        if older is not None and census.count == older.size:
            _require_beginning(older, tree.root())
        census.add(parse_entry(data, census.count))
        tree.append(leaf_hash(data))
    tree.finish()
    root = tree.root()
    if older is not None and census.count == older.size:
        _require_beginning(older, root)
    if root != checkpoint.root:
        raise VerificationError(
            f"The {checkpoint.size} entries have the root {encode_base64(root)}, and the checkpoint says "
            f"{encode_base64(checkpoint.root)}."
        )
    return CheckedExport(checked, census)


def _entries(folder: Path, size: int) -> Iterator[bytes]:
    for start in range(0, size, TILE_WIDTH):
        width = min(TILE_WIDTH, size - start)
        path = tile_path(None, start // TILE_WIDTH, width)
        tile = _read(folder, path, ENTRY_TILE_BYTES_MAX)
        try:
            entries = unpack_entries(tile)
        except VerificationError as error:
            raise VerificationError(f"{path}: {error}") from None
        if len(entries) != width:
            raise VerificationError(f"{path}: It has {len(entries)} entries and not {width}.")
        yield from entries


def _compare_tile(folder: Path, level: int, index: int, hashes: Sequence[bytes]) -> None:
    path = tile_path(level, index, len(hashes))
    tile = _read(folder, path, TILE_WIDTH * HASH_BYTES)
    if tile == b"".join(hashes):
        return
    if len(tile) != len(hashes) * HASH_BYTES:
        raise VerificationError(f"{path}: It has {len(tile)} bytes and not {len(hashes) * HASH_BYTES}.")
    place = next(at for at, one in enumerate(hashes) if tile[at * HASH_BYTES : (at + 1) * HASH_BYTES] != one)
    first = (index * TILE_WIDTH + place) << (TILE_HEIGHT * level)
    last = first + (1 << (TILE_HEIGHT * level)) - 1
    entries = f"entry {first}" if first == last else f"the entries {first} to {last}"
    raise VerificationError(f"{path}: Its hash {place} is not that of {entries}.")


def _require_beginning(older: Checkpoint, root: bytes) -> None:
    if root != older.root:
        raise VerificationError(
            f"The log was rewritten: its first {older.size} entries are not those of the older checkpoint."
        )


def _require_only_needed_files(folder: Path, size: int) -> None:
    """Walk the folder; that nothing is missing shows when the files are read."""
    folders = [""]
    while folders:
        inside = folders.pop()
        try:
            with os.scandir(folder / inside) as found:
                empty = True
                for item in found:
                    empty = False
                    path = f"{inside}/{item.name}" if inside else item.name
                    if item.is_dir(follow_symlinks=False) and _TILE_FOLDER.fullmatch(path):
                        folders.append(path)
                    elif not item.is_file(follow_symlinks=False) or not _is_needed(path, size):
                        raise VerificationError(f"{shown(path)}: It is no part of a log of {size} entries.")
        except OSError as error:
            raise VerificationError(f"{shown(inside) or 'The folder'} cannot be read: {error.strerror}.") from None
        if empty and inside:
            raise VerificationError(f"{shown(inside)}: It is no part of a log of {size} entries: it is empty.")


def _is_needed(path: str, size: int) -> bool:
    parts = _TILE_FILE.fullmatch(path)
    if not parts:
        return path == CHECKPOINT_FILE
    level = None if parts[1] == "entries" else int(parts[1])
    index = int(parts[2].replace("x", "").replace("/", ""))
    width = min(TILE_WIDTH, (size >> TILE_HEIGHT * (level or 0)) - index * TILE_WIDTH)
    return width > 0 and path == tile_path(level, index, width)


def _read(folder: Path, path: str, limit: int) -> bytes:
    try:
        return read_file(folder / path, limit)
    except VerificationError as error:
        raise VerificationError(f"{path}: {error}") from None
