"""Compare the face of one photograph with those of another (1:1)."""

from dataclasses import dataclass

import numpy as np

from recognizance.biometrics import DetectedFace, Image, QualityLevel
from recognizance.detection.filter import shortcomings
from recognizance.errors import NoFaceError
from recognizance.ledger import Concealed, ConcealedList
from recognizance.workflows.act import Act
from recognizance.workflows.comparing import count_comparison, limit_of, require_no_search, require_not_blinded
from recognizance.workflows.engine import NO_FACE, Photograph, require_face
from recognizance.workflows.place import Workplace, failures_recorded, permit, record, require_no_review
from recognizance.workflows.releasing import judged_by_result, result_facts
from recognizance.workflows.withholding import withholds


@dataclass(frozen=True, slots=True)
class Compared:
    """A face of the target photograph and how it compares with the source's."""

    face: DetectedFace
    score: float
    similarity_percent: float
    fmr: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison; matches are best first, the rest are below the threshold that was applied."""

    source: Image
    source_face: DetectedFace
    target: Image
    matches: tuple[Compared, ...]
    unmatched: tuple[Compared, ...]
    threshold_percent: float
    entry: int


@failures_recorded("compare")
def compare(
    place: Workplace,
    act: Act,
    source: Photograph,
    target: Photograph,
    *,
    threshold_percent: float,
    quality: QualityLevel,
) -> Comparison:
    """Compare the source's largest face with every face of the target, up to 100.

    The policy is asked; the comparison is made, and counted where comparing is limited; the policy is asked about the
    result; one entry is made durable; then the result is returned.  Where the results of searches are withheld,
    comparing is no way around that.

    Raises
    ------
    NoFaceError
        If the source has no face that passes the filter, or the target none at all.
    """
    permitted = permit(place, act, "compare", threshold_percent=threshold_percent, targets=1)
    terms = withholds(place, permitted)
    require_not_blinded(place, permitted)
    require_no_search(place, permitted, terms)
    limit = limit_of(place, permitted, terms)
    threshold_percent = permitted.threshold(threshold_percent)
    source_image, source_faces = place.engine.look(*source())
    source_face, _ = require_face(source_faces)
    if shortcomings(source_face, source_image, quality):
        raise NoFaceError(NO_FACE, f"The source's face does not pass the quality filter {quality}.")
    target_image, target_faces = place.engine.look(*target())
    require_face(target_faces)
    faces = [face for face in target_faces[:100] if not shortcomings(face, target_image, quality)]
    (probe,) = place.engine.templates(source_image, [source_face])
    compared = []
    for face, template in zip(faces, place.engine.templates(target_image, faces), strict=True):
        score = float(np.dot(probe.vector.astype(np.float64), template.vector.astype(np.float64)))
        compared.append(Compared(face, score, place.calibration.percent(score), place.calibration.fmr(score)))
    compared.sort(key=lambda item: -item.score)
    matches = tuple(item for item in compared if item.similarity_percent >= threshold_percent)
    unmatched = tuple(item for item in compared if item.similarity_percent < threshold_percent)
    photographs = source_image.sha256, target_image.sha256
    count_comparison(place, permitted, limit, photographs, max(len(compared), 1))
    shown = [item.similarity_percent for item in matches]
    permitted = judged_by_result(place, permitted, result_facts(shown, len(compared), source_image, source_face))
    require_no_review(place, permitted)
    with place.store.write() as tx:
        entry = record(
            tx,
            permitted,
            {"calibration": place.calibration.digest, "model": place.engine.model},
            [
                Concealed("source_sha256", source_image.sha256.hex()),
                Concealed("target_sha256", target_image.sha256.hex()),
                ConcealedList("scores_millionths", [(round(item.score * 1_000_000), None) for item in compared]),
            ],
        )
    return Comparison(source_image, source_face, target_image, matches, unmatched, threshold_percent, entry)
