"""A second real embedder, brought by manifest entry: dlib's ResNet as a 112×112 ONNX graph."""

import csv
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from models import dlib_resnet
from recognizance.bootstrap import open_calibration, open_engine
from recognizance.errors import CalibrationError, ModelDigestError, ModelUnavailableError
from recognizance.settings import Settings, read_settings
from recognizance.workflows.calibrate import calibrate, read_sample
from recognizance.workflows.engine import Engine, require_face

ENTRY = """
[[model]]
name = "dlib"
task = "embedding"
file = "dlib.onnx"
sha256 = "{digest}"
licence = "CC0-1.0"
source = "dlib-models, dlib_face_recognition_resnet_model_v1"
runtime = "{runtime}"
dimension = {dimension}
[model.input]
name = "input"
output = "embedding"
"""


def write_manifest(folder: Path, **changes: object) -> Path:
    values = {
        "digest": hashlib.sha256((folder / "dlib.onnx").read_bytes()).hexdigest(),
        "runtime": "openvino",
        "dimension": 128,
        **changes,
    }
    file = folder / "manifest.toml"
    file.write_text(ENTRY.format(**values), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    dlib_resnet.main([str(folder / "dlib.onnx")])
    return folder


def own_settings(folder: Path, manifest: Path, **more: object) -> Settings:
    return read_settings(home=folder / "home", manifest=manifest, embedder="dlib", calibrations=folder, **more)


def score(engine: Engine, first: Path, second: Path) -> float:
    vectors = []
    for path in (first, second):
        image, found = engine.look(path.read_bytes(), 10**7)
        face, _ = require_face(found)
        (template,) = engine.templates(image, [face])
        assert template.model == engine.model
        assert np.linalg.norm(template.vector) == pytest.approx(1, abs=1e-5)
        vectors.append(template.vector)
    return float(vectors[0] @ vectors[1])


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_it_tells_people_apart(folder: Path, faces: Path, runtime: str) -> None:
    engine = open_engine(own_settings(folder, write_manifest(folder, runtime=runtime)))
    assert engine.model.startswith("dlib-")
    assert engine.dimension == 128
    mugshots = faces / "meds2" / "images"
    same = score(engine, mugshots / "S001-01-t10_01.jpg", mugshots / "S001-02-t10_01.jpg")
    other = score(engine, mugshots / "S001-01-t10_01.jpg", mugshots / "S012-01-t10_01.jpg")
    assert same > 0.95 > other + 0.02


def test_it_needs_a_calibration_of_its_own_and_gets_one(folder: Path, faces: Path) -> None:
    settings = own_settings(folder, write_manifest(folder))
    with pytest.raises(CalibrationError, match="no calibration") as caught:
        open_calibration(settings)
    assert "recognizance calibrate" in caught.value.remedy
    labels = folder / "labels.csv"
    with (faces / "fairface" / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:260]
    with labels.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    engine = open_engine(settings)
    sample = read_sample(faces / "fairface" / "images", labels, ("gender",), "260 FairFace photographs")
    text = calibrate(engine, sample, threads=2, now=datetime.now(UTC), version="test", same_person_score=None)
    (folder / f"{engine.model}.json").write_text(text, encoding="utf-8")
    calibration = open_calibration(settings)
    assert calibration.model == engine.model
    # Cosines of this network are compressed: its threshold would match everybody under SFace's calibration.
    assert calibration.score_at_percent(50) > 0.85
    assert set(calibration.groups) == {"Female", "Male"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"digest": "0" * 64}, ModelDigestError), ({"runtime": "onnxruntime", "dimension": 127}, ModelUnavailableError)],
)
def test_a_wrong_entry_is_refused(folder: Path, faces: Path, changes: dict[str, object], error: type) -> None:
    settings = own_settings(folder, write_manifest(folder, **changes))
    mugshot = faces / "meds2" / "images" / "S001-01-t10_01.jpg"
    with pytest.raises(error) as caught:
        score(open_engine(settings), mugshot, mugshot)
    assert caught.value.remedy


def test_an_absent_file_is_told(tmp_path: Path, folder: Path) -> None:
    manifest = tmp_path / "manifest.toml"
    manifest.write_text(ENTRY.format(digest="0" * 64, runtime="openvino", dimension=128), encoding="utf-8")
    with pytest.raises(ModelUnavailableError):
        open_engine(own_settings(folder, manifest))
