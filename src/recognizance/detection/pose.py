"""Head pose from five landmarks."""

import math

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Pose
from recognizance.imaging.alignment import similarity_transform

# A generic adult head, millimetres: x to the viewer's right, y down, z towards the camera; rows as in
# `Landmarks`.  Eye centres 63 mm apart, nose tip in front of the eyes' plane, mouth 50 mm wide.
_HEAD_MM = np.array(
    [[-31.5, -32.0, -22.0], [31.5, -32.0, -22.0], [0.0, 4.0, 14.0], [-25.0, 34.0, -14.0], [25.0, 34.0, -14.0]]
)
_CENTRED = _HEAD_MM - _HEAD_MM.mean(axis=0)
_PSEUDO_INVERSE = np.linalg.pinv(_CENTRED)


def estimate_pose(points_px: NDArray[np.float32]) -> Pose:
    """Fit a generic head to the landmarks by scaled orthographic projection.

    Parameters
    ----------
    points_px : ndarray of shape (5, 2), float32
        As in `Landmarks`.

    Notes
    -----
    Five points carry roll well, yaw fairly and pitch roughly; docs/method/detection.md has the errors measured
    on labelled photographs.

    References
    ----------
    DeMenthon, Davis: Model-based object pose in 25 lines of code, IJCV 15 (1995), its first step, after the roll
    that aligns the face has been taken out.
    """
    matrix = similarity_transform(points_px)
    roll = math.atan2(-matrix[1, 0], matrix[0, 0])
    upright = points_px.astype(np.float64) @ matrix[:, :2].T
    across, down = (_PSEUDO_INVERSE @ (upright - upright.mean(axis=0))).T
    # Rows of scale · rotation: how far the head's own right and down axes point across, down and at the camera.
    return Pose(
        roll_degrees=math.degrees(roll),
        yaw_degrees=math.degrees(math.atan2(across[2], max(across[0], 0.0))),
        pitch_degrees=-math.degrees(math.atan2(down[2], max(down[1], 0.0))),
    )
