"""From the bytes of a photograph to faces and templates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recognizance.biometrics import DetectedFace, Image, Template
from recognizance.detection import Detector
from recognizance.embedding import Embedder
from recognizance.errors import NoFaceError
from recognizance.imaging import decode

Photograph = Callable[[], tuple[bytes, int]]
"""Fetches a photograph and tells how many bytes it may have; called after the policy has agreed."""

NO_FACE = "There are no faces in the image. Should be at least 1."


@dataclass(frozen=True, slots=True)
class Engine:
    """The stages that need no gallery.  Safe to use from several threads at once, one core each."""

    detector: Detector
    embedder: Embedder
    pixels_max: int

    @property
    def model(self) -> str:
        """The embedding recipe, which galleries remember."""
        return self.embedder.model

    @property
    def dimension(self) -> int:
        """Length of a template."""
        return self.embedder.dimension

    def decode(self, data: bytes, bytes_max: int) -> Image:
        """Decode a photograph within the limits; see `imaging.decode` for the errors."""
        return decode(data, bytes_max=bytes_max, pixels_max=self.pixels_max)

    def faces(self, image: Image) -> list[DetectedFace]:
        """List the faces, largest first."""
        return self.detector.detect(image)

    def templates(self, image: Image, faces: Sequence[DetectedFace]) -> list[Template]:
        """Make a template of each face."""
        return self.embedder.embed(image, faces)

    def largest(self, image: Image) -> tuple[DetectedFace, list[DetectedFace]]:
        """Find the largest face, and the others.

        Raises
        ------
        NoFaceError
            If there is none.
        """
        faces = self.faces(image)
        if not faces:
            raise NoFaceError(NO_FACE, "Use a photograph in which a face is at least 40 pixels wide.")
        return faces[0], faces[1:]
