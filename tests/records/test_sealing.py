import stat
import subprocess
import sys
from pathlib import Path

import pytest

from recognizance.errors import KeyFileError, RecordUnavailableError
from recognizance.records import Sealer, load_or_create_key
from records.making import KEY, open_record


def test_what_is_sealed_opens_with_its_context_only() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(b"a face", "photograph:probe:1")
    assert b"a face" not in sealed
    assert sealed[0] == 1
    assert sealer.open(sealed, "photograph:probe:1") == b"a face"
    assert sealer.seal(b"a face", "photograph:probe:1") != sealed
    with pytest.raises(RecordUnavailableError):
        sealer.open(sealed, "photograph:probe:2")


@pytest.mark.parametrize("place", [0, 1, 12, 13, -17, -1])
def test_any_altered_byte_is_noticed(place: int) -> None:
    sealer = Sealer(KEY)
    sealed = bytearray(sealer.seal(b"a face", "here"))
    sealed[place] ^= 1
    with pytest.raises(RecordUnavailableError):
        sealer.open(bytes(sealed), "here")


@pytest.mark.parametrize("length", [0, 1, 12, 28])
def test_a_sealed_value_cut_short_is_noticed(length: int) -> None:
    with pytest.raises(RecordUnavailableError):
        Sealer(KEY).open(Sealer(KEY).seal(b"", "here")[:length], "here")


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder, record = tmp_path / "keys", tmp_path / "record"
    key = load_or_create_key(folder, record=record)
    assert len(key) == 32
    assert load_or_create_key(folder, record=record) == key
    assert [file.name for file in folder.iterdir()] == ["sealing.key"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "sealing.key").stat().st_mode) == 0o600
    record.touch()
    assert load_or_create_key(folder, record=record) == key


def test_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    body = (
        "import sys; from pathlib import Path; from recognizance.records import load_or_create_key; "
        "sys.stdin.read(); p = Path(sys.argv[1]); print(load_or_create_key(p / 'keys', record=p / 'record').hex())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", body, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in processes:  # each has begun before any may look
        assert process.stdin is not None
    keys = {process.communicate("")[0] for process in processes}
    assert len(keys) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["sealing.key"]


def test_a_lost_key_is_never_replaced(tmp_path: Path) -> None:
    record = tmp_path / "record"
    record.touch()
    with pytest.raises(KeyFileError, match="missing") as caught:
        load_or_create_key(tmp_path / "keys", record=record)
    assert "backup" in caught.value.remedy
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("content", ["", "00" * 31, "zz" * 32, "00" * 33, "é" * 64])
def test_a_malformed_key_is_named(tmp_path: Path, content: str) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "sealing.key").write_text(content)
    (tmp_path / "sealing.key").chmod(0o600)
    with pytest.raises(KeyFileError, match="not a sealing key"):
        load_or_create_key(tmp_path, record=tmp_path / "record")


@pytest.mark.parametrize(("name", "mode"), [("keys/sealing.key", 0o640), ("keys", 0o770)])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    load_or_create_key(tmp_path / "keys", record=tmp_path / "record")
    (tmp_path / name).chmod(mode)
    with pytest.raises(KeyFileError) as caught:
        load_or_create_key(tmp_path / "keys", record=tmp_path / "record")
    assert caught.value.remedy.startswith("chmod ")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeyFileError):
        load_or_create_key(tmp_path / "file" / "keys", record=tmp_path / "record")


def test_a_record_opens_with_its_own_key_only(path: Path) -> None:
    open_record(path).close()
    with pytest.raises(KeyFileError) as caught:
        open_record(path, key=KEY[::-1])
    assert Sealer(KEY).key_id in caught.value.message
    assert caught.value.remedy
    open_record(path).close()
