"""What an entry of the log says."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recognizance_verify.errors import VerificationError

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00")

EXACT_MAX = 2**53 - 1
"""The largest number that every JSON reader takes exactly (RFC 8785, appendix D)."""

NESTING_MAX = 64
"""How deeply JSON may be nested: no reader's own limit may decide whether a log verifies."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The members that every entry has; ``members`` are all.  ``time`` is RFC 3339 in UTC, so it sorts as text."""

    index: int
    kind: str
    operator: str
    decision: str
    time: str
    members: Mapping[str, Any]

    @property
    def commitments(self) -> Mapping[str, str]:
        """The entry's commitments by field, as far as they can be any."""
        found = self.members.get("commitments", {})
        if not isinstance(found, dict) or not all(isinstance(digest, str) for digest in found.values()):
            raise VerificationError(f"The commitments of entry {self.index} are malformed.")
        return found


def parse_entry(data: bytes, index: int) -> Entry:
    """Read the entry that is at place ``index`` of the log.

    Raises
    ------
    VerificationError
        If it is not JSON that everybody reads in the same way, lacks a member, or names another place.
    """
    what = f"Entry {index}"
    members = parse_json(data, what)
    if not isinstance(members, dict):
        raise VerificationError(f"{what} is not a JSON object.")
    place = members.get("index")
    if type(place) is not int or place != index:
        raise VerificationError(f"{what} does not name its place in the log, but {_brief(place)}.")
    time = members.get("time")
    if not isinstance(time, str) or not _TIME.fullmatch(time):
        raise VerificationError(f"{what} has no time in UTC with microseconds.")
    return Entry(
        index,
        kind=_word(members, "kind", what),
        operator=_text(members, "operator", what),
        decision=_word(members, "decision", what),
        time=time,
        members=members,
    )


def parse_json(data: bytes | str, what: str) -> Any:
    """Read JSON of which there are no two readings.

    No name twice in an object, no NaN, no half characters, no number too large, no deeper nesting than all can follow.

    Raises
    ------
    VerificationError
        If it is anything else; ``what`` begins the sentence.
    """
    try:
        text = data.decode() if isinstance(data, bytes) else data
        found = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # refuses half of a surrogate pair
        deep = text.count("[") + text.count("{") > NESTING_MAX and _nesting_exceeds(found, NESTING_MAX)
    except UnicodeError:
        raise VerificationError(f"{what} is not valid UTF-8 text.") from None
    except RecursionError:
        deep = True
    except _NameTwiceError as error:
        raise VerificationError(f"{what} has the name {_brief(error.args[0])} twice in one JSON object.") from None
    except ValueError:
        raise VerificationError(f"{what} is not valid JSON.") from None
    if deep:
        raise VerificationError(f"{what} is nested too deeply.")
    return found


def _nesting_exceeds(value: object, limit: int) -> bool:
    layer = [value] if isinstance(value, dict | list) else []
    for _ in range(limit):
        layer = [
            inner
            for outer in layer
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(layer)


def _text(members: Mapping[str, Any], name: str, what: str) -> str:
    text = members.get(name)
    if not isinstance(text, str):
        raise VerificationError(f"{what} has no {name}, or it is not a text.")
    return text


def _word(members: Mapping[str, Any], name: str, what: str) -> str:
    word = _text(members, name, what)
    if not word:
        raise VerificationError(f"{what} has an empty {name}.")
    return word


class _NameTwiceError(ValueError):
    pass


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _NameTwiceError(name)
            seen.add(name)
    return members


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _exact(text: str) -> int:
    if len(text) > len(str(-EXACT_MAX)) or abs(int(text)) > EXACT_MAX:
        raise ValueError(text)
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_refuse_doubles, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_exact
)


def _brief(value: object) -> str:
    return ascii(value)[:60] if isinstance(value, str | int | float | None) else "something else"
