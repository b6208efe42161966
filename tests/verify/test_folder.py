import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from recognizance_verify import VerificationError
from recognizance_verify.census import KINDS_MAX, OTHER
from recognizance_verify.folder import verify_export
from recognizance_verify.notes import Checkpoint, SignedNote
from recognizance_verify.reports import report_export
from recognizance_verify.tiles import pack_entries
from recognizance_verify.trust import Trust
from verify.building import LOG_KEY, TIME, TRUST, WITNESS_KEY, Log, entry, make_log, write_export

SIZE = 600
LOG = make_log(SIZE)
FILES = LOG.files()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_export(tmp_path / "export", FILES)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513])
def test_whole_logs_are_accepted(tmp_path: Path, size: int) -> None:
    log = make_log(size)
    checked = verify_export(write_export(tmp_path / "export", log.files()), TRUST)
    assert checked.census.count == checked.checkpoint.checkpoint.size == size
    assert checked.checkpoint.authentic


def test_a_log_that_needs_a_tile_of_the_third_level(tmp_path: Path) -> None:
    log = make_log(65_537)
    files = log.files()
    assert "tile/2/000.p/1" in files
    export = write_export(tmp_path / "export", files)
    assert verify_export(export, TRUST, log.checkpoint(65_536)).census.count == 65_537
    (export / "tile/2/000.p/1").write_bytes(bytes(32))
    with pytest.raises(VerificationError, match=r"tile/2/000\.p/1: Its hash 0 is not that of the entries 0 to 65535"):
        verify_export(export, TRUST)


def test_what_the_log_holds_is_counted(export: Path) -> None:
    census = verify_export(export, TRUST).census
    assert census.first_time == "2026-01-02T00:00:00.000000+00:00"
    assert census.last_time == "2026-01-02T00:09:59.000000+00:00"
    expected = Counter((["search", "enrol", "erase", "signin"][at % 4], at % 7 == 3) for at in range(SIZE))
    assert census.kinds == {(kind, "refused" if no else "allowed"): n for (kind, no), n in expected.items()}
    assert (census.backwards, census.first_backwards) == (0, None)


def test_a_clock_that_went_back_is_noticed_and_no_failure(tmp_path: Path) -> None:
    early = "2025-12-31T00:00:00.000000+00:00"
    log = Log([entry(0), entry(1), entry(2, time=early), entry(3), entry(4, time=early)])
    census = verify_export(write_export(tmp_path / "export", log.files()), TRUST).census
    assert (census.backwards, census.first_backwards) == (2, 2)


def test_other_rules_than_the_log_names_are_noticed(tmp_path: Path) -> None:
    told = [{"rules_as_logged": True}, {"rules_as_logged": False}, {}]
    log = Log([entry(at, kind="start", details=details) for at, details in enumerate(told)])
    checked = verify_export(write_export(tmp_path / "export", log.files()), TRUST)
    assert (checked.census.other_rules, checked.census.first_other_rules) == (1, 1)
    assert "wrote to the database past the server" in "".join(report_export(checked).lines)


def test_names_cannot_fill_the_memory(tmp_path: Path) -> None:
    log = Log([entry(at, kind=f"kind {at}") for at in range(KINDS_MAX + 7)])
    census = verify_export(write_export(tmp_path / "export", log.files()), TRUST).census
    assert census.kinds[OTHER, OTHER] == 7
    assert len(census.kinds) == KINDS_MAX + 1


@pytest.mark.parametrize("path", sorted(FILES))
def test_each_file_is_needed(export: Path, path: str) -> None:
    (export / path).unlink()
    with pytest.raises(VerificationError, match=r"missing|empty"):
        verify_export(export, TRUST)


@pytest.mark.parametrize("path", sorted(FILES))
def test_each_file_is_read_to_its_end(export: Path, path: str) -> None:
    for data in (b"", FILES[path][:-1], FILES[path] + b"\0", FILES[path] * 2):
        (export / path).write_bytes(data)
        with pytest.raises(VerificationError, match=path.replace(".", r"\.") + "|signed note"):
            verify_export(export, TRUST)


@pytest.mark.parametrize(
    "path",
    [
        "readme",
        "checkpoint2",
        "Checkpoint",
        "tile/0/000.p/88",  # a partial tile beside its full one
        "tile/0/002.p/87",
        "tile/0/003",
        "tile/0/x000/000",
        "tile/00/000",
        "tile/8/000",
        "tile/2/000.p/1",
        "tile/1/000",
        "tile/1/000.p/02",
        "tile/entries/000.p/256",
        "tile/entries/003.p/1",
        "tile/entries/000~",
        "tile/data/000",
        "tile/entries/.hidden",
        "more/checkpoint",
        "tile/0/x001/x234/067",
        "new\nline",
        "tile/0/٠٠٠",
    ],
)
def test_nothing_else_may_lie_in_the_folder(export: Path, path: str) -> None:
    write_export(export, {path: FILES["tile/0/000"]})
    with pytest.raises(VerificationError, match="no part of a log of 600 entries"):
        verify_export(export, TRUST)


def test_empty_folders_are_no_part_either(export: Path) -> None:
    (export / "tile/3").mkdir()
    with pytest.raises(VerificationError, match="tile/3: It is no part of a log of 600 entries: it is empty"):
        verify_export(export, TRUST)


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "tile/entries/002.p/88"])
def test_links_are_not_followed(export: Path, tmp_path: Path, path: str) -> None:
    (export / path).rename(tmp_path / "elsewhere")
    (export / path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VerificationError, match=r"symbolic link|no part"):
        verify_export(export, TRUST)


