"""Photographs a second and milliseconds a stage, beside OpenCV 4 with the same weights and face_recognition.

    python benchmarks/pipeline.py [--photos 200] [--rounds 10] [--json FILE]

Every contestant takes the same JPEG bytes to a template of the largest face.  They take turns on small blocks of
photographs within one run, so that a busy machine slows all alike; ratios are medians over those turns.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import samples
from recognizance.biometrics import DetectedFace
from recognizance.detection.pose import estimate_pose
from recognizance.detection.quality import measure_quality
from recognizance.imaging.alignment import align
from recognizance.inference.manifest import ModelEntry, find_entry, read_manifest
from recognizance.inference.weights import read_weights
from recognizance.settings import read_settings
from recognizance.workflows.engine import Engine, require_face

SIDE_PX = 250
FACE_PX = 115
"""Width of the detector's box, as on LFW's photographs."""

BAR_OPENCV, BAR_FACE_RECOGNITION = 1.8, 5.0

Stages = dict[str, float]


def make_photographs(count: int) -> list[bytes]:
    """Make JPEGs of 250×250 pixels that show one face of LFW's size in the middle, from FairFace."""
    one = samples.engine()
    made: list[bytes] = []
    for path in sorted((samples.folder("fairface") / "images").glob("*.jpg")):
        image = samples.read(one, path)
        faces = one.faces(image)
        if len(faces) != 1:
            continue
        box, scale = faces[0].box, FACE_PX / faces[0].box.width_px
        middle = np.array([box.left_px + box.width_px / 2, box.top_px + box.height_px / 2]) * scale
        shift = SIDE_PX / 2 - middle
        picture = cv2.warpAffine(
            image.pixels[..., ::-1],
            np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]),
            (SIDE_PX, SIDE_PX),
            flags=cv2.INTER_AREA,
            borderMode=cv2.BORDER_REPLICATE,
        )
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
        if len(one.faces(one.decode(data, 1 << 30))) == 1:  # a photograph without a face would cost no embedding
            made.append(data)
        if len(made) == count:
            return made
    sys.exit(f"FairFace gave only {len(made)} photographs; ask for fewer with --photos.")


@dataclass
class Contestant:
    """``work`` takes one photograph to a template and says what each stage cost, in seconds."""

    name: str
    work: Callable[[bytes], Stages]


def ours(one: Engine) -> Callable[[bytes], None]:
    """Recognizance, as the server calls it."""

    def work(data: bytes) -> None:
        image, faces = one.look(data, 1 << 30)
        face, _ = require_face(faces)
        one.templates(image, [face])

    return work


def ours_by_stage(one: Engine, data: bytes) -> Stages:
    """Time our stages; those inside `detect` and `embed` are run once more and taken out of the sum."""
    clock = time.perf_counter
    start = clock()
    image = one.decode(data, 1 << 30)
    decoded = clock()
    faces: list[DetectedFace] = one.faces(image)
    detected = clock()
    for face in faces:
        estimate_pose(face.landmarks.points_px)
        measure_quality(image.pixels, face.landmarks.points_px)
    judged = clock()
    align(image.pixels, faces[0].landmarks.points_px)
    aligned = clock()
    one.templates(image, faces[:1])
    embedded = clock()
    quality, alignment = judged - detected, aligned - judged
    return {
        "decode": decoded - start,
        "detect": detected - decoded - quality,
        "align + quality": quality + alignment,
        "embed": embedded - aligned - alignment,
    }


class OpenCV:
    """FaceDetectorYN and FaceRecognizerSF with the same weight files; one of these for each thread."""

    def __init__(self, folder: Path) -> None:
        entries = read_manifest(None)
        self._detector = cv2.FaceDetectorYN.create(
            str(_weights(find_entry(entries, "yunet", "detection"), folder)), "", (SIDE_PX, SIDE_PX), 0.7, 0.3, 5000
        )
        self._recognizer = cv2.FaceRecognizerSF.create(
            str(_weights(find_entry(entries, "sface", "embedding"), folder)), ""
        )

    def by_stage(self, data: bytes) -> Stages:
        """Time the stages."""
        clock = time.perf_counter
        start = clock()
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        decoded = clock()
        self._detector.setInputSize((picture.shape[1], picture.shape[0]))
        faces = self._detector.detect(picture)[1]
        detected = clock()
        if faces is None:
            return {"decode": decoded - start, "detect": detected - decoded, "align + quality": 0.0, "embed": 0.0}
        crop = self._recognizer.alignCrop(picture, max(faces, key=lambda face: face[2] * face[3]))
        aligned = clock()
        self._recognizer.feature(crop)
        embedded = clock()
        return {
            "decode": decoded - start,
            "detect": detected - decoded,
            "align + quality": aligned - detected,
            "embed": embedded - aligned,
        }


def _weights(entry: ModelEntry, folder: Path) -> Path:
    """Write a model's checked bytes where OpenCV can read them."""
    path = folder / entry.file
    if not path.exists():
        path.write_bytes(read_weights(entry, read_settings(home=samples.HOME).models))
    return path


def face_recognition_by_stage() -> Callable[[bytes], Stages] | None:
    """Dlib's HOG detector and ResNet through face_recognition; None if it is not installed."""
    try:
        import io
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its models package still imports pkg_resources
            import face_recognition
    except (ImportError, SystemExit) as error:
        print(f"face_recognition is left out: {error or 'its models are missing'}.", file=sys.stderr)
        return None

    def work(data: bytes) -> Stages:
        clock = time.perf_counter
        start = clock()
        picture = face_recognition.load_image_file(io.BytesIO(data))
        decoded = clock()
        boxes = face_recognition.face_locations(picture)
        detected = clock()
        face_recognition.face_encodings(picture, boxes[:1])
        return {
            "decode": decoded - start,
            "detect": detected - decoded,
            "align + quality": 0.0,
            "embed": clock() - detected,
        }

    return work


