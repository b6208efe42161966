"""The parts of an HTTP request that a signature covers, read strictly."""

import re
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes

from recognizance.wire.faults import incomplete_signature

_PAIR = re.compile(rb"([^&=]+)=([^&]*)")

# Given twice, each of these would let two readers of one request disagree.
_SINGLE = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"date",
        b"host",
        b"x-amz-content-sha256",
        b"x-amz-date",
        b"x-amz-security-token",
        b"x-amz-target",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request: raw path, headers with small-letter names, query pairs in canonical spelling."""

    method: str
    raw_path: bytes
    headers: dict[bytes, bytes]
    query: tuple[tuple[str, str], ...]

    def header(self, name: bytes) -> str | None:
        """Give a header as text, or None."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1").strip()


def read_request(method: str, raw_path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]) -> Request:
    """Read the head of a request.

    Parameters
    ----------
    method : str
        The method in capitals.
    raw_path, query : bytes
        Undecoded, without the question mark.
    headers : list of (bytes, bytes)
        As they came, repeated ones repeated.

    Raises
    ------
    SignInFault
        IncompleteSignatureException, if a header that matters or a query parameter is repeated.
    """
    found: dict[bytes, bytes] = {}
    for raw_name, value in headers:
        name = raw_name.lower()
        if name not in found:
            found[name] = value
        elif name in _SINGLE:
            raise incomplete_signature(f"The header {name.decode('latin-1')} is given more than once.")
        else:
            found[name] += b"," + value
    return Request(method, raw_path or b"/", found, _read_query(query))


def _read_query(query: bytes) -> tuple[tuple[str, str], ...]:
    pairs: dict[str, str] = {}
    for part in query.split(b"&") if query else ():
        matched = _PAIR.fullmatch(part)
        if not matched:
            raise incomplete_signature("The query is not a list of name=value pairs.")
        name, value = (quote_from_bytes(unquote_to_bytes(each), safe="-_.~") for each in matched.groups())
        if name in pairs:
            raise incomplete_signature("A query parameter is given more than once.")
        pairs[name] = value
    return tuple(sorted(pairs.items()))
