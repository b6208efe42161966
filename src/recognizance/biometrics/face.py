"""A face found in a photograph."""

from dataclasses import dataclass

from recognizance.biometrics.attributes import Attributes
from recognizance.biometrics.geometry import BoundingBox, Landmarks
from recognizance.biometrics.quality import Quality


@dataclass(frozen=True, slots=True)
class Pose:
    """How the head is turned, in degrees.

    ``roll``: clockwise tilt as the viewer sees it.  ``yaw``: positive when the face turns to the viewer's
    right.  ``pitch``: positive when it looks up.
    """

    roll_degrees: float
    yaw_degrees: float
    pitch_degrees: float


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """Where a face is, how sure the detector is (0..1), and how it shows itself.

    ``attributes`` are None where nobody asked for them.
    """

    box: BoundingBox
    landmarks: Landmarks
    confidence: float
    pose: Pose
    quality: Quality
    attributes: Attributes | None = None
