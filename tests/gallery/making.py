"""Galleries of every kind, templates and identifiers; and the contract in plain words to compare with."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizance.gallery import ExhaustiveGallery, Gallery, ScanGallery
from recognizance.gallery.folder import SegmentFolder

DIMENSION = 16
_FOLDER = tempfile.TemporaryDirectory(prefix="segments-", ignore_cleanup_errors=True)


class Keys:
    """Keys of segments in memory; see `SegmentKeys`."""

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}
        self._newest = 0

    def make(self) -> tuple[int, bytes]:
        self._newest += 1
        self.kept[self._newest] = os.urandom(32)
        return self._newest, self.kept[self._newest]

    def find(self, slot: int) -> bytes | None:
        return self.kept.get(slot)

    def destroy(self, slots: Sequence[int]) -> None:
        for slot in slots:
            self.kept.pop(slot, None)


class RestlessGallery(ScanGallery):
    """Compacts whenever it has a few references: what is tested lies in segments and in the tail."""

    def add(self, identifiers: Sequence[str], vectors: NDArray[np.float32], model: str) -> None:
        super().add(identifiers, vectors, model)
        if self.is_due():
            compacted(self)


def compacted(gallery: ScanGallery) -> None:
    """Compact a gallery, unless another thread does."""
    compaction = gallery.compact({})
    if compaction is not None:
        compaction.run()


def in_memory(model: str, dimension: int) -> RestlessGallery:
    return RestlessGallery(model, dimension, tail_rows=7)


def on_disk(model: str, dimension: int) -> RestlessGallery:
    path = Path(tempfile.mkdtemp(dir=_FOLDER.name))
    return RestlessGallery(
        model, dimension, folder=SegmentFolder(path, Keys(), model=model, dimension=dimension), tail_rows=7
    )


IMPLEMENTATIONS: list[Callable[[str, int], Gallery]] = [ExhaustiveGallery, in_memory, on_disk]


def unit(rng: np.random.Generator, count: int, dimension: int = DIMENSION) -> NDArray[np.float32]:
    vectors = rng.standard_normal((count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def name(number: int) -> str:
    """Give an identifier; they sort as the numbers do."""
    return f"{number:08x}-0000-4000-8000-{number % 7:012x}"


def names(count: int, start: int = 0) -> list[str]:
    return [name(number) for number in range(start, start + count)]


def brute_force(
    held: dict[str, NDArray[np.float32]], probe: NDArray[np.float32], limit: int, threshold: float
) -> list[tuple[str, float]]:
    """The contract's words in float64, one reference at a time."""
    scored = [
        (-float((vector.astype(np.float64) * probe.astype(np.float64)).sum()), identifier)
        for identifier, vector in held.items()
    ]
    return [(identifier, -negative) for negative, identifier in sorted(scored) if -negative >= threshold][:limit]
