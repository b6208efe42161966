"""Report how often a service finds no face where there is one, group by group."""

from collections.abc import Sequence
from typing import Any

from recognizance.errors import TrialListError
from recognizance.workflows.evaluate.document import Told, opening
from recognizance.workflows.evaluate.face_rates import Trials, by_group, caveats, largest, rates, sample, spread
from recognizance.workflows.evaluate.labelled import FACES, Labelled
from recognizance.workflows.evaluate.service import Seen

_DESCRIBED = ("confidence", "brightness", "sharpness")


def faces_labelled(listed: Labelled) -> dict[str, int]:
    """Read how many faces photographs show, where that is labelled.

    Raises
    ------
    TrialListError
    """
    told = {name: label for name in listed.photographs if (label := listed.label(name, FACES))}
    for name, label in told.items():
        if not (label.isascii() and label.isdigit()):
            raise TrialListError(f"{listed.path}: {name} is labelled with {label!r} faces.", "Write a whole number.")
    return {name: int(label) for name, label in told.items()}


def report(listed: Labelled, seen: Seen, group_by: Sequence[Sequence[str]], told: Told) -> dict[str, Any]:
    """Make the report, ready for JSON; docs/method/accuracy.md has the definitions.

    Raises
    ------
    TrialListError
        If a number of faces is none.
    """
    labelled = faces_labelled(listed)
    found = {name: len(seen.faces[name]) for name in listed.photographs if name in seen.faces}
    counted = {name: (number, labelled[name]) for name, number in found.items() if name in labelled}
    trials: dict[str, Trials] = {
        "failure_to_detect": {name: number == 0 for name, number in found.items() if labelled.get(name) != 0},
        "unreadable": {name: name in seen.failures for name in listed.photographs},
    }
    if labelled:
        trials["too_few"] = {name: number < shown for name, (number, shown) in counted.items()}
        trials["too_many"] = {name: number > shown for name, (number, shown) in counted.items()}

    def more(photographs: Sequence[str]) -> dict[str, Any]:
        faces = largest(seen, photographs)
        return {name: spread([getattr(face, name) for face in faces]) for name in _DESCRIBED}

    compared = ("failure_to_detect", "too_many") if labelled else ("failure_to_detect",)
    return {
        **opening("detection", told),
        "sample": sample(listed, seen, told),
        "rates": rates(trials, listed),
        "faces": {
            "photographs": len(counted),
            "labelled": sum(shown for _, shown in counted.values()),
            "found": sum(number for number, _ in counted.values()),
            "too_many": sum(max(0, number - shown) for number, shown in counted.values()),
            "too_few": sum(max(0, shown - number) for number, shown in counted.values()),
        }
        if labelled
        else None,
        **more(listed.photographs),
        "groups": [by_group(trials, listed, attributes, compared, more) for attributes in group_by],
        "caveats": [
            "Each photograph is taken to show a face, unless the label `faces` is 0.  Whether what was found is that "
            "face is not checked: faces are counted, and their places are not compared.",
            *caveats(listed),
        ],
    }
