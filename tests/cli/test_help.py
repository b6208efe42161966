import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.conftest import Cli
from recognizance import __version__
from recognizance.cli.app import app
from recognizance.cli.calibrate import SAME_PERSON_SCORE
from recognizance.workflows import calibrate

MANUAL = Path(__file__).parents[2] / "docs" / "cli.md"


def commands(command: Any, path: str = "recognizance") -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


ALL = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", ALL)
def test_every_command_and_every_option_says_what_it_is_for(path: str) -> None:
    command = ALL[path]
    assert command.help
    for parameter in command.params:
        assert parameter.help, f"{path} {parameter.name}"


@pytest.mark.parametrize("path", ALL)
def test_the_manual_has_every_command_and_every_option(path: str) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    assert path.removeprefix("recognizance ") in text
    for parameter in ALL[path].params:
        for name in parameter.opts:
            if name.startswith("--") and name != "--help":
                assert re.search(rf"{re.escape(name)}\b", text), f"{path} {name}"


def test_help_and_version_are_printed_and_quick(cli: Cli) -> None:
    began = time.monotonic()
    assert "enrol" in cli("--help").out
    assert time.monotonic() - began < 5  # half a second on a machine that does nothing else
    assert cli().out == cli("--help").out
    assert cli("--version").out == f"recognizance {__version__}\n"
    assert not cli.home.exists()


def test_the_default_shown_is_that_of_the_workflow() -> None:
    assert SAME_PERSON_SCORE == calibrate.SAME_PERSON_SCORE
