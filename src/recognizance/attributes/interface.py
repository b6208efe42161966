"""The contract of an estimator."""

from collections.abc import Sequence
from typing import Protocol

from recognizance.biometrics import Attributes, DetectedFace, Image


class AttributeEstimator(Protocol):
    """Estimates how old somebody looks, and as which gender they present."""

    def estimate(self, image: Image, faces: Sequence[DetectedFace]) -> list[Attributes]:
        """Estimate of each face, in their order.  Safe to call from several threads."""
        ...