def test_links_to_folders_are_not_followed(export: Path, tmp_path: Path) -> None:
    (export / "tile").rename(tmp_path / "tile")
    (export / "tile").symlink_to(tmp_path / "tile")
    with pytest.raises(VerificationError, match="tile: It is no part"):
        verify_export(export, TRUST)


@pytest.mark.parametrize("path", ["checkpoint", "tile/1/000.p/2", "tile/entries/001"])
def test_folders_and_pipes_named_like_files_are_refused(export: Path, path: str) -> None:
    (export / path).unlink()
    os.mkfifo(export / path)
    with pytest.raises(VerificationError, match=r"not a regular file|no part"):
        verify_export(export, TRUST)
    (export / path).unlink()
    (export / path).mkdir()
    with pytest.raises(VerificationError, match=r"not a regular file|no part"):
        verify_export(export, TRUST)


def test_files_that_are_far_too_large_are_not_read(export: Path) -> None:
    for path in ("checkpoint", "tile/0/000", "tile/entries/000"):
        with (export / path).open("r+b") as file:
            file.truncate(2**40)  # sparse: it takes no room on the disk
        with pytest.raises(VerificationError, match="larger than the"):
            verify_export(export, TRUST)
        (export / path).write_bytes(FILES[path])


def sign(origin: str, size: int, root: bytes) -> bytes:
    text = Checkpoint(origin, size, root).text()
    return f"{text}\n{LOG_KEY.sign(text)}{WITNESS_KEY.cosign(text, TIME)}".encode()


@pytest.mark.parametrize("size", [599, 601, 512, 0, 2**40, 2**63 - 1])
def test_a_checkpoint_of_another_size_is_refused(export: Path, size: int) -> None:
    root = LOG.checkpoint(size).root if size < SIZE else LOG.checkpoint().root
    (export / "checkpoint").write_bytes(sign(LOG.origin, size, root))
    with pytest.raises(VerificationError, match=rf"no part of a log of {size} entries"):
        verify_export(export, TRUST)


def test_a_checkpoint_of_an_absurd_size_alone_is_refused_at_once(export: Path) -> None:
    shutil.rmtree(export / "tile")
    (export / "checkpoint").write_bytes(sign(LOG.origin, 2**63 - 1, bytes(32)))
    with pytest.raises(VerificationError, match="tile/entries/000: It is missing"):
        verify_export(export, TRUST)


def test_a_checkpoint_of_another_root_is_refused(export: Path) -> None:
    (export / "checkpoint").write_bytes(sign(LOG.origin, SIZE, bytes(32)))
    with pytest.raises(VerificationError, match="The 600 entries have the root"):
        verify_export(export, TRUST)


def test_an_entry_changed_in_all_tiles_does_not_fit_the_checkpoint(export: Path) -> None:
    entries = list(LOG.entries)
    entries[7] = entry(7, operator="mallory")
    files = Log(entries).files()
    files["checkpoint"] = FILES["checkpoint"]
    write_export(export, files)
    with pytest.raises(VerificationError, match="The 600 entries have the root"):
        verify_export(export, TRUST)


def test_an_entry_changed_in_its_tile_is_named(export: Path) -> None:
    entries = list(LOG.entries[256:512])
    entries[3] = entry(259, operator="mallory")
    (export / "tile/entries/001").write_bytes(pack_entries(entries))
    with pytest.raises(VerificationError, match=r"tile/0/001: Its hash 3 is not that of entry 259"):
        verify_export(export, TRUST)


def test_entries_that_name_another_place_are_refused_even_if_the_log_signed_them(tmp_path: Path) -> None:
    for entries in ([entry(1), entry(0)], [entry(0), entry(0)], [entry(0), entry(2)]):
        export = write_export(tmp_path / str(len(list(tmp_path.iterdir()))), Log(entries).files())
        with pytest.raises(VerificationError, match="does not name its place"):
            verify_export(export, TRUST)


def test_the_older_log_must_be_the_beginning(export: Path, tmp_path: Path) -> None:
    for size in (0, 1, 255, 256, 257, 300, 599, 600):
        verify_export(export, TRUST, LOG.checkpoint(size))
    entries = list(LOG.entries)
    entries[7] = entry(7, operator="mallory")
    for size in (8, 255, 256, 257, 300, 599, 600):
        with pytest.raises(VerificationError, match=f"rewritten: its first {size} entries"):
            verify_export(export, TRUST, Log(entries).checkpoint(size))
    with pytest.raises(VerificationError, match="rolled back: it had 601"):
        verify_export(export, TRUST, make_log(601).checkpoint())
    with pytest.raises(VerificationError, match="two logs"):
        verify_export(export, TRUST, Log(LOG.entries, origin="other").checkpoint())


def test_the_signature_is_checked_before_anything_is_believed(export: Path) -> None:
    (export / "checkpoint").write_bytes(LOG.note(cosigners=()).serialize().encode())
    with pytest.raises(VerificationError, match="None of the witnesses"):
        verify_export(export, TRUST)
    note = SignedNote.parse(FILES["checkpoint"])
    (export / "checkpoint").write_text(SignedNote(note.text, note.signatures[1:]).serialize())
    with pytest.raises(VerificationError, match="not signed with the key"):
        verify_export(export, TRUST)
    with pytest.raises(VerificationError, match="no signature of its log"):
        verify_export(export, Trust())
