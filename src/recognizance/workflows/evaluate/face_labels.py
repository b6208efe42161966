"""What labels of faces mean, in their usual spellings."""

import math
import re
from dataclasses import dataclass

FEMALE = "Female"
MALE = "Male"

_GENDERS = {
    **dict.fromkeys(("f", "female", "w", "woman", "women"), FEMALE),
    **dict.fromkeys(("m", "male", "man", "men"), MALE),
}

_NUMBER = r"(\d{1,3}(?:\.\d+)?)"
_EXACT = re.compile(_NUMBER)
_BAND = re.compile(rf"{_NUMBER}\s*(?:-|–|to)\s*{_NUMBER}")
_FROM = re.compile(rf"{_NUMBER}\s*(?:\+|and over|or more)|(?:more than|over|>=?|≥)\s*{_NUMBER}")
_BELOW = re.compile(rf"(?:less than|under|<)\s*{_NUMBER}")


@dataclass(frozen=True, slots=True)
class Years:
    """An age or a band of ages, in years completed: ``low <= age <= high``; `high` may be infinite."""

    low: float
    high: float

    def overlaps(self, low: float, high: float) -> bool:
        """Tell whether an estimated range has an age in common with it."""
        return self.low <= high and low <= self.high

    def distance(self, age: float) -> float:
        """Give how many years an estimate lies above it, negative if below, 0 within a band."""
        return max(0.0, age - self.high) + min(0.0, age - self.low)


def gender_of(label: str) -> str | None:
    """Read a gender as the API names it; None for any other label."""
    return _GENDERS.get(label.lower())


def years_of(label: str) -> Years | None:
    """Read an age, such as 34, 20-29, 70+ or "more than 70" (from 70 on); None for any other label."""
    said = label.lower()
    if found := _EXACT.fullmatch(said):
        return Years(math.floor(float(found[1])), math.floor(float(found[1])))
    if found := _BAND.fullmatch(said):
        low, high = float(found[1]), float(found[2])
        return Years(low, high) if low <= high else None
    if found := _FROM.fullmatch(said):
        return Years(float(found[1] or found[2]), math.inf)
    if found := _BELOW.fullmatch(said):
        return Years(0, float(found[1]) - 1)
    return None
