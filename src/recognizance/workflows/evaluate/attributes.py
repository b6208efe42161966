"""Report on whatever a service tells of faces and labels allow to check."""

from collections.abc import Sequence
from typing import Any

from recognizance.errors import InsufficientTrialsError, TrialListError
from recognizance.workflows.evaluate import age, gender, pose
from recognizance.workflows.evaluate.document import Told, opening
from recognizance.workflows.evaluate.face_rates import caveats, sample
from recognizance.workflows.evaluate.labelled import ANGLES, Labelled
from recognizance.workflows.evaluate.service import Seen


def _labelled(listed: Labelled) -> dict[str, bool]:
    return {
        "gender": gender.labels_gender(listed),
        "age": bool(age.years_labelled(listed)),
        "pose": pose.labels_pose(listed),
    }


def require_labels(listed: Labelled) -> None:
    """Refuse labels that nothing can be compared with.

    Raises
    ------
    TrialListError
    """
    if not any(_labelled(listed).values()):
        raise TrialListError(
            f"{listed.path} labels neither gender nor age nor pose.",
            f"It needs a column gender (female, male), age (34, 20-29, 70+), pose, or {', '.join(ANGLES)} (degrees).",
        )


def report(listed: Labelled, seen: Seen, group_by: Sequence[Sequence[str]], told: Told) -> dict[str, Any]:
    """Make the report, ready for JSON; docs/method/accuracy.md has the definitions.

    ``not_told`` and ``not_labelled`` name the attributes that could not be measured, and why.

    Raises
    ------
    InsufficientTrialsError
        If nothing that is labelled is told.
    """
    labelled = _labelled(listed)
    tells = {"gender": gender.tells_gender(seen), "age": age.tells_age(seen), "pose": pose.tells_pose(seen)}
    done = {name: labelled[name] and tells[name] for name in labelled}
    if not any(done.values()):
        wanted = " nor ".join(name for name, is_labelled in labelled.items() if is_labelled)
        raise InsufficientTrialsError(
            f"This service tells no {wanted}, so that nothing of what is labelled can be measured.",
            "Measure what it tells; `recognizance evaluate detection` shows whether it finds the faces.",
        )
    return {
        **opening("attributes", told),
        "sample": sample(listed, seen, told),
        "not_told": [name for name in tells if not tells[name]],
        "not_labelled": [name for name in labelled if not labelled[name]],
        "gender": gender.measured(listed, seen, group_by) if done["gender"] else None,
        "age": age.measured(listed, seen, group_by) if done["age"] else None,
        "pose": pose.measured(listed, seen) if done["pose"] else None,
        "caveats": [*(gender.GENDER_CAVEATS if done["gender"] else ()), *caveats(listed)],
    }
