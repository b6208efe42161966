"""Judge and convert decoded JSON by the shapes of a botocore model.

botocore's client checks required members and minimum lengths only, so every other constraint of the model
is the server's to enforce. Shapes are compiled once into closures: judging a request costs a walk over its
members and, for a photograph, one base64 decode.
"""

import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import regex

from recognizance.wire.violations import ShapeError, Violations

_INTEGER_BITS = {"integer": 31, "long": 63}

Check = Callable[[Any, str, Violations], Any]


def _wire_name(member: str) -> str:
    return member[:1].lower() + member[1:]  # AWS's messages spell members with a small first letter


class Compiler:
    """Turns shapes into checks, each shape once; recursive shapes are allowed."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._compiling = threading.RLock()

    def parse(self, shape: Any, value: Any) -> Any:
        """Judge `value` by `shape` and convert it: base64 to bytes, epoch seconds to datetime.

        Unknown members are dropped and null members count as absent.

        Raises
        ------
        ShapeError
            With every violation at every depth.
        """
        violations = Violations()
        parsed = self.check(shape)(value, "", violations)
        if violations.count:
            raise ShapeError(violations)
        return parsed

    def check(self, shape: Any) -> Check:
        """Compile `shape`, or find it compiled."""
        with self._compiling:  # else another thread could call the placeholder before it leads anywhere
            if shape.name not in self._checks:
                # Placed before compiling, so that a shape that contains itself finds this, not an endless descent.
                self._checks[shape.name] = lambda *seen: self._checks[shape.name](*seen)
                if getattr(shape, "is_document_type", False):
                    self._checks[shape.name] = lambda value, path, found: value
                else:
                    self._checks[shape.name] = getattr(self, f"_{shape.type_name}", _unsupported)(shape)
            return self._checks[shape.name]

    def _structure(self, shape: Any) -> Check:
        members = [
            (name, _wire_name(name), self.check(member), member, name in shape.required_members)
            for name, member in shape.members.items()
        ]
        union = getattr(shape, "is_tagged_union", False)

        def check(value: Any, path: str, found: Violations) -> Any:
            if not isinstance(value, dict):
                found.add(path, shape, "type", "be an object", value)
                return None
            prefix = f"{path}." if path else ""
            parsed: dict[str, Any] = {}
            for name, wire_name, check_member, member, required in members:
                item = value.get(name)
                if item is not None:
                    parsed[name] = check_member(item, prefix + wire_name, found)
                elif required:
                    found.add(prefix + wire_name, member, "required", "not be null")
            if union and len(parsed) != 1:
                names = ", ".join(name for name, *_ in members)
                found.add(path, shape, "union", f"have exactly one of [{names}]", value)
            return parsed

        return check

    def _list(self, shape: Any) -> Check:
        check_member, member = self.check(shape.member), shape.member
        length = _length_check(shape)

        def check(value: Any, path: str, found: Violations) -> Any:
            if not isinstance(value, list):
                found.add(path, shape, "type", "be a list", value)
                return None
            if not length(len(value), path, found, None):
                return None
            parsed = []
            for position, item in enumerate(value, 1):
                item_path = f"{path}.{position}.member"
                if item is None:
                    found.add(item_path, member, "required", "not be null")
                else:
                    parsed.append(check_member(item, item_path, found))
            return parsed

        return check

    def _map(self, shape: Any) -> Check:
        check_key, check_value, member = self.check(shape.key), self.check(shape.value), shape.value
        length = _length_check(shape)

        def check(value: Any, path: str, found: Violations) -> Any:
            if not isinstance(value, dict):
                found.add(path, shape, "type", "be an object", value)
                return None
            if not length(len(value), path, found, None):
                return None
            parsed = {}
            for position, (key, item) in enumerate(value.items(), 1):
                checked_key = check_key(key, f"{path}.{position}.key", found)
                if item is None:
                    found.add(f"{path}.{position}.value", member, "required", "not be null")
                else:
                    parsed[checked_key] = check_value(item, f"{path}.{position}.value", found)
            return parsed

        return check

    def _string(self, shape: Any) -> Check:
        pattern_text = shape.metadata.get("pattern")
        pattern = regex.compile(pattern_text) if pattern_text else None
        allowed = tuple(shape.enum or ())
        length = _length_check(shape)

        def check(value: Any, path: str, found: Violations) -> Any:
            if not isinstance(value, str) or not _is_text(value):
                found.add(path, shape, "type", "be a string", value)
            elif length(len(value), path, found, value):  # a pattern is never tried on an over-long value
                if pattern and not pattern.fullmatch(value):
                    must = f"satisfy regular expression pattern: {pattern_text}"
                    found.add(path, shape, "pattern", must, value)
                if allowed and value not in allowed:
                    found.add(path, shape, "enum", f"satisfy enum value set: [{', '.join(allowed)}]", value)
            return value

        return check

    def _blob(self, shape: Any) -> Check:
        length = _length_check(shape)

        def check(value: Any, path: str, found: Violations) -> Any:
            if isinstance(value, str) and len(value) % 4 == 0:
                # The encoded length gives the decoded one, so an oversized photograph is refused undecoded.
                padding = len(value[-2:]) - len(value[-2:].rstrip("="))
                if not length(len(value) // 4 * 3 - padding, path, found, None):
                    return None
                try:
                    return msgspec.convert(value, bytes)  # strict base64, several times faster than binascii
                except msgspec.ValidationError:
                    pass  # the same answer as for a value of another type
            found.add(path, shape, "type", "be base64-encoded binary data")
            return None

        return check

    def _boolean(self, shape: Any) -> Check:
        def check(value: Any, path: str, found: Violations) -> Any:
            if not isinstance(value, bool):
                found.add(path, shape, "type", "be a boolean", value)
            return value

        return check

    def _integer(self, shape: Any) -> Check:
        limit = 1 << _INTEGER_BITS[shape.type_name]
        in_range = _range_check(shape, -limit, limit - 1)

        def check(value: Any, path: str, found: Violations) -> Any:
            if not isinstance(value, int) or isinstance(value, bool):
                found.add(path, shape, "type", "be an integer", value)
            else:
                in_range(value, path, found)
            return value

        return check

    _long = _integer

    def _float(self, shape: Any) -> Check:
        in_range = _range_check(shape, None, None)

        def check(value: Any, path: str, found: Violations) -> Any:
            number = _finite(value)
            if number is None:
                found.add(path, shape, "type", "be a finite number", value)
            else:
                in_range(number, path, found)
            return number

        return check

    _double = _float

    def _timestamp(self, shape: Any) -> Check:
        def check(value: Any, path: str, found: Violations) -> Any:
            number = _finite(value)
            try:
                if number is not None:
                    return datetime.fromtimestamp(number, UTC)
            except (ValueError, OverflowError, OSError):
                pass  # out of the calendar's range: the same answer as for a value of another type
            found.add(path, shape, "type", "be a time in seconds since 1970-01-01T00:00:00Z", value)
            return None

        return check


def _unsupported(shape: Any) -> Check:
    raise NotImplementedError(f"Shape {shape.name}: the type {shape.type_name} is not one this protocol carries.")


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer beyond the largest float
        return None


def _is_text(value: str) -> bool:
    """Tell whether `value` can be stored: JSON can smuggle in halves of surrogate pairs, UTF-8 cannot hold them."""
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def _length_check(shape: Any) -> Callable[[int, str, Violations, Any], bool]:
    shortest, longest = shape.metadata.get("min"), shape.metadata.get("max")

    def check(length: int, path: str, found: Violations, value: Any) -> bool:
        """Return whether looking closer is worth it: no, if there is too much to look at."""
        if shortest is not None and length < shortest:
            found.add(path, shape, "min", f"have length greater than or equal to {shortest}", value)
        if longest is not None and length > longest:
            found.add(path, shape, "max", f"have length less than or equal to {longest}", value)
            return False
        return True

    return check


def _range_check(shape: Any, least: int | None, most: int | None) -> Callable[[float, str, Violations], None]:
    least, most = shape.metadata.get("min", least), shape.metadata.get("max", most)

    def check(value: float, path: str, found: Violations) -> None:
        if least is not None and value < least:
            found.add(path, shape, "min", f"have value greater than or equal to {least}", value)
        if most is not None and value > most:
            found.add(path, shape, "max", f"have value less than or equal to {most}", value)

    return check
