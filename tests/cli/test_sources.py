"""Photographs out of archives and buckets: real archives, and a real S3 server behind a socket."""

import csv
import io
import json
import shutil
import signal
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from cli.conftest import Cli, wait_for
from recognizance.cli.archives import read_archive
from recognizance.cli.buckets import read_bucket
from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.naming import Naming
from recognizance.errors import ImageError, ImageTooLargeError
from recognizance.settings import read_settings

BYTES_MAX = 1_000_000
KEYS = ("RKS3", "secret of a throw-away S3 server")
PEOPLE = 24


@pytest.fixture(scope="session")
def portraits(faces: Path) -> list[Path]:
    return sorted((faces / "london" / "neutral_front").glob("*.jpg"))[:PEOPLE]


def add(tar: tarfile.TarFile, name: str, data: bytes, **facts: Any) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for fact, value in facts.items():
        setattr(member, fact, value)
    tar.addfile(member, io.BytesIO(data))


def make_tar(path: Path, portraits: list[Path], mode: str = "w") -> Path:
    """A tar as people make them: folders, side files of macOS, a link, a text, long names."""
    with tarfile.open(path, mode) as tar:
        for number, portrait in enumerate(portraits):
            add(tar, f"./people/{'long' * 40 if number == 0 else number}/{portrait.stem}.JPG", portrait.read_bytes())
            add(tar, f"./people/{number}/._{portrait.stem}.jpg", b"Mac OS X")
        add(tar, "notes.txt", b"no photograph")
        add(tar, "link.jpg", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add(tar, "../../etc/outside.jpg", portraits[0].read_bytes())
    return path


def make_zip(path: Path, portraits: list[Path]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("people")
        for portrait in portraits:
            archive.write(portrait, f"people/{portrait.name}")
            archive.writestr(f"__MACOSX/people/._{portrait.name}", b"Mac OS X")
        archive.writestr("notes.txt", "no photograph")
    return path


ARCHIVES: dict[str, Callable[[Path, list[Path]], Path]] = {
    "a.zip": make_zip,
    "a.tar": make_tar,
    "a.tar.gz": lambda path, portraits: make_tar(path, portraits, "w:gz"),
    "a.tgz": lambda path, portraits: make_tar(path, portraits, "w:gz"),
    "a.tar.bz2": lambda path, portraits: make_tar(path, portraits, "w:bz2"),
    "a.tar.xz": lambda path, portraits: make_tar(path, portraits, "w:xz"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_photographs_of_an_archive_are_those_that_were_put_in(name: str, portraits: list[Path], tmp_path: Path) -> None:
    path = ARCHIVES[name](tmp_path / name, portraits[:4])
    before = sorted(tmp_path.rglob("*"))
    source = read_archive(path, Naming.NAME)
    outside = 0 if name == "a.zip" else 1
    assert (source.count, source.skipped) == (4 + outside, 5 if name == "a.zip" else 6)
    found = [(item, item.place.ready(BYTES_MAX)) for item in source.walk()]
    assert [place.read(BYTES_MAX) for _, place in found][:4] == [portrait.read_bytes() for portrait in portraits[:4]]
    assert [item.external_id for item, _ in found][:4] == [portrait.stem for portrait in portraits[:4]]
    assert len({item.place.identity for item, _ in found}) == len(found)
    assert [item.place.state() for item, _ in found] == [item.place.state() for item in source.walk()]
    source.close()
    by_path = [item.external_id for item in read_archive(path, Naming.PATH).walk()]
    assert by_path[1] == (f"people:{portraits[1].stem}" if name == "a.zip" else f"people:1:{portraits[1].stem}")
    assert sorted(tmp_path.rglob("*")) == before, "nothing is unpacked"


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("damage", ["cut", "no archive", "empty"])
def test_a_broken_archive_is_refused_before_anything_is_enrolled(
    name: str, damage: str, portraits: list[Path], tmp_path: Path
) -> None:
    path = ARCHIVES[name](tmp_path / name, portraits[:4])
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[: len(whole) // 2 + 77], "no archive": b"hello " * 400, "empty": b""}[damage])
    with pytest.raises(MisuseError, match="no whole archive"):
        read_archive(path, Naming.NAME)


def test_a_damaged_header_is_not_taken_for_the_end(portraits: list[Path], tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar", portraits[:4])
    with tarfile.open(path) as tar:
        third = [member for member in tar if member.name.endswith(".JPG")][2]
    whole = bytearray(path.read_bytes())
    whole[third.offset : third.offset + 100] = b"\xff" * 100
    path.write_bytes(whole)
    with pytest.raises(MisuseError, match="damaged"):
        read_archive(path, Naming.NAME)


def test_a_header_that_wants_the_memory_gets_none(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        add(tar, "one.jpg", b"x" * 100)
        add(tar, "long", b"a" * 8_000_000, type=tarfile.GNUTYPE_LONGNAME)
        add(tar, "two.jpg", b"x" * 100)
    with pytest.raises(MisuseError, match="not to be believed"):
        read_archive(path, Naming.NAME)


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_member_that_is_too_large_is_not_read(name: str, portraits: list[Path], tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "a.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb.jpg", bytes(50_000_000))
            archive.write(portraits[0], "good.jpg")
            archive.writestr("empty.jpg", b"")
    else:
        with tarfile.open(path, "w:gz") as tar:
            add(tar, "bomb.jpg", bytes(50_000_000))
            add(tar, "good.jpg", portraits[0].read_bytes())
            add(tar, "empty.jpg", b"")
    source = read_archive(path, Naming.NAME)
    bomb, good, empty = (item.place.ready(BYTES_MAX) for item in source.walk())
    with pytest.raises(ImageTooLargeError):
        bomb.read(BYTES_MAX)
    with pytest.raises(ImageError, match="empty"):
        empty.read(BYTES_MAX)
    assert good.read(BYTES_MAX) == portraits[0].read_bytes()
    source.close()


def test_a_zip_whose_directory_lies_gives_an_error_for_that_photograph(portraits: list[Path], tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", portraits[:2])
    whole = bytearray(path.read_bytes())
    whole[2000:2100] = b"\0" * 100  # in the middle of the first photograph
    path.write_bytes(whole)
    source = read_archive(path, Naming.NAME)
    first, second = (item.place for item in source.walk())
    with pytest.raises(ImageError, match="cannot be read"):
        first.read(BYTES_MAX)
    assert second.read(BYTES_MAX) == portraits[1].read_bytes()
    source.close()


def test_an_encrypted_zip_says_what_to_do(served: Cli, portraits: list[Path], tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", portraits[:1])
    whole = bytearray(path.read_bytes())
    place = whole.rindex(b"PK\x01\x02", 0, whole.rindex(b"people/001"))  # the photograph's row in the directory
    whole[place + 8] |= 1
    path.write_bytes(whole)
    result = served("enrol", path, "-g", "closed")
    assert result.code == ExitCode.USAGE
    assert "encrypted" in result.err
    assert "Unpack it" in result.err


@pytest.mark.parametrize("name", ["a.zip", pytest.param("a.tar.gz", marks=pytest.mark.long)])
def test_a_kill_in_the_middle_of_an_archive_and_the_next_run_goes_on(
    cli: Cli, name: str, portraits: list[Path], tmp_path: Path
) -> None:
    path = ARCHIVES[name](tmp_path / name, portraits)
    process = cli.start("enrol", path, "-g", "people")
    wait_for(lambda: acknowledged(cli.home) >= 5, "acknowledgement")
    process.kill()
    process.communicate()
    before = acknowledged(cli.home)
    result = cli("enrol", path, "-g", "people")
    assert result.code == 0, result.err
    expected = PEOPLE if name == "a.zip" else PEOPLE + 1  # "outside" shows the first person again
    assert acknowledged(cli.home) == expected, "every photograph once"
    assert before < expected
    rows = cli("galleries", "--json").json()["galleries"]
    assert [row["references"] for row in rows] == [expected]
    again = cli("enrol", path, "-g", "people")
    assert again.code == 0
    assert "0 faces enrolled" in again.out
    assert acknowledged(cli.home) == expected


def acknowledged(home: Path) -> int:
    """Count the lines that acknowledge a photograph; the last one may be cut short."""
    lines = [line for path in (home / "enrolments").glob("*.jsonl") for line in path.read_text().splitlines()]
    return sum(line.startswith("[") and line.endswith("]") for line in lines)


@dataclass
class Bucket:
    """An S3 server's bucket ``photos``, and the settings that lead there."""

    s3: Any
    settings: dict[str, str]


@pytest.fixture(scope="module")
def bucket(portraits: list[Path]) -> Iterator[Bucket]:
    moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS[0],
        aws_secret_access_key=KEYS[1],
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )
    s3.create_bucket(Bucket="photos")
    s3.create_bucket(Bucket="private")
    for number, portrait in enumerate(portraits[:6]):
        s3.put_object(Bucket="photos", Key=f"people/{number} é/{portrait.name}", Body=portrait.read_bytes())
    for key in ("people/", "people/notes.txt", "people/.hidden.jpg", "elsewhere/photo.jpg"):
        s3.put_object(Bucket="photos", Key=key, Body=b"no photograph")
    settings = {
        "RECOGNIZANCE_S3_ENDPOINT": endpoint,
        "RECOGNIZANCE_S3_BUCKETS": json.dumps(["photos"]),
        "RECOGNIZANCE_S3_ACCESS_KEY_ID": KEYS[0],
        "RECOGNIZANCE_S3_SECRET_ACCESS_KEY": KEYS[1],
    }
    yield Bucket(s3, settings)
    s3.close()
    moto.stop()


def test_a_prefix_is_enrolled_and_what_changed_is_sent_again(
    served: Cli, bucket: Bucket, portraits: list[Path], tmp_path: Path
) -> None:
    cli = replace(served, extra=served.extra | bucket.settings)
    report = tmp_path / "report.csv"
    bucket.s3.put_object(Bucket="photos", Key="people/empty.jpg", Body=b"")
    result = cli("enrol", "s3://photos/people/", "-g", "bucket", "--report", report, "--external-id", "path")
    assert result.code == ExitCode.PARTLY, result.err
    assert "6 faces enrolled" in result.out
    assert "2 other files passed over" in result.out
    with report.open(newline="") as file:
        assert [(row["file"], row["reasons"]) for row in csv.DictReader(file)] == [
            ("s3://photos/people/empty.jpg", "UNREADABLE")
        ]
    again = cli("enrol", "s3://photos/people/", "-g", "bucket", "--external-id", "path")
    assert "0 faces enrolled" in again.out
    bucket.s3.put_object(Bucket="photos", Key="people/empty.jpg", Body=portraits[6].read_bytes())
    changed = cli("enrol", "s3://photos/people", "-g", "bucket", "--external-id", "path")
    assert changed.code == 0, changed.err
    assert "1 face enrolled" not in changed.out, "another root, other external ids"
    same = cli("enrol", "s3://photos/people/", "-g", "bucket", "--external-id", "path")
    assert "1 face enrolled" in same.out


def test_a_prefix_of_more_than_a_page_is_listed_whole(bucket: Bucket, tmp_path: Path) -> None:
    for number in range(1003):
        bucket.s3.put_object(Bucket="photos", Key=f"many/{number:04}.jpg", Body=b"x")
    named = {name.removeprefix("RECOGNIZANCE_").lower(): value for name, value in bucket.settings.items()}
    settings = read_settings(home=tmp_path, **{**named, "s3_buckets": ("photos",)})
    source = read_bucket("s3://photos/many/", Naming.NAME, settings)
    assert [item.external_id for item in source.walk()] == [f"{number:04}" for number in range(1003)]
    item = next(source.walk())
    assert item.place.read(BYTES_MAX) == b"x"
    bucket.s3.put_object(Bucket="photos", Key="many/0000.jpg", Body=b"y")
    with pytest.raises(ImageError, match=r"many/0000\.jpg"):
        item.place.read(BYTES_MAX)  # it is not what was listed
    source.close()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("s3://private/people/", "may not be read"),
        ("s3:///people", "names no bucket"),
    ],
)
def test_buckets_that_the_settings_do_not_allow(served: Cli, bucket: Bucket, source: str, told: str) -> None:
    cli = replace(served, extra=served.extra | bucket.settings)
    result = cli("enrol", source, "-g", "bucket")
    assert result.code in (ExitCode.UNAVAILABLE, ExitCode.USAGE)
    assert told in result.err


def test_a_bucket_that_cannot_be_listed_is_told(served: Cli, bucket: Bucket) -> None:
    unreachable = {**bucket.settings, "RECOGNIZANCE_S3_ENDPOINT": "http://127.0.0.1:9"}
    result = replace(served, extra=served.extra | unreachable)("enrol", "s3://photos/people/", "-g", "bucket")
    assert result.code == ExitCode.UNAVAILABLE
    assert "cannot be listed" in result.err
    result = served("enrol", "s3://photos/people/", "-g", "bucket")
    assert result.code == ExitCode.UNAVAILABLE
    assert "name no S3 endpoint" in result.err


def test_ctrl_c_in_an_archive_acknowledges_what_was_sent(cli: Cli, portraits: list[Path], tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar", portraits)
    process = cli.start("enrol", path, "-g", "people", "--jobs", "2")
    wait_for(lambda: acknowledged(cli.home) >= 3, "acknowledgement")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "goes on where it was" in err
    (row,) = cli("galleries", "--json").json()["galleries"]
    assert row["references"] == acknowledged(cli.home)


def test_a_moved_archive_is_sent_again_and_stored_once(cli: Cli, portraits: list[Path], tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", portraits[:3])
    with cli.serving():
        assert "3 faces enrolled" in cli("enrol", path, "-g", "people").out
        shutil.move(path, tmp_path / "b.zip")
        assert "3 photographs were enrolled already" in cli("enrol", tmp_path / "b.zip", "-g", "people").out
