"""What decoding a large JPEG at reduced scale saves, and what it does to faces, templates and scores.

    python benchmarks/reduced_decoding.py [--scenes 12] [--json FILE]

Scenes of 4000×3000 px (JPEG, quality 90), made of the London set's portraits: each person smiling in one and neutral in
the other, with faces of a given width.  "Full" decodes every pixel, as detection did before; "reduced" is what the
server does (`Engine.look`).  Mated scores compare the two photographs of a person; "mixed" compares one of each kind,
as a gallery that was enrolled before does.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

import samples
from recognizance.biometrics import DetectedFace, Image, QualityLevel
from recognizance.detection.filter import shortcomings
from recognizance.workflows.engine import Engine

WIDTH_PX, HEIGHT_PX = 4000, 3000
FACE_WIDTHS_PX = (80, 120, 180, 260, 400, 700, 1100)
PORTRAIT_FACE_PX = 195
"""Width of the detector's box in the London set."""

Found = tuple[Image, list[DetectedFace]]


def scene(portraits: Sequence[Path], face_px: int) -> bytes:
    """Paste portraits side by side, as many of them as there is room for."""
    made = np.full((HEIGHT_PX, WIDTH_PX, 3), 128, dtype=np.uint8)
    side = min(round(480 * face_px / PORTRAIT_FACE_PX), HEIGHT_PX)
    for number, (top, left) in enumerate(places(face_px)):
        if number < len(portraits):
            portrait = cv2.imread(str(portraits[number]))
            how = cv2.INTER_AREA if side < 480 else cv2.INTER_CUBIC
            made[top : top + side, left : left + side] = cv2.resize(portrait, (side, side), interpolation=how)
    return cv2.imencode(".jpg", made, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def places(face_px: int) -> list[tuple[int, int]]:
    """List the corners (top, left) of the portraits, at most six."""
    side = min(round(480 * face_px / PORTRAIT_FACE_PX), HEIGHT_PX)
    rows, columns = HEIGHT_PX // side, WIDTH_PX // side
    every = [(row * side, column * side) for row in range(rows) for column in range(columns)]
    return every[:: max(1, len(every) // 6)][:6]


def by_place(found: Found, face_px: int) -> list[DetectedFace | None]:
    """Give the face in each place."""
    image, faces = found
    scale = image.width_px / WIDTH_PX
    side = min(480 * face_px / PORTRAIT_FACE_PX, HEIGHT_PX) * scale
    chosen: list[DetectedFace | None] = []
    for top, left in places(face_px):
        here = [
            face
            for face in faces
            if 0 <= face.box.left_px + face.box.width_px / 2 - left * scale < side
            and 0 <= face.box.top_px + face.box.height_px / 2 - top * scale < side
        ]
        chosen.append(here[0] if here else None)
    return chosen


def full(one: Engine, data: bytes) -> Found:
    """Look at every pixel."""
    image = one.decode(data, 1 << 30)
    return image, one.faces(image)


def reduced(one: Engine, data: bytes) -> Found:
    """Look as the server does."""
    return one.look(data, 1 << 30)


def measure(one: Engine, face_px: int, scenes: int) -> dict[str, object]:
    """Compare the two ways on scenes with faces of one width."""
    neutral, smiling = (
        [item.path for item in samples.london(("front",), (expression,))] for expression in ("neutral", "smiling")
    )
    each = len(places(face_px))
    took: dict[str, list[float]] = {"full": [], "reduced": []}
    seen: dict[str, int] = {"full": 0, "reduced": 0}
    passing: dict[str, int] = {"full": 0, "reduced": 0}
    scores: dict[str, list[float]] = {"full": [], "reduced": [], "mixed": []}
    same: list[float] = []
    shift: list[float] = []
    for number in range(scenes):
        start = number * each % len(neutral)
        vectors: dict[tuple[str, str], list[np.ndarray | None]] = {}
        for expression, portraits in (("neutral", neutral), ("smiling", smiling)):
            data = scene(portraits[start : start + each], face_px)
            for name, way in (("full", full), ("reduced", reduced)):
                began = time.thread_time()
                found = way(one, data)
                took[name].append(time.thread_time() - began)
                faces = by_place(found, face_px)
                seen[name] += sum(face is not None for face in faces)
                passing[name] += sum(
                    face is not None and not shortcomings(face, found[0], QualityLevel.AUTO) for face in faces
                )
                vectors[name, expression] = [
                    one.templates(found[0], [face])[0].vector if face is not None else None for face in faces
                ]
                if name == "full":
                    sharp = [face.quality.sharpness if face else None for face in faces]
                else:
                    shift += [
                        face.quality.sharpness - before
                        for face, before in zip(faces, sharp, strict=True)
                        if face is not None and before is not None
                    ]
        for expression in ("neutral", "smiling"):
            same += _cosines(vectors["full", expression], vectors["reduced", expression])
        for name, first, second in (
            ("full", "full", "full"),
            ("reduced", "reduced", "reduced"),
            ("mixed", "full", "reduced"),
        ):
            scores[name] += _cosines(vectors[first, "neutral"], vectors[second, "smiling"])
    return {
        "face_px": face_px,
        "faces": 2 * scenes * each,
        "found": dict(seen),
        "pass_auto": dict(passing),
        "cpu_ms": {name: 1000 * statistics.median(values) for name, values in took.items()},
        "same_median": float(np.median(same)),
        "same_5_percent": float(np.percentile(same, 5)),
        "mated_mean": {name: float(np.mean(values)) for name, values in scores.items()},
        "mated_5_percent": {name: float(np.percentile(values, 5)) for name, values in scores.items()},
        "sharpness_shift": float(np.mean(shift)),
    }


def _cosines(first: Sequence[np.ndarray | None], second: Sequence[np.ndarray | None]) -> list[float]:
    return [float(a @ b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    one = samples.engine()
    rows = [measure(one, face_px, arguments.scenes) for face_px in FACE_WIDTHS_PX]
    both = ("full", "reduced")
    samples.table(
        (
            "face width, px",
            "faces",
            "found: full, reduced",
            "AUTO passes",
            "decode + detect, CPU ms",
            "cosine of the two templates: median, 5 %",
            "mated, mean: full, reduced, mixed",
            "mated, 5 % below",
            "sharpness",
        ),
        [
            (
                row["face_px"],
                row["faces"],
                ", ".join(str(row["found"][name]) for name in both),
                ", ".join(str(row["pass_auto"][name]) for name in both),
                ", ".join(f"{row['cpu_ms'][name]:.0f}" for name in both),
                f"{row['same_median']:.3f}, {row['same_5_percent']:.3f}",
                ", ".join(f"{row['mated_mean'][name]:.3f}" for name in (*both, "mixed")),
                ", ".join(f"{row['mated_5_percent'][name]:.3f}" for name in (*both, "mixed")),
                f"{row['sharpness_shift']:+.1f}",
            )
            for row in rows
        ],
    )
    samples.write_json(arguments.json, {"machine": samples.machine(), "rows": rows})


if __name__ == "__main__":
    main()
