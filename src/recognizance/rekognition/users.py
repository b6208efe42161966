"""Users: our subjects."""

from recognizance.rekognition.desk import RekognitionDesk
from recognizance.wire import Answer, Call
from recognizance.wire.desk import act_of, answer, page_size
from recognizance.workflows import subjects


def create_user(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer CreateUser."""
    entry = subjects.create_subject(
        desk.place,
        act_of(call),
        call.input["CollectionId"],
        call.input["UserId"],
        call.input.get("ClientRequestToken"),
    )
    return answer({}, entry)


def delete_user(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer DeleteUser."""
    entry = subjects.delete_subject(
        desk.place,
        act_of(call),
        call.input["CollectionId"],
        call.input["UserId"],
        call.input.get("ClientRequestToken"),
    )
    return answer({}, entry)


def list_users(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer ListUsers, in the order of creation."""
    name, limit = call.input["CollectionId"], page_size(call, 500)
    page, entry = subjects.list_subjects(desk.place, act_of(call), name, after=desk.after(call, name), limit=limit)
    shown = page[:limit]
    return answer(
        {
            "Users": [{"UserId": row.name, "UserStatus": row.status} for row in shown],
            "NextToken": desk.token(call, name, shown[-1].id) if len(page) > limit else None,
        },
        entry,
    )


def associate_faces(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer AssociateFaces."""
    done = subjects.associate(
        desk.place,
        act_of(call),
        call.input["CollectionId"],
        call.input["UserId"],
        call.input["FaceIds"],
        threshold_percent=float(call.input.get("UserMatchThreshold", 75)),
        token=call.input.get("ClientRequestToken"),
    )
    return answer(
        {
            "AssociatedFaces": [{"FaceId": face_id} for face_id in done.done],
            "UnsuccessfulFaceAssociations": [
                {"FaceId": face_id, "UserId": other, "Confidence": percent, "Reasons": [reason]}
                for face_id, reason, percent, other in done.failed
            ],
            "UserStatus": done.status,
        },
        done.entry,
    )


def disassociate_faces(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer DisassociateFaces."""
    done = subjects.disassociate(
        desk.place,
        act_of(call),
        call.input["CollectionId"],
        call.input["UserId"],
        call.input["FaceIds"],
        token=call.input.get("ClientRequestToken"),
    )
    return answer(
        {
            "DisassociatedFaces": [{"FaceId": face_id} for face_id in done.done],
            "UnsuccessfulFaceDisassociations": [
                {"FaceId": face_id, "UserId": other, "Reasons": [reason]} for face_id, reason, _, other in done.failed
            ],
            "UserStatus": done.status,
        },
        done.entry,
    )
