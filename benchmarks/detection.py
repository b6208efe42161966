"""Which faces are found, and whether they still give the same template; pose errors on labelled photographs.

    python benchmarks/detection.py [--json FILE]

Scenes are made from the London set (neutral, front).  "Found": a box whose centre lies in the face's and whose
width is within a factor 1.6 of it.  The cosine is with the template of the photograph that the face was taken from.
"""

import argparse
import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import samples
from recognizance.accuracy.rates import wilson_interval
from recognizance.biometrics import BoundingBox, DetectedFace, Image, QualityLevel, Template
from recognizance.detection.filter import shortcomings
from recognizance.workflows.engine import Engine

PASTED_PX = (20, 25, 30, 35, 40, 50, 60, 80)
SCENE_PX = (1920, 1080)
GRID = (4, 2)
"""Faces across and down in one scene."""

FILLED_PX = (80, 120, 250, 480, 640, 641, 960, 1500, 3000, 6000)
TURNS_DEGREES = (0, 10, 15, 20, 25, 30, 35, 40, 45, 60, 90, 180)
LEVELS = (QualityLevel.LOW, QualityLevel.AUTO, QualityLevel.MEDIUM, QualityLevel.HIGH)


@dataclass(frozen=True)
class Original:
    """A photograph of one person, the face in it and its template."""

    image: Image
    face: DetectedFace
    template: Template


@dataclass
class Tally:
    """Faces shown and found under one condition."""

    shown: int = 0
    found: int = 0
    false_boxes: int = 0
    cosines: list[float] | None = None
    passed: dict[str, int] | None = None

    def row(self) -> dict[str, Any]:
        """Summarise."""
        cosines = np.array(self.cosines or [math.nan])
        low, high = wilson_interval(self.found, self.shown)
        return {
            "shown": self.shown,
            "found": self.found,
            "interval_95": [low, high],
            "other_boxes": self.false_boxes,
            "median_cosine": float(np.median(cosines)),
            "cosine_5_percent": float(np.quantile(cosines, 0.05)),
            "passed": dict(self.passed or {}),
        }


