"""A segment in a file: codes, scales and identifiers are read into memory, rows in float32 when they are needed.

What tells of a face is sealed under a key of the file's own: a copy of the file is worth nothing without it.  An erased
row is overwritten in the file before its erasure is acknowledged.  Rows are read and not mapped: the pages that a
mapping brings along with the few rows of a search would fill the memory, and a file that loses its end would end the
process.
"""

import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import DamagedIndexError
from recognizance.gallery.identifiers import Keys
from recognizance.gallery.layout import STEP_ROWS, Layout, index_digest, is_signed, read_all, read_header, write_all
from recognizance.gallery.quantisation import Bounds
from recognizance.gallery.stream import KeyStream


class FileStorage:
    """See `segment.Storage`."""

    def __init__(self, path: Path, descriptor: int, header: dict[str, Any], stream: KeyStream) -> None:
        self.path = path
        self.slot = int(header["slot"])
        self.dimension = int(header["dimension"])
        self.bounds = Bounds(header["residual_max"], header["norm_max"])
        self.made_at_s = float(header["made_at_s"])
        self._descriptor = descriptor
        self._layout = Layout(int(header["rows"]), self.dimension)
        self._places = self._layout.places()
        self._stream = stream
        if os.fstat(descriptor).st_size != self._places["end"]:
            raise damaged(path)
        if index_digest(descriptor, self._places) != header["index_sha256"]:
            raise damaged(path)
        self.keys = Keys(self._part("high", np.uint64), self._part("low", np.uint64))
        self.order: NDArray[np.uint32] = self._part("order", np.uint32)
        self.alive: NDArray[np.uint8] = self._part("alive", np.uint8)
        self.codes = np.empty(self._layout.rows * self.dimension, np.int8)
        self.scales = np.empty(self._layout.rows, np.float32)
        self._suspect = self._read_codes()

    @classmethod
    def open(cls, path: Path, *, model: str, dimension: int, key_of: Callable[[int], bytes | None]) -> Self:
        """Open a file.

        Raises
        ------
        DamagedIndexError
            If it is not whole, or of another kind, or its key is gone or another one.
        OSError
            If there are too many files open, or the disk fails.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            raise damaged(path) from error
        try:
            header, stream = _trusted_header(descriptor, key_of)
            if (header["model"], header["dimension"]) != (model, dimension):
                raise ValueError("of another model")  # noqa: TRY301 - told like everything that does not fit
            opened = cls(path, descriptor, header, stream)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            os.close(descriptor)
            raise damaged(path) from error
        except BaseException:
            os.close(descriptor)
            raise
        weakref.finalize(opened, os.close, descriptor)
        return opened

    def require_sound(self) -> None:
        """Make sure that every row that is alive was read as it was written.

        A crash while a row was being overwritten may leave half of it; it is erased again before this is asked.

        Raises
        ------
        DamagedIndexError
        """
        if np.any(self.alive[self._suspect]):
            raise damaged(self.path)

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `segment.Storage.vectors`."""
        size, places = self._layout.vector_bytes, self._places["vectors"] + rows * self._layout.row_bytes
        sealed = self._read_rows(rows)
        opened = self._stream.apply_rows(sealed, places)
        sums = np.ascontiguousarray(opened[:, size : size + 4]).view(np.uint32)[:, 0]
        wrong = self._stream.sums(np.ascontiguousarray(sealed[:, :size])) != sums
        # Erased since they were chosen: those are overwritten after they are marked.
        if np.any(wrong) and np.any(self.alive[rows[wrong]]):
            raise damaged(self.path)
        opened[wrong] = 0
        return np.ascontiguousarray(opened.view(np.float32)[:, : self.dimension])

    def erase(self, rows: NDArray[np.int64]) -> None:
        """See `segment.Storage.erase`."""
        self.codes.reshape(-1, self.dimension)[rows] = 0
        self.scales[rows] = 0
        sizes = {"codes": self.dimension, "scales": 4, "vectors": self._layout.row_bytes, "code_sums": 4}
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            for row in rows.tolist():
                for name, size in {"alive": 1, **sizes}.items():
                    write_all(descriptor, bytes(size), self._places[name] + row * size)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def _part(self, name: str, kind: type) -> NDArray[Any]:
        whole = np.empty(self._layout.sizes()[name], np.uint8)
        read_all(self._descriptor, whole.data, self._places[name])
        return whole.view(kind)

    def _read_rows(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        size = self._layout.row_bytes
        read = np.empty((len(rows), size), np.uint8)
        whole = read.data.cast("B")
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)  # rows that follow one another go together
        ends = size * np.append(starts[1:], len(rows))
        places = self._places["vectors"] + size * rows[starts]
        try:
            for first, last, place in zip((size * starts).tolist(), ends.tolist(), places.tolist(), strict=True):
                read_all(self._descriptor, whole[first:last], place)
        except (OSError, ValueError) as error:
            raise damaged(self.path) from error
        return read

    def _read_codes(self) -> NDArray[np.int64]:
        """Read and open codes and scales; list the rows that are not as they were written."""
        rows, dimension, places = self._layout.rows, self.dimension, self._places
        suspect = [np.zeros(0, np.int64)]
        for start in range(0, rows, STEP_ROWS):
            stop = min(start + STEP_ROWS, rows)
            codes = self.codes[start * dimension : stop * dimension].view(np.uint8)
            scales = self.scales[start:stop].view(np.uint8)
            sums = np.empty(4 * (stop - start), np.uint8)
            parts = ((codes, "codes", dimension), (scales, "scales", 4), (sums, "code_sums", 4))
            for data, name, size in parts:
                read_all(self._descriptor, data.data, places[name] + start * size)
            made = self._stream.sums(coded_rows(codes, scales, dimension))
            for data, name, size in parts:
                self._stream.apply(data, places[name] + start * size)
            suspect.append(start + np.flatnonzero(made != sums.view(np.uint32)))
        dead = np.flatnonzero(self.alive == 0)
        self.codes.reshape(-1, dimension)[dead] = 0
        self.scales[dead] = 0
        return np.concatenate(suspect)


def _trusted_header(descriptor: int, key_of: Callable[[int], bytes | None]) -> tuple[dict[str, Any], KeyStream]:
    header, text, signature = read_header(descriptor)
    key = key_of(int(header["slot"]))
    if key is None:
        raise ValueError("the key is destroyed")
    stream = KeyStream(key)
    if not is_signed(stream, text, signature):
        raise ValueError("changed, or of another key")
    return header, stream


def coded_rows(codes: NDArray[np.uint8], scales: NDArray[np.uint8], dimension: int) -> NDArray[np.uint8]:
    """Put each row's codes and scale together, padded to whole words."""
    rows = np.zeros((len(scales) // 4, -(-dimension // 4) * 4 + 4), np.uint8)
    rows[:, :dimension] = codes.reshape(-1, dimension)
    rows[:, -4:] = scales.reshape(-1, 4)
    return rows


def damaged(path: Path) -> DamagedIndexError:
    """Say that a file cannot be used."""
    return DamagedIndexError(f"The index {path.name} is damaged or does not fit the record.", "It is made anew.")
