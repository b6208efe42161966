"""A gallery in Milvus: exact, although Milvus computes scores in float32."""

import json
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Candidate, Template
from recognizance.errors import ModelMismatchError, VectorEngineError
from recognizance.gallery.milvus_engine import KEY, VECTOR, MilvusEngine

_SPARE = 16
"""Rows beyond those asked for: in most searches the first of them is already too unlike to matter."""

_WIDER = 4
_ROWS_MAX = 16_384  # that Milvus returns at once
_ANSWER_BYTES = 33_554_432
_REQUEST_BYTES = 4_194_304
_ROW_BYTES = 300  # of a row besides its vector, at most, for nearly all identifiers
_KEYS_AT_ONCE = 4_096

_COMPACTIONS = 10
_PAUSE_S = 1.0

_Scored = list[tuple[float, str]]
"""Negative scores in float64 and identifiers: sorted, they are in the order of the contract."""


class MilvusGallery:
    """References in one Milvus collection with a FLAT index.

    Milvus returns the rows that it scores highest, with their vectors, and they are scored again here in float64.
    Its own scores are off by no more than float32 allows, so the list is complete once the least score returned is
    below what could still enter by more than that; until then more rows are asked for, in the end all.

    Every read waits for every write that was acknowledged before it, by whichever server (consistency level
    "Strong").  Milvus holds the identifiers percent-encoded: ids of ours stay as they are, and whatever else stands
    in an identifier can neither end a string in an expression nor be cut.
    """

    def __init__(self, engine: MilvusEngine, collection: str, model: str, dimension: int) -> None:
        self._engine = engine
        self._collection = collection
        self._model = model
        self._dimension = dimension
        # |float32 dot − exact dot| ≤ d·2⁻²⁴ for unit vectors in any order of summation (Higham, 3.1), doubled.
        self._margin = (dimension + 2) * 2.0**-23
        self._rows_max = min(_ROWS_MAX, _ANSWER_BYTES // (4 * dimension))

    @property
    def model(self) -> str:
        """See `Gallery.model`."""
        return self._model

    def __len__(self) -> int:
        """See `Gallery.__len__`."""
        return self._count("")

    def add(self, identifiers: Sequence[str], vectors: NDArray[np.float32], model: str) -> None:
        """See `Gallery.add`.

        Raises
        ------
        VectorEngineUnavailableError
            If Milvus did not acknowledge all of it; some may be there.
        """
        self._check(model)
        if vectors.shape != (len(identifiers), self._dimension):
            raise ModelMismatchError(
                f"Templates of shape {vectors.shape} do not fit {len(identifiers)} references "
                f"of {self._dimension} numbers."
            )
        last = {identifier: row for row, identifier in enumerate(identifiers)}
        rows = [{KEY: _encode(identifier), VECTOR: vectors[row]} for identifier, row in last.items()]
        size = max(1, _REQUEST_BYTES // (4 * self._dimension + _ROW_BYTES))
        for start in range(0, len(rows), size):
            self._engine.ask("upsert", self._collection, rows[start : start + size])

    def remove(self, identifiers: Collection[str]) -> None:
        """See `Gallery.remove`.  Raises `VectorEngineUnavailableError` as `add` does."""
        for condition in _conditions(identifiers):
            self._engine.ask("delete", self._collection, filter=condition)

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
        excluded = frozenset(excluding)
        conditions = [""] if among is None else _conditions(set(among) - excluded)
        found: _Scored = []
        for condition in conditions:
            found += self._best(probe.vector, limit, threshold, excluded if among is None else frozenset(), condition)
        return tuple(
            Candidate(identifier, -negative, rank)
            for rank, (negative, identifier) in enumerate(sorted(found)[:limit], start=1)
        )

    def templates(self, condition: str = "") -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """Read all references, in batches of identifiers and vectors of shape (n, dimension)."""
        batch = min(_KEYS_AT_ONCE, self._rows_max)
        for rows in self._engine.pages(self._collection, condition, batch, [KEY, VECTOR]):
            yield [_decode(row[KEY]) for row in rows], _vectors([row[VECTOR] for row in rows])

    def identifiers(self) -> Iterator[list[str]]:
        """Read the identifiers of all references, many at a time."""
        for rows in self._engine.pages(self._collection, "", _ROWS_MAX, [KEY]):
            yield [_decode(row[KEY]) for row in rows]

    def fetch(self, identifiers: Collection[str]) -> dict[str, NDArray[np.float32]]:
        """Read the vectors of some references; those that are not there are left out."""
        found: dict[str, NDArray[np.float32]] = {}
        for condition in _conditions(identifiers):
            for names, vectors in self.templates(condition):
                found.update(zip(names, vectors, strict=True))
        return found

    def forget(self) -> bool:
        """Have Milvus write its segments anew without what was removed; returns whether it did.

        The old ones go when Milvus collects its garbage: docs/milvus.md says when that is.
        """
        self._engine.ask("flush", self._collection)
        for _ in range(_COMPACTIONS):
            job = self._engine.ask("compact", self._collection)
            if self._engine.compacted(job):
                return True
            time.sleep(_PAUSE_S)  # it passes over segments that another compaction has, or that are being written
        return False

    def _best(
        self, vector: NDArray[np.float32], limit: int, threshold: float, excluded: frozenset[str], condition: str
    ) -> _Scored:
        """Find the best `limit` of those that meet the condition."""
        asked = limit + len(excluded) + _SPARE
        while asked <= self._rows_max:
            rows = self._nearest(vector, asked, condition)
            scores, least = self._rescored(vector, rows)
            best = sorted(pair for pair in scores if -pair[0] >= threshold and pair[1] not in excluded)[:limit]
            bar = -best[-1][0] if len(best) == limit else threshold
            if least + self._margin < bar:
                return best
            # All of a small gallery, or of a condition.  A count that says otherwise belongs to a later state.
            if len(rows) < asked and len(rows) == self._count(condition):
                return best
            asked = self._rows_max if asked < self._rows_max < asked * _WIDER else asked * _WIDER
        return self._best_of_all(vector, limit, threshold, excluded, condition)

    def _nearest(self, vector: NDArray[np.float32], asked: int, condition: str) -> Sequence[Any]:
        (rows,) = self._engine.ask(
            "search",
            self._collection,
            [vector],
            filter=condition,
            limit=asked,
            output_fields=[VECTOR],
            search_params={"metric_type": "IP"},
            consistency_level="Strong",
        )
        found: Sequence[Any] = rows
        return found

    def _rescored(self, vector: NDArray[np.float32], rows: Sequence[Any]) -> tuple[_Scored, float]:
        """Score rows in float64; returns with them the least score by Milvus."""
        if not rows:
            return [], -np.inf
        exact = _scores(vector, _vectors([row["entity"][VECTOR] for row in rows]))
        claimed = np.array([row["distance"] for row in rows], dtype=np.float64)
        if not np.all(np.abs(claimed - exact) <= self._margin):
            raise VectorEngineError(
                "Milvus scores less precisely than float32 allows, so what it leaves out may be as much alike.",
                "Use an engine that computes FLAT indexes of float32 vectors in float32.",
            )
        pairs = [(-float(score), _decode(row["id"])) for score, row in zip(exact, rows, strict=True)]
        return pairs, float(claimed.min())

    def _best_of_all(
        self, vector: NDArray[np.float32], limit: int, threshold: float, excluded: frozenset[str], condition: str
    ) -> _Scored:
        """Read every reference, for when more rows are as good as equal than Milvus returns at once."""
        best: _Scored = []
        for identifiers, vectors in self.templates(condition):
            scores = _scores(vector, vectors)
            best += [
                (-float(scores[row]), identifiers[row])
                for row in np.flatnonzero(scores >= threshold)
                if identifiers[row] not in excluded
            ]
            best = sorted(best)[:limit]
        return best

    def _count(self, condition: str) -> int:
        (row,) = self._engine.ask(
            "query", self._collection, filter=condition, output_fields=["count(*)"], consistency_level="Strong"
        )
        return int(row["count(*)"])

    def _check(self, model: str) -> None:
        if model != self._model:
            raise ModelMismatchError(
                f"The gallery holds templates of {self._model}; this one was made by {model}.",
                "Enrol the photographs again with the other model, or start the server with the gallery's.",
            )


def _conditions(identifiers: Collection[str]) -> list[str]:
    """Write expressions that, together, hold of these identifiers alone."""
    keys = sorted({_encode(identifier) for identifier in identifiers})
    return [
        f"{KEY} in {json.dumps(keys[start : start + _KEYS_AT_ONCE])}" for start in range(0, len(keys), _KEYS_AT_ONCE)
    ]


def _encode(identifier: str) -> str:
    return quote(identifier, safe="", errors="surrogatepass")


def _decode(key: str) -> str:
    return unquote(key, errors="surrogatepass")


def _vectors(rows: Sequence[Any]) -> NDArray[np.float32]:
    return np.asarray(rows, dtype=np.float32)


def _scores(vector: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = (vectors.astype(np.float64) * vector.astype(np.float64)).sum(axis=1)
    return scores
