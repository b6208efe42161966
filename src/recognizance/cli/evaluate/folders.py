"""Folders of photographs that the commands of `recognizance evaluate` take."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recognizance.cli.errors import MisuseError
from recognizance.cli.items import EXTENSIONS, is_photograph
from recognizance.cli.terminal import count, show_warning

if TYPE_CHECKING:
    from recognizance.workflows.evaluate.service import Photographs

GalleryOption = Annotated[
    Path, typer.Option(help="The folder of photographs that are searched, one face each.", file_okay=False, exists=True)
]
ProbesOption = Annotated[
    Path, typer.Option(help="The folder of photographs that are searched for.", file_okay=False, exists=True)
]
SearchLabelsOption = Annotated[
    Path | None,
    typer.Option(
        help="A CSV file with a column `file` and one for each label; a column `subject` names the person.  Names are "
        "as below --gallery and --probes; gallery/NAME or probes/NAME where the same name is not the same person.",
        dir_okay=False,
        exists=True,
    ),
]

_OTHERS = frozenset({".webp", ".gif", ".heic", ".heif", ".avif", ".bmp", ".tif", ".tiff"})


def photographs_in(folder: Path) -> "Photographs":
    """List the JPEGs and PNGs below a folder, in order of their names; hidden ones are left out.

    That photographs of other formats are left out is told.

    Raises
    ------
    MisuseError
        If there are none, or no report could name one.
    """
    from recognizance.workflows.evaluate.service import Photographs

    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    found = tuple(name for name in names if is_photograph(name))
    if not found:
        raise MisuseError(f"There is no photograph in {folder}.", f"They end in {', '.join(sorted(EXTENSIONS))}.")
    unnameable = [name for name in found if name != os.fsencode(name).decode("utf-8", "replace")]
    if unnameable:
        raise MisuseError(f"{unnameable[0]!a} in {folder} is not named in UTF-8.", "Rename it.")
    others = [name for name in names if Path(name).suffix.lower() in _OTHERS]
    if others:
        show_warning(
            f"In {folder} {count(len(others), 'file')} that are no JPEG or PNG are left out, such as {others[0]}.",
            "Convert them, or the sample is of the others only.",
        )
    return Photographs(folder, found)
