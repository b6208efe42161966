"""Strict text forms: exactly one spelling of each value is accepted.

A second spelling would be a byte that can be changed without anybody noticing.
"""

import base64
import binascii

from recognizance_verify.errors import VerificationError

HASH_BYTES = 32

SIZE_MAX = 2**63 - 1
"""The largest tree size: it fits the 64-bit integers of every implementation."""

_DIGITS_MAX = 19


def encode_base64(data: bytes) -> str:
    """Encode as the standard base64 of RFC 4648, section 4, with padding."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str, what: str) -> bytes:
    """Decode standard base64; ``what`` names the place for the error.

    Raises
    ------
    VerificationError
        If the text is not exactly what encoding its bytes would give.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        data = None
    if data is None or encode_base64(data) != text:
        raise VerificationError(f"{what} is not base64 in its one canonical spelling.")
    return data


def decode_hash(text: str, what: str) -> bytes:
    """Decode the base64 of a SHA-256 hash.

    Raises
    ------
    VerificationError
        If it is anything else.
    """
    # A hash takes 44 characters; a longer text is not worth decoding.
    data = decode_base64(text, what) if len(text) == 44 else b""
    if len(data) != HASH_BYTES:
        raise VerificationError(f"{what} is not the base64 of a SHA-256 hash.")
    return data


def parse_decimal(text: str, what: str) -> int:
    """Read a number from 0 to `SIZE_MAX` in ASCII digits without leading zeroes.

    Raises
    ------
    VerificationError
        If it is anything else.
    """
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0"):
        raise VerificationError(f"{what} is not a decimal number without leading zeroes.")
    if len(text) > _DIGITS_MAX or int(text) > SIZE_MAX:
        raise VerificationError(f"{what} is larger than any log can be.")
    return int(text)


def decode_text(data: bytes | str, what: str, limit: int) -> str:
    """Take a file's content as text; ``what`` begins the sentence if it cannot be.

    Raises
    ------
    VerificationError
        If it is longer than ``limit`` bytes or not UTF-8.
    """
    if len(data) > limit:
        raise VerificationError(f"{what} is longer than {limit} bytes.")
    try:
        text = data.decode() if isinstance(data, bytes) else data
        text.encode()  # a str can hold half of a surrogate pair
    except UnicodeError:
        raise VerificationError(f"{what} is not valid UTF-8.") from None
    return text


def shown(text: str, limit: int = 120) -> str:
    """Make foreign text safe to print: one line, no control or direction characters, not endless."""
    cut = text if len(text) <= limit else text[:limit] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
