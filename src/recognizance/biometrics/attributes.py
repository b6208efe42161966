"""What is estimated of a person from a face."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attributes:
    """What two networks make of a face.  How it appears to them, which is not who somebody is.

    Attributes
    ----------
    gender : str
        ``Male`` or ``Female``: how people who label photographs would probably label this one.
    gender_confidence : float
        Percent, 50 to 100: how often such a label was the same, among labelled photographs.
    age_low, age_high : int
        In completed years, both included; docs/method/attributes.md says how often they hold the labelled age.
    """

    gender: str
    gender_confidence: float
    age_low: int
    age_high: int
