"""Every answer is judged by botocore's own model: its parsed form, its raw JSON, and its errors.

botocore drops what it does not know and never checks the range of what it does, so the raw JSON is walked as well.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import regex
from botocore.model import OperationModel
from botocore.validate import ParamValidator

ERROR_MEMBERS = {"__type", "Code", "Message", "Logref"}


def check_answers(client: Any) -> None:
    """Have every answer to `client` checked, in whatever test."""
    client.meta.events.register("after-call.rekognition", _check)


def _check(http_response: Any, parsed: dict[str, Any], model: OperationModel, **_: Any) -> None:
    raw = json.loads(http_response.content)
    if http_response.status_code >= 300:
        check_error(http_response.status_code, raw, http_response.headers)
        assert parsed["Error"]["Code"] == raw["Code"]
        return
    body = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    report = ParamValidator().validate(body, model.output_shape)
    assert not report.has_errors(), f"{model.name}: {report.generate_report()}"
    check_raw_answer(model, raw, http_response.headers)


def check_raw_answer(model: OperationModel, raw: Any, headers: Mapping[str, str]) -> None:
    """Check the JSON of a result, at every depth: nothing unknown, nothing out of range."""
    found = list(departures(model.output_shape, raw, model.name))
    assert not found, found
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert UUID(headers["x-amzn-requestid"])
    assert int(headers["x-recognizance-entry"]) >= 0, "every answer names its entry"


def check_error(status: int, raw: Any, headers: Mapping[str, str]) -> None:
    """Check the form of an error."""
    assert raw.keys() == ERROR_MEMBERS, raw
    assert raw["__type"] == raw["Code"]
    assert raw["Message"].strip()
    assert raw["Logref"] == headers["x-amzn-requestid"]
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert 400 <= status < 600
    for secret in ("Traceback", "recognizance.", "site-packages", "/tmp/"):  # noqa: S108 - a text to look for
        assert secret not in raw["Message"]


def departures(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Name everything in `value`, as JSON has it, that `shape` does not allow."""
    match shape.type_name:
        case "structure":
            if not isinstance(value, dict):
                yield f"{path} is not an object"
                return
            yield from (f"{path}.{name} is unknown" for name in value.keys() - shape.members.keys())
            yield from (f"{path}.{name} is absent" for name in shape.required_members if name not in value)
            for name in value.keys() & shape.members.keys():
                yield from departures(shape.members[name], value[name], f"{path}.{name}")
        case "list":
            if not isinstance(value, list):
                yield f"{path} is not a list"
                return
            yield from _outside(shape, len(value), path)
            for position, item in enumerate(value):
                yield from departures(shape.member, item, f"{path}[{position}]")
        case "map":
            yield from _outside(shape, len(value), path)
            for key, item in value.items():
                yield from departures(shape.key, key, f"{path} key")
                yield from departures(shape.value, item, f"{path}[{key!r}]")
        case "string":
            if not isinstance(value, str):
                yield f"{path} is not a string"
                return
            yield from _outside(shape, len(value), path)
            if shape.enum and value not in shape.enum:
                yield f"{path}: {value!r} is none of {shape.enum}"
            pattern = shape.metadata.get("pattern")
            if pattern and not regex.fullmatch(pattern, value):
                yield f"{path}: {value!r} is not {pattern}"
        case "float" | "double" | "timestamp":
            yield from _number(shape, value, path, float | int)
        case "integer" | "long":
            yield from _number(shape, value, path, int)
        case "boolean":
            if not isinstance(value, bool):
                yield f"{path} is not a boolean"
        case other:
            yield f"{path} is a {other}, which no answer of ours holds"


def _number(shape: Any, value: Any, path: str, kind: Any) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, kind):
        yield f"{path} is not a number"
    else:
        yield from _outside(shape, value, path)


def _outside(shape: Any, number: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and number < least) or (most is not None and number > most):
        yield f"{path}: {number} is not within {least}..{most}"
