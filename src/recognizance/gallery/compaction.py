"""What a compaction takes along, and reads of it."""

import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from recognizance.gallery import identifiers as naming
from recognizance.gallery.segment import ROWS_PER_READ, Segment, Storage
from recognizance.gallery.segment_writing import Block

_GROWTH = 4
"""A compaction takes along an older segment unless it is so many times as large as what it would join."""

_WORN_SHARE = 0.2
_WORN_SECONDS = 86_400.0
"""A segment with a larger share of erased rows, or with any and older than this, is written anew under a new key.

The key of the old one is destroyed then, so that no copy of the file tells any more who was erased.
"""


class CompactionStoppedError(Exception):
    """A compaction was told to stop, and did."""


def to_join(segments: Sequence[Segment], rows: int, *, leaving: bool) -> list[Segment]:
    """Choose the segments that a compaction takes along: worn ones, and the newest while they are not far larger."""
    joined = [segment for segment in segments if is_worn(segment, leaving=leaving)]
    rows += sum(segment.count for segment in joined)
    for segment in reversed(segments):
        if segment in joined:
            continue
        if segment.count > _GROWTH * max(rows, 1):
            break
        joined.append(segment)
        rows += segment.count
    return joined


def is_worn(segment: Segment, *, leaving: bool) -> bool:
    """Whether a segment should be written anew, for what was erased from it; `leaving` if it is about to wait."""
    dead = segment.rows - segment.count
    old = time.time() - segment.storage.made_at_s >= _WORN_SECONDS
    return dead > 0 and (leaving or old or dead > _WORN_SHARE * segment.rows)


def blocks_of(
    taken: Sequence[tuple[Segment, NDArray[np.int64]]], names: Sequence[str], vectors: NDArray[np.float32]
) -> Iterator[Block]:
    """Read what is alive of older segments, many rows at a time, and then what is newer."""
    for segment, rows in taken:
        for start in range(0, len(rows), ROWS_PER_READ):
            some = rows[start : start + ROWS_PER_READ]
            yield segment.storage.keys.take(some), _alive_vectors(segment.storage, some)
    if names:
        yield naming.pack(names), vectors


def until_stopped(stopped: threading.Event, blocks: Iterator[Block]) -> Iterator[Block]:
    """Hand blocks on.

    Raises
    ------
    CompactionStoppedError
        Once it is told to stop.
    """
    for block in blocks:
        if stopped.is_set():
            raise CompactionStoppedError
        yield block


def _alive_vectors(storage: Storage, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Read rows; zeros for those erased meanwhile, which are removed from the new segment before it counts."""
    vectors = storage.vectors(rows)
    dead = storage.alive[rows] == 0
    if np.any(dead):
        vectors = vectors.copy()
        vectors[dead] = 0
    return vectors
