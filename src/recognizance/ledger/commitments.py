"""Commitments: what an entry binds without saying it, and the openings that show it later.

A commitment is worthless to whoever has not got its salt.  A salt comes from the entry's own secret or, for a value
that concerns one person, from that person's key: once the key is destroyed nobody can open the commitment or confirm
a guess, in any backup either, and every proof still holds.
"""

import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import rfc8785

from recognizance.errors import ErasedError
from recognizance.ledger.entry import Value
from recognizance_verify.disclosures import list_commitment, value_commitment

SECRET_BYTES = 32

# For ASCII and whole numbers the standard library writes what RFC 8785 asks for; a property test compares.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class SlotKeys(Protocol):
    """People's own keys, by slot number; each method raises `ErasedError` for a destroyed one."""

    def derive(self, slot: int, purpose: str) -> bytes:
        """Derive 32 bytes from a slot's key."""

    def seal(self, slot: int, plaintext: bytes, context: str) -> bytes:
        """Encrypt under a slot's key."""

    def open_sealed(self, slot: int, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal` made."""


@dataclass(frozen=True, slots=True)
class Concealed:
    """A field of an entry that is committed to and not quoted.

    ``slot`` is that of the person's key whom the value concerns; None if it concerns nobody.
    """

    field: str
    value: Value
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class ConcealedList:
    """A list that is committed to line by line, so that single lines can be shown and others erased.

    Neither its length nor that it is empty can be seen.  ``lines`` pairs each value with a slot or None.
    """

    field: str
    lines: Sequence[tuple[Value, int | None]]


class Line(msgspec.Struct, array_like=True, frozen=True):
    """A value as kept for disclosure: sealed if it has a slot; with its commitment, which outlives the key.

    ``text`` is empty once it was forgotten.
    """

    slot: int
    commitment: bytes
    text: bytes


class Opening(msgspec.Struct, array_like=True, frozen=True):
    """Everything that opens the commitments of one entry."""

    secret: bytes
    fields: dict[str, Line]
    lists: dict[str, list[Line]]


def conceal(
    concealed: Iterable[Concealed | ConcealedList], *, index: int, secret: bytes, keys: SlotKeys
) -> tuple[dict[str, str], Opening]:
    """Commit to fields of the entry `index`.

    Parameters
    ----------
    secret : bytes of length 32
        Random, for this entry alone.

    Returns
    -------
    tuple
        The commitments by field, hexadecimal, and what opens them.
    """
    commitments: dict[str, str] = {}
    opening = Opening(secret, {}, {})
    for item in concealed:
        if isinstance(item, Concealed):
            line = _commit(item.field, item.value, item.slot, index, secret, keys)
            opening.fields[item.field] = line
            commitments[item.field] = line.commitment.hex()
        else:
            lines = [
                _commit(f"{item.field}.{number}", value, slot, index, secret, keys)
                for number, (value, slot) in enumerate(item.lines, 1)
            ]
            opening.lists[item.field] = lines
            commitments[item.field] = list_commitment(
                item.field, _own_salt(secret, item.field), [line.commitment for line in lines]
            ).hex()
    return commitments, opening


def disclose(opening: Opening, field: str, *, index: int, keys: SlotKeys) -> dict[str, Value]:
    """Open one commitment of the entry `index`, in the form that the verifier reads.

    Lines whose key was destroyed stay closed: only their commitment is given.

    Raises
    ------
    KeyError
        If the entry has no such field.
    ErasedError
        If the field itself was erased.
    """
    if field in opening.lists:
        lines: list[Value] = []
        for number, line in enumerate(opening.lists[field], 1):
            try:
                lines.append(_show(f"{field}.{number}", line, index, opening.secret, keys))
            except ErasedError:
                lines.append({"commitment": line.commitment.hex()})
        return {"field": field, "salt": _own_salt(opening.secret, field).hex(), "lines": lines}
    return {"field": field, **_show(field, opening.fields[field], index, opening.secret, keys)}


def forget(opening: Opening, fields: Collection[str]) -> Opening:
    """Drop the values of some fields; their commitments stay, and nobody can open them any more."""

    def emptied(line: Line) -> Line:
        return Line(line.slot, line.commitment, b"")

    return Opening(
        opening.secret,
        {field: emptied(line) if field in fields else line for field, line in opening.fields.items()},
        {
            field: [emptied(line) for line in lines] if field in fields else lines
            for field, lines in opening.lists.items()
        },
    )


def _commit(field: str, value: Value, slot: int | None, index: int, secret: bytes, keys: SlotKeys) -> Line:
    text = canonical_text(value)
    if slot is None:
        return Line(0, value_commitment(field, _own_salt(secret, field), text.decode()), text)
    context = _context(index, field)
    committed = value_commitment(field, keys.derive(slot, context), text.decode())
    return Line(slot, committed, keys.seal(slot, text, context))


def canonical_text(value: Value) -> bytes:
    """Write a value as canonical JSON, as `rfc8785` does, and ten times as fast if all of it is ASCII.

    Raises
    ------
    UnicodeEncodeError
        If a string holds a lone surrogate.
    """
    text = _encode(value)
    encoded = text.encode()
    # Keys are in the order of UTF-16, which is another one than Python's: what a tag is called is a client's choice.
    return encoded if text.isascii() else rfc8785.dumps(value)


def _show(field: str, line: Line, index: int, secret: bytes, keys: SlotKeys) -> dict[str, Value]:
    if not line.text:
        raise ErasedError("The value was deleted.")
    if not line.slot:
        return {"salt": _own_salt(secret, field).hex(), "value": line.text.decode()}
    context = _context(index, field)
    salt = keys.derive(line.slot, context)
    return {"salt": salt.hex(), "value": keys.open_sealed(line.slot, line.text, context).decode()}


def _own_salt(secret: bytes, field: str) -> bytes:
    return hmac.digest(secret, field.encode(), hashlib.sha256)


def _context(index: int, field: str) -> str:
    return f"commitment:{index}:{field}"
