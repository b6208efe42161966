"""Amazon Rekognition's face API.  Wire words (Collection, FaceId, Similarity, …) live here alone."""

from recognizance.rekognition.operations import rekognition_service

__all__ = ["rekognition_service"]
