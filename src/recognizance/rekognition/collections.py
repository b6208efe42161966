"""Collections and their tags."""

from recognizance.rekognition import shapes
from recognizance.rekognition.desk import RekognitionDesk
from recognizance.wire import Answer, Call
from recognizance.wire.desk import act_of, answer, page_size
from recognizance.workflows import galleries


def create_collection(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer CreateCollection."""
    name = call.input["CollectionId"]
    listed, entry = galleries.create_gallery(desk.place, act_of(call), name, labels=call.input.get("Tags"))
    return answer(
        {
            "StatusCode": 200,
            "CollectionArn": desk.arn(name),
            "FaceModelVersion": shapes.model_version(listed.gallery.model),
        },
        entry,
    )


def describe_collection(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer DescribeCollection."""
    listed, entry = galleries.describe_gallery(desk.place, act_of(call), call.input["CollectionId"])
    return answer(
        {
            "FaceCount": listed.counts.faces,
            "UserCount": listed.counts.users,
            "FaceModelVersion": shapes.model_version(listed.gallery.model),
            "CollectionARN": desk.arn(listed.name),
            "CreationTimestamp": listed.gallery.created_at,
        },
        entry,
    )


def list_collections(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer ListCollections, in the order of creation."""
    limit = page_size(call, 4096)
    page, entry = galleries.list_galleries(desk.place, act_of(call), after=desk.after(call, ""), limit=limit)
    shown = page[:limit]
    return answer(
        {
            "CollectionIds": [item.name for item in shown],
            "FaceModelVersions": [shapes.model_version(item.gallery.model) for item in shown],
            "NextToken": desk.token(call, "", shown[-1].gallery.id) if len(page) > limit else None,
        },
        entry,
    )


def delete_collection(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer DeleteCollection."""
    entry = galleries.delete_gallery(desk.place, act_of(call), call.input["CollectionId"])
    return answer({"StatusCode": 200}, entry)


def tag_resource(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer TagResource."""
    name = desk.collection_of(call.input["ResourceArn"])
    return answer({}, galleries.label_gallery(desk.place, act_of(call), name, put=call.input["Tags"]))


def untag_resource(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer UntagResource."""
    name = desk.collection_of(call.input["ResourceArn"])
    return answer({}, galleries.label_gallery(desk.place, act_of(call), name, remove=call.input["TagKeys"]))


def list_tags_for_resource(desk: RekognitionDesk, call: Call) -> Answer:
    """Answer ListTagsForResource."""
    labels, entry = galleries.list_labels(desk.place, act_of(call), desk.collection_of(call.input["ResourceArn"]))
    return answer({"Tags": labels}, entry)
