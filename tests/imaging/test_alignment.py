import numpy as np
import pytest

from recognizance.imaging.alignment import ARCFACE_POINTS_PX, align, similarity_transform


@pytest.mark.parametrize("angle", [0, 10, -35, 90])
@pytest.mark.parametrize("scale", [0.1, 1, 7])
def test_a_moved_template_is_brought_back(angle: float, scale: float) -> None:
    turn = scale * np.array(
        [
            [np.cos(np.radians(angle)), -np.sin(np.radians(angle))],
            [np.sin(np.radians(angle)), np.cos(np.radians(angle))],
        ]
    )
    moved = (ARCFACE_POINTS_PX @ turn.T + [300, 200]).astype(np.float32)
    matrix = similarity_transform(moved)
    back = moved @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(back - ARCFACE_POINTS_PX).max() < 1e-3


def test_points_that_fall_together_do_not_break_it() -> None:
    assert np.isfinite(similarity_transform(np.zeros((5, 2), dtype=np.float32))).all()


@pytest.mark.parametrize("scale", [1, 2, 3.7, 12])
def test_the_crop_is_the_same_whatever_the_size_of_the_face(scale: float) -> None:
    """A smooth picture, drawn at several sizes, gives one crop: no shift and no aliasing at any reduction."""
    height = width = int(160 * scale)
    y, x = np.mgrid[0:height, 0:width] / scale
    pixels = np.stack([x % 160, y % 160, (x + y) % 160], axis=2)
    pixels = (127 + 100 * np.sin(pixels / 20)).astype(np.uint8)
    # Pixel centres: a point p of the small picture lies at scale·p + (scale − 1)/2 of the large one.
    points = ((ARCFACE_POINTS_PX + 20 + 0.5) * scale - 0.5).astype(np.float32)
    crop = align(pixels, points).astype(float)
    y, x = np.mgrid[0:112, 0:112] + 20 + 0.5 - 0.5 / scale
    expected = 127 + 100 * np.sin(np.stack([x % 160, y % 160, (x + y) % 160], axis=2) / 20)
    inside = np.abs(crop - expected)[4:-4, 4:-4]
    assert np.median(inside) < 3


def test_a_face_outside_the_picture_gives_black() -> None:
    crop = align(np.full((100, 100, 3), 200, np.uint8), (ARCFACE_POINTS_PX + 5000).astype(np.float32))
    assert crop.shape == (112, 112, 3)
    assert crop.max() == 0
    huge = align(np.full((100, 100, 3), 200, np.uint8), (ARCFACE_POINTS_PX * 50 + 5000).astype(np.float32))
    assert huge.max() == 0
