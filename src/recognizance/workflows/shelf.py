"""Galleries in memory, loaded from the record when first used and kept in step with it."""

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Template
from recognizance.errors import ModelMismatchError, RecognizanceError, RecordUnavailableError
from recognizance.gallery import ExhaustiveGallery, Gallery
from recognizance.records import RecordStore, references, subjects
from recognizance.records.galleries import GalleryRow


@dataclass
class _Shelved:
    """One gallery; the lock is held while the record and the memory of it change together."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    references: Gallery | None = None
    subjects: Gallery | None = None


class Shelf:
    """The galleries in memory.

    A change holds the gallery's lock from before its transaction commits until the memory has followed, and so
    does loading: whoever searches after a change was acknowledged sees it.
    """

    def __init__(self, store: RecordStore, model: str, dimension: int) -> None:
        self._store = store
        self._model = model
        self._dimension = dimension
        self._lock = threading.Lock()
        self._shelved: dict[int, _Shelved] = {}

    def references(self, gallery: GalleryRow) -> Gallery:
        """Return the gallery of references.

        Raises
        ------
        ModelMismatchError
            If the gallery was made with another model than the server runs.
        """
        return self._loaded(gallery)[0]

    def subjects(self, gallery: GalleryRow) -> Gallery:
        """Return the gallery of subjects, each with one template made of its references'."""
        return self._loaded(gallery)[1]

    @contextmanager
    def changing(self, gallery: GalleryRow) -> Iterator["Change"]:
        """Hold the gallery for a change; commit inside, then apply the change to memory."""
        shelved = self._entry(gallery)
        with shelved.lock:
            try:
                yield Change(shelved, self._model)
            except BaseException as error:
                refused = isinstance(error, RecognizanceError) and not isinstance(error, RecordUnavailableError)
                if not refused:
                    # Whether or not the record changed: it is right, and is loaded anew when next needed.
                    shelved.references = shelved.subjects = None
                raise

    def drop(self, gallery: GalleryRow) -> None:
        """Forget a gallery that was deleted."""
        with self._lock:
            self._shelved.pop(gallery.id, None)

    def _entry(self, gallery: GalleryRow) -> _Shelved:
        with self._lock:
            return self._shelved.setdefault(gallery.id, _Shelved())

    def _loaded(self, gallery: GalleryRow) -> tuple[Gallery, Gallery]:
        require_model(gallery, self._model)
        shelved = self._entry(gallery)
        loaded = shelved.references, shelved.subjects
        if loaded[0] is None or loaded[1] is None:
            with shelved.lock:
                if shelved.references is None or shelved.subjects is None:
                    shelved.subjects, shelved.references = self._load(gallery)
                return shelved.references, shelved.subjects
        return loaded[0], loaded[1]

    def _load(self, gallery: GalleryRow) -> tuple[Gallery, Gallery]:
        held = ExhaustiveGallery(self._model, self._dimension)
        people = ExhaustiveGallery(self._model, self._dimension)
        with self._store.read() as tx:
            owned: dict[int, list[NDArray[np.float32]]] = {}
            for batch in references.templates(tx, gallery.id):
                held.add(batch.face_ids, batch.templates, gallery.model)
                for subject, template in zip(batch.subjects, batch.templates, strict=True):
                    if subject is not None:
                        owned.setdefault(subject, []).append(template)
            names = subjects.names_of(tx, gallery.id) if owned else {}
        if owned:
            means = np.stack([subject_template(np.stack(rows)) for rows in owned.values()])
            people.add([names[subject] for subject in owned], means, gallery.model)
        return people, held


class Change:
    """What can be done to a held gallery in memory, after its record has committed."""

    def __init__(self, shelved: _Shelved, model: str) -> None:
        self._shelved = shelved
        self._model = model

    def enrolled(self, identifiers: Sequence[str], templates: Sequence[Template]) -> None:
        """Add references, if the gallery is in memory."""
        if identifiers:
            self.add(identifiers, np.stack([template.vector for template in templates]))

    def add(self, identifiers: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add references by their vectors, of shape (n, dimension)."""
        if self._shelved.references is not None:
            self._shelved.references.add(identifiers, vectors, self._model)

    def erased(self, identifiers: Collection[str]) -> None:
        """Remove references."""
        if self._shelved.references is not None:
            self._shelved.references.remove(identifiers)

    def subject(self, name: str, rows: NDArray[np.float32]) -> None:
        """Set a subject's template from those of its references, of shape (n, dimension); none removes it."""
        if self._shelved.subjects is None:
            return
        if len(rows):
            self._shelved.subjects.add([name], subject_template(rows)[None], self._model)
        else:
            self._shelved.subjects.remove([name])


def require_model(gallery: GalleryRow, model: str) -> None:
    """Refuse a gallery of another model.

    Raises
    ------
    ModelMismatchError
    """
    if gallery.model != model:
        raise ModelMismatchError(
            f"The gallery was made with the model {gallery.model}; the server runs {model}.",
            "Start the server with the gallery's model, or enrol its photographs into a new gallery.",
        )


def subject_template(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average a subject's templates, of shape (n, dimension), to one of unit length."""
    mean = rows.astype(np.float64).mean(axis=0)
    template: NDArray[np.float32] = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
    return template
