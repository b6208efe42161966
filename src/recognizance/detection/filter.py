"""Which faces are good enough: Rekognition's QualityFilter, with bars of our own."""

from dataclasses import dataclass

from recognizance.biometrics import DetectedFace, Image, QualityLevel, QualityReason


@dataclass(frozen=True, slots=True)
class _Bar:
    confidence: float
    side_px: float
    brightness: float
    sharpness: float
    yaw_degrees: float
    pitch_degrees: float


# Brightness is bounded low: it follows skin tone as well as light, and a bar of 12 would have turned away 1.6 % of
# FairFace's Black faces but 0.5 % of its White ones (at 8: 0.2 % of either).
BARS = {
    QualityLevel.LOW: _Bar(0.75, 24, 5, 15, 75, 50),
    QualityLevel.MEDIUM: _Bar(0.85, 40, 10, 30, 45, 30),
    QualityLevel.HIGH: _Bar(0.88, 60, 12, 35, 30, 25),
    # Between LOW and MEDIUM; what the calibration's sample had to pass: docs/method/detection.md.
    QualityLevel.AUTO: _Bar(0.80, 30, 8, 25, 60, 40),
}


def shortcomings(face: DetectedFace, image: Image, level: QualityLevel) -> tuple[QualityReason, ...]:
    """List what keeps a face from passing a level; empty if it passes.

    The box is judged in pixels of the photograph as stored, not as decoded.
    """
    if level is QualityLevel.NONE:
        return ()
    bar = BARS[level]
    scale = image.source_width_px / image.width_px
    found = {
        QualityReason.LOW_CONFIDENCE: face.confidence < bar.confidence,
        QualityReason.SMALL_BOUNDING_BOX: min(face.box.width_px, face.box.height_px) * scale < bar.side_px,
        QualityReason.LOW_BRIGHTNESS: face.quality.brightness < bar.brightness,
        QualityReason.LOW_SHARPNESS: face.quality.sharpness < bar.sharpness,
        QualityReason.EXTREME_POSE: abs(face.pose.yaw_degrees) > bar.yaw_degrees
        or abs(face.pose.pitch_degrees) > bar.pitch_degrees,
    }
    return tuple(reason for reason, present in found.items() if present)


def goodness(face: DetectedFace) -> float:
    """Rate a face for comparison with others of the same person, 0 to 1; higher is better."""
    return face.confidence * (face.quality.sharpness / 100) * min(1.0, face.quality.brightness / 40)
