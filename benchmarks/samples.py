"""What the benchmarks share: photographs, the engine, tables."""

import csv
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from recognizance.biometrics import DetectedFace, Image, Template
from recognizance.bootstrap import open_engine
from recognizance.errors import ImageError, NoFaceError
from recognizance.settings import read_settings
from recognizance.workflows.engine import Engine, require_face

PROJECT = Path(__file__).resolve().parents[1]
FACES = Path(os.environ.get("RECOGNIZANCE_TEST_FACES", PROJECT.parent / "shared" / "faces"))
HOME = Path(os.environ.get("RECOGNIZANCE_HOME", Path(tempfile.gettempdir()) / "recognizance-benchmarks"))
"""Only the cache of prepared models is kept here."""

LONDON_POSES = ("front", "left_3quarter", "right_3quarter", "left_profile", "right_profile")


@dataclass(frozen=True)
class Photograph:
    """One photograph of a labelled set; ``pose`` as its set calls it."""

    path: Path
    subject: str
    pose: str


def folder(name: str) -> Path:
    """Give a set's folder, or end the program with a sentence if it is absent."""
    path = FACES / name
    if not path.is_dir():
        sys.exit(f"There is no {path}. Point RECOGNIZANCE_TEST_FACES at the folder that holds {name}/.")
    return path


def engine(*, mirror: bool = False, threads: int = 1) -> Engine:
    """Open the engine as the server would, with `threads` photographs at once."""
    cv2.setNumThreads(1)
    return open_engine(read_settings(home=HOME, mirror=mirror, threads=threads))


def read(one: Engine, path: Path) -> Image:
    """Decode a photograph of the sets."""
    return one.decode(path.read_bytes(), 1 << 30)


def largest(one: Engine, path: Path) -> tuple[Image, DetectedFace, Template] | None:
    """Find a photograph's largest face and make its template; None if there is no face."""
    try:
        image, faces = one.look(path.read_bytes(), 1 << 30)
        face, _ = require_face(faces)
    except (ImageError, NoFaceError):
        return None
    return image, face, one.templates(image, [face])[0]


def london(poses: Sequence[str], expressions: Sequence[str] = ("neutral", "smiling")) -> list[Photograph]:
    """List the London set's photographs in some poses."""
    root = folder("london")
    wanted = [root / f"{expression}_{pose}" for pose in poses for expression in expressions]
    absent = [path for path in wanted if not path.is_dir()]
    if absent:
        sys.exit(f"There is no {absent[0]}.")
    return [
        Photograph(path, path.stem, pose)
        for pose in poses
        for expression in expressions
        for path in sorted((root / f"{expression}_{pose}").glob("*.jpg"))
    ]


def meds2() -> list[Photograph]:
    """List the MEDS-II subset's photographs."""
    root = folder("meds2")
    with (root / "labels" / "truth" / "subject_metadata.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    listed = [Photograph(root / "images" / row["img_name"], row["subject_id"], row["label"]) for row in rows]
    return [item for item in listed if item.path.is_file()]


def johns() -> list[Photograph]:
    """List dlib's crops of five public figures."""
    return [Photograph(path, path.parent.name, "any") for path in sorted(folder("johns").glob("*/*.jpg"))]


def deepface_pairs() -> list[tuple[Path, Path, bool]]:
    """List deepface's labelled pairs; True if they show one person."""
    root = folder("deepface")
    with (root / "master.csv").open(newline="", encoding="utf-8") as file:
        return [(root / row["file_x"], root / row["file_y"], row["Decision"] == "Yes") for row in csv.DictReader(file)]


def machine() -> dict[str, Any]:
    """Describe the machine, for the record."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "load_1min": round(os.getloadavg()[0], 2)}


def versions(*names: str) -> dict[str, str]:
    """Give installed versions."""
    from importlib import metadata

    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a Markdown table, so that it can be pasted into docs/."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def unit_matrix(templates: Sequence[Template]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Stack templates into rows."""
    return np.stack([template.vector for template in templates])


def write_json(path: Path | None, result: dict[str, Any]) -> None:
    """Write a result beside its table, if asked for."""
    if path is not None:
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
