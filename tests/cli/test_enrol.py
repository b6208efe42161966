import csv
import json
import shutil
import signal
from pathlib import Path

import pytest
from PIL import Image

from cli.conftest import Cli, wait_for
from recognizance.cli.errors import ExitCode
from recognizance.cli.journal import digest

PHOTOGRAPHS = 24


@pytest.fixture(scope="session")
def many(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four people, one photograph each."""
    made = tmp_path_factory.mktemp("many")
    for path in sorted((faces / "london" / "neutral_front").glob("*.jpg"))[:PHOTOGRAPHS]:
        shutil.copy(path, made / path.name)
    return made


def gallery(cli: Cli, name: str) -> dict[str, object]:
    (row,) = [row for row in cli("galleries", "--json").json()["galleries"] if row["name"] == name]
    return row


def acknowledged(home: Path, photographs: Path) -> list[str]:
    """List the photographs whose digests journals hold; the last line may be cut short."""
    found = []
    for path in (home / "enrolments").glob("*.jsonl"):
        named: dict[str, str] = {}
        for line in path.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                named = {digest(row["salt"], str(file)): file.stem for file in photographs.rglob("*") if file.is_file()}
            elif row[2]:
                found.append(named[row[0]])
    return found


def test_nothing_acknowledged_is_lost_by_a_kill_and_the_next_run_goes_on(cli: Cli, many: Path, tmp_path: Path) -> None:
    process = cli.start("enrol", many, "-g", "people")
    wait_for(lambda: len(acknowledged(cli.home, many)) >= 5, "acknowledgement")
    process.kill()
    process.communicate()
    before = acknowledged(cli.home, many)
    assert 5 <= len(before) < PHOTOGRAPHS
    assert cli("export", "-g", "people", "--out", tmp_path / "export").code == 0
    with (tmp_path / "export" / "references.jsonl").open() as lines:
        present = {json.loads(line)["external_id"] for line in lines}
    assert set(before) <= present

    result = cli("enrol", many, "-g", "people")
    assert result.code == 0, result.err
    assert f"{PHOTOGRAPHS - len(present)} faces enrolled" in result.out
    assert gallery(cli, "people")["references"] == PHOTOGRAPHS


def test_ctrl_c_finishes_what_is_under_way_and_says_how_to_go_on(cli: Cli, many: Path) -> None:
    process = cli.start("enrol", many, "-g", "people", "--jobs", "2")
    wait_for(lambda: len(acknowledged(cli.home, many)) >= 3, "acknowledgement")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "goes on where it was" in err
    assert "enrolled into people" in out
    assert gallery(cli, "people")["references"] == len(acknowledged(cli.home, many))


def test_enrolling_again_stores_nothing_twice(served: Cli, folder: Path, tmp_path: Path) -> None:
    again = served("enrol", folder, "-g", "people")
    assert again.code == 0
    assert "0 faces enrolled" in again.out
    assert "1 other file passed over" in again.out
    for path in (served.home / "enrolments").glob("*.jsonl"):
        path.unlink()
    sent = served("enrol", folder, "-g", "people")
    assert "8 photographs were enrolled already" in sent.out
    assert gallery(served, "people")["references"] == 8


def test_what_is_not_enrolled_is_reported_with_reasons(served: Cli, faces: Path, folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(faces / "broken" / "truncated.jpg", source / "broken.jpg")
    shutil.copy(next(folder.rglob("*.jpg")), source / "GOOD.JPG")
    (source / "closed.jpg").write_bytes(b"")
    Image.new("RGB", (300, 300), "grey").save(source / "nobody.png")
    report = tmp_path / "report.csv"
    result = served("enrol", source, "-g", "mixed", "--report", report)
    assert result.code == ExitCode.PARTLY
    assert "1 face enrolled" in result.out
    assert "3 photographs were not enrolled" in result.out
    with report.open(newline="") as file:
        rows = {Path(row["file"]).name: row["reasons"] for row in csv.DictReader(file)}
    assert rows == {"broken.jpg": "InvalidImageFormat", "closed.jpg": "UNREADABLE", "nobody.png": "NO_FACE"}


def test_a_csv_file_names_photographs_and_external_ids(served: Cli, folder: Path, tmp_path: Path) -> None:
    first, second, third = sorted(folder.rglob("*.jpg"))[:3]
    listing = tmp_path / "list.csv"
    listing.write_text(f"file,external_id\n{first},person:1\n{second},\n{third},not allowed!\n{tmp_path}/no.jpg,x\n")
    result = served("enrol", listing, "-g", "listed")
    assert result.code == ExitCode.PARTLY
    assert "2 faces enrolled" in result.out
    found = served("search", first, "-g", "listed", "--json").json()["candidates"]
    assert {row["external_id"] for row in found} >= {"person:1"}
    listing.write_text("photo,external_id\na.jpg,b\n")
    assert served("enrol", listing, "-g", "listed").code == ExitCode.USAGE


def test_a_gallery_made_anew_is_filled_anew(served: Cli, folder: Path) -> None:
    photo = next(folder.rglob("*.jpg"))
    for _ in range(2):
        assert "1 face enrolled" in served("enrol", photo, "-g", "fleeting", "--no-photographs").out
        journals = len(list((served.home / "enrolments").iterdir()))
        assert served("galleries", "delete", "fleeting", "--yes").code == 0
        assert len(list((served.home / "enrolments").iterdir())) == journals - 1


@pytest.mark.long
def test_a_kill_between_requests_of_several_photographs(cli: Cli, faces: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for expression in ("neutral_front", "smiling_front"):
        for path in sorted((faces / "london" / expression).glob("*.jpg"))[:70]:
            shutil.copy(path, source / f"{path.stem}-{expression}.jpg")
    (source / "0-empty.jpg").write_bytes(b"")
    shutil.copy(faces / "broken" / "truncated.jpg", source / "050-broken.jpg")
    enrolled = len(list(source.glob("*front.jpg")))
    options = ("-g", "people", "--jobs", "2", "--report", tmp_path / "report.csv")
    process = cli.start("enrol", source, *options)
    wait_for(lambda: len(acknowledged(cli.home, source)) >= 8, "acknowledgement")
    process.kill()
    process.communicate()
    before = acknowledged(cli.home, source)
    assert 8 <= len(before) < enrolled

    result = cli("enrol", source, *options)
    assert result.code == ExitCode.PARTLY, result.err
    assert gallery(cli, "people")["references"] == enrolled
    assert sorted(acknowledged(cli.home, source)) == sorted(path.stem for path in source.glob("*front.jpg"))
    with (tmp_path / "report.csv").open(newline="") as file:
        rows = {Path(row["file"]).name: row["reasons"] for row in csv.DictReader(file)}
    assert rows == {"0-empty.jpg": "UNREADABLE", "050-broken.jpg": "InvalidImageFormat"}
