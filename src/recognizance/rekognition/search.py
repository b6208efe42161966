"""Search by photograph, by face and by user."""

from recognizance.biometrics import QualityLevel
from recognizance.errors import InvalidRequestError
from recognizance.rekognition import shapes
from recognizance.rekognition.desk import RekognitionDesk
from recognizance.wire import Answer, Call
from recognizance.wire.desk import act_of, answer
from recognizance.workflows.search import (
    REFERENCES,
    SUBJECTS,
    SearchResult,
    search_by_photograph,
    search_by_reference,
    search_by_subject,
)

THRESHOLD_DEFAULT = 80.0
FACES_DEFAULT = 4096
USERS_DEFAULT = 500


def search_faces(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer SearchFaces."""
    found = search_by_reference(
        desk.place,
        act_of(call),
        call.input["CollectionId"],
        call.input["FaceId"],
        among=REFERENCES,
        limit=call.input.get("MaxFaces", FACES_DEFAULT),
        threshold_percent=float(call.input.get("FaceMatchThreshold", THRESHOLD_DEFAULT)),
    )
    model = desk.place.engine.model
    return answer(
        {
            "SearchedFaceId": call.input["FaceId"],
            "FaceMatches": [shapes.face_match(lead, model) for lead in found.leads],
            "FaceModelVersion": shapes.model_version(model),
        },
        found.entry,
        **shapes.search_headers(found),
    )


def search_faces_by_image(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer SearchFacesByImage."""
    found = _by_image(desk, call, REFERENCES, call.input.get("MaxFaces", FACES_DEFAULT), "FaceMatchThreshold")
    model = desk.place.engine.model
    if found.image is None or found.face is None:
        raise AssertionError("a search by photograph has a photograph and a face")
    return answer(
        {
            "SearchedFaceBoundingBox": shapes.box(found.face.box, found.image),
            "SearchedFaceConfidence": found.face.confidence * 100,
            "FaceMatches": [shapes.face_match(lead, model) for lead in found.leads],
            "FaceModelVersion": shapes.model_version(model),
        },
        found.entry,
        **shapes.search_headers(found),
    )


def search_users(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer SearchUsers, by FaceId or by UserId."""
    face_id, user = call.input.get("FaceId"), call.input.get("UserId")
    if (face_id is None) == (user is None):
        raise InvalidRequestError("Request has invalid parameters: SearchUsers needs either FaceId or UserId.")
    name = call.input["CollectionId"]
    limit = call.input.get("MaxUsers", USERS_DEFAULT)
    threshold = float(call.input.get("UserMatchThreshold", THRESHOLD_DEFAULT))
    if face_id is not None:
        found = search_by_reference(
            desk.place, act_of(call), name, face_id, among=SUBJECTS, limit=limit, threshold_percent=threshold
        )
    else:
        found = search_by_subject(desk.place, act_of(call), name, str(user), limit=limit, threshold_percent=threshold)
    return answer(
        {
            "UserMatches": [shapes.user_match(lead) for lead in found.leads],
            "SearchedFace": {"FaceId": face_id} if face_id is not None else None,
            "SearchedUser": {"UserId": user} if user is not None else None,
            "FaceModelVersion": shapes.model_version(desk.place.engine.model),
        },
        found.entry,
        **shapes.search_headers(found),
    )


def search_users_by_image(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer SearchUsersByImage; a photograph without a face gives no matches, not an error."""
    found = _by_image(desk, call, SUBJECTS, call.input.get("MaxUsers", USERS_DEFAULT), "UserMatchThreshold")
    image = found.image
    return answer(
        {
            "UserMatches": [shapes.user_match(lead) for lead in found.leads],
            "SearchedFace": {"FaceDetail": shapes.face_detail(found.face, image)} if found.face and image else None,
            "UnsearchedFaces": [
                {"FaceDetails": shapes.face_detail(face, image), "Reasons": list(reasons)}
                for face, reasons in found.unsearched
                if image
            ],
            "FaceModelVersion": shapes.model_version(desk.place.engine.model),
        },
        found.entry,
        **shapes.search_headers(found),
    )


def _by_image(desk: RekognitionDesk, call: Call, among: str, limit: int, threshold: str) -> SearchResult:
    photograph = desk.photograph(call, call.input["Image"])
    return search_by_photograph(
        desk.place,
        act_of(call),
        call.input["CollectionId"],
        photograph,
        among=among,
        limit=limit,
        threshold_percent=float(call.input.get(threshold, THRESHOLD_DEFAULT)),
        quality=QualityLevel(call.input.get("QualityFilter", "NONE")),
        face_needed=among == REFERENCES,
    )
