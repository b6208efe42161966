"""What an entry of the log says."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recognizance_verify.errors import VerificationError

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00")
_WORD_MAX = 200


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
        operator=_word(members, "operator", what),
        decision=_word(members, "decision", what),
        time=time,
        members=members,
    )


def parse_json(data: bytes | str, what: str) -> Any:
    """Read JSON of which there are no two readings: no name twice, no NaN, no half characters, no number too large.

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
    except UnicodeError:
        raise VerificationError(f"{what} is not valid UTF-8 text.") from None
    except RecursionError:
        raise VerificationError(f"{what} is nested too deeply.") from None
    except _NameTwiceError as error:
        raise VerificationError(f"{what} has the name {_brief(error.args[0])} twice in one JSON object.") from None
    except ValueError:
        raise VerificationError(f"{what} is not valid JSON.") from None
    return found


def _word(members: Mapping[str, Any], name: str, what: str) -> str:
    word = members.get(name)
    if not isinstance(word, str) or not 0 < len(word) <= _WORD_MAX:
        raise VerificationError(f"{what} has no {name}, or it is not a text of up to {_WORD_MAX} characters.")
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


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_refuse_doubles, parse_constant=_refuse_constant, parse_float=_finite)


def _brief(value: object) -> str:
    return ascii(value)[:60] if isinstance(value, str | int | float | None) else "something else"
