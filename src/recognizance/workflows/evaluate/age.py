"""Count how often a service's range of ages has the labelled age in it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from recognizance.workflows.evaluate.face_labels import Years, years_of
from recognizance.workflows.evaluate.face_rates import by_group, largest, measures, outcome, rates, spread
from recognizance.workflows.evaluate.labelled import AGE, Labelled
from recognizance.workflows.evaluate.service import Seen, SeenFace


def tells_age(seen: Seen) -> bool:
    """Whether the service told the age of any face that counts."""
    return any(_range(face) is not None for face in largest(seen, tuple(seen.faces)))


def years_labelled(listed: Labelled) -> dict[str, Years]:
    """Read the ages that are labelled as a number or a band."""
    read = {name: years_of(listed.label(name, AGE)) for name in listed.photographs}
    return {name: years for name, years in read.items() if years is not None}


def measured(listed: Labelled, seen: Seen, group_by: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Count ranges that miss the age, their width, and how far their middle lies off; ready for JSON.

    An age in years is missed if the range does not contain it, a band if the range has no age in common with it.
    ``middle_off_years`` is the middle less the age; for a band, its distance from the band, 0 within.
    """
    labelled = years_labelled(listed)

    def more(photographs: Sequence[str]) -> dict[str, Any]:
        told = [
            (labelled[name], held)
            for name in photographs
            if (faces := seen.faces.get(name)) and (held := _range(faces[0])) is not None
        ]
        off = [years.distance((low + high) / 2) for years, (low, high) in told]
        return {
            "width_years": spread([high - low for _, (low, high) in told]),
            "middle_off_years": spread(off),
            "middle_off_absolute_years": spread([abs(one) for one in off]),
        }

    trials = measures({name: outcome(name, seen, partial(_is_right, years)) for name, years in labelled.items()})
    return {
        "other_labels": len(listed.photographs) - len(labelled),
        "labelled_in_years": sum(years.low == years.high for years in labelled.values()),
        "labelled_in_bands": sum(years.low != years.high for years in labelled.values()),
        "rates": rates(trials, listed),
        **more(tuple(labelled)),
        "groups": [by_group(trials, listed, attributes, ("error", "wrong"), more) for attributes in group_by],
    }


def _is_right(years: Years, face: SeenFace) -> bool | None:
    told = _range(face)
    return None if told is None else years.overlaps(*told)


def _range(face: SeenFace) -> tuple[int, int] | None:
    return None if face.age_low is None or face.age_high is None else (face.age_low, face.age_high)
