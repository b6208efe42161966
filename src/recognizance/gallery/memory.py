"""Rows of a segment that are kept in memory only."""

import time

import numpy as np
from numpy.typing import NDArray

from recognizance.gallery.identifiers import Keys, sorted_order
from recognizance.gallery.quantisation import quantise


class MemoryStorage:
    """See `segment.Storage`."""

    def __init__(self, keys: Keys, vectors: NDArray[np.float32]) -> None:
        quantised = quantise(vectors)
        self._vectors = vectors
        self.dimension = vectors.shape[1]
        self.bounds = quantised.bounds
        self.codes = quantised.codes.reshape(-1)
        self.scales = quantised.scales
        self.keys = keys
        self.order = sorted_order(keys)
        self.alive = np.ones(len(vectors), np.uint8)
        self.made_at_s = time.time()

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `segment.Storage.vectors`."""
        return self._vectors[rows]

    def erase(self, rows: NDArray[np.int64]) -> None:
        """See `segment.Storage.erase`."""
        self._vectors[rows] = 0
        self.codes.reshape(-1, self.dimension)[rows] = 0
        self.scales[rows] = 0
