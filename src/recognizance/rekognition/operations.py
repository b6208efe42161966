"""Which operation is answered by what."""

from functools import partial

from recognizance.rekognition import collections, faces, search, users
from recognizance.rekognition.desk import RekognitionDesk
from recognizance.wire import Override, Service, load_service

OPERATIONS = {
    "CreateCollection": collections.create_collection,
    "DescribeCollection": collections.describe_collection,
    "ListCollections": collections.list_collections,
    "DeleteCollection": collections.delete_collection,
    "TagResource": collections.tag_resource,
    "UntagResource": collections.untag_resource,
    "ListTagsForResource": collections.list_tags_for_resource,
    "IndexFaces": faces.index_faces,
    "ListFaces": faces.list_faces,
    "DeleteFaces": faces.delete_faces,
    "DetectFaces": faces.detect_faces,
    "CompareFaces": faces.compare_faces,
    "SearchFaces": search.search_faces,
    "SearchFacesByImage": search.search_faces_by_image,
    "SearchUsers": search.search_users,
    "SearchUsersByImage": search.search_users_by_image,
    "CreateUser": users.create_user,
    "DeleteUser": users.delete_user,
    "ListUsers": users.list_users,
    "AssociateFaces": users.associate_faces,
    "DisassociateFaces": users.disassociate_faces,
}
"""Every other operation of the model is answered by its name: it is not offered."""


def rekognition_service(desk: RekognitionDesk) -> Service:
    """Put the service together."""
    return load_service(
        "rekognition",
        {name: partial(operation, desk) for name, operation in OPERATIONS.items()},
        overrides={("ImageBlob", "max"): Override("ImageTooLargeException", "Image size is too large")},
    )
