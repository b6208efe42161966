"""Any embedder that takes the ArcFace-aligned 112×112 crop: SFace, and those that an operator brings."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import DetectedFace, Image, Template
from recognizance.errors import ModelUnavailableError
from recognizance.imaging.alignment import align
from recognizance.inference.batches import as_batch
from recognizance.inference.manifest import InputContract, ModelEntry
from recognizance.inference.sessions import Session

BATCH_MAX = 16
"""Faces embedded in one call; more only cost memory."""


class ArcFaceEmbedder:
    """Align, embed, normalise.

    Parameters
    ----------
    session : Session
        The prepared graph, taking (n, 3, 112, 112).
    entry : ModelEntry
        Its row in the manifest.
    mirror : bool
        Average each template with that of the mirrored crop (docs/decisions/0004).
    """

    def __init__(self, session: Session, entry: ModelEntry, *, mirror: bool) -> None:
        self._session = session
        self._contract: InputContract = entry.input
        self._dimension = entry.dimension
        self._mirror = mirror
        self._model = model_identifier(entry, mirror=mirror)

    @property
    def model(self) -> str:
        """See `Embedder.model`."""
        return self._model

    @property
    def dimension(self) -> int:
        """See `Embedder.dimension`."""
        return self._dimension

    def embed(self, image: Image, faces: Sequence[DetectedFace]) -> list[Template]:
        """Make templates; see `Embedder.embed`.

        Raises
        ------
        ModelUnavailableError
            If the model's output is not as its manifest entry says.
        """
        templates: list[Template] = []
        for start in range(0, len(faces), BATCH_MAX):
            crops = np.stack(
                [align(image.pixels, face.landmarks.points_px) for face in faces[start : start + BATCH_MAX]]
            )
            vectors = self._vectors(crops)
            templates.extend(Template(vector, self._model) for vector in vectors)
        return templates

    def _vectors(self, crops: NDArray[np.uint8]) -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
        """Embed crops of shape (n, 112, 112, 3), RGB, to unit vectors."""
        batch = as_batch(crops, self._contract)
        (vectors,) = self._session.run(batch)
        if self._mirror:
            (mirrored,) = self._session.run(np.ascontiguousarray(batch[..., ::-1]))
            vectors = _unit(vectors) + _unit(mirrored)
        if vectors.shape != (len(crops), self._dimension) or not np.isfinite(vectors).all():
            raise ModelUnavailableError(
                f"The model gave {vectors.shape[-1]} numbers a face; the manifest says {self._dimension}.",
                "Correct `dimension` in the manifest entry, or the model file.",
            )
        return list(_unit(vectors))


def _unit(
    vectors: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Scale rows to unit length."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = vectors / np.maximum(lengths, 1e-12)
    return unit


def model_identifier(entry: ModelEntry, *, mirror: bool) -> str:
    """Name the recipe: templates of two recipes are never compared."""
    return f"{entry.name}-{entry.sha256[:12]}" + ("-mirror" if mirror else "")
