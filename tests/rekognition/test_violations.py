"""Every constraint of every offered operation's input, broken one at a time, sent signed to the real server."""

import json
from typing import Any

import pytest

from recognizance.rekognition.operations import OPERATIONS
from rekognition.raw import MODEL, Raw
from wire.violations import violations


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_violation_is_refused(raw: Raw, operation: str) -> None:
    wrong: list[tuple[str, int, str]] = []
    count = 0
    for violation in violations(MODEL, operation):
        count += 1
        status, answer = raw.ask(operation, json.dumps(violation.input).encode())
        if (status, answer.get("Code")) != (400, violation.code):
            wrong.append((violation.description, status, str(answer)[:200]))
    assert wrong == []
    assert count >= 8


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_message_names_the_member(raw: Raw, operation: str) -> None:
    violation = next(each for each in violations(MODEL, operation) if "type" in each.description)
    answer: dict[str, Any] = raw.ask(operation, violation.input)[1]
    assert f"'{violation.path}'" in answer["Message"]
