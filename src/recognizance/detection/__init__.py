"""Where the faces are, and how well they can be seen."""

from recognizance.detection.interface import Detector

__all__ = ["Detector"]
