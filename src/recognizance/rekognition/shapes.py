"""Our values in Rekognition's words."""

import hashlib
from collections.abc import Iterable
from typing import Any

from recognizance.biometrics import Attributes, BoundingBox, DetectedFace, Image, Reference
from recognizance.wire.desk import review_headers
from recognizance.workflows.compare import Compared
from recognizance.workflows.search import Lead, SearchResult

# As the viewer sees an upright face: Rekognition's left eye is the one on the left of the picture.
_LANDMARKS = ("eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight")


def model_version(model: str) -> str:
    """Give a model a version of Rekognition's form, digits and dots (``IndexFacesModelVersion``).

    Ours are names.  The number is a digest of the name, so that different models have different versions;
    `recognizance models` and our own operations tell the name.
    """
    return f"1.{int.from_bytes(hashlib.sha256(model.encode()).digest()[:4], 'big')}"


def box(found: BoundingBox, image: Image) -> dict[str, float]:
    """Spell a box as ratios of the image."""
    return {
        "Left": found.left_px / image.width_px,
        "Top": found.top_px / image.height_px,
        "Width": found.width_px / image.width_px,
        "Height": found.height_px / image.height_px,
    }


ESTIMATED = frozenset({"AGE_RANGE", "GENDER"})
"""The attributes beyond the DEFAULT ones that there are weights for."""


def estimated_of(asked: Iterable[str]) -> frozenset[str]:
    """Tell which attributes have to be estimated, of those that a client names; what has no weights is left out."""
    named = frozenset(asked)
    return ESTIMATED if "ALL" in named else ESTIMATED & named


def face_detail(face: DetectedFace, image: Image, estimated: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Spell a FaceDetail with the DEFAULT attributes and those of `ESTIMATED` that are asked for."""
    return {
        "BoundingBox": box(face.box, image),
        "Confidence": face.confidence * 100,
        "Landmarks": [
            {"Type": name, "X": float(x) / image.width_px, "Y": float(y) / image.height_px}
            for name, (x, y) in zip(_LANDMARKS, face.landmarks.points_px, strict=True)
        ],
        "Pose": {
            "Roll": face.pose.roll_degrees,
            "Yaw": face.pose.yaw_degrees,
            "Pitch": face.pose.pitch_degrees,
        },
        "Quality": {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness},
        **_estimates(face.attributes, estimated),
    }


def _estimates(found: Attributes | None, estimated: frozenset[str]) -> dict[str, Any]:
    """Spell what was estimated; a ComparedFace has no place for it, not even for its absence."""
    if found is None:
        return {}
    spelt = {
        "AGE_RANGE": ("AgeRange", {"Low": found.age_low, "High": found.age_high}),
        "GENDER": ("Gender", {"Value": found.gender, "Confidence": found.gender_confidence}),
    }
    return dict(spelt[name] for name in sorted(estimated))


def face(reference: Reference, model: str) -> dict[str, Any]:
    """Spell a Face: one enrolled reference."""
    return {
        "FaceId": reference.face_id,
        "ImageId": reference.image_id,
        "ExternalImageId": reference.external_id,
        "UserId": reference.subject,
        "BoundingBox": {
            "Left": reference.box.left,
            "Top": reference.box.top,
            "Width": reference.box.width,
            "Height": reference.box.height,
        },
        "Confidence": reference.confidence * 100,
        "IndexFacesModelVersion": model_version(model),
    }


def face_match(lead: Lead, model: str) -> dict[str, Any]:
    """Spell a FaceMatch: a candidate with its similarity."""
    if lead.reference is None:
        raise ValueError("a candidate of a search of subjects is not a face")
    return {"Similarity": lead.similarity_percent, "Face": face(lead.reference, model)}


def user_match(lead: Lead) -> dict[str, Any]:
    """Spell a UserMatch; a subject that can be found has faces, and is therefore active."""
    return {
        "Similarity": lead.similarity_percent,
        "User": {"UserId": lead.subject_name, "UserStatus": "ACTIVE"},
    }


def compared_face(found: Compared, image: Image) -> dict[str, Any]:
    """Spell a ComparedFace."""
    return face_detail(found.face, image)


def search_headers(result: SearchResult) -> dict[str, str]:
    """Tell in headers what a search says beyond Rekognition's answer."""
    return {
        "search": result.search_id,
        "threshold_applied": f"{result.threshold_percent:g}",
        "expected_false_candidates": f"{result.expected_false_candidates:.3g}",
        "references_searched": str(result.references_searched),
        **review_headers(result.review, reviewed=result.reviewed),
    }
