"""What the operations share: where photographs come from, and how collections are named as resources."""

from dataclasses import dataclass
from typing import Any

from recognizance.errors import ImageSourceError, InvalidRequestError
from recognizance.rekognition.s3 import S3Source
from recognizance.wire import Call
from recognizance.wire.arns import ACCOUNT
from recognizance.wire.desk import Desk, act_of
from recognizance.workflows.engine import Photograph
from recognizance.workflows.testing import require_bucket

_COLLECTION = ":collection/"


@dataclass(frozen=True)
class RekognitionDesk(Desk):
    """Shared by Rekognition's operations.

    ``s3`` is None where the settings name no S3 endpoint; ``s3_bytes_max`` is the largest photograph in S3.
    """

    region: str
    s3: S3Source | None
    s3_bytes_max: int

    def photograph(self, call: Call, image: dict[str, Any]) -> Photograph:
        """Return what fetches a photograph; S3 is asked only when it is called.

        Raises
        ------
        InvalidRequestError
            Unless exactly one source is given.
        ImageSourceError, ImageTooLargeError
            From S3.
        RefusedError
            If who asks brings their own photographs.
        """
        data, place = image.get("Bytes"), image.get("S3Object")
        if (data is None) == (place is None):
            raise InvalidRequestError("Request has invalid parameters: Image needs either Bytes or S3Object.")
        if place is None:
            return lambda: (bytes(data or b""), self.bytes_max)
        if self.s3 is None:
            raise ImageSourceError(
                "Unable to get object metadata from S3. This server offers no S3 input; set s3_endpoint and s3_buckets."
            )
        if not place.get("Bucket") or not place.get("Name"):
            raise InvalidRequestError("Request has invalid parameters: S3Object needs Bucket and Name.")
        s3 = self.s3

        def fetch() -> tuple[bytes, int]:
            require_bucket(self.place, act_of(call))
            return s3.fetch(place["Bucket"], place["Name"], place.get("Version")), self.s3_bytes_max

        return fetch

    def arn(self, collection: str) -> str:
        """Name a collection as a resource."""
        return f"arn:aws:rekognition:{self.region}:{ACCOUNT}{_COLLECTION}{collection}"

    def collection_of(self, arn: str) -> str:
        """Find the collection that an ARN names.

        Raises
        ------
        InvalidRequestError
            If it is not an ARN of this server.
        """
        start = self.arn("")
        if not arn.startswith(start) or len(arn) == len(start):
            raise InvalidRequestError(
                f"The resource ARN is not one of this server; its collections are named {start}<collection id>."
            )
        return arn[len(start) :]
