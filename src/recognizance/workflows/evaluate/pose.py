"""Set the angles that a service tells beside labels of pose."""

import math
from typing import Any

from recognizance.workflows.evaluate.face_rates import largest, spread
from recognizance.workflows.evaluate.labelled import ANGLES, POSE, Labelled
from recognizance.workflows.evaluate.service import Seen


def tells_pose(seen: Seen) -> bool:
    """Whether the service told an angle of any face that counts."""
    return any(getattr(face, angle) is not None for face in largest(seen, tuple(seen.faces)) for angle in ANGLES)


def labels_pose(listed: Labelled) -> bool:
    """Whether a pose or an angle is labelled."""
    return not {POSE, *ANGLES}.isdisjoint(listed.labels.attributes)


def measured(listed: Labelled, seen: Seen) -> dict[str, Any]:
    """Tell how far angles lie from the labelled ones, and what was told for each labelled pose; ready for JSON."""
    by_pose: dict[str, list[str]] = {}
    for name in listed.photographs:
        if label := listed.label(name, POSE):
            by_pose.setdefault(label, []).append(name)
    return {
        "angles": {angle: _angle(listed, seen, angle) for angle in ANGLES if angle in listed.labels.attributes},
        "poses": [
            {
                "pose": pose,
                "photographs": len(names),
                "found": len(largest(seen, names)),
                **{
                    f"{angle}_degrees": spread([getattr(face, angle) for face in largest(seen, names)])
                    for angle in ANGLES
                },
            }
            for pose, names in sorted(by_pose.items())
        ],
    }


def _angle(listed: Labelled, seen: Seen, angle: str) -> dict[str, Any]:
    off = []
    for name in listed.photographs:
        labelled, faces = _degrees(listed.label(name, angle)), seen.faces.get(name)
        if labelled is not None and faces and getattr(faces[0], angle) is not None:
            off.append(getattr(faces[0], angle) - labelled)
    return {"off_degrees": spread(off), "off_absolute_degrees": spread([abs(one) for one in off])}


def _degrees(label: str) -> float | None:
    try:
        value = float(label)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
