"""Purpose, case and authority, carried by an unmodified client in the path of its endpoint."""

import re
from dataclasses import dataclass

from recognizance.errors import InvalidRequestError

_KEYS = ("purpose", "case", "authority")
_SEGMENT = re.compile(rb"[A-Za-z0-9._~-]{1,128}")


@dataclass(frozen=True, slots=True)
class Context:
    """What the caller says this request is for.  A signed claim, not a checked fact."""

    purpose: str | None = None
    case: str | None = None
    authority: str | None = None


class ContextError(InvalidRequestError):
    """The path is not ``/purpose/…/case/…/authority/…`` in its one canonical spelling."""


def parse_context(raw_path: bytes) -> Context:
    """Read the context from the path exactly as it came over the wire.

    SDKs sign a normalised path and send the raw one, so any spelling that normalisation would change (dot
    or empty segments, escapes) could say one thing to the signature and another to us: it is refused.  One
    trailing slash is accepted, because the JavaScript SDK adds it and signs it.

    Parameters
    ----------
    raw_path : bytes
        The path of the request line, undecoded, without the query.

    Raises
    ------
    ContextError
        If the path has an unknown or repeated key, a key without a value, or a non-canonical spelling.
    """
    if raw_path in (b"", b"/"):
        return Context()
    if not raw_path.startswith(b"/"):
        raise ContextError("The path of the endpoint must begin with '/'.")
    segments = raw_path.removesuffix(b"/").split(b"/")[1:]
    if any(not _SEGMENT.fullmatch(segment) or segment in (b".", b"..") for segment in segments):
        raise ContextError(
            "The path of the endpoint is not canonical: each segment is 1 to 128 of A-Z a-z 0-9 . _ ~ - and is "
            "neither '.' nor '..'."
        )
    texts = [segment.decode("ascii") for segment in segments]
    if len(texts) % 2:
        raise ContextError("The path of the endpoint must be pairs: /purpose/…/case/…/authority/….")
    found: dict[str, str] = {}
    for key, value in zip(texts[::2], texts[1::2], strict=True):
        if key not in _KEYS:
            raise ContextError(f"The path of the endpoint may name {', '.join(_KEYS)}; '{key}' is none of them.")
        if key in found:
            raise ContextError(f"The path of the endpoint names '{key}' twice.")
        found[key] = value
    return Context(**found)
