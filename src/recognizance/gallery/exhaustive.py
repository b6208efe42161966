"""The plain exhaustive gallery: every reference is compared.  Faster ones are checked against it."""

import threading
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Candidate, Template
from recognizance.errors import ModelMismatchError

_CAPACITY_MIN = 1024
_BLOCK = 65_536  # rows compared at once: bounds the memory of a search


class ExhaustiveGallery:
    """All templates as one float32 matrix.

    Appending writes behind the rows that readers see and publishes the new count afterwards; removing clears a
    row's flag.  Readers take no lock while they compare.
    """

    def __init__(self, model: str, dimension: int) -> None:
        self._model = model
        self._dimension = dimension
        self._lock = threading.Lock()
        self._vectors = np.zeros((_CAPACITY_MIN, dimension), dtype=np.float32)
        self._alive = np.zeros(_CAPACITY_MIN, dtype=bool)
        self._identifiers: list[str] = []
        self._rows: dict[str, int] = {}
        self._replaced = 0
        """How many times a reference came in the place of an older one."""

    @property
    def model(self) -> str:
        """See `Gallery.model`."""
        return self._model

    def __len__(self) -> int:
        """See `Gallery.__len__`."""
        return len(self._rows)

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._rows

    def add(self, identifiers: Sequence[str], vectors: NDArray[np.float32], model: str) -> None:
        """See `Gallery.add`."""
        self._check(model)
        if vectors.shape != (len(identifiers), self._dimension):
            raise ModelMismatchError(
                f"Templates of shape {vectors.shape} do not fit {len(identifiers)} references "
                f"of {self._dimension} numbers."
            )
        with self._lock:
            if self._identifiers and len(self._rows) < len(self._identifiers) // 2:
                self._compact()
            start, stop = len(self._identifiers), len(self._identifiers) + len(identifiers)
            if stop > len(self._vectors):
                self._grow(max(stop, 2 * len(self._vectors)))
            self._vectors[start:stop] = vectors
            if any(identifier in self._rows for identifier in identifiers):
                self._replaced += 1  # first: whoever compares meanwhile may miss the older one and not see the newer
            for offset, identifier in enumerate(identifiers):
                earlier = self._rows.get(identifier)
                if earlier is not None:
                    self._alive[earlier] = False
                    self._vectors[earlier] = 0
                self._rows[identifier] = start + offset
                self._alive[start + offset] = True
            self._identifiers.extend(identifiers)

    def remove(self, identifiers: Collection[str]) -> None:
        """See `Gallery.remove`."""
        with self._lock:
            for identifier in identifiers:
                row = self._rows.pop(identifier, None)
                if row is not None:
                    self._alive[row] = False
                    self._vectors[row] = 0  # an erased template does not linger in memory

    def rows(self) -> tuple[list[str], NDArray[np.float32]]:
        """Copy what is in it: identifiers, and vectors of shape (n, dimension)."""
        with self._lock:
            return list(self._rows), self._vectors[list(self._rows.values())]

    def search(
        self,
        probe: Template,
        *,
        limit: int,
        threshold: float,
        excluding: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> tuple[Candidate, ...]:
        """See `Gallery.search`."""
        self._check(probe.model)
        with self._lock:
            replaced = self._replaced
            vectors, alive, identifiers = self._vectors, self._alive, self._identifiers
            count = len(identifiers)
            skipped = [self._rows[identifier] for identifier in excluding if identifier in self._rows]
            compared = alive
            if among is not None:
                compared = np.zeros(len(alive), dtype=bool)
                compared[[self._rows[identifier] for identifier in among if identifier in self._rows]] = True
        # |float32 dot − exact dot| ≤ d·2⁻²⁴ for unit vectors (Higham, Accuracy and Stability, 3.1), doubled.
        margin = np.float32((self._dimension + 2) * 2.0**-23)
        rows: list[NDArray[np.intp]] = []
        rough: list[NDArray[np.float32]] = []
        for start in range(0, count, _BLOCK):
            stop = min(start + _BLOCK, count)
            scores = vectors[start:stop] @ probe.vector
            near = np.flatnonzero((scores >= np.float32(threshold) - margin) & compared[start:stop])
            rows.append(near + start)
            rough.append(scores[near])
        if not rows:
            return ()
        chosen, scores = np.concatenate(rows), np.concatenate(rough)
        if skipped:
            kept = ~np.isin(chosen, skipped)
            chosen, scores = chosen[kept], scores[kept]
        if len(chosen) > limit:
            least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
            chosen = chosen[scores >= least - 2 * margin]
        exact = (vectors[chosen].astype(np.float64) * probe.vector.astype(np.float64)).sum(axis=1)
        if replaced != self._replaced or not alive[chosen].all():
            # Those erased since they were chosen may have kept others from being chosen.
            return self.search(probe, limit=limit, threshold=threshold, excluding=excluding, among=among)
        ranked = sorted(
            (-float(score), identifiers[row]) for row, score in zip(chosen, exact, strict=True) if score >= threshold
        )
        return tuple(
            Candidate(identifier, -negative, rank)
            for rank, (negative, identifier) in enumerate(ranked[:limit], start=1)
        )

    def _check(self, model: str) -> None:
        if model != self._model:
            raise ModelMismatchError(
                f"The gallery holds templates of {self._model}; this one was made by {model}.",
                "Enrol the photographs again with the other model, or start the server with the gallery's.",
            )

    def _grow(self, capacity: int) -> None:
        vectors = np.zeros((capacity, self._dimension), dtype=np.float32)
        alive = np.zeros(capacity, dtype=bool)
        vectors[: len(self._vectors)] = self._vectors
        alive[: len(self._alive)] = self._alive
        self._vectors, self._alive = vectors, alive

    def _compact(self) -> None:
        """Leave out the removed rows; searches under way keep the arrays they started with."""
        kept = sorted(self._rows.values())
        capacity = max(_CAPACITY_MIN, 2 * len(kept))
        vectors = np.zeros((capacity, self._dimension), dtype=np.float32)
        alive = np.zeros(capacity, dtype=bool)
        vectors[: len(kept)] = self._vectors[kept]
        alive[: len(kept)] = True
        self._identifiers = [self._identifiers[row] for row in kept]
        self._rows = {identifier: row for row, identifier in enumerate(self._identifiers)}
        self._vectors, self._alive = vectors, alive
