"""Shared values without behaviour: what the stages hand to one another."""

from recognizance.biometrics.attributes import Attributes
from recognizance.biometrics.candidate import Candidate
from recognizance.biometrics.face import DetectedFace, Pose
from recognizance.biometrics.geometry import BoundingBox, Landmarks, RelativeBox
from recognizance.biometrics.image import Image
from recognizance.biometrics.quality import Quality, QualityLevel, QualityReason
from recognizance.biometrics.reference import Reference
from recognizance.biometrics.template import Template

__all__ = [
    "Attributes",
    "BoundingBox",
    "Candidate",
    "DetectedFace",
    "Image",
    "Landmarks",
    "Pose",
    "Quality",
    "QualityLevel",
    "QualityReason",
    "Reference",
    "RelativeBox",
    "Template",
]
