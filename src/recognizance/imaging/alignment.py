"""Bring a face into the position that embedders were trained on."""

import cv2
import numpy as np
from numpy.typing import NDArray

CROP_PX = 112

ARCFACE_POINTS_PX = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    dtype=np.float64,
)
"""Landmarks of the aligned 112×112 crop (Deng et al., ArcFace, CVPR 2019; InsightFace's template)."""


def similarity_transform(
    points_px: NDArray[np.float32], target_px: NDArray[np.float64] = ARCFACE_POINTS_PX
) -> NDArray[np.float64]:
    """Find the least-squares rotation, scale and shift that bring the points onto a template.

    Parameters
    ----------
    points_px : ndarray of shape (5, 2), float32
        As in `Landmarks`.
    target_px : ndarray of shape (5, 2), float64
        Where they have to come to lie.

    Returns
    -------
    ndarray of shape (2, 3), float64
        For ``template = matrix @ [x, y, 1]``.  Reflections are excluded.

    References
    ----------
    Umeyama: Least-squares estimation of transformation parameters, IEEE TPAMI 13 (1991).  In the plane the
    optimum has this closed form.
    """
    middle = target_px.mean(axis=0)
    target = target_px - middle
    centre = points_px.mean(axis=0, dtype=np.float64)
    source = points_px.astype(np.float64) - centre
    spread = float((source**2).sum()) or 1.0
    cosine = float((source * target).sum()) / spread
    sine = float((source[:, 0] * target[:, 1] - source[:, 1] * target[:, 0]).sum()) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, middle - turn @ centre])


def crop_scale(points_px: NDArray[np.float32]) -> float:
    """Tell how many pixels of the aligned crop are made of one of the photograph, along a line.

    More than 1 means that the photograph has fewer pixels of the face than the crop.
    """
    matrix = similarity_transform(points_px)
    return float(np.hypot(matrix[0, 0], matrix[0, 1]))


def align(pixels: NDArray[np.uint8], points_px: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Cut the aligned face out of a photograph.

    Faces much larger than the crop are first reduced by area averaging, so that they are not aliased.

    Returns
    -------
    ndarray of shape (112, 112, 3), uint8, RGB
    """
    return warp(pixels, similarity_transform(points_px), CROP_PX)


def warp(pixels: NDArray[np.uint8], matrix: NDArray[np.float64], side_px: int) -> NDArray[np.uint8]:
    """Move a square out of a photograph; what lies outside the photograph is black.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
    matrix : ndarray of shape (2, 3), float64
        From the photograph to the square: a similarity transform.
    side_px : int
        Side of the square.

    Notes
    -----
    Only the part that is needed is handed to OpenCV, which refuses sides from 32,767 px on, and it is averaged
    down first where the square is much smaller.
    """
    height, width = pixels.shape[:2]
    shrink = max(1, int(1 / max(float(np.hypot(matrix[0, 0], matrix[0, 1])), 1e-6)))
    corners = np.array([[0, 0, 1], [side_px, 0, 1], [0, side_px, 1], [side_px, side_px, 1]], dtype=np.float64)
    whole = np.vstack([matrix, [0, 0, 1]])
    reach = (np.linalg.inv(whole) @ corners.T)[:2]
    left, top = (int(max(0, value)) for value in np.floor(reach.min(axis=1)) - shrink)
    right = int(min(width, np.ceil(reach[0].max()) + shrink + 1))
    bottom = int(min(height, np.ceil(reach[1].max()) + shrink + 1))
    columns, rows = (right - left) // shrink, (bottom - top) // shrink
    if columns < 1 or rows < 1:
        return np.zeros((side_px, side_px, 3), dtype=np.uint8)
    cut = pixels[top : top + rows * shrink, left : left + columns * shrink]
    if shrink > 1:
        cut = cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA)
    # A reduced pixel's centre lies at shrink·i + (shrink − 1)/2 of the cut.
    offset = (shrink - 1) / 2
    back = np.array([[shrink, 0, left + offset], [0, shrink, top + offset], [0, 0, 1]], dtype=np.float64)
    square: NDArray[np.uint8] = cv2.warpAffine(cut, (whole @ back)[:2], (side_px, side_px), flags=cv2.INTER_LINEAR)
    return square
