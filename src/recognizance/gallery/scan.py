"""The gallery of a server: segments that are scanned, and what came since, which is not in one yet.

Searches take no lock: they work on the parts as they were when the search began.  A compaction makes a new segment of
the newest parts while searches and changes go on, and puts it in their place in one step.
"""

import logging
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Candidate, Template
from recognizance.errors import ModelMismatchError
from recognizance.gallery import identifiers as naming
from recognizance.gallery.compaction import blocks_of, is_worn, to_join, until_stopped
from recognizance.gallery.exhaustive import ExhaustiveGallery
from recognizance.gallery.folder import SegmentFolder
from recognizance.gallery.kernels import Kernels, prepare
from recognizance.gallery.memory import MemoryStorage
from recognizance.gallery.passes import SharedPasses
from recognizance.gallery.quantisation import quantise_probe
from recognizance.gallery.segment import ROWS_PER_READ, Found, Near, Request, Segment, Storage
from recognizance.gallery.segment_file import FileStorage
from recognizance.gallery.segment_writing import Block

TAIL_ROWS = 16_384
"""References that wait in float32 before they become a segment: fewer are compared faster than they are scanned."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """What galleries compute with, and how it is shared out.

    Attributes
    ----------
    threads : int
        Into how many parts a pass over many rows is cut.
    helpers : Executor or None
        Threads that do these parts.
    """

    threads: int = 1
    helpers: Executor | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a search looks at.  ``frozen`` is what is being made into a segment."""

    segments: tuple[Segment, ...]
    frozen: ExhaustiveGallery | None
    tail: ExhaustiveGallery


