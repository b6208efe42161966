import inspect
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from cli.conftest import Cli
from recognizance import errors
from recognizance.cli.errors import EXIT_CODES, ExitCode

ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.RecognizanceError)]


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_has_an_exit_code(kind: type[errors.RecognizanceError]) -> None:
    assert kind in EXIT_CODES


def test_the_manual_lists_every_exit_code() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert f"| {int(code)} |" in text


def test_photographs_that_cannot_be_used_are_named(served: Cli, faces: Path, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("not a photograph")
    (tmp_path / "empty.jpg").touch()
    nothing = tmp_path / "nothing.png"
    Image.new("RGB", (300, 300), "grey").save(nothing)
    cases = [
        (faces / "broken" / "truncated.jpg", "not a whole JPEG or PNG"),
        (tmp_path / "text.jpg", "not a whole JPEG or PNG"),
        (tmp_path / "empty.jpg", "is empty"),
        (tmp_path, "is a folder"),
        (nothing, "No face was found"),
    ]
    results = served.together(*(("search", path, "--gallery", "people") for path, _ in cases))
    for result, (path, words) in zip(results, cases, strict=True):
        assert result.code == ExitCode.PHOTOGRAPH, path
        assert words in result.err
        assert str(path) in result.err
        assert result.out == ""


def test_what_is_not_there_and_what_is_asked_wrongly(served: Cli, folder: Path, tmp_path: Path) -> None:
    photo = next(folder.rglob("*.jpg"))
    cases: list[tuple[ExitCode, tuple[str | Path, ...]]] = [
        (ExitCode.NOT_FOUND, ("search", tmp_path / "none.jpg", "-g", "people")),
        (ExitCode.NOT_FOUND, ("search", photo, "-g", "nowhere")),
        (ExitCode.NOT_FOUND, ("export", "-g", "nowhere", "--out", tmp_path / "out")),
        (ExitCode.NOT_FOUND, ("enrol", folder, "-g", "nowhere", "--no-create")),
        (ExitCode.USAGE, ("galleries", "create", "a/b")),
        (ExitCode.CONFLICT, ("galleries", "create", "people")),
        (ExitCode.USAGE, ("galleries", "delete", "people")),  # there is no terminal to ask
        (ExitCode.USAGE, ("import", "-g", "people")),
        (ExitCode.USAGE, ("detect", photo, "--draw", photo)),
    ]
    results = served.together(*(arguments for _, arguments in cases))
    for result, (code, arguments) in zip(results, cases, strict=True):
        assert result.code == code, (arguments, result.err)
    wrong = served("search", photo)
    assert wrong.code == ExitCode.USAGE
    assert "--gallery" in wrong.err
    assert "recognizance search --help" in wrong.err


def test_a_home_that_cannot_be_used_is_told(model_cache: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = Cli(tmp_path / "file" / "home", model_cache)("galleries")
    assert result.code == ExitCode.UNAVAILABLE
    assert "RECOGNIZANCE_HOME" in result.err
    wrong = Cli(tmp_path / "home", model_cache, {"RECOGNIZANCE_PORT": "many"})("galleries")
    assert wrong.code == ExitCode.UNAVAILABLE
    assert "port" in wrong.err


def test_debug_shows_the_trace(served: Cli, tmp_path: Path) -> None:
    process = served.start("--debug", "search", tmp_path / "none.jpg", "-g", "people")
    _, err = process.communicate()
    assert process.returncode == ExitCode.NOT_FOUND
    assert "Traceback" in err


def test_a_reader_that_goes_away_ends_the_command_quietly(served: Cli) -> None:
    read, write = os.pipe()
    os.close(read)
    process = served.start("galleries", "--json", stdout=write)
    os.close(write)
    _, err = process.communicate()
    assert process.returncode == ExitCode.READER_GONE
    assert err == ""


def test_names_need_not_be_text(served: Cli, folder: Path, tmp_path: Path) -> None:
    strange = os.fsencode(tmp_path) + b"/f\xfcr [bold]x.jpg"
    Path(os.fsdecode(strange)).write_bytes(next(folder.rglob("*.jpg")).read_bytes())
    result = served("enrol", tmp_path, "-g", "strange", "--report", tmp_path / "report.csv")
    assert result.code == 0, result.err
    result = served("search", os.fsdecode(strange), "-g", "strange", "--json")
    assert result.json()["candidates"][0]["rank"] == 1
    missing = served("search", os.fsdecode(strange) + "x", "-g", "strange")
    assert missing.code == ExitCode.NOT_FOUND
    assert "[bold]x.jpgx" in missing.err


def test_colour_only_for_terminals_that_want_it(served: Cli) -> None:
    def on_terminal(**extra: str) -> str:
        master, slave = os.openpty()
        cli = Cli(served.home, served.cache, {"TERM": "xterm", "COLUMNS": "60", **extra})
        process = cli.start("galleries", stdout=slave, stderr=subprocess.DEVNULL)
        process.wait(60)
        os.close(slave)
        shown = os.read(master, 1 << 16).decode()
        os.close(master)
        return shown

    with ThreadPoolExecutor(2) as pool:
        coloured = pool.submit(on_terminal)
        plain = on_terminal(NO_COLOR="1")
    assert "\x1b[1m" in coloured.result()
    assert "\x1b[3" not in plain
    assert "people" in plain
    assert "\x1b[" not in served("galleries").out
