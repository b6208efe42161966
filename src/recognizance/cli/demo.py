"""`recognizance demo`: the main job on a real photograph."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from recognizance.cli.errors import ExitCode
from recognizance.cli.invocation import Invocation
from recognizance.cli.items import FilePlace, Item, Source
from recognizance.cli.naming import Naming
from recognizance.cli.sources import read_source
from recognizance.cli.terminal import count, output
from recognizance.errors import NoFaceError, NotFoundError

if TYPE_CHECKING:
    from recognizance.cli.connection import Connection
    from recognizance.cli.enrolment import Tally

GALLERY = "demo"
ASTRONAUT = "eileen-collins"

_FACE_SIDE_MIN_PX = 80
_CHANGES = "mirrored, smaller, darker, turned by 6 degrees, saved as a coarse JPEG"


def demo(
    context: typer.Context,
    photos: Annotated[
        Path | None,
        typer.Option(
            help="Your own photographs (folders in it too).  Default: the one that scikit-image ships.", file_okay=False
        ),
    ] = None,
) -> int:
    """Enrol a real photograph, change it, search for it, and say what the answer means."""
    from recognizance.cli.connection import connect
    from recognizance.cli.enrol import default_jobs, require_gallery
    from recognizance.cli.enrolment import enrol_all
    from recognizance.cli.journal import Journal
    from recognizance.cli.sending import Choice

    invocation: Invocation = context.obj
    console = output()
    if photos is None:
        source = Source.of((Item(FilePlace(astronaut()), ASTRONAUT),))
    else:
        source = read_source(str(photos), Naming.NAME, invocation.settings())
        if not source.count:
            raise NotFoundError(f"There are no JPEG or PNG files in {photos}.")
    jobs = default_jobs(invocation)
    with connect(invocation, jobs=jobs) as connection:
        row = require_gallery(connection, GALLERY, create=True, photographs=True)
        journal = Journal(connection.settings.home, row, "demo")  # never read: what is there is stored once anyway
        tally = enrol_all(
            connection, source, Choice(GALLERY), journal, jobs=jobs, report=lambda item, reasons, message: None
        )
        if tally.interrupted:
            raise KeyboardInterrupt
        journal.forget()
        if tally.exemplar is None:
            raise NoFaceError("No photograph with one clear face was found.", "Name other photographs with --photos.")
        enrolled = source.count - tally.not_enrolled
        console.print()
        _step(console, 1, _enrolment(connection, tally, enrolled, photos))
        probe = make_probe(connection, tally.exemplar)
        saved = _save(connection, probe) if photos is None else None
        _step(console, 2, f"Made a probe of {Path(tally.exemplar.name).name}: {_CHANGES}.")
        _step(console, 3, "Searched the gallery for it.")
        answer = connection.native.search_gallery(Gallery=GALLERY, Photograph=probe, CandidatesMax=5)
    _tell_answer(console, answer)
    _tell_next(console, invocation, saved)
    return ExitCode.OK


def astronaut() -> Path:
    """Find the photograph of Eileen Collins in the installed scikit-image, without importing its code.

    Raises
    ------
    NotFoundError
    """
    from importlib import metadata

    try:
        files = metadata.files("scikit-image") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.as_posix() == "skimage/data/astronaut.png":
            path = Path(str(file.locate()))
            if path.is_file():
                return path
    raise NotFoundError(
        "The photograph that scikit-image ships is not installed.",
        "Install it (pip install scikit-image), or name your own photographs with --photos.",
    )


def make_probe(connection: "Connection", item: Item) -> bytes:
    """Change a photograph as a search has to bear it; the face stays large enough to be compared."""
    from PIL import Image, ImageEnhance, ImageOps

    data = item.place.read(connection.settings.photograph_bytes_max)
    face = connection.native.detect_faces(Photograph=data)["Faces"][0]
    with Image.open(io.BytesIO(data)) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    side = face["Box"]["Width"] * upright.width
    scale = min(1.0, max(0.6, _FACE_SIDE_MIN_PX / side), 2000 / max(upright.size))
    smaller = upright.resize((round(upright.width * scale), round(upright.height * scale)))
    turned = ImageOps.mirror(smaller).rotate(6, Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))
    buffer = io.BytesIO()
    ImageEnhance.Brightness(turned).enhance(0.6).save(buffer, "JPEG", quality=50)
    return buffer.getvalue()


def _save(connection: "Connection", probe: bytes) -> Path:
    """Keep the probe for the person to search again; only of the photograph that everybody has."""
    folder = connection.settings.home / "demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "probe.jpg"
    path.write_bytes(probe)
    return path


def _enrolment(connection: "Connection", tally: "Tally", enrolled: int, photos: Path | None) -> str:
    row = connection.gallery(GALLERY) or {"References": 0}
    holds = f"which holds {count(row['References'], 'face')}"
    if photos is not None:
        return f"Enrolled {count(enrolled, 'photograph')} of {photos} into the gallery {GALLERY}, {holds}."
    done = "Enrolled" if tally.stored else "Found, from an earlier run,"
    return f"{done} astronaut.png (Eileen Collins, NASA; shipped by scikit-image) in the gallery {GALLERY}, {holds}."


def _step(console: Console, number: int, what: str) -> None:
    line = Table.grid(padding=(0, 2))
    line.add_column(style="bold cyan")
    line.add_column(overflow="fold")
    line.add_row(f" {number}", Text(what))
    console.print(line)


def _tell_answer(console: Console, answer: Mapping[str, Any]) -> None:
    from recognizance.cli.answers import entry_of, show_candidates

    console.print()
    show_candidates(console, answer)
    entry = entry_of(answer)
    console.print()
    console.print(
        "The similarity says how rare such a score is between strangers: 80 % is reached by 1 in 100,000 of them, "
        "90 % by 1 in a million.  The more faces a gallery holds, the more strangers reach a threshold."
    )
    if entry is not None:
        console.print(f"The search is on record as entry {entry}, written before the answer was given.", style="dim")


def _tell_next(console: Console, invocation: Invocation, probe: Path | None) -> None:
    console.print()
    console.print("Go on", style="bold")
    steps = [
        (invocation.command("enrol DIR --gallery NAME"), "your own photographs"),
        (invocation.command("search PHOTO --gallery NAME"), "for another face"),
        (invocation.command("serve"), "for Rekognition programs, e.g., in another shell:"),
    ]
    width = max(len(command) for command, _ in steps)
    for command, what in steps:
        console.print(Text.assemble("  ", (command.ljust(width), "cyan"), "  ", (what, "dim")), soft_wrap=True)
    console.print()
    photo = str(probe) if probe else "photo.jpg"
    for line in (
        f'eval "$({invocation.command("env")})"',
        "python - <<'END'",
        "import boto3",
        f'photo = open({photo!r}, "rb").read()',
        'rekognition = boto3.client("rekognition")',
        f'answer = rekognition.search_faces_by_image(CollectionId="{GALLERY}", Image={{"Bytes": photo}})',
        'for match in answer["FaceMatches"]:',
        '    print(match["Similarity"], match["Face"]["ExternalImageId"])',
        "END",
    ):
        console.print(Text(line), soft_wrap=True)
