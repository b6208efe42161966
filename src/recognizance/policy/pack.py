"""A rule pack: rules as data, with where they come from."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from recognizance.policy.cedar import Rules
from recognizance.policy.decision import Reason
from recognizance.scoring.percent import percent_of_fmr

NOTHING_PERMITS = "nothing-permits"
CANNOT_BE_DECIDED = "cannot-be-decided"

PACK_ID = r"^[a-z0-9][a-z0-9.-]{0,63}$"
_NAME = r"^[a-z0-9][a-z0-9-]{0,63}$"
_FMR_LEAST, _FMR_MOST = 1e-7, 1e-2  # where a percent is a rate and nothing else


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Part):
    """Where a rule comes from.  ``verified`` only where ``quoted`` was held against the provision itself."""

    key: str = Field(pattern=_NAME)
    citation: str = Field(min_length=1)
    quoted: str | None = Field(default=None, min_length=1)
    verified: bool = False


class _Worded(_Part):
    id: str = Field(pattern=_NAME)
    source: str
    words: str = Field(min_length=1)
    remedy: str = ""


class Rule(_Worded):
    """What one rule of ``rules.cedar`` means, in words for who asked."""


class Floor(_Worded):
    """The least threshold, or the longest candidate list, for whom and what it concerns.

    ``roles`` and ``purposes`` are everybody and everything where they are empty; requests of no purpose that is
    registered and in force are of every purpose.  ``percent`` or ``fmr``, a false match
    rate, is the floor; a lower threshold is raised to it, or refused, as ``effect`` says.  A longer candidate list is
    cut to ``candidates_max``.  ``reading`` says what of it is our reading of the source.
    """

    roles: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    percent: float | None = Field(default=None, gt=0, le=100, allow_inf_nan=False)
    fmr: float | None = Field(default=None, ge=_FMR_LEAST, le=_FMR_MOST)
    effect: Literal["raise", "refuse"] = "raise"
    candidates_max: int | None = Field(default=None, ge=1)
    reading: str = ""

    @property
    def least_percent(self) -> float | None:
        """The least threshold, in percent; None if it sets none."""
        return percent_of_fmr(self.fmr) if self.fmr is not None else self.percent


class ReviewDemands(_Part):
    """What a pack asks of the review of a result that it refers; the review's own terms are made of it.

    Attributes
    ----------
    withhold : bool
        Whether nothing of it goes out before; then referral follows from the request alone.
    blind, hide_similarity : bool
        Whether examiners see neither one another's conclusions, nor the similarity.
    examiners : int
        How many have to conclude, each by themselves.
    statement : str
        What they state when they conclude.
    close_on_match_alone : bool
        Whether a case may be closed as identified without independent evidence.
    targets_max : int or None
        A probe that is compared with more photographs than this counts as a search.
    """

    withhold: bool = False
    blind: bool = False
    hide_similarity: bool = False
    examiners: int = Field(default=2, ge=1, le=9)
    statement: str = ""
    close_on_match_alone: bool = True
    targets_max: int | None = Field(default=None, ge=1)


Status = Literal["in-force", "expired", "proposed", "model", "repealed"]


class Description(_Part):
    """What ``pack.toml`` holds.  ``cannot`` are sentences: what the text asks for and no rule here can see to."""

    id: str = Field(pattern=PACK_ID)
    title: str = Field(min_length=1)
    jurisdiction: str = Field(min_length=1)
    status: Status
    effective_from: date | None = None
    effective_until: date | None = None
    summary: str = Field(min_length=1)
    disclaimer: str = Field(min_length=1)
    cannot: tuple[str, ...] = ()
    source: tuple[Source, ...] = ()
    rule: tuple[Rule, ...] = ()
    floor: tuple[Floor, ...] = ()
    review: ReviewDemands = ReviewDemands()

    @field_validator("summary", "disclaimer")
    @classmethod
    def _flowing(cls, text: str) -> str:
        """Take lines for what they are in the file: where they break is of no meaning."""
        return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class PackText:
    """A pack as it is written: the texts of ``pack.toml`` and ``rules.cedar``."""

    description: str
    rules: str

    @property
    def digest(self) -> str:
        """The SHA-256 of both, hexadecimal: what a decision is traced back to."""
        both = json.dumps({"pack.toml": self.description, "rules.cedar": self.rules}, sort_keys=True)
        return hashlib.sha256(both.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was read without problems (`policy.reading`)."""

    about: Description = field(compare=False)
    rules: Rules = field(compare=False)
    text: PackText

    @property
    def id(self) -> str:
        """Its id."""
        return self.about.id

    @property
    def worded(self) -> tuple[Rule | Floor, ...]:
        """Its rules and floors."""
        return (*self.about.rule, *self.about.floor)

    @property
    def digest(self) -> str:
        """See `PackText.digest`."""
        return self.text.digest

    def reason(self, name: str) -> Reason:
        """Put one of its rules or floors, or that nothing permits the act, into words."""
        rule = f"{self.id}/{name}"
        if name == NOTHING_PERMITS:
            told = f"Nothing in the rules “{self.about.title}” permits this."
            return Reason(rule, told, f"`recognizance policy show {self.id}` lists what they permit.", pack=self.id)
        found = next(each for each in self.worded if each.id == name)
        citation = next(source.citation for source in self.about.source if source.key == found.source)
        return Reason(rule, found.words, found.remedy, citation, self.id)


@dataclass(frozen=True, slots=True)
class BrokenPack:
    """A pack that is on and cannot be read: it refuses everything."""

    id: str
    digest: str
    problems: tuple[str, ...]


def policy_digest(mode: str, packs: Iterable[tuple[str, str]]) -> str:
    """Give the SHA-256, hexadecimal, of rules in force: the mode and the packs' ids and digests.

    What searches and entries name, so that it can be told later what they were decided on.
    """
    whole = json.dumps({"mode": mode, "packs": sorted(packs)}, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def undecided(pack: str, why: str) -> Reason:
    """Say that a pack's rules gave no answer."""
    return Reason(
        f"{pack}/{CANNOT_BE_DECIDED}",
        f"The rules {pack} give no answer ({why.rstrip('.')}), and what cannot be decided is refused.",
        "An administrator has to correct or replace them.",
        pack=pack,
    )
