"""Index, list and delete faces; detect and compare."""

from recognizance.biometrics import QualityLevel
from recognizance.rekognition import shapes
from recognizance.rekognition.desk import RekognitionDesk
from recognizance.wire import Answer, Call
from recognizance.wire.desk import act_of, answer, page_size
from recognizance.workflows import galleries
from recognizance.workflows.compare import compare
from recognizance.workflows.detect import detect
from recognizance.workflows.enrol import enrol


def index_faces(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer IndexFaces."""
    photograph = desk.photograph(call.input["Image"])
    estimated = shapes.estimated_of(call.input.get("DetectionAttributes", ()))
    done = enrol(
        desk.place,
        act_of(call),
        call.input["CollectionId"],
        photograph,
        external_id=call.input.get("ExternalImageId"),
        faces_max=call.input.get("MaxFaces"),
        quality=QualityLevel(call.input.get("QualityFilter", "AUTO")),
        attributes=bool(estimated),
    )
    model = desk.place.engine.model
    return answer(
        {
            "FaceRecords": [
                {"Face": shapes.face(reference, model), "FaceDetail": shapes.face_detail(face, done.image, estimated)}
                for reference, face in done.enrolled
            ],
            "UnindexedFaces": [
                {"Reasons": list(reasons), "FaceDetail": shapes.face_detail(face, done.image, estimated)}
                for face, reasons in done.left_out
            ],
            "FaceModelVersion": shapes.model_version(model),
        },
        done.entry,
    )


def list_faces(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer ListFaces, in the order of enrolment."""
    name, limit = call.input["CollectionId"], page_size(call, 4096)
    subject, face_ids = call.input.get("UserId"), call.input.get("FaceIds")
    scope = f"{name}/{subject or ''}/{','.join(sorted(face_ids or ()))}"
    gallery, page, entry = galleries.list_references(
        desk.place,
        act_of(call),
        name,
        after=desk.after(call, scope),
        limit=limit,
        subject=subject,
        face_ids=face_ids,
    )
    shown = page[:limit]
    return answer(
        {
            "Faces": [shapes.face(reference, gallery.model) for reference in shown],
            "NextToken": desk.token(call, scope, shown[-1].sequence) if len(page) > limit else None,
            "FaceModelVersion": shapes.model_version(gallery.model),
        },
        entry,
    )


def delete_faces(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer DeleteFaces."""
    done = galleries.erase(desk.place, act_of(call), call.input["CollectionId"], call.input["FaceIds"])
    return answer(
        {
            "DeletedFaces": list(done.erased) or None,  # the model wants one at least
            "UnsuccessfulFaceDeletions": [
                {"FaceId": face_id, "UserId": subject, "Reasons": [reason]} for face_id, reason, subject in done.kept
            ],
        },
        done.entry,
    )


def detect_faces(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer DetectFaces."""
    photograph = desk.photograph(call.input["Image"])
    estimated = shapes.estimated_of(call.input.get("Attributes", ()))
    found = detect(desk.place, act_of(call), photograph, attributes=bool(estimated))
    details = [shapes.face_detail(face, found.image, estimated) for face in found.faces]
    return answer({"FaceDetails": details}, found.entry)


def compare_faces(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer CompareFaces."""
    source = desk.photograph(call.input["SourceImage"])
    target = desk.photograph(call.input["TargetImage"])
    threshold = float(call.input.get("SimilarityThreshold", 80))
    found = compare(
        desk.place,
        act_of(call),
        source,
        target,
        threshold_percent=threshold,
        quality=QualityLevel(call.input.get("QualityFilter", "NONE")),
    )
    return answer(
        {
            "SourceImageFace": {
                "BoundingBox": shapes.box(found.source_face.box, found.source),
                "Confidence": found.source_face.confidence * 100,
            },
            "FaceMatches": [
                {"Similarity": match.similarity_percent, "Face": shapes.compared_face(match, found.target)}
                for match in found.matches
            ],
            "UnmatchedFaces": [shapes.compared_face(item, found.target) for item in found.unmatched],
        },
        found.entry,
        threshold_applied=f"{found.threshold_percent:g}",
    )
