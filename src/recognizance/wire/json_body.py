"""Decode the JSON body of a request, refusing whatever two readers could understand differently."""

import json
from typing import Any, NoReturn

from recognizance.wire.faults import Fault

MEMBERS_MAX = 400_000
"""Members and elements of one request; many times as many would take gigabytes once decoded."""


def decode_object(body: bytes | bytearray) -> dict[str, Any]:
    """Decode `body` as one JSON object; an empty body is an empty object.

    The standard library's decoder and not msgspec's: only it can see a member that is given twice, and a
    policy or a log that read the other one would be deceived.  It costs 3 ms more on a 5 MB photograph.

    Raises
    ------
    Fault
        SerializationException, if it is not UTF-8, not JSON (NaN and Infinity are not), not an object, has
        a member twice, has too many members, or is nested too deeply.
    """
    if not body:
        return {}
    # Base64 has none of these, so that a photograph counts as one; the largest import has some 50,000.
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MEMBERS_MAX:
        raise Fault.serialization("The request has too many members.")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except _RepeatedMemberError:
        raise Fault.serialization("The request names a member twice.") from None
    except RecursionError:
        raise Fault.serialization("The request is nested too deeply.") from None
    except ValueError:  # malformed UTF-8, malformed JSON, an integer of thousands of digits
        raise Fault.serialization("The request is not valid JSON.") from None
    if not isinstance(value, dict):
        raise Fault.serialization("The request is not a JSON object.")
    return value


class _RepeatedMemberError(Exception):
    pass


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RepeatedMemberError
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
