"""What is enrolled."""

from dataclasses import dataclass
from datetime import datetime

from recognizance.biometrics.face import Pose
from recognizance.biometrics.geometry import RelativeBox
from recognizance.biometrics.quality import Quality


@dataclass(frozen=True, slots=True)
class Reference:
    """One enrolled face, without its template.

    Attributes
    ----------
    sequence : int
        Order of enrolment within the record; lists are paged by it.
    face_id, image_id : str
        Lower-case UUIDs.  Faces from one enrolled photograph share the image id.
    external_id : str or None
        The client's own name for the photograph.
    subject : str or None
        The subject (the client's user id) that this reference belongs to.
    confidence : float
        The detector's, 0..1.
    landmarks : tuple of 5 (x, y) pairs
        As ratios of the photograph's width and height.
    key_slot : int
        Number of the key that its template and what is known of it are sealed under in the record.
    """

    sequence: int
    face_id: str
    image_id: str
    external_id: str | None
    subject: str | None
    box: RelativeBox
    landmarks: tuple[tuple[float, float], ...]
    confidence: float
    pose: Pose
    quality: Quality
    model: str
    enrolled_at: datetime
    key_slot: int
