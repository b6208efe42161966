"""From the bytes of a photograph to faces and templates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from recognizance.attributes import AttributeEstimator
from recognizance.biometrics import Attributes, DetectedFace, Image, Template
from recognizance.detection import Detector
from recognizance.detection.carrying import carry_over
from recognizance.embedding import Embedder
from recognizance.errors import NoFaceError
from recognizance.imaging import decode
from recognizance.imaging.alignment import crop_scale

Photograph = Callable[[], tuple[bytes, int]]
"""Fetches a photograph and tells how many bytes it may have; called after the policy has agreed."""

LOOKED_AT_SIDE_PX = 960
"""What a photograph's longer side is decoded to at least: no detector looks at more (`detection.yunet.pass_sides`)."""

NO_FACE = "There are no faces in the image. Should be at least 1."


@dataclass(frozen=True, slots=True)
class Engine:
    """The stages that need no gallery.  Safe to use from several threads at once, one core each."""

    detector: Detector
    embedder: Embedder
    estimator: AttributeEstimator
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

    def attributes(self, image: Image, faces: Sequence[DetectedFace]) -> list[Attributes]:
        """Estimate age and gender of each face."""
        return self.estimator.estimate(image, faces)

    def with_attributes(self, image: Image, faces: Sequence[DetectedFace]) -> list[DetectedFace]:
        """Give the same faces with what is estimated of each."""
        return [
            replace(face, attributes=found) for face, found in zip(faces, self.attributes(image, faces), strict=True)
        ]

    def look(self, data: bytes, bytes_max: int) -> tuple[Image, list[DetectedFace]]:
        """Decode a photograph as finely as its faces need, and list them, largest first.

        A JPEG that is larger than detection needs is decoded at reduced scale.  Where a face has fewer pixels in it
        than its template takes, the photograph is decoded again, finer: quality and templates are taken from there.

        Raises
        ------
        ImageTooLargeError, ImageTooSmallError, ImageFormatError
        """
        image = decode(data, bytes_max=bytes_max, pixels_max=self.pixels_max, side_px=LOOKED_AT_SIDE_PX)
        faces = self.faces(image)
        if image.width_px < image.source_width_px:
            lacking = max((crop_scale(face.landmarks.points_px) for face in faces), default=0.0)
            if lacking > 1:
                side_px = int(lacking * max(image.width_px, image.height_px))
                finer = decode(data, bytes_max=bytes_max, pixels_max=self.pixels_max, side_px=side_px)
                if finer.width_px > image.width_px:
                    return finer, carry_over(faces, image, finer)
        return image, faces


def require_face(faces: Sequence[DetectedFace]) -> tuple[DetectedFace, Sequence[DetectedFace]]:
    """Part the largest face from the others.

    Raises
    ------
    NoFaceError
        If there is none.
    """
    if not faces:
        raise NoFaceError(NO_FACE, "Use a photograph in which a face is at least 40 pixels wide.")
    return faces[0], faces[1:]
