"""The contract of an embedder."""

from collections.abc import Sequence
from typing import Protocol

from recognizance.biometrics import DetectedFace, Image, Template


class Embedder(Protocol):
    """Makes templates that can be compared by their cosine."""

    @property
    def model(self) -> str:
        """Identifier of the whole recipe: name, digest, and whether mirrored crops are averaged."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a template."""
        ...

    def embed(self, image: Image, faces: Sequence[DetectedFace]) -> list[Template]:
        """Make one template for each face, in their order.  Safe to call from several threads."""
        ...
