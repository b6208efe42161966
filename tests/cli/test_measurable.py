"""What a command that can measure elsewhere refuses before it looks for credentials; and who it takes to be there."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from recognizance.cli import terminal
from recognizance.cli.errors import MisuseError
from recognizance.cli.evaluate.elsewhere import Elsewhere, measurable
from recognizance.cli.evaluate.folders import photographs_in
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import is_attended


@measurable
def measure(context: SimpleNamespace, out: Path) -> int:
    return 0


@pytest.mark.parametrize(
    "url",
    ["http://", "ftp://host", "http://[::1", "http://host:99999", "http://host:port", "http://a b/", "http://a..b/"],
)
def test_what_is_no_address_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="--endpoint cannot be"):
        measure(context=SimpleNamespace(obj=Invocation()), out=tmp_path, **asdict(Elsewhere(endpoint=url)))


def test_nobody_is_asked_where_standard_input_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert not is_attended()


def test_a_name_that_no_report_could_write_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.jpg")).write_bytes(b"1")
    with pytest.raises(MisuseError, match="is not named in UTF-8"):
        photographs_in(tmp_path)


def test_no_news_is_told_of_no_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(terminal, "_NEWS_SECONDS", 0.0)  # what reading many photographs takes longer than
    monkeypatch.setattr(terminal, "messages", lambda: terminal._console(sys.stderr))
    with terminal.progress("Comparing", 3, "pair") as advance:
        advance(0)
        advance(1)
    assert capsys.readouterr().err.count("Comparing: 1 of 3 pairs") == 1


def test_photographs_that_the_api_does_not_take_are_not_left_out_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "messages", lambda: terminal._console(sys.stderr))
    for name in ("a.jpg", "b.HEIC", "c.webp", "labels.csv"):
        (tmp_path / name).write_bytes(b"1")
    assert photographs_in(tmp_path).names == ("a.jpg",)
    assert "2 files that are no JPEG or PNG are left out, such as b.HEIC" in capsys.readouterr().err
