"""The contract of a detector."""

from typing import Protocol

from recognizance.biometrics import DetectedFace, Image


class Detector(Protocol):
    """Finds faces in a photograph."""

    def detect(self, image: Image) -> list[DetectedFace]:
        """List the faces, largest box first; equal boxes from left to right, then from top to bottom.

        Positions are in pixels of the decoded image.  Safe to call from several threads.
        """
        ...
