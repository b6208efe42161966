"""Spell answers as JSON by the output shapes of a botocore model."""

import base64
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def serialize(shape: Any, value: Any) -> Any:
    """Convert `value` to what JSON can hold, by `shape`.

    Times become seconds since 1970, bytes become base64, and members that are None are left out.

    Raises
    ------
    ValueError
        If the answer is not of its own model: an unknown member, a number that is not finite, a time
        without a zone.  Better no answer than one that the client reads as something else.
    """
    match shape.type_name:
        case "structure":
            return _members(shape, value)
        case "list":
            return [serialize(shape.member, item) for item in value]
        case "map":
            return {str(key): serialize(shape.value, item) for key, item in value.items() if item is not None}
        case "blob":
            return base64.b64encode(value).decode("ascii")
        case "timestamp":
            return _epoch_seconds(value)
        case "float" | "double":
            return _finite(value)
        case "integer" | "long":
            return int(value)
        case "boolean":
            return bool(value)
        case _:
            return str(value)


def _members(shape: Any, value: Mapping[str, Any]) -> Any:
    if getattr(shape, "is_document_type", False):
        return value
    unknown = value.keys() - shape.members.keys()
    if unknown:
        raise ValueError(f"{shape.name} has no {', '.join(sorted(unknown))}")
    members = shape.members
    return {
        members[name].serialization.get("name", name): serialize(members[name], item)
        for name, item in value.items()
        if item is not None
    }


def _epoch_seconds(value: datetime) -> float:
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be answered")
    return value.timestamp()


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a number that is not finite cannot be answered")
    return number
