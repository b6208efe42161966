"""Cut a face out as dlib does, for networks that were trained on its chips."""

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizance.imaging.alignment import similarity_transform, warp

POINTS = np.array([[0.229, 0.210], [0.758, 0.212], [0.478, 0.522], [0.263, 0.774], [0.703, 0.780]], dtype=np.float64)
"""Where our landmarks lie in dlib's chip, of whose side without its margin they are ratios; measured by
``benchmarks/attribute_crops.py``.  dlib aligns by five other points, corners of the eyes and the base of the nose."""

MARGIN = 0.2
"""On each side, as a ratio of the side without it (``padding`` of dlib's ``get_face_chip_details``)."""

FINE_PX = 256
"""A chip is cut at this side and averaged down, which is less noisy than cutting it at its own."""

_FINE_POINTS_PX = (POINTS + MARGIN) / (1 + 2 * MARGIN) * FINE_PX - 0.5


def cut_chip(pixels: NDArray[np.uint8], points_px: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Cut the fine chip of a face out of a photograph; `shrink` makes the networks' chips of it.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8, RGB
    points_px : ndarray of shape (5, 2), float32
        As in `Landmarks`.

    Returns
    -------
    ndarray of shape (FINE_PX, FINE_PX, 3), uint8, RGB
    """
    return warp(pixels, similarity_transform(points_px, _FINE_POINTS_PX), FINE_PX)


def shrink(chip: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """Average a fine chip down.

    Returns
    -------
    ndarray of shape (side_px, side_px, 3), uint8, RGB
    """
    small: NDArray[np.uint8] = cv2.resize(chip, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return small
