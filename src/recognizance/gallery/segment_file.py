"""A segment in a file: codes and scales are read into memory, rows in float32 when they are needed.

What tells of a face is sealed under a key of the file's own: a copy of the file is worth nothing without it.  An erased
row is overwritten in the file before its erasure is acknowledged.

    header (JSON, 4,096 bytes) · codes · scales · code sums · rows in float32 · identifiers · order · alive

Identifiers and their order are mapped.  Rows are read and not mapped: the pages that a mapping brings along with the
few rows of a search would fill the memory, and a file that loses its end would end the process.
"""

import hashlib
import json
import mmap
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import DamagedIndexError
from recognizance.gallery.identifiers import Keys, sorted_order
from recognizance.gallery.quantisation import Bounds, quantise
from recognizance.gallery.stream import BLOCK_BYTES, KeyStream, checksums

_FORMAT = "recognizance-scan-1"
_HEADER_BYTES = 4096
_ROWS_AT_ONCE = 16_384
_BYTES_AT_ONCE = 1 << 20

Block = tuple[Keys, NDArray[np.float32]]
"""Identifiers, and vectors of shape (n, dimension)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a file begin, bytes."""

    rows: int
    dimension: int

    @property
    def vector_bytes(self) -> int:
        """Bytes of a row in float32, padded to whole blocks of the cipher."""
        return -(-4 * self.dimension // BLOCK_BYTES) * BLOCK_BYTES

    @property
    def row_bytes(self) -> int:
        """Bytes of a row in float32 and of its sum."""
        return self.vector_bytes + BLOCK_BYTES

    def places(self) -> dict[str, int]:
        """Give the beginning of every part, and of what follows the last as ``end``."""
        sizes = {
            "codes": self.rows * self.dimension,
            "scales": 4 * self.rows,
            "code_sums": 4 * self.rows,
            "vectors": self.row_bytes * self.rows,
            "high": 8 * self.rows,
            "low": 8 * self.rows,
            "order": 4 * self.rows,
            "alive": self.rows,
        }
        places, place = {}, _HEADER_BYTES
        for name, size in sizes.items():
            places[name] = place
            place += -(-size // _HEADER_BYTES) * _HEADER_BYTES
        return {**places, "end": place}


class FileStorage:
    """See `segment.Storage`."""

    def __init__(self, path: Path, header: dict[str, Any], key: bytes) -> None:
        self.path = path
        self.slot = int(header["slot"])
        self.dimension = int(header["dimension"])
        self.bounds = Bounds(header["residual_max"], header["norm_max"])
        self._layout = Layout(int(header["rows"]), self.dimension)
        self._places = self._layout.places()
        self._stream = KeyStream(key)
        if path.stat().st_size != self._places["end"] or _index_digest(path, self._places) != header["index_sha256"]:
            raise _damaged(path)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)
        self._map = _mapped(self._descriptor)
        rows = self._layout.rows
        self.keys = Keys(self._part("high", np.uint64, rows), self._part("low", np.uint64, rows))
        self.order = self._part("order", np.uint32, rows)
        self.alive = np.array(self._part("alive", np.uint8, rows))
        self.codes = np.empty(rows * self.dimension, np.int8)
        self.scales = np.empty(rows, np.float32)
        self._suspect = self._read_codes()

    @classmethod
    def open(cls, path: Path, *, model: str, dimension: int, key_of: Callable[[int], bytes | None]) -> Self:
        """Open a file.

        Raises
        ------
        DamagedIndexError
            If it is not whole, or of another kind, or its key is gone.
        """
        try:
            header = _read_header(path)
            if (header.get("format"), header.get("model"), header.get("dimension")) != (_FORMAT, model, dimension):
                raise _damaged(path)
            key = key_of(int(header["slot"]))
            if key is None:
                raise _damaged(path)
            return cls(path, header, key)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(path) from error

    def require_sound(self) -> None:
        """Make sure that every row that is alive was read as it was written.

        A crash while a row was being overwritten may leave half of it; it is erased again before this is asked.

        Raises
        ------
        DamagedIndexError
        """
        if np.any(self.alive[self._suspect]):
            raise _damaged(self.path)

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `segment.Storage.vectors`."""
        size = self._layout.vector_bytes
        read = self._read_rows(rows)
        some = np.ascontiguousarray(read[:, :size])
        wrong = checksums(some) != read[:, size : size + 4].copy().view(np.uint32)[:, 0]
        # Erased since they were chosen: those are overwritten after they are marked.
        if np.any(wrong) and np.any(self.alive[rows[wrong]]):
            raise _damaged(self.path)
        opened = self._stream.apply_rows(some, self._places["vectors"] + rows * self._layout.row_bytes)
        opened[wrong] = 0
        return np.ascontiguousarray(opened.view(np.float32)[:, : self.dimension])

    def _read_rows(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        read = np.empty((len(rows), self._layout.row_bytes), np.uint8)
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1).tolist()  # rows that follow one another go together
        for first, last in zip(starts, [*starts[1:], len(rows)], strict=True):
            place = self._places["vectors"] + int(rows[first]) * self._layout.row_bytes
            if os.preadv(self._descriptor, [read[first:last].data], place) != (last - first) * self._layout.row_bytes:
                raise _damaged(self.path)
        return read

    def erase(self, rows: NDArray[np.int64]) -> None:
        """See `segment.Storage.erase`."""
        dimension, row_bytes = self.dimension, self._layout.row_bytes
        self.codes.reshape(-1, dimension)[rows] = 0
        self.scales[rows] = 0
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            for row in rows.tolist():
                sizes = {"codes": dimension, "scales": 4, "vectors": row_bytes, "code_sums": 4}
                for name, size in {"alive": 1, **sizes}.items():
                    os.pwrite(descriptor, bytes(size), self._places[name] + row * size)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def _part(self, name: str, kind: type, count: int) -> NDArray[Any]:
        place = self._places[name]
        return self._map[place : place + count * np.dtype(kind).itemsize].view(kind)

    def _read_codes(self) -> NDArray[np.int64]:
        """Read and open codes and scales; list the rows that are not as they were written."""
        rows, dimension, places = self._layout.rows, self.dimension, self._places
        sums = self._part("code_sums", np.uint32, rows)
        suspect = []
        with self.path.open("rb", buffering=0) as file:
            for start in range(0, rows, _ROWS_AT_ONCE):
                stop = min(start + _ROWS_AT_ONCE, rows)
                codes = self.codes[start * dimension : stop * dimension].view(np.uint8)
                scales = self.scales[start:stop].view(np.uint8)
                file.seek(places["codes"] + start * dimension)
                _read_all(file, codes.data)
                file.seek(places["scales"] + start * 4)
                _read_all(file, scales.data)
                wrong = _code_sums(codes, scales, dimension) != sums[start:stop]
                suspect.append(start + np.flatnonzero(wrong))
                self._stream.apply(codes, places["codes"] + start * dimension)
                self._stream.apply(scales, places["scales"] + 4 * start)
        dead = np.flatnonzero(self.alive == 0)
        self.codes.reshape(-1, dimension)[dead] = 0
        self.scales[dead] = 0
        return np.concatenate(suspect) if suspect else np.zeros(0, np.int64)


def write_segment(
    path: Path, blocks: Iterable[Block], *, rows: int, dimension: int, model: str, key: bytes, slot: int
) -> None:
    """Write a segment of exactly so many rows; it is whole and durable under its name, or not there.

    Parameters
    ----------
    key, slot : bytes of length 32, int
        What it is sealed under, and the number that the key is found by again.

    Raises
    ------
    OSError
        If the disk is full or fails.
    """
    layout = Layout(rows, dimension)
    places, stream = layout.places(), KeyStream(key)
    keys = Keys(np.empty(rows, np.uint64), np.empty(rows, np.uint64))
    bounds, done = Bounds(), 0
    with _draft(path, places["end"]) as descriptor:
        for part, vectors in _in_steps(blocks):
            stop = done + len(vectors)
            if stop > rows:
                raise ValueError("a segment got more rows than were announced")
            keys.high[done:stop], keys.low[done:stop] = part
            quantised = quantise(vectors)
            bounds = bounds.widened(quantised.bounds)
            codes, scales = quantised.codes.reshape(-1).view(np.uint8), quantised.scales.view(np.uint8)
            stream.apply(codes, places["codes"] + done * dimension)
            stream.apply(scales, places["scales"] + done * 4)
            _write_all(descriptor, codes, places["codes"] + done * dimension)
            _write_all(descriptor, scales, places["scales"] + done * 4)
            _write_all(descriptor, _code_sums(codes, scales, dimension).view(np.uint8), places["code_sums"] + done * 4)
            place = places["vectors"] + done * layout.row_bytes
            _write_all(descriptor, _sealed_rows(vectors, layout, stream, place), place)
            done = stop
        if done != rows:
            raise ValueError("a segment got fewer rows than were announced")
        rest: dict[str, NDArray[Any]] = {
            "high": keys.high,
            "low": keys.low,
            "order": sorted_order(keys),
            "alive": np.ones(rows, np.uint8),
        }
        for name, whole in rest.items():
            _write_all(descriptor, whole.view(np.uint8), places[name])
        header = {"format": _FORMAT, "model": model, "dimension": dimension, "rows": rows, "slot": slot}
        header |= {"residual_max": bounds.residual_max, "norm_max": bounds.norm_max}
        header |= {"index_sha256": _index_digest(descriptor, places)}
        text = json.dumps(header).encode()
        os.pwrite(descriptor, text + b"\n" + hashlib.sha256(text).hexdigest().encode() + b"\n", 0)


def _read_header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        text, digest, *_ = file.read(_HEADER_BYTES).split(b"\n")
    if hashlib.sha256(text).hexdigest().encode() != digest:
        raise _damaged(path)
    header: dict[str, Any] = json.loads(text)
    return header


def _index_digest(file: Path | int, places: dict[str, int]) -> str:
    """Digest the identifiers and their order, which never change: read and not mapped, so that they fill no memory."""
    digest = hashlib.sha256()
    with open(file, "rb", buffering=0, closefd=isinstance(file, Path)) as source:
        source.seek(places["high"])
        left = places["alive"] - places["high"]
        while left and (block := source.read(min(left, _BYTES_AT_ONCE))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def _in_steps(blocks: Iterable[Block]) -> Iterator[Block]:
    """Regroup blocks into steps of one size, so that each begins at a block of the cipher."""
    waiting: list[Block] = []
    count = 0
    for keys, vectors in blocks:
        waiting.append((keys, vectors))
        count += len(vectors)
        while count >= _ROWS_AT_ONCE:
            whole = _joined(waiting)
            yield _part_of(whole, slice(0, _ROWS_AT_ONCE))
            waiting = [_part_of(whole, slice(_ROWS_AT_ONCE, None))]
            count -= _ROWS_AT_ONCE
    if count:
        yield _joined(waiting)


def _joined(blocks: Sequence[Block]) -> Block:
    high = np.concatenate([keys.high for keys, _ in blocks])
    low = np.concatenate([keys.low for keys, _ in blocks])
    return Keys(high, low), np.concatenate([vectors for _, vectors in blocks])


def _part_of(block: Block, part: slice) -> Block:
    keys, vectors = block
    return Keys(keys.high[part], keys.low[part]), vectors[part]


def _sealed_rows(vectors: NDArray[np.float32], layout: Layout, stream: KeyStream, place: int) -> NDArray[np.uint8]:
    """Seal rows that will lie from `place` on, each with its sum behind it."""
    padded = np.zeros((len(vectors), layout.vector_bytes // 4), np.float32)
    padded[:, : vectors.shape[1]] = vectors
    sealed = stream.apply_rows(padded.view(np.uint8), place + np.arange(len(vectors)) * layout.row_bytes)
    rows = np.zeros((len(vectors), layout.row_bytes), np.uint8)
    rows[:, : layout.vector_bytes] = sealed
    rows[:, layout.vector_bytes : layout.vector_bytes + 4] = checksums(sealed).view(np.uint8).reshape(-1, 4)
    return rows.reshape(-1)


def _code_sums(codes: NDArray[np.uint8], scales: NDArray[np.uint8], dimension: int) -> NDArray[np.uint32]:
    rows = codes.reshape(-1, dimension)
    if dimension % 4:
        padded = np.zeros((len(rows), -(-dimension // 4) * 4), np.uint8)
        padded[:, :dimension] = rows
        rows = padded
    return checksums(rows) + scales.view(np.uint32)


@contextmanager
def _draft(path: Path, size: int) -> Iterator[int]:
    """Write under another name; the file gets its own when the block ends without error."""
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            os.posix_fallocate(descriptor, 0, size)  # a full disk is told now
            yield descriptor
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _mapped(descriptor: int) -> NDArray[np.uint8]:
    mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    mapped.madvise(mmap.MADV_RANDOM)  # few are read, here and there
    return np.frombuffer(mapped, np.uint8)


def _write_all(descriptor: int, data: NDArray[np.uint8], place: int) -> None:
    view = np.ascontiguousarray(data).data
    while len(view):
        written = os.pwrite(descriptor, view, place)
        view, place = view[written:], place + written


def _read_all(file: Any, view: memoryview) -> None:
    while len(view):
        count = file.readinto(view)
        if not count:
            raise ValueError("the file ends early")
        view = view[count:]


def _damaged(path: Path) -> DamagedIndexError:
    return DamagedIndexError(f"The index {path.name} is damaged or does not fit the record.", "It is made anew.")
