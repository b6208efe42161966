"""Large photographs are decoded as finely as their faces need."""

import io
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from recognizance.biometrics import DetectedFace, Image, QualityLevel
from recognizance.bootstrap import open_engine
from recognizance.detection.filter import shortcomings
from recognizance.imaging.alignment import crop_scale
from recognizance.settings import read_settings
from recognizance.workflows.engine import Engine

BYTES_MAX = 10**8
WIDTH, HEIGHT = 4000, 3000


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Engine:
    return open_engine(read_settings(home=tmp_path_factory.mktemp("home"), cache=model_cache))


@pytest.fixture(scope="module")
def portraits(faces: Path) -> list[NDArray[np.uint8]]:
    """Portraits of 480 px with faces of about 195 px, in OpenCV's BGR."""
    return [cv2.imread(str(path)) for path in sorted((faces / "london" / "neutral_front").glob("*.jpg"))[:8]]


def scene(portraits: list[NDArray[np.uint8]], side: int) -> NDArray[np.uint8]:
    """Paste portraits of a given side into a photograph of 12 megapixels."""
    made = np.full((HEIGHT, WIDTH, 3), 128, dtype=np.uint8)
    columns = WIDTH // side
    for number, portrait in enumerate(portraits[: columns * (HEIGHT // side)]):
        row, column = divmod(number, columns)
        how = cv2.INTER_AREA if side < 480 else cv2.INTER_CUBIC
        made[row * side :, column * side :][:side, :side] = cv2.resize(portrait, (side, side), interpolation=how)
    return made


def jpeg(pixels: NDArray[np.uint8], **options: object) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels[..., ::-1]).save(buffer, "JPEG", quality=92, **options)
    return buffer.getvalue()


def whole(engine: Engine, data: bytes) -> tuple[Image, list[DetectedFace]]:
    image = engine.decode(data, BYTES_MAX)
    return image, engine.faces(image)


def placed(image: Image, faces: list[DetectedFace]) -> NDArray[np.float64]:
    """Boxes as ratios of the photograph, from left to right and top to bottom."""
    size = (image.width_px, image.height_px) * 2
    boxes = [(face.box.left_px, face.box.top_px, face.box.width_px, face.box.height_px) for face in faces]
    return np.array(sorted((np.array(box) / size).tolist() for box in boxes))


def test_a_large_face_is_looked_at_in_a_small_picture(engine: Engine, portraits: list[NDArray[np.uint8]]) -> None:
    data = jpeg(scene(portraits[:1], 2700))
    image, (face,) = engine.look(data, BYTES_MAX)
    before, (known,) = whole(engine, data)
    assert (image.width_px, before.width_px) == (1000, 4000)
    assert (image.source_width_px, image.source_height_px) == (WIDTH, HEIGHT)
    assert placed(image, [face]) == pytest.approx(placed(before, [known]), abs=0.005)
    assert shortcomings(face, image, QualityLevel.HIGH) == shortcomings(known, before, QualityLevel.HIGH)
    (template,), (other,) = engine.templates(image, [face]), engine.templates(before, [known])
    assert float(template.vector @ other.vector) > 0.95


@pytest.mark.parametrize("side", [205, 300, 480])
def test_small_faces_are_taken_from_finer_pixels(engine: Engine, portraits: list[NDArray[np.uint8]], side: int) -> None:
    data = jpeg(scene(portraits, side))
    image, found = engine.look(data, BYTES_MAX)
    before, known = whole(engine, data)
    assert image.width_px > 1000
    assert len(found) == len(known) == len(portraits)
    assert placed(image, found) == pytest.approx(placed(before, known), abs=0.005)
    assert image.width_px == WIDTH or max(crop_scale(face.landmarks.points_px) for face in found) <= 1
    sharpness = [np.median([face.quality.sharpness for face in faces]) for faces in (found, known)]
    assert sharpness[0] == pytest.approx(sharpness[1], abs=5)
    scores = [resemblance(engine, portraits, image, found), resemblance(engine, portraits, before, known)]
    assert scores[0] == pytest.approx(scores[1], abs=0.03)


def resemblance(engine: Engine, portraits: list[NDArray[np.uint8]], image: Image, faces: list[DetectedFace]) -> float:
    """Score each portrait with the face of the scene that is most like it; give the mean."""
    vectors = np.stack([template.vector for template in engine.templates(image, faces)])
    scores = []
    for portrait in portraits:
        original, (face,) = engine.look(jpeg(portrait), BYTES_MAX)
        scores.append(float((vectors @ engine.templates(original, [face])[0].vector).max()))
    return float(np.mean(scores))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_photograph_that_lies_on_its_side_is_turned(
    engine: Engine, portraits: list[NDArray[np.uint8]], progressive: bool
) -> None:
    upright = scene(portraits[:1], 2700)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    lying = jpeg(np.ascontiguousarray(np.rot90(upright)), exif=exif, progressive=progressive)
    image, (face,) = engine.look(lying, BYTES_MAX)
    assert (image.source_width_px, image.source_height_px, image.width_px) == (WIDTH, HEIGHT, 1000)
    known, (straight,) = engine.look(jpeg(upright), BYTES_MAX)
    assert placed(image, [face]) == pytest.approx(placed(known, [straight]), abs=0.005)


def test_what_is_small_already_is_looked_at_as_it_is(engine: Engine, portraits: list[NDArray[np.uint8]]) -> None:
    png = io.BytesIO()
    PIL.Image.fromarray(scene(portraits[:1], 2700)[..., ::-1]).save(png, "PNG", compress_level=1)
    for data in (jpeg(portraits[0]), jpeg(cv2.resize(portraits[0], (1919, 1919))), png.getvalue()):
        image, found = engine.look(data, BYTES_MAX)
        before, known = whole(engine, data)
        assert image.pixels.shape == before.pixels.shape
        assert [face.box for face in found] == [face.box for face in known]
