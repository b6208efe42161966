"""What people see: consoles, tables, progress, and numbers in words."""

import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH_OF_FILES = 160
"""Columns where the output is no terminal and COLUMNS is not set: nothing has to be cut there."""

WIDTH_FOR_IDENTIFIERS = 110
"""From this many columns on, tables show identifiers in full."""

_NEWS_SECONDS = 10.0


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@cache
def output() -> Console:
    """Give the console for results."""
    return _console(sys.stdout)


@cache
def messages() -> Console:
    """Give the console for what is said beside the results: progress, warnings, errors."""
    return _console(sys.stderr)


def _console(stream: Any) -> Console:
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_OF_FILES
    return _Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def is_attended() -> bool:
    """Tell whether there is somebody to ask: standard input is a terminal.  A daemon's may be closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def show_error(message: str, remedy: str = "") -> None:
    """Say what went wrong and what to do about it; lines are the terminal's to wrap."""
    _labelled("error: ", "bold red", message, remedy)


def show_warning(message: str, remedy: str = "") -> None:
    """Say what a person should know although it went well."""
    _labelled("warning: ", "bold yellow", message, remedy)


def _labelled(label: str, style: str, message: str, remedy: str) -> None:
    sys.stdout.flush()
    console = messages()
    console.print(Text.assemble((label, style), message), soft_wrap=True)
    if remedy:
        console.print(Text(remedy), soft_wrap=True)


def table(*columns: str, right: Sequence[str] = (), title: str | None = None) -> Table:
    """Begin a table; nothing in it is ever cut, long cells are folded."""
    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold", no_wrap=name in right)
    return made


def identifier(value: str, console: Console) -> str:
    """Shorten an identifier where the terminal is narrow; --json has it in full."""
    return value if console.width >= WIDTH_FOR_IDENTIFIERS else f"{value[:8]}…"


def percent(value: float) -> str:
    """Write a percent, never rounded up over a threshold that it does not reach."""
    return f"{math.floor(value * 10 + 1e-9) / 10:.1f} %"


def strangers(fmr: float) -> str:
    """Say how many strangers reach a score: ``1 in 120,000``; beyond what is known, less exactly."""
    if fmr <= 1e-7:
        return "under 1 in 10 million"
    return f"1 in {_two_digits(1 / fmr):,}"


def few(value: float) -> str:
    """Write an expected number with two significant digits, without powers of ten."""
    if value == 0:
        return "0"
    if value >= 10:
        return f"{_two_digits(value):,}"
    digits = max(0, 1 - math.floor(math.log10(value)))
    return f"{value:.{digits}f}" if digits <= 7 else "under 0.0000001"


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Write how long something takes, as roughly as one wants to know it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _two_digits(value: float) -> int:
    scale = 10.0 ** max(0, math.floor(math.log10(max(value, 1))) - 1)
    return int(round(value / scale) * scale)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say on a terminal what is waited for."""
    console = messages()
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


class Advance(Protocol):
    """Counts work that is done."""

    def __call__(self, steps: int = 1) -> None:
        """Count `steps` more."""


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Advance]:
    """Show a bar with rate and time left; where there is no terminal, a line every ten seconds."""
    console = messages()
    if console.is_terminal:
        with _bar(console, unit) as bar:
            task = bar.add_task(what, total=total)
            _shown.append(bar)
            try:
                yield lambda steps=1: bar.advance(task, steps)
            finally:
                _shown.remove(bar)
        return
    done = done_then = 0
    told = time.monotonic()

    def advance(steps: int = 1) -> None:
        nonlocal done, done_then, told
        done += steps
        now = time.monotonic()
        if now - told >= _NEWS_SECONDS and done > done_then:
            # The rate since the last line: what an earlier run has done is passed over in no time.
            rate = (done - done_then) / (now - told)
            console.print(
                f"{what}: {done:,} of {count(total, unit)}, {rate:.1f}/s, {duration((total - done) / rate)} left"
            )
            told, done_then = now, done

    yield advance


@contextmanager
def aside() -> Iterator[None]:
    """Take the bar away while something is said and asked that has to stay readable."""
    for bar in _shown:
        bar.stop()
    yield
    for bar in _shown:
        bar.start()


_shown: list[Any] = []
"""The bar that is shown now, if any."""


def _bar(console: Console, unit: str) -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

    class Rate(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:.1f} {unit}s/s" if task.speed else "", style="dim")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=console,
        transient=True,
    )
