"""Find the faces in a photograph."""

from dataclasses import dataclass

from recognizance.biometrics import DetectedFace, Image, QualityLevel
from recognizance.detection.filter import shortcomings
from recognizance.ledger import Concealed
from recognizance.workflows.act import Act
from recognizance.workflows.engine import Photograph
from recognizance.workflows.place import Workplace, estimated, failures_recorded, permit, record


@dataclass(frozen=True, slots=True)
class Detection:
    """Faces, largest first, the photograph they are in, and the index of the entry."""

    image: Image
    faces: tuple[DetectedFace, ...]
    entry: int


@failures_recorded("detect")
def detect(
    place: Workplace, act: Act, photograph: Photograph, *, limit: int = 100, attributes: bool = False
) -> Detection:
    """List the largest faces of a photograph, with what is estimated of each if `attributes` are asked for.

    The policy is asked; the faces are found; one entry is made durable; then they are returned.
    """
    permitted = permit(place, act, "detect", attributes=attributes)
    image, found = place.engine.look(*photograph())
    faces = tuple(found[:limit])
    if attributes:
        faces = tuple(place.engine.with_attributes(image, faces))
    with place.store.write() as tx:
        concealed = [Concealed("photograph_sha256", image.sha256.hex())]
        entry = record(tx, permitted, {"faces": len(faces), **estimated(attributes=attributes)}, concealed)
    return Detection(image, faces, entry)


def auto_shortcomings(face: DetectedFace, image: Image) -> tuple[str, ...]:
    """Name what keeps a face from passing QualityFilter AUTO; empty if it passes."""
    return tuple(reason.value for reason in shortcomings(face, image, QualityLevel.AUTO))
