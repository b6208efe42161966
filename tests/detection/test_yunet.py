"""Finding real faces, small and large, several and turned."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recognizance.biometrics import Image, QualityLevel, QualityReason
from recognizance.bootstrap import open_engine
from recognizance.detection.filter import goodness, shortcomings
from recognizance.detection.quality import measure_quality
from recognizance.settings import read_settings
from recognizance.workflows.engine import Engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return open_engine(read_settings(home=tmp_path_factory.mktemp("home")))


def image_of(pixels: NDArray[np.uint8]) -> Image:
    return Image(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0], b"", "image/png")


def load(engine: Engine, path: Path) -> Image:
    return engine.decode(path.read_bytes(), 10**8)


@pytest.fixture(scope="module")
def portraits(engine: Engine, faces: Path) -> list[Image]:
    return [load(engine, path) for path in sorted((faces / "london" / "neutral_front").glob("*.jpg"))[:12]]


def test_faces_of_forty_pixels_in_a_full_hd_photograph(engine: Engine, portraits: list[Image]) -> None:
    scene = np.full((1080, 1920, 3), 110, dtype=np.uint8)
    placed = []
    for number, portrait in enumerate(portraits):
        face = engine.faces(portrait)[0]
        scale = 40 / face.box.width_px
        small = cv2.resize(portrait.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        left, top = 60 + 300 * (number % 6), 100 + 500 * (number // 6)
        scene[top : top + small.shape[0], left : left + small.shape[1]] = small
        placed.append((left + (face.box.left_px + face.box.width_px / 2) * scale, top))
    found = engine.faces(image_of(scene))
    assert len(found) == len(placed)
    centres = sorted(face.box.left_px + face.box.width_px / 2 for face in found)
    assert np.abs(np.array(centres) - sorted(left for left, _ in placed)).max() < 4


@pytest.mark.parametrize("side", [100, 250, 480, 1000, 3000, 6000])
def test_a_face_that_fills_the_photograph(engine: Engine, portraits: list[Image], side: int) -> None:
    for portrait in portraits[:3]:
        box = engine.faces(portrait)[0].box
        left, top = max(0, int(box.left_px)), max(0, int(box.top_px))
        cut = portrait.pixels[top : top + int(box.height_px), left : left + int(box.width_px)]
        scale = side / max(cut.shape[:2])
        found = engine.faces(image_of(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)))
        assert len(found) == 1
        assert found[0].box.height_px > 0.75 * side


@pytest.mark.parametrize("angle", [-25, -10, 10, 25])
def test_turned_faces_are_found_and_their_roll_is_told(engine: Engine, portraits: list[Image], angle: float) -> None:
    turns = []
    for portrait in portraits[:8]:
        centre = (portrait.width_px / 2, portrait.height_px / 2)
        # OpenCV's positive angle is anticlockwise; ours is clockwise.
        turn = cv2.getRotationMatrix2D(centre, -angle, 1)
        turned = cv2.warpAffine(portrait.pixels, turn, portrait.pixels.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        (face,) = engine.faces(image_of(turned))
        turns.append(face.pose.roll_degrees - engine.faces(portrait)[0].pose.roll_degrees)
    assert np.median(turns) == pytest.approx(angle, abs=6)


@pytest.mark.parametrize("angle", [-40, 40])
def test_the_template_of_a_leaning_face_is_still_its_own(engine: Engine, portraits: list[Image], angle: float) -> None:
    scores = []
    for portrait in portraits[:8]:
        centre = (portrait.width_px / 2, portrait.height_px / 2)
        turn = cv2.getRotationMatrix2D(centre, angle, 1)
        leaning = image_of(
            cv2.warpAffine(portrait.pixels, turn, portrait.pixels.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        )
        (upright,) = engine.templates(portrait, engine.faces(portrait)[:1])
        (turned,) = engine.templates(leaning, engine.faces(leaning)[:1])
        scores.append(float(upright.vector @ turned.vector))
    assert np.median(scores) > 0.85


def test_many_faces_come_largest_first(engine: Engine, faces: Path) -> None:
    found = engine.faces(load(engine, faces / "johns" / "bald_guys.jpg"))
    assert len(found) >= 22
    areas = [face.box.area_px for face in found]
    assert areas == sorted(areas, reverse=True)


@pytest.mark.parametrize(
    ("folder", "low", "high"),
    [
        ("neutral_left_profile", -100, -60),
        ("neutral_left_3quarter", -60, -20),
        ("neutral_front", -12, 12),
        ("neutral_right_3quarter", 20, 65),
        ("neutral_right_profile", 60, 100),
    ],
)
def test_yaw_follows_the_pose_that_was_asked_for(
    engine: Engine, faces: Path, folder: str, low: float, high: float
) -> None:
    yaws = [
        engine.faces(load(engine, path))[0].pose.yaw_degrees
        for path in sorted((faces / "london" / folder).glob("*.jpg"))[:8]
    ]
    assert low < np.median(yaws) < high


def test_yaw_has_the_order_of_the_turns(engine: Engine, faces: Path) -> None:
    poses = ("left_profile", "left_3quarter", "front", "right_3quarter", "right_profile")
    for person in ("001", "022", "083"):
        files = [faces / "london" / f"neutral_{pose}" / f"{person}.jpg" for pose in poses]
        yaws = [engine.faces(load(engine, path))[0].pose.yaw_degrees for path in files]
        assert yaws == sorted(yaws), person
        assert yaws[1] < 0 < yaws[3]


def test_brightness_follows_light_and_sharpness_follows_focus(engine: Engine, portraits: list[Image]) -> None:
    for portrait in portraits[:4]:
        points = engine.faces(portrait)[0].landmarks.points_px
        plain = measure_quality(portrait.pixels, points)
        darker = [measure_quality(cv2.convertScaleAbs(portrait.pixels, alpha=gain), points) for gain in (0.5, 0.25)]
        blurred = [measure_quality(cv2.GaussianBlur(portrait.pixels, (0, 0), blur), points) for blur in (2, 4)]
        for gain, found in zip((0.5, 0.25), darker, strict=True):
            assert found.brightness == pytest.approx(gain * plain.brightness, rel=0.03)
            assert found.sharpness == pytest.approx(plain.sharpness, abs=12), "dim is not blurred"
        assert plain.sharpness > blurred[0].sharpness + 10 > blurred[1].sharpness + 15
        assert all(found.brightness == pytest.approx(plain.brightness, abs=1) for found in blurred)


def test_yaw_agrees_with_the_labels_of_mugshots(engine: Engine, faces: Path) -> None:
    with (faces / "meds2" / "labels" / "truth" / "image_pose.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[::4]
    pairs = [
        (
            float(row["pp_default_yaw"]),
            engine.faces(load(engine, faces / "meds2" / "images" / row["img_fname"]))[0].pose.yaw_degrees,
        )
        for row in rows
        if (faces / "meds2" / "images" / row["img_fname"]).exists()
    ]
    labelled, found = np.array(pairs).T
    assert np.corrcoef(labelled, found)[0, 1] > 0.8


def test_blurred_dark_small_and_turned_faces_are_told_as_such(
    engine: Engine, faces: Path, portraits: list[Image]
) -> None:
    portrait = portraits[0]
    good = engine.faces(portrait)[0]
    assert shortcomings(good, portrait, QualityLevel.HIGH) == ()

    def reasons(image: Image) -> tuple[QualityReason, ...]:
        found = engine.faces(image)[0]
        assert goodness(found) < goodness(good)
        assert shortcomings(found, image, QualityLevel.NONE) == ()
        return shortcomings(found, image, QualityLevel.AUTO)

    blurred = image_of(cv2.GaussianBlur(portrait.pixels, (0, 0), 9))
    assert QualityReason.LOW_SHARPNESS in reasons(blurred)
    dark = image_of((portrait.pixels * 0.12).astype(np.uint8))
    assert QualityReason.LOW_BRIGHTNESS in reasons(dark)
    small = image_of(cv2.resize(portrait.pixels, (80, 80), interpolation=cv2.INTER_AREA))
    assert QualityReason.SMALL_BOUNDING_BOX in reasons(small)
    profile = load(engine, sorted((faces / "london" / "neutral_left_profile").glob("*.jpg"))[0])
    assert QualityReason.EXTREME_POSE in reasons(profile)


@pytest.mark.parametrize("size", [(80, 80), (80, 3000), (3000, 80), (4000, 4000)])
def test_a_photograph_without_a_face(engine: Engine, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    assert engine.faces(image_of(np.full((*size, 3), 128, np.uint8))) == []
    assert len(engine.faces(image_of(rng.integers(0, 255, (*size, 3), dtype=np.uint8)))) == 0
