"""Every way to break one constraint of one operation's input, made from the model itself.

Reusable: `valid_input` and `violations` take any botocore ServiceModel.  Inputs are in wire form (what JSON holds:
blobs as base64), because an SDK would refuse or convert many of them before they are sent.
"""

import base64
import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import regex
from botocore.model import ServiceModel

FACE_OPERATIONS = (
    *("CreateCollection", "DescribeCollection", "ListCollections", "DeleteCollection"),
    *("IndexFaces", "ListFaces", "DeleteFaces"),
    *("CreateUser", "DeleteUser", "ListUsers", "AssociateFaces", "DisassociateFaces"),
    *("SearchUsers", "SearchUsersByImage", "SearchFaces", "SearchFacesByImage", "CompareFaces", "DetectFaces"),
    *("TagResource", "UntagResource", "ListTagsForResource"),
)
"""REKOGNITION.md's groups collections, faces, users, search, stateless and tags."""

_VALID_TEXTS = (
    "arn:aws:rekognition:us-east-1:000000000000:collection/staff",
    "11111111-2222-3333-4444-555555555555",
    "staff",
    "a",
)
_BROKEN_TEXTS = ("bad name!", "bad name!" + "_" * 20, "aws:x", "ü\n", "tab\there", "§§§§§§§§")


class Violation(NamedTuple):
    """An input that breaks exactly one constraint, and where."""

    operation: str
    description: str
    input: dict[str, Any]
    path: str

    @property
    def code(self) -> str:
        """The error code that Rekognition answers."""
        oversized = self.description.startswith("ImageBlob max")
        return "ImageTooLargeException" if oversized else "InvalidParameterException"


Place = Callable[[Any], dict[str, Any]]
"""Puts a value at one place of an otherwise valid input."""


def valid_value(shape: Any) -> Any:
    """Make a small valid value: required members only, or the first member of a structure that requires none."""
    match shape.type_name:
        case "structure":
            names = shape.required_members or list(shape.members)[:1]
            return {name: valid_value(shape.members[name]) for name in names}
        case "list":
            return [valid_value(shape.member)] * max(1, shape.metadata.get("min", 0))
        case "map":
            return {valid_value(shape.key): valid_value(shape.value)}
        case "string":
            return _valid_text(shape)
        case "blob":
            return base64.b64encode(b"x" * max(1, shape.metadata.get("min", 0))).decode()
        case "boolean":
            return True
        case "integer" | "long":
            return max(1, shape.metadata.get("min", 1))
        case "float" | "double":
            return float(shape.metadata.get("min", 0)) + 1.5
        case "timestamp":
            return 1_700_000_000
    raise NotImplementedError(shape.type_name)


def valid_input(model: ServiceModel, operation: str) -> dict[str, Any]:
    """Make a small valid input of `operation`."""
    shape = model.operation_model(operation).input_shape
    required = shape.required_members
    return {name: valid_value(shape.members[name]) for name in required}


def violations(model: ServiceModel, operation: str) -> Iterator[Violation]:
    """Yield every single-constraint violation of `operation`, at every depth."""
    shape = model.operation_model(operation).input_shape
    base = valid_input(model, operation)

    def put(value: Any) -> dict[str, Any]:
        return {**base, **value}

    for description, broken, path in _inside(shape, lambda members: put(members), ""):
        yield Violation(operation, description, copy.deepcopy(broken), path)


_Broken = tuple[str, dict[str, Any], str]


def _inside(structure: Any, put: Place, path: str) -> Iterator[_Broken]:
    """Break each member of `structure`; `put` places a set of members that replaces what is there."""
    prefix = f"{path}." if path else ""
    for name, member in structure.members.items():
        others = {other: valid_value(structure.members[other]) for other in structure.required_members}
        others.pop(name, None)
        member_path = prefix + name[0].lower() + name[1:]

        def put_member(value: Any, name: str = name, others: dict[str, Any] = others) -> dict[str, Any]:
            return put({**others, name: value})

        if name in structure.required_members:
            yield f"{member.name} required, null", put_member(None), member_path
            absent = put_member(None)
            yield f"{member.name} required, absent", _without_nulls(absent), member_path
        yield from _at(member, put_member, member_path)


