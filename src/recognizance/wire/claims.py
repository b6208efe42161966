"""Read what a request claims about its signer: AWS Signature Version 4, as header and as presigned query."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import unquote

from recognizance.wire.faults import Fault, incomplete_signature, missing_authentication
from recognizance.wire.request import Request

ALGORITHM = "AWS4-HMAC-SHA256"
TIMESTAMP = "%Y%m%dT%H%M%SZ"
PRESIGNED_SECONDS_MAX = 300

_TIMESTAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_EXPIRES = re.compile(r"[0-9]{1,6}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_SIGNED_HEADERS = re.compile(r"[a-z0-9_-]+(?:;[a-z0-9_-]+)*")
_CREDENTIAL = re.compile(
    r"(?P<key>[A-Za-z0-9_-]{1,128})/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]{1,64})/(?P<service>[a-z0-9-]{1,64})"
    r"/aws4_request"
)
_QUERY_REQUIRED = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
)
_QUERY_ALLOWED = frozenset({*_QUERY_REQUIRED, "X-Amz-Security-Token"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What the request says about who signed it, in good form and not yet believed."""

    form: Literal["header", "query"]
    access_key_id: str
    scope_date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    signed_at: datetime
    expires_seconds: int | None
    token: str | None

    @property
    def timestamp(self) -> str:
        """When it was signed, in the spelling that is signed."""
        return self.signed_at.strftime(TIMESTAMP)

    @property
    def scope(self) -> str:
        """The credential scope without the key."""
        return f"{self.scope_date}/{self.region}/{self.service}/aws4_request"


def read_claim(request: Request, untargeted: Collection[str] = ()) -> Claim:
    """Read the claim of `request`.

    Parameters
    ----------
    untargeted : collection of str
        Services that name the operation in the body, which is signed anyway, and need no x-amz-target.

    Raises
    ------
    SignInFault
        If there is none, or its form leaves something open that a signature has to settle.
    Fault
        InvalidParameterException, if the query holds anything but the signature: no operation reads it.
    """
    query = {name: unquote(value) for name, value in request.query}
    in_header = "authorization" if b"authorization" in request.headers else None
    in_query = next((name for name in query if name.lower().startswith("x-amz-")), None)
    if in_header and in_query:
        raise incomplete_signature("The request is signed both in a header and in the query; use one of them.")
    if not in_header and not in_query:
        raise missing_authentication()
    if query.keys() - _QUERY_ALLOWED:
        raise Fault("InvalidParameterException", "The query may hold a signature only; send input in the body.")
    claim = _from_header(request) if in_header else _from_query(request, query)
    _require_settled(request, claim, untargeted)
    return claim


def _from_header(request: Request) -> Claim:
    algorithm, _, rest = (request.header(b"authorization") or "").partition(" ")
    if algorithm != ALGORITHM:
        raise incomplete_signature(f"The Authorization header must use {ALGORITHM}.")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        if name not in ("Credential", "Signature", "SignedHeaders") or name in fields:
            raise incomplete_signature("The Authorization header must hold Credential, SignedHeaders, Signature.")
        fields[name] = value
    for name in ("Credential", "Signature", "SignedHeaders"):
        if not fields.get(name):
            raise incomplete_signature(f"Authorization header requires '{name}' parameter.")
    date_header = "x-amz-date" if b"x-amz-date" in request.headers else "date"
    claim = _claim(
        "header",
        credential=fields["Credential"],
        signed_headers=fields["SignedHeaders"],
        signature=fields["Signature"],
        signed_at=_read_time(request.header(date_header.encode()) or ""),
        expires_seconds=None,
        token=request.header(b"x-amz-security-token"),
    )
    if date_header not in claim.signed_headers:
        raise incomplete_signature(f"The header {date_header} must be signed.")
    return claim


def _from_query(request: Request, query: dict[str, str]) -> Claim:
    for name in _QUERY_REQUIRED:
        if not query.get(name):
            raise incomplete_signature(f"A presigned request requires the parameter '{name}'.")
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise incomplete_signature(f"X-Amz-Algorithm must be {ALGORITHM}.")
    expires = query["X-Amz-Expires"]
    if not _EXPIRES.fullmatch(expires) or not 1 <= int(expires) <= PRESIGNED_SECONDS_MAX:
        raise incomplete_signature(f"X-Amz-Expires must be 1 to {PRESIGNED_SECONDS_MAX} seconds.")
    if b"x-amz-security-token" in request.headers and "X-Amz-Security-Token" in query:
        raise incomplete_signature("The security token is given both in a header and in the query.")
    return _claim(
        "query",
        credential=query["X-Amz-Credential"],
        signed_headers=query["X-Amz-SignedHeaders"],
        signature=query["X-Amz-Signature"],
        signed_at=_read_time(query["X-Amz-Date"]),
        expires_seconds=int(expires),
        token=query.get("X-Amz-Security-Token", request.header(b"x-amz-security-token")),
    )


def _claim(
    form: Literal["header", "query"],
    *,
    credential: str,
    signed_headers: str,
    signature: str,
    signed_at: datetime,
    expires_seconds: int | None,
    token: str | None,
) -> Claim:
    scope = _CREDENTIAL.fullmatch(credential)
    if not scope:
        raise incomplete_signature("Credential must be <key>/<date>/<region>/<service>/aws4_request.")
    if not _SIGNATURE.fullmatch(signature):
        raise incomplete_signature("Signature must be 64 hexadecimal digits.")
    names = tuple(signed_headers.split(";"))
    if not _SIGNED_HEADERS.fullmatch(signed_headers) or names != tuple(sorted(set(names))):
        raise incomplete_signature("SignedHeaders must be different small-letter names in order, joined by ';'.")
    claim = Claim(
        form,
        scope["key"],
        scope["date"],
        scope["region"],
        scope["service"],
        names,
        signature,
        signed_at,
        expires_seconds,
        token,
    )
    if claim.scope_date != claim.timestamp[:8]:
        raise incomplete_signature("The date in Credential is not the date of the request.")
    return claim


def _require_settled(request: Request, claim: Claim, untargeted: Collection[str]) -> None:
    # Only a POST names its operation in a header; what is there must be signed in any case.
    named_in_header = request.method == "POST" and claim.service not in untargeted
    required = ["host", "x-amz-target"] if named_in_header or b"x-amz-target" in request.headers else ["host"]
    if b"x-amz-security-token" in request.headers:
        required.append("x-amz-security-token")
    for name in required:
        if name not in claim.signed_headers:
            raise incomplete_signature(f"The header {name} must be signed.")
    for name in claim.signed_headers:
        if name.encode() not in request.headers:
            raise incomplete_signature(f"The header {name} is said to be signed and is not in the request.")


def _read_time(text: str) -> datetime:
    try:
        if _TIMESTAMP.fullmatch(text):
            return datetime.strptime(text, TIMESTAMP).replace(tzinfo=UTC)
        moment = parsedate_to_datetime(text)
        # RFC 5322 writes "-0000" for a time in UTC of an unknown zone; Python reads that as no zone.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise incomplete_signature("The date must be in ISO 8601 basic format, YYYYMMDD'T'HHMMSS'Z'.") from None
