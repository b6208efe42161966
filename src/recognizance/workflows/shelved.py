"""One gallery in memory, and what is kept of it outside the record, against the record that they are derived from."""

import logging
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import Executor, Future, wait

import numpy as np
from numpy.typing import NDArray

from recognizance.errors import GalleryNotFoundError, RecognizanceError
from recognizance.gallery import Gallery
from recognizance.records import RecordStore, Transaction, galleries, references, subjects
from recognizance.records.galleries import GalleryRow
from recognizance.workflows.scans import follow
from recognizance.workflows.vectors import Mark, Upkeep, VectorEngine

_REST_SECONDS = 60.0
"""How long upkeep that failed is left alone."""

_log = logging.getLogger(__name__)


class ShelvedGallery:
    """A gallery by its number in the record, which is never used again.

    Whoever changes the record of it or what is derived from it holds `lock`; searches take what there is.
    """

    def __init__(
        self, number: int, store: RecordStore, engine: VectorEngine, upkeep: Executor, *, model: str, shared: bool
    ) -> None:
        self.number = number
        self.lock = threading.Lock()
        self.used = time.monotonic()
        """When it was last of use."""
        self._store = store
        self._engine = engine
        self._executor = upkeep
        self._model = model
        self._shared = shared
        self._references: Gallery | None = None
        self._mark = Mark()
        self._subjects: Gallery | None = None
        self._subjects_version = 0
        self._upkeep: Future[None] | None = None
        self._tending: Upkeep | None = None
        self._rests_until = 0.0
        self._deleted = False

    @property
    def is_loaded(self) -> bool:
        """Whether anything of it is in memory."""
        return self._references is not None or self._subjects is not None

    @property
    def is_tended(self) -> bool:
        """Whether upkeep is under way."""
        return self._upkeep is not None and not self._upkeep.done()

    def references(self, row: GalleryRow) -> Gallery:
        """Give the references as the record says by now; `row` was read for the act at hand."""
        self.used = time.monotonic()
        # The mark first: it is set last when a gallery is loaded.
        behind = self._is_behind(row)
        held = self._references
        if held is not None and not behind:
            return held
        with self.lock:
            return self.followed(row)

    def subjects(self, row: GalleryRow) -> Gallery:
        """Give the subjects; see `references`."""
        self.used = time.monotonic()
        regrouped = self._is_regrouped(row)
        held = self._subjects
        if held is not None and not regrouped:
            return held
        with self.lock:
            if self._subjects is None or self._is_regrouped(row):
                with self._store.read() as tx:
                    now = self._row(tx)
                    self._subjects = self._load_subjects(tx, now)
                self._subjects_version = now.subjects_version
            return self._subjects

    # --- with the lock held ---------------------------------------------------------------------------

    def followed(self, row: GalleryRow) -> Gallery:
        """Load the references, or follow what was committed since."""
        if self._references is None or self._is_behind(row):
            if self._references is None:
                self.settle()
            with self._store.read() as tx:
                now = self._row(tx)
                mark = follow(tx, now, self._references, self._mark) if self._references is not None else None
                if mark is None:
                    self._references = None
                    self.settle()
                    self._references, mark = self._engine.load(tx, now)
            self._mark = mark
            self.tend()
        assert self._references is not None  # noqa: S101 - it has just been loaded
        return self._references

    def made_anew(self, damaged: Gallery) -> Gallery:
        """Give the references once more, from the record alone, unless somebody has done so meanwhile."""
        self.settle()
        if self._references is damaged or self._references is None:
            self._references = None
            with self._store.read() as tx:
                self._references, self._mark = self._engine.load_anew(tx, self._row(tx))
        return self._references

    def step(self, row: GalleryRow) -> None:
        """Follow what other processes did, also in what is kept of a gallery that is not in memory."""
        if self._is_regrouped(row):
            self._subjects = None
        if self._references is not None:
            self.followed(row)
        elif row.model == self._model and self._mark.version < row.version and self._engine.is_kept(self.number):
            with self._store.read() as tx:
                stale = self._engine.is_stale(tx, row)
            if stale:
                self.followed(row)
            else:
                self._mark = Mark(row.version, self._mark.sequence)  # looked at; loading sets it right

    def added(self, identifiers: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Take in what was committed."""
        if self._references is None:
            self.catch_up()
        elif not self._shared:  # otherwise all that was committed is read when the change ends
            self._references.add(identifiers, vectors, self._model)

    def erased(self, identifiers: Collection[str]) -> None:
        """Forget what was erased, also where it is kept.

        Raises
        ------
        OSError
            If a file cannot be overwritten; no search finds it all the same.
        """
        if self._references is not None:
            self._references.remove(identifiers)
        elif self._engine.is_kept(self.number):
            with self._store.read() as tx:
                row = self._row(tx)
            if row.model == self._model:
                self.followed(row)
            else:
                self._engine.forget(self.number)

    def grouped(self, identifier: str, template: NDArray[np.float32] | None) -> None:
        """Set a subject's template, or remove it."""
        if self._subjects is not None and template is not None:
            self._subjects.add([identifier], template[None], self._model)
        elif self._subjects is not None:
            self._subjects.remove([identifier])

    def catch_up(self) -> None:
        """Load or follow what was committed; if that fails, whoever searches next tries again, and is told."""
        try:
            with self._store.read() as tx:
                row = self._row(tx)
            if row.model == self._model:
                self.followed(row)
        except (OSError, RecognizanceError) as error:
            self._references = None
            _log.warning("gallery %d could not follow the record yet: %s", self.number, error)

    def tend(self, *, leaving: bool = False) -> None:
        """Begin upkeep, if it is due and does not go on already."""
        held = self._references
        if self.is_tended or held is None or time.monotonic() < self._rests_until:
            return
        if not self._engine.is_due(held, leaving=leaving):
            return
        try:
            with self._store.read() as tx:
                if not self._shared:  # nobody else changes it, and this thread holds it: it is in step
                    version = galleries.version_of(tx, self.number)
                    if version is None:
                        return
                    self._mark = Mark(version, references.newest_sequence(tx, self.number))
                upkeep = self._engine.tend(tx, self.number, held, self._mark, leaving=leaving)
            if upkeep is not None:
                self._upkeep, self._tending = self._executor.submit(self._run, upkeep), upkeep
        except (RecognizanceError, RuntimeError) as error:  # the record is away, or the server is closing
            _log.warning("gallery %d is tended later: %s", self.number, error)

    def settle(self) -> None:
        """Wait for the upkeep under way: one thread at a time changes what is kept."""
        _await(self._upkeep)

    def hurry(self) -> None:
        """Let the upkeep under way end soon, its work undone; may be called without the lock."""
        if self._tending is not None:
            self._tending.stop()

    def let_go(self) -> None:
        """Keep nothing in memory."""
        self._references = self._subjects = None

    def deleted(self) -> None:
        """Forget a gallery that the record no longer holds, with everything derived from it."""
        self._deleted = True
        self.let_go()
        self.hurry()
        if self._upkeep is None or not self._upkeep.cancel():
            self.settle()
        self._engine.forget(self.number)

    # --- parts ------------------------------------------------------------------------------------------

    def _is_behind(self, row: GalleryRow) -> bool:
        return self._shared and self._mark.version < row.version

    def _is_regrouped(self, row: GalleryRow) -> bool:
        return self._shared and self._subjects_version < row.subjects_version

    def _row(self, tx: Transaction) -> GalleryRow:
        row = None if self._deleted else galleries.find_by_number(tx, self.number)
        if row is None:
            raise GalleryNotFoundError("The collection was deleted.")
        return row

    def _run(self, upkeep: Upkeep) -> None:
        try:
            upkeep.run()
        except (OSError, RecognizanceError) as error:
            _log.warning("the index of gallery %d cannot be written yet: %s", self.number, error)
        except Exception:  # noqa: BLE001 - the thread's edge: searches go on with what there is
            _log.exception("the index of gallery %d cannot be made", self.number)
        else:
            return
        self._rests_until = time.monotonic() + _REST_SECONDS

    def _load_subjects(self, tx: Transaction, row: GalleryRow) -> Gallery:
        sums: dict[int, NDArray[np.float64]] = {}
        counts: dict[int, int] = {}
        for batch in references.templates(tx, row.id, owned_only=True):
            for subject, template in zip(batch.subjects, batch.templates, strict=True):
                if subject is not None:
                    sums[subject] = sums.get(subject, 0.0) + template.astype(np.float64)
                    counts[subject] = counts.get(subject, 0) + 1
        if not sums:
            return self._engine.hold((), np.zeros((0, 0), np.float32))
        names = subjects.identifiers_of(tx, row.id)
        means = np.stack([unit(total / counts[subject]) for subject, total in sums.items()])
        return self._engine.hold([names[subject] for subject in sums], means)


def unit(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give a vector of shape (dimension,) unit length."""
    scaled: NDArray[np.float32] = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return scaled


def _await(upkeep: "Future[None] | None") -> None:
    if upkeep is not None:
        wait([upkeep])
