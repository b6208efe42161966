"""Whether what was found may go out: the second decision.  What has to be reviewed first: see `withholding`."""

from collections.abc import Sequence
from dataclasses import replace

from recognizance.biometrics import DetectedFace, Image
from recognizance.policy import ResultFacts
from recognizance.workflows.place import Permit, Workplace, refusal


def judged_by_result(place: Workplace, permitted: Permit, result: ResultFacts) -> Permit:
    """Put what was found to the rules, before anything of it goes out or is recorded.

    Returns
    -------
    Permit
        The same act's, with the second decision.

    Raises
    ------
    RefusedError
        If it cannot be decided.  Whether it has to be reviewed first is the caller's to see to (`Permit.referral`).
    """
    if permitted.ruling is None:
        return permitted
    ruling = permitted.ruling.with_result(result)
    permitted = replace(permitted, ruling=ruling)
    if ruling.refusal:
        raise refusal(place, permitted, ruling.refusal)
    return permitted


def result_facts(
    percents: Sequence[float], references: int, image: Image | None, face: DetectedFace | None
) -> ResultFacts:
    """Say what was found, for the rules.

    Parameters
    ----------
    percents : sequence of float
        Similarities of what would be shown.
    references : int
        With how many the probe was compared.
    image, face
        The probe's; None where no photograph was searched.
    """
    scale = image.source_width_px / image.width_px if image is not None else 1.0
    return ResultFacts(
        candidates=len(percents),
        best_percent=max(percents, default=None),
        sharpness=None if face is None else face.quality.sharpness,
        brightness=None if face is None else face.quality.brightness,
        face_px=None if face is None else face.box.width_px * scale,
        references_searched=references,
    )
