"""What is kept of Rekognition's answers, ready for JSON; and what it reads as.

An answer that is not what the API's model asks for raises KeyError, TypeError or ValueError: nothing of it is kept.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.workflows.evaluate.service import NO_FACE, Listed, SeenFace


def compared(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Read CompareFaces: the similarity of the target's largest face, matched or not; 0 if it is not told."""
    faces = [(_area(match["Face"]), _percent(match["Similarity"])) for match in answer["FaceMatches"]]
    faces += [(_area(face), 0.0) for face in answer["UnmatchedFaces"]]
    if not faces:
        return {"failures": [None, NO_FACE]}
    _, similarity = max(faces, key=lambda face: face[0])
    return {"similarity": similarity}


def indexed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Read IndexFaces of one face."""
    return {} if answer["FaceRecords"] else {"failure": NO_FACE}


def searched(answer: Mapping[str, Any], *, numbers: range, limit: int) -> dict[str, Any]:
    """Read SearchFacesByImage: of each candidate the number it was enrolled under, and its similarity; best first.

    A photograph whose enrolment was repeated, because its answer was lost, may be listed twice: it is one candidate.
    """
    matches = answer["FaceMatches"]
    if len(matches) > limit:
        raise ValueError(f"{len(matches)} candidates, where {limit} were asked for")
    found: dict[int, float] = {}
    for match in sorted(matches, key=lambda match: -_percent(match["Similarity"])):
        number = numbers.index(int(match["Face"]["ExternalImageId"]))
        found.setdefault(number, _percent(match["Similarity"]))
    return {"candidates": [[number, similarity] for number, similarity in found.items()]}


def candidates(kept: Mapping[str, Any], names: Sequence[str]) -> tuple[Listed, ...]:
    """Name the candidates of a search, best first."""
    return tuple(Listed(names[number], similarity) for number, similarity in kept["candidates"])


def detected(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Read DetectFaces: the faces, largest first."""
    faces = sorted(answer["FaceDetails"], key=lambda face: -_area(face))
    return {"faces": [_detail(face) for face in faces]}


def seen(kept: Mapping[str, Any]) -> tuple[SeenFace, ...]:
    """Give the faces that were detected."""
    return tuple(SeenFace(**face) for face in kept["faces"])


def _detail(face: Mapping[str, Any]) -> dict[str, Any]:
    box, pose, quality = face["BoundingBox"], face.get("Pose", {}), face.get("Quality", {})
    gender, age = face.get("Gender", {}), face.get("AgeRange", {})
    return {
        "left": _number(box["Left"]),
        "top": _number(box["Top"]),
        "width": _number(box["Width"]),
        "height": _number(box["Height"]),
        "confidence": _percent(face["Confidence"]),
        "gender": gender.get("Value"),
        "gender_confidence": _told(gender, "Confidence"),
        "age_low": _told(age, "Low"),
        "age_high": _told(age, "High"),
        "pitch": _told(pose, "Pitch"),
        "roll": _told(pose, "Roll"),
        "yaw": _told(pose, "Yaw"),
        "brightness": _told(quality, "Brightness"),
        "sharpness": _told(quality, "Sharpness"),
    }


def _area(face: Mapping[str, Any]) -> float:
    return _number(face["BoundingBox"]["Width"]) * _number(face["BoundingBox"]["Height"])


def _told(of: Mapping[str, Any], name: str) -> float | None:
    return _number(of[name]) if name in of else None


def _percent(value: Any) -> float:
    if not 0 <= _number(value) <= 100:
        raise ValueError(f"{value} is no percentage")
    return _number(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return value
