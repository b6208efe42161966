"""Writing a segment: it is whole and durable under its name, or not there."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizance.gallery.identifiers import Keys, sorted_order
from recognizance.gallery.layout import STEP_ROWS, Layout, index_digest, write_all, write_header
from recognizance.gallery.quantisation import Bounds, quantise
from recognizance.gallery.segment_file import coded_rows
from recognizance.gallery.stream import KeyStream

Block = tuple[Keys, NDArray[np.float32]]
"""Identifiers, and vectors of shape (n, dimension)."""


def write_segment(
    path: Path, blocks: Iterable[Block], *, rows: int, dimension: int, model: str, key: bytes, slot: int
) -> None:
    """Write a segment of exactly so many rows.

    Parameters
    ----------
    key, slot : bytes of length 32, int
        What it is sealed under, and the number that the key is found by again.

    Raises
    ------
    OSError
        If the disk is full or fails.
    ValueError
        If there are more or fewer rows, or a number in them is not finite.
    """
    layout, stream = Layout(rows, dimension), KeyStream(key)
    places = layout.places()
    keys = Keys(np.empty(rows, np.uint64), np.empty(rows, np.uint64))
    bounds, done = Bounds(), 0
    with _draft(path, places["end"]) as descriptor:
        for part, vectors in _in_steps(blocks):
            stop = done + len(vectors)
            if stop > rows:
                raise ValueError("a segment got more rows than were announced")
            keys.high[done:stop], keys.low[done:stop] = part
            bounds = bounds.widened(_write_codes(descriptor, vectors, done, places, stream))
            place = places["vectors"] + done * layout.row_bytes
            write_all(descriptor, _sealed_rows(vectors, layout, stream, place).data, place)
            done = stop
        if done != rows:
            raise ValueError("a segment got fewer rows than were announced")
        write_all(descriptor, keys.high.data, places["high"])
        write_all(descriptor, keys.low.data, places["low"])
        write_all(descriptor, sorted_order(keys).data, places["order"])
        write_all(descriptor, np.ones(rows, np.uint8).data, places["alive"])
        header = {"model": model, "dimension": dimension, "rows": rows, "slot": slot, "made_at_s": time.time()}
        header |= {"residual_max": bounds.residual_max, "norm_max": bounds.norm_max}
        write_header(descriptor, {**header, "index_sha256": index_digest(descriptor, places)}, stream)


def _write_codes(
    descriptor: int, vectors: NDArray[np.float32], done: int, places: dict[str, int], stream: KeyStream
) -> Bounds:
    """Quantise, seal and write rows that come after `done` others."""
    dimension, quantised = vectors.shape[1], quantise(vectors)
    codes, scales = quantised.codes.reshape(-1).view(np.uint8), quantised.scales.view(np.uint8)
    stream.apply(codes, places["codes"] + done * dimension)
    stream.apply(scales, places["scales"] + done * 4)
    sums = stream.sums(coded_rows(codes, scales, dimension)).view(np.uint8)
    stream.apply(sums, places["code_sums"] + done * 4)
    for data, name, size in ((codes, "codes", dimension), (scales, "scales", 4), (sums, "code_sums", 4)):
        write_all(descriptor, data.data, places[name] + done * size)
    return quantised.bounds


def _sealed_rows(vectors: NDArray[np.float32], layout: Layout, stream: KeyStream, place: int) -> NDArray[np.uint8]:
    """Seal rows that will lie from `place` on, each with its sum behind it."""
    size = layout.vector_bytes
    rows = np.zeros((len(vectors), layout.row_bytes), np.uint8)
    rows[:, : 4 * vectors.shape[1]] = np.ascontiguousarray(vectors).view(np.uint8)
    places = place + np.arange(len(vectors)) * layout.row_bytes
    sealed = stream.apply_rows(rows, places)
    sums = stream.sums(np.ascontiguousarray(sealed[:, :size])).view(np.uint8).reshape(-1, 4)
    # The last block was sealed empty, so it is the keystream: what it is combined with is sealed by it.
    sealed[:, size : size + 4] ^= sums
    return sealed


def _in_steps(blocks: Iterable[Block]) -> Iterator[Block]:
    """Regroup blocks into steps of one size, so that each begins at a block of the cipher."""
    waiting: list[Block] = []
    count = 0
    for keys, vectors in blocks:
        waiting.append((keys, vectors))
        count += len(vectors)
        while count >= STEP_ROWS:
            whole = _joined(waiting)
            yield _part_of(whole, slice(0, STEP_ROWS))
            waiting = [_part_of(whole, slice(STEP_ROWS, None))]
            count -= STEP_ROWS
    if count:
        yield _joined(waiting)


def _joined(blocks: Sequence[Block]) -> Block:
    high = np.concatenate([keys.high for keys, _ in blocks])
    low = np.concatenate([keys.low for keys, _ in blocks])
    return Keys(high, low), np.concatenate([vectors for _, vectors in blocks])


def _part_of(block: Block, part: slice) -> Block:
    keys, vectors = block
    return Keys(keys.high[part], keys.low[part]), vectors[part]


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
