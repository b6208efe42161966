"""The checklist: a face is compared component by component, and every component gets a finding.

The components are those of FISWG, Facial Image Comparison Feature List for Morphological Analysis, version 2.0
(2018-09-11), named in our own spelling and not verified against ASTM E3149.  The findings are ours.
"""

from dataclasses import dataclass

COMPONENTS = (
    "skin",
    "face-outline",
    "face-composition",
    "hairline",
    "forehead",
    "eyebrows",
    "eyes",
    "cheeks",
    "nose",
    "ears",
    "mouth",
    "chin-jawline",
    "neck",
    "facial-hair",
    "facial-lines",
    "scars",
    "facial-marks",
    "alterations",
)
"""From the whole to the parts and the top to the bottom; the order is no order of weight."""

FINDINGS = ("similar", "different", "not-visible", "no-finding")
"""What can be said of a component; ``no-finding`` is what can be seen and still says nothing."""


@dataclass(frozen=True, slots=True)
class ComponentFinding:
    """What an examiner sees of one component in both photographs."""

    component: str
    finding: str
    note: str = ""


def problem_with(findings: list[ComponentFinding]) -> str:
    """Say what is wrong with a list of findings; empty if nothing is."""
    for each in findings:
        if each.component not in COMPONENTS:
            return f"{each.component} is no component; there are {', '.join(COMPONENTS)}."
        if each.finding not in FINDINGS:
            return f"{each.finding} is no finding; there are {', '.join(FINDINGS)}."
    named = [each.component for each in findings]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        return f"There are two findings on {', '.join(twice)}."
    missing = [name for name in COMPONENTS if name not in named]
    if missing:
        return f"There is no finding on {', '.join(missing)}; not-visible is one."
    return ""
