"""Leave a report: the page, the numbers and the trials."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from recognizance.cli.terminal import output


def leave(
    out: Path, document: Mapping[str, Any], page: str, columns: Sequence[str], trials: Iterable[Sequence[object]]
) -> None:
    """Write report.json, report.html and trials.csv, each whole or not at all, and say where."""
    with replaced(out / "trials.csv") as file:
        write_rows(file, columns, trials)
    with replaced(out / "report.html") as file:
        file.write(page)
    with replaced(out / "report.json") as file:
        file.write(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    output().print(f"Written to {out}: report.html, report.json, trials.csv.", soft_wrap=True)


def write_rows(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV, for programs and for spreadsheets."""
    from recognizance.workflows.evaluate.spreadsheet import guarded

    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows(map(guarded, row) for row in rows)


@contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """Write a text file that takes the place of the one at `path` when it is complete."""
    draft = path.with_name(path.name + ".tmp")
    with draft.open("w", newline="", encoding="utf-8") as file:
        yield file
    draft.replace(path)
