"""What is kept of Rekognition's answers, ready for JSON; and what it reads as."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.workflows.evaluate.service import NO_FACE, Listed, SeenFace


def compared(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Read CompareFaces: the similarity of the target's largest face, matched or not; 0 if it is not told."""
    faces = [(_area(match["Face"]), match["Similarity"]) for match in answer["FaceMatches"]]
    faces += [(_area(face), 0.0) for face in answer["UnmatchedFaces"]]
    if not faces:
        return {"failures": [None, NO_FACE]}
    _, similarity = max(faces, key=lambda face: face[0])
    return {"similarity": similarity}


def indexed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Read IndexFaces of one face."""
    return {} if answer["FaceRecords"] else {"failure": NO_FACE}


def searched(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Read SearchFacesByImage: of each candidate the number it was enrolled under, and its similarity."""
    found = [[int(match["Face"]["ExternalImageId"]), match["Similarity"]] for match in answer["FaceMatches"]]
    return {"candidates": found}


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
        "left": box["Left"],
        "top": box["Top"],
        "width": box["Width"],
        "height": box["Height"],
        "confidence": face["Confidence"],
        "gender": gender.get("Value"),
        "gender_confidence": gender.get("Confidence"),
        "age_low": age.get("Low"),
        "age_high": age.get("High"),
        "pitch": pose.get("Pitch"),
        "roll": pose.get("Roll"),
        "yaw": pose.get("Yaw"),
        "brightness": quality.get("Brightness"),
        "sharpness": quality.get("Sharpness"),
    }


def _area(face: Mapping[str, Any]) -> float:
    return float(face["BoundingBox"]["Width"] * face["BoundingBox"]["Height"])
