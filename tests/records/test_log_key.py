"""The checkpoint that a folder of keys remembers, which several servers may share."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from recognizance.records.log_key import advance_head, read_head, write_head
from recognizance_verify.notes import Checkpoint, SignedNote, SigningKey

KEY = SigningKey.generate("example.org/log")


def signed(size: int, key: SigningKey = KEY) -> str:
    text = Checkpoint(key.name, size, size.to_bytes(32)).text()
    return f"{text}\n{key.sign(text)}"


def remembered(folder: Path) -> int:
    return Checkpoint.parse(SignedNote.parse(read_head(folder) or "").text).size


def test_a_newer_checkpoint_is_not_replaced_by_an_older_one(tmp_path: Path) -> None:
    for size, expected in ((5, 5), (3, 5), (8, 8), (8, 8), (7, 8)):
        advance_head(tmp_path, signed(size))
        assert remembered(tmp_path) == expected


def test_servers_that_remember_at_once_keep_the_newest(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda size: advance_head(tmp_path, signed(size)), [1 + 17 * n % 101 for n in range(101)]))
    assert remembered(tmp_path) == 101


def test_another_log_begins_anew(tmp_path: Path) -> None:
    advance_head(tmp_path, signed(9))
    advance_head(tmp_path, signed(2, SigningKey.generate("example.org/other")))
    assert remembered(tmp_path) == 2


def test_a_restore_may_go_back(tmp_path: Path) -> None:
    advance_head(tmp_path, signed(9))
    write_head(tmp_path, signed(4))
    assert remembered(tmp_path) == 4


def test_what_is_no_checkpoint_is_replaced(tmp_path: Path) -> None:
    write_head(tmp_path, "damaged")
    advance_head(tmp_path, signed(1))
    assert remembered(tmp_path) == 1
