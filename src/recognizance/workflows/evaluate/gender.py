"""Report how often the gender that a service tells is another than the label's: the Gender Shades test."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from recognizance.errors import InsufficientTrialsError, TrialListError
from recognizance.workflows.evaluate.document import Told, opening
from recognizance.workflows.evaluate.face_labels import gender_of
from recognizance.workflows.evaluate.face_rates import (
    RIGHT,
    WRONG,
    by_group,
    caveats,
    largest,
    measures,
    outcome,
    rate,
    rates,
    sample,
)
from recognizance.workflows.evaluate.labelled import GENDER, Labelled
from recognizance.workflows.evaluate.service import Seen, SeenFace
from recognizance.workflows.evaluate.written import number, proportion

CONFIDENT_PERCENT = 99
GENDER_CAVEATS = (
    "The label of gender is an annotator's judgement, a record's entry or what the person said; what is counted is "
    "disagreement with it.  Nobody's gender can be seen in a photograph.",
    "The API knows two genders.  Photographs with any other label are in no rate.",
)


def report(listed: Labelled, seen: Seen, group_by: Sequence[Sequence[str]], told: Told) -> dict[str, Any]:
    """Make the report, ready for JSON; docs/method/accuracy.md has the definitions.

    Raises
    ------
    InsufficientTrialsError
        If the service told no gender at all.
    """
    return {
        **opening("gender", told),
        "sample": sample(listed, seen, told),
        **measured(listed, seen, group_by),
        "caveats": [*GENDER_CAVEATS, *caveats(listed)],
    }


def labels_gender(listed: Labelled) -> bool:
    """Whether any photograph is labelled with a gender of the API's."""
    return any(gender_of(listed.label(name, GENDER)) for name in listed.photographs)


def require_labels(listed: Labelled) -> None:
    """Refuse labels that a gender cannot be compared with.

    Raises
    ------
    TrialListError
    """
    if not labels_gender(listed):
        raise TrialListError(
            f"{listed.path} labels no photograph as female or male.", "It needs a column gender with these words."
        )


def tells_gender(seen: Seen) -> bool:
    """Whether the service told the gender of any face that counts."""
    return any(face.gender is not None for face in largest(seen, tuple(seen.faces)))


def outcomes_of(listed: Labelled, seen: Seen) -> dict[str, str]:
    """Tell what came of each photograph that is labelled with a gender of the API's."""
    labels = {name: gender_of(listed.label(name, GENDER)) for name in listed.photographs}
    return {name: outcome(name, seen, partial(_is_right, label)) for name, label in labels.items() if label is not None}


def _is_right(label: str, face: SeenFace) -> bool | None:
    return None if face.gender is None else face.gender == label


def measured(listed: Labelled, seen: Seen, group_by: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Count wrong answers and failures, overall, by group and by the confidence of the answer; ready for JSON.

    Raises
    ------
    InsufficientTrialsError
        If the service told no gender at all.
    """
    if not tells_gender(seen):
        if not any(seen.faces.values()):
            raise InsufficientTrialsError(
                "No face was found in any photograph, so that it is not known how often its gender is told wrong.",
                "Measure with `recognizance evaluate detection` what was found.",
            )
        raise InsufficientTrialsError(
            "This service tells no gender, so that its errors cannot be measured.",
            "Measure a service that answers DetectFaces with Gender.",
        )
    outcomes = outcomes_of(listed, seen)
    confidence = {name: seen.faces[name][0].gender_confidence for name in outcomes if outcomes[name] in (RIGHT, WRONG)}
    trials = measures(outcomes)
    trials["confident_wrong"] = {
        name: wrong for name, wrong in trials["wrong"].items() if (confidence[name] or 0) >= CONFIDENT_PERCENT
    }
    return {
        "confident_percent": CONFIDENT_PERCENT,
        "other_labels": len(listed.photographs) - len(outcomes),
        "rates": rates(trials, listed),
        "reliability": _reliability(trials["wrong"], confidence, listed),
        "groups": [by_group(trials, listed, attributes, ("error", "wrong"), lambda _: {}) for attributes in group_by],
    }


def _reliability(
    wrong: Mapping[str, bool], confidence: Mapping[str, float | None], listed: Labelled
) -> list[dict[str, Any]]:
    """Set the errors of answers beside what their confidence promises, in ranges of ten points."""
    held = {name: told for name, told in confidence.items() if told is not None}
    rows = []
    for low in range(0, 100, 10):
        names = [name for name, told in held.items() if low <= told < low + 10 or told == low + 10 == 100]
        if names:
            rows.append(
                {
                    "from_percent": low,
                    "to_percent": low + 10,
                    "promised_wrong": number(1 - sum(held[name] for name in names) / len(names) / 100),
                    "wrong": proportion(rate({name: wrong[name] for name in names}, listed)),
                }
            )
    return rows
