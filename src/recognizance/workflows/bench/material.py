"""What is searched when a machine is measured: rows of no face, in files as the server makes them."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import RecognizanceError
from recognizance.gallery import ScanGallery
from recognizance.gallery.folder import SegmentFolder
from recognizance.gallery.identifiers import Keys
from recognizance.gallery.layout import Layout
from recognizance.gallery.segment_writing import Block

MODEL = "bench"

_BLOCK_ROWS = 65_536
_FILLING_BYTES = 64
"""Memory that a row takes while its segment is made: identifiers and their order."""
_PROGRAM_BYTES = 400_000_000
"""What the program takes without any row, measured and rounded up."""


class OpenKeys:
    """Keys that anybody can make again, for rows that tell of nobody; see `gallery.folder.SegmentKeys`."""

    def __init__(self) -> None:
        self._made = 0

    def make(self) -> tuple[int, bytes]:
        """Give the next key."""
        self._made += 1
        return self._made, self.find(self._made)

    def find(self, slot: int) -> bytes:
        """Give a key by its number."""
        return hashlib.sha256(f"recognizance bench {slot}".encode()).digest()

    def destroy(self, slots: Sequence[int]) -> None:
        """Do nothing."""


def open_gallery(folder: Path, dimension: int) -> ScanGallery:
    """Give the gallery of a folder, which searches in one thread; its files are read by `load`."""
    segments = SegmentFolder(folder, OpenKeys(), model=MODEL, dimension=dimension)
    return ScanGallery(MODEL, dimension, folder=segments)


def fill(folder: Path, rows: int, dimension: int, *, progress: Callable[[int], None]) -> int:
    """Make the files of a gallery of random unit vectors; returns their size in bytes."""
    open_gallery(folder, dimension).fill(_blocks(rows, dimension, progress), rows, {})
    return sum(file.stat().st_size for file in folder.iterdir())


def unit_rows(dice: np.random.Generator, rows: int, dimension: int) -> NDArray[np.float32]:
    """Make random vectors of unit length, of shape (rows, dimension)."""
    made = dice.standard_normal((rows, dimension), dtype=np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


def file_bytes(rows: int, dimension: int) -> int:
    """Give the size of the files of so many references."""
    return Layout(rows, dimension).places()["end"]


def memory_bytes(rows: int, dimension: int) -> int:
    """Give the memory that a gallery of so many references takes: codes, scales and which rows are alive."""
    return rows * (dimension + 5)


def matrix_fits(rows: int, dimension: int) -> bool:
    """Whether there is memory for numpy's float32 matrix beside the gallery."""
    return memory_bytes(rows, dimension) + 4 * rows * dimension + _PROGRAM_BYTES <= available_memory()


def require_room(folder: Path, rows: int, dimension: int) -> None:
    """Refuse what would fill the disk or the memory.

    Raises
    ------
    RecognizanceError
        Saying how much is needed.
    """
    disk, free = file_bytes(rows, dimension), shutil.disk_usage(folder).free
    if disk > free:
        raise RecognizanceError(
            f"To measure {rows:,} references, {_gigabytes(disk)} of disk are needed in {folder}, where "
            f"{_gigabytes(free)} are free.",
            "Ask for fewer with --references, or point RECOGNIZANCE_CACHE at a larger disk.",
        )
    memory, available = rows * max(_FILLING_BYTES, dimension + 5) + _PROGRAM_BYTES, available_memory()
    if memory > available:
        raise RecognizanceError(
            f"To measure {rows:,} references, {_gigabytes(memory)} of memory are needed; {_gigabytes(available)} are "
            "free.",
            "Ask for fewer with --references; --plan says by calculation what more would take.",
        )


def available_memory() -> int:
    """Give the bytes of memory that a program could still take."""
    return _meminfo("MemAvailable")


def total_memory() -> int:
    """Give the bytes of memory of the machine."""
    return _meminfo("MemTotal")


def _meminfo(name: str) -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/meminfo does not tell {name}")


def _blocks(rows: int, dimension: int, progress: Callable[[int], None]) -> Iterator[Block]:
    dice = np.random.default_rng(0)
    for start in range(0, rows, _BLOCK_ROWS):
        count = min(_BLOCK_ROWS, rows - start)
        high, low = dice.integers(0, 2**64, (2, count), np.uint64, endpoint=False)
        yield Keys(high, low), unit_rows(dice, count, dimension)
        progress(count)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