def race(contestants: Sequence[Contestant], photographs: Sequence[bytes], rounds: int) -> dict[str, Any]:
    """Let all take turns on each block, one thread; collect wall and processor time a photograph."""
    blocks = [photographs[start::rounds] for start in range(rounds)]
    wall: dict[str, list[float]] = {one.name: [] for one in contestants}
    busy: dict[str, list[float]] = {one.name: [] for one in contestants}
    stages: dict[str, list[Stages]] = {one.name: [] for one in contestants}
    for one in contestants:
        for data in photographs[:5]:
            one.work(data)
    for number, block in enumerate(blocks):
        turn = number % len(contestants)
        for one in [*contestants[turn:], *contestants[:turn]]:
            start, processor = time.perf_counter(), time.process_time()
            done = [one.work(data) for data in block]
            wall[one.name].append((time.perf_counter() - start) / len(block))
            busy[one.name].append((time.process_time() - processor) / len(block))
            stages[one.name].extend(part for part in done if part)
    return {"wall": wall, "cpu": busy, "stages": stages}


def together(workers: Sequence[Callable[[bytes], Any]], photographs: Sequence[bytes]) -> float:
    """Work on all photographs with one thread a worker; photographs a second."""
    shares = [photographs[start :: len(workers)] for start in range(len(workers))]

    def walk(worker: Callable[[bytes], Any], share: Sequence[bytes]) -> None:
        for data in share:
            worker(data)

    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(walk, workers, [share[:3] for share in shares]))
        start = time.perf_counter()
        list(pool.map(walk, workers, shares))
    return len(photographs) / (time.perf_counter() - start)


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    photographs = make_photographs(options.photos)
    weights = samples.HOME / "bench-weights"
    weights.mkdir(parents=True, exist_ok=True)
    single = samples.engine(threads=1)
    plain = ours(single)
    opencv = OpenCV(weights)
    peer = face_recognition_by_stage()

    def whole(data: bytes) -> Stages:
        plain(data)
        return {}

    contestants = [
        Contestant("recognizance", whole),
        Contestant("opencv", opencv.by_stage),
        *([Contestant("face_recognition", peer)] if peer else []),
    ]
    result = race(contestants, photographs, options.rounds)
    result["stages"]["recognizance"] = [ours_by_stage(single, data) for data in photographs]

    double = samples.engine(threads=2)
    pairs = {
        "recognizance": [ours(double), ours(double)],
        "opencv": [opencv.by_stage, OpenCV(weights).by_stage],
        **({"face_recognition": [peer, peer]} if peer else {}),
    }
    # Two turns each, the better one counts: a single neighbour on a two-core machine halves this figure.
    two = {name: max(together(workers, photographs) for _ in range(2)) for name, workers in pairs.items()}
    report(contestants, result, two, options, photographs)


def report(
    contestants: Sequence[Contestant],
    result: dict[str, Any],
    two: dict[str, float],
    options: argparse.Namespace,
    photographs: Sequence[bytes],
) -> None:
    """Print the tables and judge the bars."""
    machine = samples.machine()
    versions = samples.versions("opencv-python-headless", "openvino", "onnxruntime", "face_recognition", "dlib")
    print(f"{len(photographs)} photographs of {SIDE_PX}×{SIDE_PX} px, {options.rounds} turns; {machine}; {versions}\n")
    rows, summary = [], {}
    for one in contestants:
        wall = statistics.median(result["wall"][one.name])
        cpu = statistics.median(result["cpu"][one.name])
        ratio = statistics.median(
            theirs / mine for theirs, mine in zip(result["wall"][one.name], result["wall"]["recognizance"], strict=True)
        )
        ratio_cpu = statistics.median(
            theirs / mine for theirs, mine in zip(result["cpu"][one.name], result["cpu"]["recognizance"], strict=True)
        )
        summary[one.name] = {
            "photos_per_s_one_thread": 1 / wall,
            "photos_per_s_two_threads": two[one.name],
            "cpu_ms": cpu * 1e3,
            "ours_times_faster_wall": ratio,
            "ours_times_faster_cpu": ratio_cpu,
            "stage_ms": {
                stage: statistics.median(part[stage] for part in result["stages"][one.name]) * 1e3
                for stage in ("decode", "detect", "align + quality", "embed")
            },
        }
        rows.append(
            (
                one.name,
                f"{1 / wall:.1f}",
                f"{two[one.name]:.1f}",
                f"{cpu * 1e3:.1f}",
                f"{ratio:.2f}",
                f"{ratio_cpu:.2f}",
            )
        )
    samples.table(
        (
            "",
            "photos/s, one thread",
            "photos/s, two threads",
            "CPU ms a photo",
            "ours faster, wall",
            "ours faster, CPU",
        ),
        rows,
    )
    samples.table(
        ("ms, median", "decode", "detect", "align + quality", "embed"),
        [(name, *(f"{value:.2f}" for value in row["stage_ms"].values())) for name, row in summary.items()],
    )
    for name, bar in (("opencv", BAR_OPENCV), ("face_recognition", BAR_FACE_RECOGNITION)):
        if name in summary:
            ratio = summary[name]["ours_times_faster_wall"]
            verdict = "met" if ratio >= bar else "MISSED"
            print(f"{name}: {ratio:.2f} times as fast on one core; the bar is {bar}: {verdict}")
    samples.write_json(
        options.json,
        {"photographs": len(photographs), "machine": machine, "versions": versions, "contestants": summary},
    )


if __name__ == "__main__":
    main()
