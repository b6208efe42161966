"""Our values in the words of our own service model."""

from typing import Any

import numpy as np

from recognizance.biometrics import DetectedFace, Image, Pose, Quality, RelativeBox
from recognizance.errors import InvalidRequestError
from recognizance.scoring import Calibration, RatesAt
from recognizance.wire.faults import fault_from
from recognizance.workflows.compare import Compared
from recognizance.workflows.detect import auto_shortcomings
from recognizance.workflows.enrol import Enrolment, NotEnrolled, relative_box
from recognizance.workflows.exchange import Exported, Incoming
from recognizance.workflows.galleries import Listed
from recognizance.workflows.search import Lead

IMAGE_CODES = frozenset({"InvalidImageFormatException", "ImageTooLargeException"})
"""What is answered for a photograph that cannot be used; anything else is InvalidParameterException."""

_TEMPLATE = np.dtype("<f4")


def gallery(listed: Listed) -> dict[str, Any]:
    """Spell a Gallery."""
    row = listed.gallery
    return {
        "Name": listed.name,
        "Model": row.model,
        "Calibration": row.calibration,
        "KeepPhotographs": row.keep_photographs,
        "CreatedAt": row.created_at,
        "References": listed.counts.faces,
        "Subjects": listed.counts.users,
    }


def face(found: DetectedFace, image: Image) -> dict[str, Any]:
    """Spell a Face; ``Shortcomings`` names what keeps it from passing QualityFilter AUTO."""
    seen = found.attributes
    return {
        "Box": _box(relative_box(found.box, image)),
        "Landmarks": [
            {"X": float(x) / image.width_px, "Y": float(y) / image.height_px} for x, y in found.landmarks.points_px
        ],
        "Confidence": found.confidence,
        "Pose": _pose(found.pose),
        "Quality": _quality(found.quality),
        "Shortcomings": list(auto_shortcomings(found, image)),
        "Gender": {"Value": seen.gender, "ConfidencePercent": seen.gender_confidence} if seen else None,
        "AgeRange": {"Low": seen.age_low, "High": seen.age_high} if seen else None,
    }


def enrolment(done: Enrolment) -> dict[str, Any]:
    """Spell what came of a photograph."""
    return {
        "References": [
            {
                "FaceId": reference.face_id,
                "ImageId": reference.image_id,
                "ExternalId": reference.external_id,
                "Face": face(found, done.image),
            }
            for reference, found in done.enrolled
        ],
        "LeftOut": [{"Reasons": list(reasons), "Face": face(found, done.image)} for found, reasons in done.left_out],
        "Stored": done.stored,
    }


def outcome(done: Enrolment | NotEnrolled) -> dict[str, Any]:
    """Spell what came of one photograph of several."""
    if isinstance(done, NotEnrolled):
        fault = fault_from(done.error, IMAGE_CODES)
        return {"Entry": done.entry, "ErrorCode": fault.code, "ErrorMessage": fault.message}
    return {"Entry": done.entry, **enrolment(done)}


def candidate(lead: Lead, calibration: Calibration) -> dict[str, Any]:
    """Spell a Candidate."""
    known = lead.reference
    return {
        "Rank": lead.candidate.rank,
        "FaceId": lead.candidate.identifier,
        "ImageId": known.image_id if known else None,
        "ExternalId": known.external_id if known else None,
        "Subject": known.subject if known else None,
        "Score": lead.candidate.score,
        "SimilarityPercent": lead.similarity_percent,
        "FalseMatchRate": lead.fmr,
        "WorstGroupFalseMatchRate": calibration.rates_at(lead.candidate.score).worst_fmr,
    }


def rates(known: RatesAt | None) -> dict[str, Any]:
    """Spell how often strangers reach a search's threshold; nothing where that is not known, or not for the reader."""
    if known is None:
        return {}
    return {
        "FalseMatchRate": known.fmr,
        "FalseMatchRateFitted": known.is_fitted,
        "WorstGroup": known.worst_group,
        "WorstGroupFalseMatchRate": known.worst_fmr,
        "WorstGroupFalseMatchRateFitted": known.worst_is_fitted,
        "GroupsMeasured": known.groups_measured,
    }


def compared(found: Compared, image: Image) -> dict[str, Any]:
    """Spell a Compared face."""
    return {
        "Score": found.score,
        "SimilarityPercent": found.similarity_percent,
        "FalseMatchRate": found.fmr,
        "Face": face(found.face, image),
    }


def reference(item: Exported) -> dict[str, Any]:
    """Spell a Reference with its template."""
    known = item.reference
    return {
        "FaceId": known.face_id,
        "ImageId": known.image_id,
        "ExternalId": known.external_id,
        "Subject": known.subject,
        "Box": _box(known.box),
        "Landmarks": [{"X": x, "Y": y} for x, y in known.landmarks],
        "Confidence": known.confidence,
        "Pose": _pose(known.pose),
        "Quality": _quality(known.quality),
        "Template": item.template.astype(_TEMPLATE).tobytes(),
        "EnrolledAt": known.enrolled_at,
    }


def incoming(item: dict[str, Any]) -> Incoming:
    """Read a Reference back.

    Raises
    ------
    InvalidRequestError
        If the template is no whole number of float32.
    """
    template = bytes(item["Template"])
    if len(template) % _TEMPLATE.itemsize:
        raise InvalidRequestError(f"The template of {item['FaceId']} is not a row of little-endian float32.")
    pose, quality = item["Pose"], item["Quality"]
    return Incoming(
        face_id=item["FaceId"],
        image_id=item["ImageId"],
        external_id=item.get("ExternalId"),
        subject=item.get("Subject"),
        box=box_of(item["Box"]),
        landmarks=tuple((point["X"], point["Y"]) for point in item["Landmarks"]),
        confidence=item["Confidence"],
        pose=Pose(pose["Roll"], pose["Yaw"], pose["Pitch"]),
        quality=Quality(quality["Brightness"], quality["Sharpness"]),
        template=np.frombuffer(template, dtype=_TEMPLATE).astype(np.float32),
        enrolled_at=item.get("EnrolledAt"),
    )


def box_of(item: dict[str, float]) -> RelativeBox:
    """Read a Box back."""
    return RelativeBox(item["Left"], item["Top"], item["Width"], item["Height"])


def _box(box: RelativeBox) -> dict[str, float]:
    return {"Left": box.left, "Top": box.top, "Width": box.width, "Height": box.height}


def _pose(pose: Pose) -> dict[str, float]:
    return {"Roll": pose.roll_degrees, "Yaw": pose.yaw_degrees, "Pitch": pose.pitch_degrees}


def _quality(quality: Quality) -> dict[str, float]:
    return {"Brightness": quality.brightness, "Sharpness": quality.sharpness}