def _at(shape: Any, put: Place, path: str) -> Iterator[_Broken]:
    for constraint, value in _broken_values(shape):
        yield f"{shape.name} {constraint}", put(value), path
    if shape.type_name == "structure":
        yield from _inside(shape, put, path)
    elif shape.type_name == "list":
        first = valid_value(shape)
        yield f"{shape.name} member null", put([*first, None]), f"{path}.{len(first) + 1}.member"
        # Second in the list, so that a check of the first member alone does not pass.
        yield from _at(shape.member, lambda value: put([*first, value]), f"{path}.{len(first) + 1}.member")
    elif shape.type_name == "map":
        key = valid_value(shape.key)
        yield f"{shape.name} value null", put({key: None}), f"{path}.1.value"
        yield from _at(shape.value, lambda value: put({key: value}), f"{path}.1.value")
        for constraint, value in _broken_values(shape.key):
            if isinstance(value, str):
                yield f"{shape.name} key {constraint}", put({value: valid_value(shape.value)}), f"{path}.1.key"


def _broken_values(shape: Any) -> Iterator[tuple[str, Any]]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    match shape.type_name:
        case "structure":
            yield from (("type list", []), ("type string", "x"))
        case "list":
            yield from (("type object", {}), ("type string", "x"))
            item = valid_value(shape.member)
            if least:
                yield f"min {least}", [item] * (least - 1)
            if most:
                yield f"max {most}", [item] * (most + 1)
        case "map":
            yield from (("type list", []), ("type string", "x"))
            if most:
                yield f"max {most}", {f"k{number}": valid_value(shape.value) for number in range(most + 1)}
        case "string":
            yield from _broken_texts(shape)
        case "blob":
            yield from (("type number", 5), ("type list", [1]))
            yield from (("type not base64", "!!!!"), ("type unpadded", "QUI"), ("type line break", "QUJD\n"))
            yield "type url-safe alphabet", "Q-_D"
            if least:
                yield f"min {least}", base64.b64encode(b"x" * (least - 1)).decode()
            if most:
                yield f"max {most}", base64.b64encode(b"x" * (most + 1)).decode()
        case "boolean":
            yield from (("type string", "true"), ("type number", 1))
        case "integer" | "long":
            yield from (("type string", "5"), ("type boolean", True), ("type fraction", 1.5), ("type list", [5]))
            yield "max of the type", 2**31 if shape.type_name == "integer" else 2**63
            yield from _beyond(least, most)
        case "float" | "double":
            yield from (("type string", "80"), ("type boolean", True), ("type object", {}))
            yield from _beyond(least, most, 0.001)
        case "timestamp":
            yield from (("type string", "yesterday"), ("type boolean", True), ("type beyond the calendar", 1e18))


def _beyond(least: int | None, most: int | None, step: float = 1) -> Iterator[tuple[str, float]]:
    if least is not None:
        yield f"min {least}", least - step
    if most is not None:
        yield f"max {most}", most + step


def _broken_texts(shape: Any) -> Iterator[tuple[str, Any]]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    yield from (("type number", 5), ("type boolean", False), ("type list", ["x"]), ("type object", {"x": 1}))
    yield "type half a surrogate pair", "\ud800"
    if least:
        yield f"min {least}", _valid_text(shape, any_length=True)[:1] * (least - 1)
    if most:
        yield f"max {most}", "a" * (most + 1)
    if pattern := shape.metadata.get("pattern"):
        fits = [text for text in _BROKEN_TEXTS if len(text) >= (least or 0) and len(text) <= (most or 1_000)]
        broken = [text for text in fits if not regex.fullmatch(pattern, text)]
        yield f"pattern {pattern}", broken[0]
        # What a match from the start only, or up to a final line break, would let through.
        yield f"pattern {pattern}, with a line break", _valid_text(shape) + "\n"
        yield f"pattern {pattern}, with a tail", _valid_text(shape) + "\x00" + broken[0][:3]
    if shape.enum:
        yield "enum", "SOMETHING_ELSE"
        yield "enum, small letters", shape.enum[0].lower()


def _valid_text(shape: Any, *, any_length: bool = False) -> str:
    if shape.enum:
        return str(shape.enum[0])
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 1_000)
    for text in reversed(_VALID_TEXTS) if least < 20 else _VALID_TEXTS:
        fits = any_length or least <= len(text) <= most
        if fits and regex.fullmatch(shape.metadata.get("pattern", ".*"), text):
            return text
    raise NotImplementedError(f"no example of {shape.name} is known")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return value
