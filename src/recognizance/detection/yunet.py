"""YuNet: a small anchor-free face detector with five landmarks.

References
----------
Wu, Peng, Yu: YuNet: A Tiny Millisecond-level Face Detector, Machine Intelligence Research 20 (2023).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import BoundingBox, DetectedFace, Image, Landmarks
from recognizance.detection.pose import estimate_pose
from recognizance.detection.quality import measure_quality
from recognizance.imaging.alignment import warp
from recognizance.inference.sessions import Session

STRIDES = (8, 16, 32)
OUTPUTS = tuple(f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in STRIDES)

CONFIDENCE_MIN = 0.7
"""Below this, on the photographs looked at, most boxes held hands, ears and patterns."""

OVERLAP_MAX = 0.3
"""Boxes that overlap a better one by more (intersection over union) are the same face."""

TILT_DEGREES = 10.0
"""Faces that seem to lean more are looked at again, turned upright.

YuNet was trained on upright faces: it finds leaning ones, but draws their landmarks half upright, and the template
of a crop aligned to them is worth nothing from some 45° on (docs/method/detection.md).
"""

PROFILE_DEGREES = 55.0
"""Faces turned further are taken as they are found."""

SECOND_LOOKS_MAX = 16
"""Leaning faces of one photograph that are looked at again, largest first; a look costs a few milliseconds."""

_LOOK_PX = 288
_LOOK_TURNS = 3
_LOOK_SETTLED_DEGREES = 6.0

_ALIGNMENT_PX = 32  # the deepest stride


@dataclass(frozen=True, slots=True)
class _Raw:
    """Faces of one pass, in pixels of the photograph: boxes (n, 4) as x, y, w, h, points (n, 5, 2), scores (n,)."""

    boxes: NDArray[np.float32]
    points: NDArray[np.float32]
    scores: NDArray[np.float32]


class YuNet:
    """YuNet over a pyramid of sizes: see `pass_sides` for which."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def detect(self, image: Image) -> list[DetectedFace]:
        """List the faces; see `Detector.detect`."""
        passes = [self._one_pass(image.pixels, side) for side in pass_sides(max(image.pixels.shape[:2]))]
        raw = _Raw(
            np.concatenate([item.boxes for item in passes]),
            np.concatenate([item.points for item in passes]),
            np.concatenate([item.scores for item in passes]),
        )
        kept = sorted(_strongest(raw), key=lambda row: (-raw.boxes[row, 2] * raw.boxes[row, 3], *raw.boxes[row, :2]))
        faces, looks = [], 0
        for row in kept:
            points = raw.points[row]
            pose = estimate_pose(points)
            # In a profile, what looks like roll is mostly yaw.
            leans = abs(pose.roll_degrees) > TILT_DEGREES and abs(pose.yaw_degrees) < PROFILE_DEGREES
            if leans and looks < SECOND_LOOKS_MAX:
                points, looks = self._second_look(image.pixels, raw.boxes[row], points), looks + 1
            faces.append(
                DetectedFace(
                    box=BoundingBox(*(float(value) for value in raw.boxes[row])),
                    landmarks=Landmarks(points),
                    confidence=float(raw.scores[row]),
                    pose=estimate_pose(points),
                    quality=measure_quality(image.pixels, points),
                )
            )
        return faces

    def _second_look(
        self, pixels: NDArray[np.uint8], box: NDArray[np.float32], points: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Find a leaning face's landmarks again in a cut that is turned by its roll, until the roll settles."""
        centre = (float(box[0] + box[2] / 2), float(box[1] + box[3] / 2))
        scale = _LOOK_PX / (2.0 * max(float(box[2]), float(box[3]), 1.0))
        roll = estimate_pose(points).roll_degrees
        for _ in range(_LOOK_TURNS):
            turn = cv2.getRotationMatrix2D(centre, roll, scale)
            turn[:, 2] += np.array([_LOOK_PX / 2, _LOOK_PX / 2]) - centre
            seen = self._one_pass(warp(pixels, turn, _LOOK_PX), _LOOK_PX)
            if not len(seen.scores):
                break
            middles = seen.boxes[:, :2] + seen.boxes[:, 2:] / 2
            nearest = int(np.argmin(np.abs(middles - _LOOK_PX / 2).sum(axis=1)))
            if np.abs(middles[nearest] - _LOOK_PX / 2).max() > _LOOK_PX / 8:
                break  # a neighbour's face
            back = cv2.invertAffineTransform(turn)
            points = (seen.points[nearest] @ back[:, :2].T + back[:, 2]).astype(np.float32)
            settled, roll = roll, estimate_pose(points).roll_degrees
            if abs(roll - settled) < _LOOK_SETTLED_DEGREES:
                break
        return points

    def _one_pass(self, pixels: NDArray[np.uint8], side: int) -> _Raw:
        """Detect at one size."""
        height, width = pixels.shape[:2]
        scale = side / max(height, width)
        if scale != 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            small = cv2.resize(pixels, size, interpolation=interpolation)
        else:
            small = pixels
        rows, columns = (-(-extent // _ALIGNMENT_PX) * _ALIGNMENT_PX for extent in small.shape[:2])
        batch = np.zeros((1, 3, rows, columns), dtype=np.float32)
        # The weights were trained on BGR.
        batch[0, :, : small.shape[0], : small.shape[1]] = small[:, :, ::-1].transpose(2, 0, 1)
        outputs = self._session.run(batch)
        parts = [
            _decode(outputs[level], outputs[3 + level], outputs[6 + level], outputs[9 + level], stride, columns)
            for level, stride in enumerate(STRIDES)
        ]
        to_photograph = np.float32(1 / scale)
        return _Raw(
            np.concatenate([part.boxes for part in parts]) * to_photograph,
            np.concatenate([part.points for part in parts]) * to_photograph,
            np.concatenate([part.scores for part in parts]),
        )


def pass_sides(side_px: int) -> list[int]:
    """Choose the sizes (longer side, px) at which a photograph is looked at.

    YuNet finds faces of roughly 10 to 300 px.
    """
    if side_px <= 640:
        return [side_px]
    return [320, min(side_px, 960)]


def _decode(
    classes: NDArray[np.float32],
    objects: NDArray[np.float32],
    boxes: NDArray[np.float32],
    points: NDArray[np.float32],
    stride: int,
    width_px: int,
) -> _Raw:
    """Turn one level's outputs, of shapes (1, cells, 1 | 1 | 4 | 10), into faces in input pixels."""
    scores = np.sqrt(np.clip(classes[0, :, 0], 0, 1) * np.clip(objects[0, :, 0], 0, 1))
    chosen = np.flatnonzero(scores >= CONFIDENCE_MIN)
    cells = np.stack([chosen % (width_px // stride), chosen // (width_px // stride)], axis=1).astype(np.float32)
    centres = (boxes[0, chosen, :2] + cells) * stride
    sizes = np.exp(boxes[0, chosen, 2:]) * stride
    landmarks = (points[0, chosen].reshape(-1, 5, 2) + cells[:, None]) * stride
    return _Raw(np.concatenate([centres - sizes / 2, sizes], axis=1), landmarks.astype(np.float32), scores[chosen])


def _strongest(raw: _Raw) -> list[int]:
    """Keep, of boxes that overlap, the one with the highest score (greedy suppression)."""
    order = np.argsort(-raw.scores, kind="stable")
    left, top, width, height = raw.boxes.T
    area = width * height
    kept: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        across = np.minimum(left[best] + width[best], left[rest] + width[rest]) - np.maximum(left[best], left[rest])
        down = np.minimum(top[best] + height[best], top[rest] + height[rest]) - np.maximum(top[best], top[rest])
        shared = np.clip(across, 0, None) * np.clip(down, 0, None)
        order = rest[shared <= OVERLAP_MAX * (area[best] + area[rest] - shared)]
    return kept
