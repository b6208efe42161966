"""How well a face can be seen."""

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Quality
from recognizance.imaging.alignment import align

SHARPNESS_HALF = 12.0
"""Mean gradient, grey levels per pixel of the aligned crop, that gives a sharpness of 50."""


def measure_quality(pixels: NDArray[np.uint8], points_px: NDArray[np.float32]) -> Quality:
    """Measure brightness and sharpness on the aligned face.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8, RGB
    points_px : ndarray of shape (5, 2), float32

    Notes
    -----
    Brightness is the mean luma (ITU-R BT.601) of the inner face as a percentage of full scale.  Sharpness is
    g / (g + `SHARPNESS_HALF`), g the mean absolute Laplacian relative to the crop's contrast, so that dim
    faces are not called blurred.
    """
    crop = align(pixels, points_px)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[24:104, 20:92]
    brightness = float(grey.mean()) / 2.55
    contrast = max(float(grey.std()), 4.0)
    detail = float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean()) * 50 / contrast
    return Quality(brightness=brightness, sharpness=100 * detail / (detail + SHARPNESS_HALF))
