"""Purpose, case, authority and what the photograph is, carried by an unmodified client in the path of its endpoint."""

import re
from dataclasses import dataclass

from recognizance.errors import InvalidRequestError

_KEYS = ("purpose", "case", "authority", "source", "edits")
_SEGMENT = re.compile(rb"[A-Za-z0-9._~-]{1,128}")
_EDITS_SEGMENT = re.compile(rb"[a-z+-]{1,128}")
_EDIT = re.compile(r"[a-z]+(-[a-z]+)*")

SOURCES = ("still", "stored-video", "live")
"""What a photograph can be said to come from."""

NO_EDITS = "none"
"""What ``edits`` says where nothing was done to the photograph."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the caller says this request is for, and of the photograph in it.  Signed claims, not checked facts."""

    purpose: str | None = None
    case: str | None = None
    authority: str | None = None
    source: str | None = None
    edits: str | None = None


class ContextError(InvalidRequestError):
    """The path is not ``/purpose/…/case/…/authority/…/source/…/edits/…`` in its one canonical spelling."""


def parse_context(raw_path: bytes) -> Context:
    """Read the context from the path exactly as it came over the wire.

    SDKs sign a normalised path and send the raw one, so any spelling that normalisation would change (dot
    or empty segments, escapes) could say one thing to the signature and another to us: it is refused.  One
    trailing slash is accepted, because the JavaScript SDK adds it and signs it.  The one character that SDKs escape
    when they sign is the ``+`` between edits; see `canonical_path`.

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
    found: dict[str, str] = {}
    for number, segment in enumerate(segments):
        after_edits = number % 2 == 1 and segments[number - 1] == b"edits"
        if not (_EDITS_SEGMENT if after_edits else _SEGMENT).fullmatch(segment) or segment in (b".", b".."):
            raise ContextError(
                "The path of the endpoint is not canonical: each segment is 1 to 128 of A-Z a-z 0-9 . _ ~ - and is "
                "neither '.' nor '..'; edits are small letters and -, joined by +."
            )
    texts = [segment.decode("ascii") for segment in segments]
    if len(texts) % 2:
        raise ContextError("The path of the endpoint must be pairs: /purpose/…/case/…/authority/….")
    for key, value in zip(texts[::2], texts[1::2], strict=True):
        if key not in _KEYS:
            raise ContextError(f"The path of the endpoint may name {', '.join(_KEYS)}; '{key}' is none of them.")
        if key in found:
            raise ContextError(f"The path of the endpoint names '{key}' twice.")
        found[key] = value
    if found.get("source", SOURCES[0]) not in SOURCES:
        raise ContextError(f"A photograph's source is {', '.join(SOURCES[:-1])} or {SOURCES[-1]}.")
    _require_edits(found.get("edits", NO_EDITS))
    return Context(**found)


def canonical_path(raw_path: bytes) -> bytes:
    """Spell a path that `parse_context` has accepted as SDKs do when they sign it."""
    return raw_path.replace(b"+", b"%2B")


def _require_edits(edits: str) -> None:
    words = edits.split("+")
    if not all(_EDIT.fullmatch(word) for word in words):
        raise ContextError("Edits are words of small letters, joined by +, such as cropped+lightened; or none.")
    if words != sorted(set(words)) or (NO_EDITS in words and words != [NO_EDITS]):
        raise ContextError("Edits are given in the order of the alphabet, each once; none stands alone.")
