"""How faces and templates lie in the record: the same bytes on every machine and database."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Pose, Quality, RelativeBox

# Little-endian float64, so that a list answers with exactly the numbers that enrolment answered with:
# box left, top, width, height; five landmarks x, y; confidence; roll, yaw, pitch; brightness, sharpness.
_FACE = struct.Struct("<20d")
_TEMPLATE = np.dtype("<f4")

Points = tuple[tuple[float, float], ...]


def pack_face(
    box: RelativeBox,
    landmarks: Sequence[tuple[float, float]],
    confidence: float,
    pose: Pose,
    quality: Quality,
) -> bytes:
    """Pack what is known of a face besides its template."""
    if len(landmarks) != 5:
        raise ValueError("a face has five landmarks")
    return _FACE.pack(
        *(box.left, box.top, box.width, box.height),
        *(coordinate for point in landmarks for coordinate in point),
        confidence,
        *(pose.roll_degrees, pose.yaw_degrees, pose.pitch_degrees),
        *(quality.brightness, quality.sharpness),
    )


def unpack_face(packed: bytes) -> tuple[RelativeBox, Points, float, Pose, Quality]:
    """Undo `pack_face`."""
    numbers = _FACE.unpack(packed)
    points = numbers[4:14]
    return (
        RelativeBox(*numbers[:4]),
        tuple(zip(points[::2], points[1::2], strict=True)),
        numbers[14],
        Pose(*numbers[15:18]),
        Quality(*numbers[18:]),
    )


def pack_template(template: NDArray[np.float32]) -> bytes:
    """Pack a template of shape (dimension,)."""
    if template.ndim != 1 or template.dtype != np.float32:
        raise ValueError("a template is one row of float32")
    return template.astype(_TEMPLATE, copy=False).tobytes()


def unpack_template(packed: bytes) -> NDArray[np.float32]:
    """Undo `pack_template`; the array is read-only."""
    return np.frombuffer(packed, _TEMPLATE)


def unpack_templates(packed: Sequence[bytes]) -> NDArray[np.float32]:
    """Unpack templates of one dimension into a read-only array of shape (n, dimension)."""
    return np.frombuffer(b"".join(packed), _TEMPLATE).reshape(len(packed), -1)
