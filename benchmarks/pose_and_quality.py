"""Whether pose and quality follow what is known of a photograph: London's poses, darkened and blurred copies.

python benchmarks/pose_and_quality.py
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

import samples
from recognizance.detection.quality import measure_quality
from recognizance.workflows.engine import Engine

ORDER = ("left_profile", "left_3quarter", "front", "right_3quarter", "right_profile")
GAINS = (1.5, 0.5, 0.25, 0.125)
BLURS_PX = (1, 2, 4, 8)


def changed(pixels: NDArray[np.uint8]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Give copies of a photograph, with a word on each."""
    yield "as it is", pixels
    for gain in GAINS:
        yield f"brightness × {gain:g}", cv2.convertScaleAbs(pixels, alpha=gain)
    for blur in BLURS_PX:
        yield f"blurred, σ {blur} px", cv2.GaussianBlur(pixels, (0, 0), blur)


def poses(one: Engine) -> None:
    """Print the yaw of each pose, and in how many people the poses come in their order."""
    yaws: dict[str, dict[str, float]] = {}
    for photo in samples.london(ORDER, ("neutral",)):
        found = one.faces(samples.read(one, photo.path))
        if found:
            yaws.setdefault(photo.subject, {})[photo.pose] = found[0].pose.yaw_degrees
    whole = [[turned[pose] for pose in ORDER] for turned in yaws.values() if len(turned) == len(ORDER)]
    rows = np.array(whole)
    samples.table(
        ("pose", "median yaw", "right sign"),
        [
            (pose, f"{np.median(rows[:, column]):.0f}°", _signed(rows[:, column], pose))
            for column, pose in enumerate(ORDER)
        ],
    )
    for first in range(len(ORDER) - 1):
        rising = (rows[:, first] < rows[:, first + 1]).sum()
        print(f"{ORDER[first]} < {ORDER[first + 1]}: {rising} of {len(rows)} people")
    print()


def _signed(yaws: NDArray[np.float64], pose: str) -> str:
    side = {"l": -1, "r": 1}.get(pose[0])
    return "–" if side is None else f"{(np.sign(yaws) == side).sum()} of {len(yaws)}"


def quality(one: Engine) -> None:
    """Print what brightness and sharpness make of changed copies."""
    measured: dict[str, list[tuple[float, float]]] = {}
    for photo in samples.london(("front",), ("neutral",)):
        image = samples.read(one, photo.path)
        (face, *_) = one.faces(image)
        for name, pixels in changed(image.pixels):
            found = measure_quality(pixels, face.landmarks.points_px)
            measured.setdefault(name, []).append((found.brightness, found.sharpness))
    samples.table(
        ("copy", "brightness: 5 %, median, 95 %", "sharpness: 5 %, median, 95 %"),
        [
            (
                name,
                *(", ".join(f"{value:.0f}" for value in np.percentile(each, (5, 50, 95))) for each in np.array(rows).T),
            )
            for name, rows in measured.items()
        ],
    )


if __name__ == "__main__":
    engine = samples.engine()
    poses(engine)
    quality(engine)