class ScanGallery:
    """See `Gallery`.

    Parameters
    ----------
    folder : SegmentFolder, optional
        Where segments are kept; without one, in memory.
    tail_rows : int
        See `TAIL_ROWS`.
    """

    def __init__(
        self,
        model: str,
        dimension: int,
        *,
        folder: SegmentFolder | None = None,
        machine: Machine | None = None,
        tail_rows: int = TAIL_ROWS,
    ) -> None:
        self._model = model
        self._dimension = dimension
        self._folder = folder
        self._machine = machine or Machine()
        self._tail_rows = tail_rows
        self._parts = _Parts((), None, ExhaustiveGallery(model, dimension))
        self._changing = threading.Lock()
        self._gone: set[str] = set()
        """What was removed while a compaction is under way."""
        self._generation = 0
        self._replaced = 0
        """How many times a reference came in the place of an older one."""
        self._passes: SharedPasses[Request, list[tuple[Segment, Near]]] = SharedPasses(self._scan)

    @property
    def model(self) -> str:
        """See `Gallery.model`."""
        return self._model

    @property
    def generation(self) -> int:
        """How many times the segments were replaced."""
        return self._generation

    def __len__(self) -> int:
        """See `Gallery.__len__`."""
        parts = self._parts
        waiting = len(parts.tail) + (len(parts.frozen) if parts.frozen is not None else 0)
        return waiting + sum(segment.count for segment in parts.segments)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments of now, for those who measure them."""
        return self._parts.segments

    def load(self) -> Mapping[str, Any] | None:
        """Take over what the folder holds; returns the mark that was left with it, or None if there is nothing.

        Call `require_sound` once what was erased since is removed.
        """
        kept = self._folder.load() if self._folder is not None else None
        if kept is None:
            return None
        kernels = self._kernels()
        self._generation = kept.generation
        self._parts = replace(self._parts, segments=tuple(Segment(storage, kernels) for storage in kept.segments))
        return kept.mark

    def require_sound(self) -> None:
        """Make sure that what was loaded is as it was written.

        Raises
        ------
        DamagedIndexError
        """
        for storage in _files(self._parts.segments):
            storage.require_sound()

    def fill(self, blocks: Iterator[Block], rows: int, mark: Mapping[str, Any]) -> None:
        """Make one segment of an empty gallery's references, without holding them all in memory.

        Raises
        ------
        OSError
            If the disk is full or fails.
        """
        self._replace((), self._written(blocks, rows), (), mark)

    def add(self, identifiers: Sequence[str], vectors: NDArray[np.float32], model: str) -> None:
        """See `Gallery.add`."""
        self._check(model)
        naming.pack(identifiers)
        if not np.isfinite(vectors).all():
            raise ValueError("a template has a number that is not finite")
        with self._changing:
            parts = self._parts
            parts.tail.add(identifiers, vectors, model)
            if _holds(parts, identifiers):
                # The newer one is there by now; whoever has looked there before asks again, having missed both.
                self._replaced += 1
                self._remove(parts, identifiers, tail=False)
                if parts.frozen is not None:
                    self._gone.update(identifiers)

    def remove(self, identifiers: Collection[str]) -> None:
        """See `Gallery.remove`."""
        with self._changing:
            if self._parts.frozen is not None:
                self._gone.update(identifiers)
            self._remove(self._parts, identifiers, tail=True)

    def names(self) -> Iterator[list[str]]:
        """List all identifiers, many at a time."""
        parts = self._parts
        for segment in parts.segments:
            rows = np.flatnonzero(segment.storage.alive)
            for start in range(0, len(rows), ROWS_PER_READ):
                yield naming.unpack(segment.storage.keys.take(rows[start : start + ROWS_PER_READ]))
        for waiting in (parts.frozen, parts.tail):
            if waiting is not None:
                yield waiting.rows()[0]

    def search(
        self,
        probe: Template,
        *,
        limit: int,
        threshold: float,
        excluding: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> tuple[Candidate, ...]:
        """See `Gallery.search`.  Searches that come while a pass is under way share the next one."""
        self._check(probe.model)
        request = Request(quantise_probe(probe.vector), limit, threshold, frozenset(excluding))
        found = None
        while found is None:
            replaced = self._replaced
            found = self._found(probe, request, None if among is None else frozenset(among))
            if replaced != self._replaced:
                found = None
        # What moved to a segment while it was looked for is found twice.
        best: dict[str, float] = {}
        for negative, identifier in sorted(found):
            best.setdefault(identifier, -negative)
        ranked = enumerate(islice(best.items(), limit), start=1)
        return tuple(Candidate(identifier, score, rank) for rank, (identifier, score) in ranked)

    def _found(self, probe: Template, request: Request, among: frozenset[str] | None) -> list[tuple[float, str]] | None:
        """List what may be among the best; None if that has to be asked again."""
        parts = self._parts
        found: list[tuple[float, str]] = []
        # What waits is looked at first: it moves to a segment, and never the other way.
        for waiting in (parts.tail, parts.frozen):
            if waiting is not None and len(waiting):
                some = waiting.search(
                    probe, limit=request.limit, threshold=request.threshold, excluding=request.excluding, among=among
                )
                found.extend((-candidate.score, candidate.identifier) for candidate in some)
        if among is not None:
            for segment in self._parts.segments:
                found.extend(_named(segment.among(request, segment.rows_of(among))))
        elif self._parts.segments:
            # Judged by whoever asked: the next pass need not wait for it, nor for the other cores.
            for segment, near in self._passes.ask(request):
                judged = segment.judge(request, near)
                if judged is None:
                    return None
                found.extend(_named(judged))
        return found

    def is_due(self, *, leaving: bool = False) -> bool:
        """Whether a compaction is worth its while.

        Parameters
        ----------
        leaving : bool
            Whether the gallery is about to be let go: files that wait should hold nobody who was erased.
        """
        parts = self._parts
        if parts.frozen is not None:
            return False
        full = len(parts.tail) >= self._tail_rows
        return full or any(is_worn(segment, leaving=leaving) for segment in parts.segments)

    def compact(self, mark: Mapping[str, Any], *, leaving: bool = False) -> "Compaction | None":
        """Begin a compaction: from now on what is added is not part of it.

        Parameters
        ----------
        mark : mapping
            Says what the gallery holds now; `load` returns it with the segments.

        Returns
        -------
        Compaction, or None
            Run it, in any thread.  None if one is under way.
        """
        with self._changing:
            if self._parts.frozen is not None:
                return None
            self._parts = replace(
                self._parts, frozen=self._parts.tail, tail=ExhaustiveGallery(self._model, self._dimension)
            )
            self._gone = set()
            return Compaction(self, mark, leaving=leaving)

    def _compacted(self, mark: Mapping[str, Any], *, leaving: bool, stopped: threading.Event) -> None:
        parts = self._parts
        assert parts.frozen is not None  # noqa: S101 - `compact` has set it, and only this ends it
        try:
            old = to_join(parts.segments, len(parts.frozen), leaving=leaving)
            names, vectors = parts.frozen.rows()
            taken = [(segment, np.flatnonzero(segment.storage.alive)) for segment in old]
            rows = sum(len(alive) for _, alive in taken) + len(names)
            blocks = until_stopped(stopped, blocks_of(taken, names, vectors))
            self._replace(old, self._written(blocks, rows) if rows else None, parts.segments, mark)
        except BaseException:
            with self._changing:
                names, vectors = parts.frozen.rows()
                newer, newer_vectors = self._parts.tail.rows()
                whole = ExhaustiveGallery(self._model, self._dimension)
                whole.add(names, vectors, self._model)
                whole.add(newer, newer_vectors, self._model)
                self._parts = replace(self._parts, frozen=None, tail=whole)
            raise
        if self._folder is not None:
            self._folder.discard(_files(old))

    def _replace(
        self, old: Sequence[Segment], new: Storage | None, before: Sequence[Segment], mark: Mapping[str, Any]
    ) -> None:
        """Put a new segment in the place of old ones, once it holds nothing that was removed meanwhile."""
        try:
            made = (Segment(new, self._kernels()),) if new is not None else ()
            with self._changing:
                for segment in made:
                    segment.erase(segment.hide(self._gone))
                segments = (*(segment for segment in before if segment not in old), *made)
                if self._folder is not None:
                    self._folder.publish(_files(segments), mark, self._generation + 1)
                self._generation += 1
                self._parts = replace(self._parts, segments=segments, frozen=None)
                self._gone = set()
        except BaseException:
            if self._folder is not None and isinstance(new, FileStorage):
                self._folder.discard([new])
            raise

    def _written(self, blocks: Iterator[Block], rows: int) -> Storage:
        if self._folder is not None:
            return self._folder.write(blocks, rows)
        parts = list(blocks)
        high = np.concatenate([keys.high for keys, _ in parts])
        low = np.concatenate([keys.low for keys, _ in parts])
        return MemoryStorage(naming.Keys(high, low), np.concatenate([vectors for _, vectors in parts]))

    def _remove(self, parts: _Parts, identifiers: Collection[str], *, tail: bool) -> None:
        """Let no search find them, before anything is overwritten: a disk may fail."""
        hidden = [(segment, segment.hide(identifiers)) for segment in parts.segments]
        if parts.frozen is not None:
            parts.frozen.remove(identifiers)
        if tail:
            parts.tail.remove(identifiers)
        for segment, rows in hidden:
            segment.erase(rows)

    def _scan(self, requests: Sequence[Request]) -> list[list[tuple[Segment, Near]]]:
        """Make one pass over all segments for several requests."""
        machine = self._machine
        passes = [
            (segment, segment.scan(requests, threads=machine.threads, helpers=machine.helpers))
            for segment in self._parts.segments
        ]
        return [[(segment, nears[number]) for segment, nears in passes] for number in range(len(requests))]

    def _kernels(self) -> Kernels:
        return prepare(self._dimension)

    def _check(self, model: str) -> None:
        if model != self._model:
            raise ModelMismatchError(
                f"The gallery holds templates of {self._model}; this one was made by {model}.",
                "Enrol the photographs again with the other model, or start the server with the gallery's.",
            )


class Compaction:
    """A compaction that has begun."""

    def __init__(self, gallery: ScanGallery, mark: Mapping[str, Any], *, leaving: bool) -> None:
        self._gallery = gallery
        self._mark = mark
        self._leaving = leaving
        self._stopped = threading.Event()

    def run(self) -> None:
        """Make the new segment and put it in place.  If that fails, everything is as it was before.

        Raises
        ------
        OSError
            If the disk is full or fails.
        DamagedIndexError
            If an older segment cannot be read.
        CompactionStoppedError
            If it was stopped in time.
        """
        self._gallery._compacted(self._mark, leaving=self._leaving, stopped=self._stopped)

    def stop(self) -> None:
        """Let `run` give up soon, from any thread: rewriting millions of rows takes minutes."""
        self._stopped.set()


def _holds(parts: _Parts, identifiers: Collection[str]) -> bool:
    """Whether any of these is in the parts that nothing is added to."""
    if parts.frozen is not None and any(identifier in parts.frozen for identifier in identifiers):
        return True
    return any(len(segment.rows_of(identifiers)) for segment in parts.segments)


def _files(segments: Sequence[Segment]) -> list[FileStorage]:
    return [segment.storage for segment in segments if isinstance(segment.storage, FileStorage)]


def _named(found: Found) -> list[tuple[float, str]]:
    return [(-score, name) for score, name in zip(found.scores.tolist(), naming.unpack(found.keys), strict=True)]
