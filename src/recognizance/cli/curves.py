"""Curves of a search's cost by gallery size: in the terminal, or in a file."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recognizance.cli.errors import MisuseError

if TYPE_CHECKING:
    from recognizance.workflows.bench.searching import Searches

_CURVES = (
    ("numpy_ms", "x", "numpy float32"),
    ("search_ms", "O", "one query, one thread"),
    ("batch_search_ms", "o", "each of 32 at once"),
    ("streaming_read_ms", "-", "reading the bytes only"),
)
_HEIGHT = 12
_MARGIN = 10


def require_plottable(path: Path) -> None:
    """Refuse a file that cannot be drawn into, before anything is measured.

    Raises
    ------
    MisuseError
    """
    if path.suffix.lower() not in (".svg", ".png"):
        raise MisuseError(f"{path} is neither .svg nor .png by its name.")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise MisuseError(f"{path} cannot be written: its folder does not exist, or it is one itself.")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MisuseError(
            "Drawing into a file needs matplotlib, which is not installed.",
            'Install it (pip install "recognizance[bench]"), or leave --plot out: the terminal shows the curves too.',
        ) from error


def draw(measured: Sequence["Searches"], path: Path, *, title: str) -> None:
    """Draw the curves into a file, with logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "recognizance"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    for name, _, label in _CURVES:
        points = [(row.references, getattr(row, name)) for row in measured if getattr(row, name) is not None]
        if points:
            style = "--" if name == "streaming_read_ms" else "-"
            axes.plot(*zip(*points, strict=True), style, marker="o", markersize=4, label=label)
    axes.set(xscale="log", yscale="log", xlabel="references", ylabel="milliseconds", title=title)
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
    pyplot.close(figure)


def sketch(measured: Sequence["Searches"], *, width: int) -> list[str]:
    """Draw the curves with letters, with logarithmic axes; lines of at most `width` columns."""
    points = [
        (math.log10(row.references), math.log10(max(value, 1e-3)), sign)
        for name, sign, _ in reversed(_CURVES[1:] + _CURVES[:1])  # where two fall together, the search is seen
        for row in measured
        if (value := getattr(row, name)) is not None
    ]
    left, right = min(x for x, _, _ in points), max(x for x, _, _ in points)
    bottom, top = (math.floor(min(y for _, y, _ in points)), math.ceil(max(y for _, y, _ in points)))
    columns = max(20, width - _MARGIN - 8)
    canvas = [[" "] * columns for _ in range(_HEIGHT)]
    for x, y, sign in points:
        column = round((x - left) / (right - left or 1) * (columns - 1))
        line = round((top - y) / (top - bottom or 1) * (_HEIGHT - 1))
        canvas[line][column] = sign
    ticks = {round((top - power) / (top - bottom or 1) * (_HEIGHT - 1)): power for power in range(bottom, top + 1)}
    lines = []
    for number, cells in enumerate(canvas):
        label = f"{10.0 ** ticks[number]:g} ms" if number in ticks else ""
        lines.append(f"{label:>{_MARGIN - 2}} |{''.join(cells)}".rstrip())
    lines.append(" " * (_MARGIN - 2) + " +" + "-" * columns)
    axis = [" "] * (columns + 12)
    for row in measured:
        at = round((math.log10(row.references) - left) / (right - left or 1) * (columns - 1))
        text = f"{row.references:,}"
        begin = max(0, min(at - len(text) // 2, columns + 8 - len(text)))
        axis[begin : begin + len(text)] = text
    lines.append((" " * _MARGIN + "".join(axis)).rstrip())
    lines.append(" " * _MARGIN + "   ".join(f"{sign} {label}" for _, sign, label in _CURVES))
    return lines
