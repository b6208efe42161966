"""Count what went wrong over photographs, overall and group by group."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np

from recognizance.accuracy.bootstrap import DrawnRates, Draws, draw_subjects, drawn_rates
from recognizance.accuracy.designs import OneSubjectEach
from recognizance.accuracy.differentials import differentials, verdict
from recognizance.accuracy.rates import Proportion
from recognizance.accuracy.subjects import count_by_subject
from recognizance.workflows.evaluate.document import CAVEATS, Told
from recognizance.workflows.evaluate.groups import difference_intervals
from recognizance.workflows.evaluate.labelled import Labelled
from recognizance.workflows.evaluate.service import NO_FACE, UNREADABLE, Seen, SeenFace
from recognizance.workflows.evaluate.written import number, proportion

RIGHT = "right"
WRONG = "wrong"
NOT_TOLD = "not told"

Trials = Mapping[str, bool]
"""By name of the photograph: whether it was an error.  Those that are no trial are not in it."""

More = Callable[[Sequence[str]], dict[str, Any]]
"""What else a report tells of some photographs."""


def outcome(photograph: str, seen: Seen, right: Callable[[SeenFace], bool | None]) -> str:
    """Tell what came of a photograph by its largest face; `right` gives None where the service did not tell."""
    if photograph in seen.failures:
        return UNREADABLE
    faces = seen.faces[photograph]
    if not faces:
        return NO_FACE
    held = right(faces[0])
    return NOT_TOLD if held is None else RIGHT if held else WRONG


def measures(outcomes: Mapping[str, str]) -> dict[str, Trials]:
    """Take outcomes as trials: each failure by itself and, with wrong answers, as an ``error``.

    ``wrong`` is of the answers alone.
    """
    answers = {name: told == WRONG for name, told in outcomes.items() if told in (RIGHT, WRONG)}
    return {
        "error": {name: told != RIGHT for name, told in outcomes.items()},
        "wrong": answers,
        "no_face": {name: told == NO_FACE for name, told in outcomes.items()},
        "unreadable": {name: told == UNREADABLE for name, told in outcomes.items()},
        "not_told": {name: told == NOT_TOLD for name, told in outcomes.items()},
    }


def rate(trials: Trials, listed: Labelled) -> Proportion:
    """Count errors, with an interval over the people that the photographs show."""
    return count_by_subject(np.array(list(trials.values()), dtype=np.bool_), listed.numbered(tuple(trials)))


def rates(trials: Mapping[str, Trials], listed: Labelled) -> dict[str, Any]:
    """Count errors of each measure; ready for JSON."""
    return {key: proportion(rate(one, listed)) for key, one in trials.items()}


def by_group(
    trials: Mapping[str, Trials], listed: Labelled, attributes: Sequence[str], compared: Sequence[str], more: More
) -> dict[str, Any]:
    """Count errors within each group; ready for JSON.

    Parameters
    ----------
    trials : mapping of str to Trials
        By name of the measure.
    attributes : sequence of str
        The labels that make the groups.
    compared : sequence of str
        The measures that groups are compared by, with a verdict.
    more : callable
        What else is told of each group.
    """
    names = list(dict.fromkeys(name for one in trials.values() for name in one))
    of = {name: listed.groups.group(name, attributes) for name in names}
    rows, counted = [], {key: dict[str, Proportion]() for key in compared}
    for group in sorted({one for one in of.values() if one is not None}):
        members = [name for name in names if of[name] == group]
        within = {
            key: rate({name: one[name] for name in members if name in one}, listed) for key, one in trials.items()
        }
        for key in compared:
            counted[key][group] = within[key]
        rows.append(
            {
                "group": group,
                "photographs": len(members),
                "subjects": len({listed.subjects[name] for name in members}),
                "rates": {key: proportion(one) for key, one in within.items()},
                **more(members),
            }
        )
    return {
        "attribute": " × ".join(attributes),
        "rows": rows,
        "photographs_without_group": sum(group is None for group in of.values()),
        "compared": {
            key: {"differentials": _differentials(told, trials[key], of, listed), "verdict": verdict(told)}
            for key, told in counted.items()
        },
    }


@lru_cache(maxsize=1)
def _draws(subjects: int) -> Draws:
    """Draw people once for all groups and measures of a report: it takes most of the time, and the seed is fixed."""
    return draw_subjects(subjects)


def _differentials(
    told: Mapping[str, Proportion], trials: Trials, of: Mapping[str, str | None], listed: Labelled
) -> dict[str, Any] | None:
    """Write the measures of difference with their intervals; None unless every group's rate is measured."""
    if len(told) < 2 or not all(one.is_measured for one in told.values()):
        return None
    names = list(trials)
    numbers = dict(zip(listed.photographs, listed.numbered(listed.photographs), strict=True))
    subjects, wrong = np.array([numbers[name] for name in names]), np.array([trials[name] for name in names])
    draws = _draws(len(set(listed.subjects.values())))
    drawn = {}
    for group in told:
        member = np.array([of[name] == group for name in names])
        counts = np.bincount(subjects[member], minlength=draws.shape[1])
        errors = subjects[member & wrong]
        drawn[group] = drawn_rates(OneSubjectEach(counts.astype(np.float64)), errors, errors, draws)
    return {**asdict(differentials(told)), "intervals": difference_intervals(DrawnRates(drawn))}


def spread(values: Sequence[float | None]) -> dict[str, Any] | None:
    """Write how numbers are spread: their count, mean, least, quartiles and greatest; None without any."""
    held = np.array([value for value in values if value is not None and math.isfinite(value)])
    if not len(held):
        return None
    least, *quartiles, greatest = (number(value) for value in np.quantile(held, [0, 0.25, 0.5, 0.75, 1]))
    return {
        "count": len(held),
        "mean": number(held.mean()),
        "least": least,
        "quartiles": quartiles,
        "greatest": greatest,
    }


def largest(seen: Seen, photographs: Sequence[str]) -> list[SeenFace]:
    """List the largest face of each photograph in which one was found."""
    return [seen.faces[name][0] for name in photographs if seen.faces.get(name)]


def sample(listed: Labelled, seen: Seen, told: Told) -> dict[str, Any]:
    """Describe the photographs and how many of them failed; ready for JSON."""
    failed = measures({name: outcome(name, seen, lambda _: True) for name in listed.photographs})
    return {
        "description": told.description,
        "licence": told.licence,
        "labels_file": listed.path.name,
        "labels_sha256": listed.sha256,
        "labels": list(listed.labels.attributes),
        "photographs": len(listed.photographs),
        "photographs_sha256": seen.photographs_sha256,
        "subjects": len(set(listed.subjects.values())) if listed.has_subjects else None,
        "failures": rates({key: failed[key] for key in ("no_face", "unreadable")}, listed),
    }


def caveats(listed: Labelled) -> list[str]:
    """Say what every report on faces has to be read with."""
    return [
        *CAVEATS,
        "Intervals draw on people: photographs of one person are not independent."
        if listed.has_subjects
        else "The labels do not say who is who, so that each photograph counts as a person of its own: where people "
        "come several times, intervals are too narrow.",
        "A service that was trained or calibrated with these photographs errs less on them than on others.",
        "Of several faces in a photograph the largest is taken for the one that the labels describe.",
    ]
