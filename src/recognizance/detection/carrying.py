"""Carry faces from a coarse picture of a photograph over to a finer one."""

from collections.abc import Sequence

import numpy as np

from recognizance.biometrics import BoundingBox, DetectedFace, Image, Landmarks
from recognizance.detection.quality import measure_quality


def carry_over(faces: Sequence[DetectedFace], coarse: Image, fine: Image) -> list[DetectedFace]:
    """Give the same faces in pixels of the finer image; their quality is measured on its pixels.

    Parameters
    ----------
    faces : sequence of DetectedFace
        As found in `coarse`.
    coarse, fine : Image
        The same photograph, decoded at two scales.
    """
    across, down = fine.width_px / coarse.width_px, fine.height_px / coarse.height_px
    carried = []
    for face in faces:
        points = face.landmarks.points_px * np.array([across, down], dtype=np.float32)
        box = BoundingBox(
            face.box.left_px * across, face.box.top_px * down, face.box.width_px * across, face.box.height_px * down
        )
        quality = measure_quality(fine.pixels, points)
        carried.append(DetectedFace(box, Landmarks(points), face.confidence, face.pose, quality))
    return carried