def originals(one: Engine, count: int) -> list[Original]:
    """Read the photographs that the scenes are made of."""
    listed = samples.london(("front",), ("neutral",))
    step = max(1, len(listed) // count)
    found = [samples.largest(one, item.path) for item in listed[::step][:count]]
    return [Original(*item) for item in found if item is not None]


def shrink(pixels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Scale a photograph."""
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)


def jpeg(pixels: NDArray[np.uint8], quality: int = 90) -> bytes:
    """Compress."""
    data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return bytes(data.tobytes())


def matches(box: BoundingBox, centre: tuple[float, float], width: float) -> bool:
    """Decide whether a box is the face that stands there."""
    across = box.left_px + box.width_px / 2 - centre[0]
    down = box.top_px + box.height_px / 2 - centre[1]
    return abs(across) < width / 2 and abs(down) < width / 2 and 1 / 1.6 < box.width_px / width < 1.6


def count(one: Engine, data: bytes, wanted: list[tuple[Original, tuple[float, float], float]], tally: Tally) -> None:
    """Detect in one scene and tally what was found of what stands in it, in pixels of the file."""
    image = one.decode(data, 1 << 30)
    scale = image.width_px / image.source_width_px
    left = one.faces(image)
    tally.cosines = [] if tally.cosines is None else tally.cosines
    tally.passed = dict.fromkeys(LEVELS, 0) if tally.passed is None else tally.passed
    for original, centre, width in wanted:
        tally.shown += 1
        place = (centre[0] * scale, centre[1] * scale)
        face = next((face for face in left if matches(face.box, place, width * scale)), None)
        if face is None:
            continue
        left.remove(face)
        tally.found += 1
        (template,) = one.templates(image, [face])
        tally.cosines.append(float(template.vector @ original.template.vector))
        for level in LEVELS:
            tally.passed[level] += not shortcomings(face, image, level)
    tally.false_boxes += len(left)


def pasted(one: Engine, faces: list[Original]) -> Iterator[tuple[str, Tally]]:
    """Faces of some width in 1920×1080 scenes, eight in each."""
    across, down = GRID
    for width in PASTED_PX:
        tally = Tally()
        for start in range(0, len(faces), across * down):
            scene = _background(SCENE_PX)
            wanted = []
            for slot, original in enumerate(faces[start : start + across * down]):
                factor = width / original.face.box.width_px
                small = shrink(original.image.pixels, factor)
                left = (slot % across) * SCENE_PX[0] // across + 97
                top = (slot // across) * SCENE_PX[1] // down + 61
                scene[top : top + small.shape[0], left : left + small.shape[1]] = small
                wanted.append((original, _centre(original, factor, left, top), width))
            count(one, jpeg(scene), wanted, tally)
        yield f"{width}", tally


def filled(one: Engine, faces: list[Original]) -> Iterator[tuple[str, Tally]]:
    """Photographs that one face fills from chin to hairline, of some width."""
    for side in FILLED_PX:
        tally = Tally()
        for original in faces:
            box, pixels = original.face.box, original.image.pixels
            left, top = max(0, round(box.left_px)), max(0, round(box.top_px))
            cut = pixels[top : round(box.top_px + box.height_px), left : round(box.left_px + box.width_px)]
            large = shrink(cut, side / min(cut.shape[:2]))
            height, width = large.shape[:2]
            count(one, jpeg(large), [(original, (width / 2, height / 2), width)], tally)
        yield f"{side}", tally


def turned(one: Engine, faces: list[Original]) -> Iterator[tuple[str, Tally]]:
    """Whole photographs, turned about the face, both ways."""
    for degrees in TURNS_DEGREES:
        tally = Tally()
        for number, original in enumerate(faces):
            box, pixels = original.face.box, original.image.pixels
            centre = (box.left_px + box.width_px / 2, box.top_px + box.height_px / 2)
            matrix = cv2.getRotationMatrix2D(centre, degrees if number % 2 else -degrees, 1)
            size = (pixels.shape[1], pixels.shape[0])
            picture = cv2.warpAffine(pixels, matrix, size, borderMode=cv2.BORDER_REPLICATE)
            count(one, jpeg(picture), [(original, centre, box.width_px)], tally)
        yield f"{degrees}", tally


def _background(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Make a wall with a soft texture, the same every time."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(90, 170, (size[1] // 60, size[0] // 60, 3), dtype=np.uint8)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


def _centre(original: Original, factor: float, left: float, top: float) -> tuple[float, float]:
    box = original.face.box
    return (
        left + (box.left_px + box.width_px / 2) * factor,
        top + (box.top_px + box.height_px / 2) * factor,
    )


def london_poses(one: Engine) -> list[dict[str, Any]]:
    """Yaw, and what the filter says, by the London set's pose folders (the head turns 45° or 90°)."""
    rows = []
    for pose in samples.LONDON_POSES:
        listed = samples.london((pose,), ("neutral",))
        found = [item for item in (samples.largest(one, photo.path) for photo in listed) if item is not None]
        yaws = np.array([face.pose.yaw_degrees for _, face, _ in found])
        rows.append(
            {
                "pose": pose,
                "photographs": len(listed),
                "found": len(found),
                "yaw_5_50_95_percent": [float(value) for value in np.quantile(yaws, (0.05, 0.5, 0.95))],
                "passed": {
                    level: sum(not shortcomings(face, image, level) for image, face, _ in found) for level in LEVELS
                },
            }
        )
    return rows


def meds2_poses(one: Engine) -> list[dict[str, Any]]:
    """Errors of roll, yaw and pitch against MEDS-II's manually edited angles where present, else its automatic ones."""
    with (samples.folder("meds2") / "labels" / "truth" / "image_pose.csv").open(newline="", encoding="utf-8") as file:
        labels = {row["img_fname"]: row for row in csv.DictReader(file)}
    pairs: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for photo in samples.meds2():
        row, found = labels.get(photo.path.name), samples.largest(one, photo.path)
        if row is None or found is None:
            continue
        pose = found[1].pose
        for axis, estimate in (
            ("roll", pose.roll_degrees),
            ("yaw", pose.yaw_degrees),
            ("pitch", pose.pitch_degrees),
        ):
            manual = row[f"manual_edited_{axis}"]
            label = manual or row[f"pp_default_{axis}"]
            if label:
                pairs[axis, "manual" if manual else "automatic"].append((float(label), estimate))
    rows = []
    for (axis, kind), values in sorted(pairs.items()):
        label, estimate = np.array(values).T
        if label.min() == label.max():
            continue  # the automatic pitch is always 0
        direct, mirrored = np.abs(estimate - label).mean(), np.abs(estimate + label).mean()
        rows.append(
            {
                "axis": axis,
                "labels": kind,
                "photographs": len(values),
                "label_range": [float(label.min()), float(label.max())],
                "opposite_sign": bool(mirrored < direct),
                "mean_absolute_error": float(min(direct, mirrored)),
                "mean_absolute_label": float(np.abs(label).mean()),
                "correlation": float(np.corrcoef(label, estimate)[0, 1]),
            }
        )
    return rows


def show(title: str, head: str, rows: dict[str, dict[str, Any]]) -> None:
    """Print one condition's table."""
    print(f"{title}\n")
    samples.table(
        (head, "found", "95 %", "other boxes", "median cosine", "5 % have less than", *(f"{x} passes" for x in LEVELS)),
        [
            (
                label,
                f"{row['found']} of {row['shown']}",
                "–".join(f"{bound:.2f}" for bound in row["interval_95"]),
                row["other_boxes"],
                f"{row['median_cosine']:.3f}",
                f"{row['cosine_5_percent']:.3f}",
                *(row["passed"].get(level, 0) for level in LEVELS),
            )
            for label, row in rows.items()
        ],
    )


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=48)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    one = samples.engine()
    faces = originals(one, options.faces)
    result: dict[str, Any] = {"machine": samples.machine()}
    parts: tuple[tuple[str, str, str, Callable[..., Iterator[tuple[str, Tally]]], int], ...] = (
        ("pasted", f"Faces in scenes of {SCENE_PX[0]}×{SCENE_PX[1]} px", "face width, px", pasted, len(faces)),
        ("filled", "A photograph that one face fills", "shorter side, px", filled, len(faces) // 2),
        ("turned", "Turned in the picture's plane (480×480 px)", "degrees", turned, len(faces)),
    )
    for name, title, head, make, number in parts:
        rows = {label: tally.row() for label, tally in make(one, faces[:number])}
        result[name] = rows
        show(title, head, rows)
    result["london_poses"] = london_poses(one)
    print("London pose folders, neutral (positive yaw: the face turns to the viewer's right)\n")
    samples.table(
        ("pose", "found", "yaw: 5 %, median, 95 %", *(f"{level} passes" for level in LEVELS)),
        [
            (
                row["pose"],
                f"{row['found']} of {row['photographs']}",
                ", ".join(f"{value:.0f}°" for value in row["yaw_5_50_95_percent"]),
                *(row["passed"][level] for level in LEVELS),
            )
            for row in result["london_poses"]
        ],
    )
    result["meds2_poses"] = meds2_poses(one)
    print("MEDS-II pose labels\n")
    samples.table(
        (
            "axis",
            "labels",
            "photographs",
            "labels from, to",
            "mean size of the label",
            "mean absolute error",
            "correlation",
        ),
        [
            (
                row["axis"] + (" (opposite sign)" if row["opposite_sign"] else ""),
                row["labels"],
                row["photographs"],
                f"{row['label_range'][0]:.0f}° to {row['label_range'][1]:.0f}°",
                f"{row['mean_absolute_label']:.1f}°",
                f"{row['mean_absolute_error']:.1f}°",
                f"{row['correlation']:.2f}",
            )
            for row in result["meds2_poses"]
        ],
    )
    samples.write_json(options.json, result)


if __name__ == "__main__":
    main()
