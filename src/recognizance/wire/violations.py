"""What a request breaks in its model, in the words that AWS uses."""

from dataclasses import dataclass, field
from typing import Any

from recognizance.errors import InvalidRequestError

_ECHO_CHARACTERS = 64
_REPORTED_VIOLATIONS = 10


@dataclass(frozen=True, slots=True)
class Violation:
    """One member that breaks one constraint.

    Attributes
    ----------
    path : str
        Where, in AWS's notation: ``image.s3Object.bucket``, ``faceIds.2.member``.
    shape : str
        Name of the shape in the model, e.g. ``ImageBlob``.
    constraint : str
        ``type``, ``required``, ``min``, ``max``, ``pattern``, ``enum`` or ``union``.
    message : str
        The sentence for the client; it never holds the value of a blob or of a sensitive shape.
    """

    path: str
    shape: str
    constraint: str
    message: str


class ShapeError(InvalidRequestError):
    """A request breaks its model; holds every violation, raised once."""

    def __init__(self, violations: "Violations") -> None:
        plural = "error" if violations.count == 1 else "errors"
        sentences = "; ".join(violation.message for violation in violations.kept)
        super().__init__(f"{violations.count} validation {plural} detected: {sentences}")
        self.violations = tuple(violations.kept)


@dataclass(slots=True)
class Violations:
    """Collects violations; keeps the first few, because a request can hold thousands."""

    kept: list[Violation] = field(default_factory=list)
    count: int = 0

    def add(self, path: str, shape: Any, constraint: str, must: str, value: Any = None) -> None:
        """Note that the member at `path` must be otherwise."""
        self.count += 1
        if len(self.kept) < _REPORTED_VIOLATIONS:
            sentence = f"Value{_echo(shape, value)} at '{path}' failed to satisfy constraint: Member must {must}"
            self.kept.append(Violation(path, shape.name, constraint, sentence))


def _echo(shape: Any, value: Any) -> str:
    if shape.type_name == "blob" or shape.metadata.get("sensitive") or isinstance(value, dict | list):
        return ""
    if value is None:
        return " null"
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return f" '{text[:_ECHO_CHARACTERS]}{'…' if len(text) > _ECHO_CHARACTERS else ''}'"
