"""Places in a photograph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """An upright rectangle in pixels of the decoded image; it may reach over the image's edge."""

    left_px: float
    top_px: float
    width_px: float
    height_px: float

    @property
    def area_px(self) -> float:
        """The area in square pixels."""
        return self.width_px * self.height_px


@dataclass(frozen=True, slots=True)
class RelativeBox:
    """A rectangle as ratios of the image's width and height, as references keep it."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Five points of a face.

    Attributes
    ----------
    points_px : ndarray of shape (5, 2), float32
        x and y in pixels of the decoded image.  Rows, as the viewer sees an upright face: left eye, right
        eye, nose tip, left and right corner of the mouth.
    """

    points_px: NDArray[np.float32]
