"""What the operations share: the workplace, where photographs come from, and how answers are made."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Any

from recognizance.errors import ImageSourceError, InvalidRequestError, KeyFileError, PageTokenError
from recognizance.rekognition.s3 import S3Source
from recognizance.wire import Answer, Call
from recognizance.workflows.act import Act
from recognizance.workflows.place import Workplace

ACCOUNT = "000000000000"
"""The account in ARNs: this server has one."""

_COLLECTION = ":collection/"


@dataclass(frozen=True)
class Desk:
    """Shared by the operations.

    ``s3`` is None where the settings name no S3 endpoint; ``bytes_max`` is the largest photograph in a request,
    ``s3_bytes_max`` the largest in S3.
    """

    place: Workplace
    region: str
    bytes_max: int
    s3: S3Source | None
    s3_bytes_max: int

    def photograph(self, image: dict[str, Any]) -> tuple[bytes, int]:
        """Return a photograph's bytes, and the limit that holds for it.

        Raises
        ------
        InvalidRequestError
            Unless exactly one source is given.
        ImageSourceError, ImageTooLargeError
            From S3.
        """
        data, place = image.get("Bytes"), image.get("S3Object")
        if (data is None) == (place is None):
            raise InvalidRequestError("Request has invalid parameters: Image needs either Bytes or S3Object.")
        if place is None:
            return bytes(data or b""), self.bytes_max
        if self.s3 is None:
            raise ImageSourceError(
                "Unable to get object metadata from S3. This server offers no S3 input; set s3_endpoint and s3_buckets."
            )
        if not place.get("Bucket") or not place.get("Name"):
            raise InvalidRequestError("Request has invalid parameters: S3Object needs Bucket and Name.")
        return self.s3.fetch(place["Bucket"], place["Name"], place.get("Version")), self.s3_bytes_max

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

    def token(self, call: Call, scope: str, after: int) -> str:
        """Make a page token: sealed, so that only tokens that we gave come back."""
        sealed = self.place.store.sealer.seal(json.dumps(after).encode(), f"page:{call.operation}:{scope}")
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def after(self, call: Call, scope: str) -> int:
        """Read the request's page token; 0 without one.

        Raises
        ------
        PageTokenError
            If it was given for another list, or not by us.
        """
        token = call.input.get("NextToken")
        if token is None:
            return 0
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            return int(json.loads(self.place.store.sealer.open(sealed, f"page:{call.operation}:{scope}")))
        except (Base64Error, ValueError, KeyFileError) as error:
            raise PageTokenError(
                "Invalid pagination token.", "Use the NextToken of the previous page, with the same parameters."
            ) from error


def act_of(call: Call) -> Act:
    """Translate a call into an act."""
    return Act(
        operator=call.actor.operator,
        access_key_id=call.actor.access_key_id,
        operation=call.operation,
        request_id=call.request_id,
        purpose=call.context.purpose,
        case=call.context.case,
        authority=call.context.authority,
    )


def answer(body: dict[str, Any], entry: int, **headers: str) -> Answer:
    """Answer with the index of the act's entry; header names lose their ``x-recognizance-`` and get hyphens."""
    told = {"entry": str(entry), **headers}
    return Answer(body, {f"x-recognizance-{name.replace('_', '-')}": value for name, value in told.items()})


def page_size(call: Call, default: int) -> int:
    """Return MaxResults; 0 and none mean the default, for a page of nothing would never end."""
    return int(call.input.get("MaxResults") or default)
