"""Disclosures: values that an entry commits to without saying them, shown with what proves them.

A commitment to a value is HMAC-SHA256 under a random salt of 32 bytes over the field's name, a zero byte and the value
as canonical JSON.  A commitment to a list is over the name, a byte 1 and the commitments of its lines, the lines being
named ``field.1``, ``field.2``, …: single lines can be shown and the others kept.
"""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from recognizance_verify.encoding import decode_text, shown
from recognizance_verify.entries import parse_json
from recognizance_verify.errors import VerificationError
from recognizance_verify.receipts import CheckedReceipt, Receipt
from recognizance_verify.trust import Trust

FORMAT = "recognizance-disclosure-1"
DISCLOSURE_BYTES_MAX = 8 * 1024 * 1024
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A field that was shown, and proved: its value, or its lines with None for each that was kept.

    The values are JSON texts.
    """

    field: str
    value: str | None
    lines: tuple[str | None, ...] | None


@dataclass(frozen=True, slots=True)
class CheckedDisclosure:
    """What a disclosure proves; ``closed`` names the fields of the entry that were not shown."""

    receipt: CheckedReceipt
    opened: tuple[Opened, ...]
    closed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A receipt and openings of its entry's commitments; nothing in it is to be believed before `verify`."""

    receipt: Receipt
    openings: tuple[Mapping[str, Any], ...]

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """Read a disclosure.

        Raises
        ------
        VerificationError
            If it is not one in exactly the form that `text` writes.
        """
        text = decode_text(data, "The disclosure", DISCLOSURE_BYTES_MAX)
        members = parse_json(text, "The disclosure")
        if not isinstance(members, dict) or members.get("format") != FORMAT:
            raise VerificationError(f"The disclosure does not say that its format is {FORMAT}.")
        receipt, openings = members.get("receipt"), members.get("openings")
        if not isinstance(receipt, str) or not isinstance(openings, list) or len(members) != 3:
            raise VerificationError("The disclosure does not consist of format, receipt and openings.")
        for number, opening in enumerate(openings, 1):
            _check_opening(opening, f"Opening {number} of the disclosure")
        disclosure = cls(Receipt.parse(receipt), tuple(openings))
        if disclosure.text() != text:
            raise VerificationError("The disclosure is not written as canonical JSON with a newline at its end.")
        return disclosure

    def text(self) -> str:
        """Write the disclosure as canonical JSON (RFC 8785) and a newline, as `parse` reads it."""
        members = {"format": FORMAT, "receipt": self.receipt.text(), "openings": self.openings}
        # All names are ASCII and all values texts, for which the standard library writes what RFC 8785 asks for.
        return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"

    def verify(self, trust: Trust) -> CheckedDisclosure:
        """Check the receipt, and that what is shown is what its entry committed to.

        Raises
        ------
        VerificationError
            If either is not proved.
        """
        receipt = self.receipt.verify(trust)
        commitments = receipt.entry.commitments
        opened: dict[str, Opened] = {}
        if not self.openings:
            raise VerificationError("The disclosure opens nothing.")
        for opening in self.openings:
            field = opening["field"]
            if field in opened:
                raise VerificationError(f"The disclosure opens the field {shown(field)} twice.")
            if field not in commitments:
                raise VerificationError(f"Entry {receipt.entry.index} commits to no field {shown(field)}.")
            opened[field], digest = _open(opening)
            if digest.hex() != commitments[field]:
                raise VerificationError(
                    f"What is shown as {shown(field)} is not what entry {receipt.entry.index} commits to."
                )
        closed = tuple(sorted(set(commitments) - set(opened)))
        return CheckedDisclosure(receipt, tuple(opened.values()), closed)


def value_commitment(field: str, salt: bytes, value: str) -> bytes:
    """Commit to a value, given as canonical JSON text."""
    return hmac.digest(salt, field.encode() + b"\x00" + value.encode(), "sha256")


def list_commitment(field: str, salt: bytes, lines: Sequence[bytes]) -> bytes:
    """Commit to a list, given the commitments of its lines."""
    return hmac.digest(salt, field.encode() + b"\x01" + b"".join(lines), "sha256")


def _open(opening: Mapping[str, Any]) -> tuple[Opened, bytes]:
    field, salt = opening["field"], bytes.fromhex(opening["salt"])
    if "value" in opening:
        return Opened(field, opening["value"], None), value_commitment(field, salt, opening["value"])
    digests = [
        bytes.fromhex(line["commitment"])
        if "commitment" in line
        else value_commitment(f"{field}.{number}", bytes.fromhex(line["salt"]), line["value"])
        for number, line in enumerate(opening["lines"], 1)
    ]
    lines = tuple(line.get("value") for line in opening["lines"])
    return Opened(field, None, lines), list_commitment(field, salt, digests)


def _check_opening(opening: object, what: str) -> None:
    if not isinstance(opening, dict) or set(opening) not in ({"field", "salt", "value"}, {"field", "salt", "lines"}):
        raise VerificationError(f"{what} does not consist of field, salt and value or lines.")
    field = opening["field"]
    # A control character could be taken for the byte that separates the name from what follows.
    if not isinstance(field, str) or not field or any(c < " " for c in field):
        raise VerificationError(f"{what} does not name a field.")
    _check_digest(opening["salt"], f"The salt of {shown(field)}")
    if "value" in opening:
        _check_value(opening["value"], f"The value of {shown(field)}")
    elif not isinstance(opening["lines"], list):
        raise VerificationError(f"The lines of {shown(field)} are not a list.")
    else:
        for number, line in enumerate(opening["lines"], 1):
            _check_line(line, f"{shown(field)}.{number}")


def _check_line(line: object, name: str) -> None:
    if isinstance(line, dict) and set(line) == {"commitment"}:
        _check_digest(line["commitment"], f"The commitment of {name}")
    elif isinstance(line, dict) and set(line) == {"salt", "value"}:
        _check_digest(line["salt"], f"The salt of {name}")
        _check_value(line["value"], f"The value of {name}")
    else:
        raise VerificationError(f"The line {name} does not consist of salt and value or of a commitment.")


def _check_digest(text: object, what: str) -> None:
    if not isinstance(text, str) or not _DIGEST.fullmatch(text):
        raise VerificationError(f"{what} does not consist of 64 hexadecimal digits.")


def _check_value(text: object, what: str) -> None:
    if not isinstance(text, str):
        raise VerificationError(f"{what} is not a text.")
    parse_json(text, what)
