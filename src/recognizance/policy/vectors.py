"""Test vectors of a pack: situations, and what the pack is expected to say of them."""

import tomllib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from recognizance.errors import PackError

_EXPECTED = ("allowed", "referred", "refused")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GivenAuthority(_Part):
    """The authority that a request names.  Hours count from when it is recorded.

    Attributes
    ----------
    ratify_hours : int
        Of an emergency, within how long it must have been ratified.
    ratified_hours : float or None
        Of an emergency, when it was; None for never.
    """

    kind: Literal["warrant", "court-order", "emergency", "missing-person", "deceased-person", "consent"]
    from_hours: float = -1
    to_hours: float = 24
    galleries: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    ratify_hours: Literal[24, 48] = 24
    ratified_hours: float | None = None


class Vector(_Part):
    """One situation, and what is expected.

    Attributes
    ----------
    case : bool
        Whether the request names a case that its operator works on; an offence or an authority brings one along.
    purpose_registered : bool
        Whether the purpose is on record with its legal basis, or only claimed.
    edits : tuple of str or None
        None if nothing is said of them; empty if it is said that there are none.
    attributes : bool
        Whether detecting or enrolling asks for age and gender.
    session : bool
        Whether purpose, case and authority come from a session, and not from the path.
    at_hours : float
        When the request is made, counted from when the authority was recorded.
    rules : tuple of str
        Have to be among those that the decision names.
    threshold_applied_percent : float or None
        None where it does not matter.
    """

    name: str = Field(min_length=1)
    kind: Literal["allowed", "referred", "refused", "boundary", "emergency", "expiry"]
    act: Literal["search", "compare", "enrol", "detect", "subject", "export", "list"] = "search"
    roles: frozenset[str] = frozenset({"investigator"})
    training: Literal["current", "expired", "none"] = "current"
    gallery: str = "people"
    purpose: str | None = None
    purpose_registered: bool = True
    offence: str | None = None
    case: bool = False
    authority: GivenAuthority | None = None
    session: bool = False
    source: Literal["still", "stored-video", "live", "unstated"] = "unstated"
    edits: tuple[str, ...] | None = None
    threshold_percent: float = Field(default=80, ge=0, le=100)
    candidates_max: int = Field(default=5, ge=1)
    attributes: bool = False
    at_hours: float = Field(default=0, ge=0)
    expect: Literal["allowed", "referred", "refused"]
    rules: tuple[str, ...] = Field(min_length=1)
    threshold_applied_percent: float | None = None

    @property
    def has_case(self) -> bool:
        """Whether the request names a case."""
        return self.case or self.offence is not None or self.authority is not None

    @model_validator(mode="after")
    def _can_be(self) -> "Vector":
        if self.kind in _EXPECTED and self.kind != self.expect:
            raise ValueError(f"a vector of the kind {self.kind} expects that")
        if self.session and not (self.purpose and self.has_case):
            raise ValueError("a session has a purpose and a case")
        if self.attributes and self.act not in ("detect", "enrol"):
            raise ValueError("attributes are asked for in detecting and enrolling alone")
        given = self.authority
        if given is not None and given.ratified_hours is not None and given.ratified_hours > self.at_hours:
            raise ValueError("what is ratified after the request is not ratified when it is made")
        return self


class _Vectors(_Part):
    vector: tuple[Vector, ...] = ()


def read_vectors(text: str) -> tuple[Vector, ...]:
    """Read ``vectors.toml``.

    Raises
    ------
    PackError
        With every problem at once.
    """
    try:
        found = _Vectors.model_validate(tomllib.loads(text)).vector
    except tomllib.TOMLDecodeError as error:
        raise PackError("vectors.toml cannot be read.", (f"{error}.",)) from error
    except ValidationError as error:
        raise PackError(
            "vectors.toml cannot be used.",
            [
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}."
                for item in error.errors(include_url=False, include_context=False, include_input=False)
            ],
        ) from error
    names = [vector.name for vector in found]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise PackError("vectors.toml cannot be used.", [f"Two vectors are called {name!r}." for name in repeated])
    return found
