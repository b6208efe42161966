"""`recognizance enrol`."""

from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.buckets import SCHEME
from recognizance.cli.errors import ExitCode
from recognizance.cli.invocation import Invocation
from recognizance.cli.items import Source
from recognizance.cli.naming import Naming
from recognizance.cli.sources import read_source
from recognizance.cli.terminal import count, messages, output, show_warning, table, waiting
from recognizance.errors import GalleryNotFoundError

if TYPE_CHECKING:
    from recognizance.cli.connection import Connection
    from recognizance.cli.enrolment import Tally


class Quality(StrEnum):
    """QualityFilter's levels."""

    NONE = "NONE"
    AUTO = "AUTO"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


REASONS = {
    "NO_FACE": "no face was found",
    "UNREADABLE": "the file cannot be read",
    "InvalidImageFormat": "not a whole JPEG or PNG",
    "ImageTooLarge": "too many bytes or pixels",
    "RequestEntityTooLarge": "too many bytes",
    "InvalidParameter": "the server did not accept it",
    "InternalServerError": "the server failed",
    "EXTREME_POSE": "turned too far away",
    "LOW_BRIGHTNESS": "too dark",
    "LOW_SHARPNESS": "too blurred",
    "LOW_CONFIDENCE": "perhaps not a face",
    "SMALL_BOUNDING_BOX": "too small",
    "LOW_FACE_QUALITY": "of too low quality",
    "EXCEEDS_MAX_FACES": "more faces than --faces-max",
}


def enrol(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            help="A folder of JPEG and PNG files (folders in it too), a zip or tar of them, s3://BUCKET/PREFIX, "
            "a CSV file (file,external_id), or one photograph."
        ),
    ],
    gallery: Annotated[str, typer.Option("--gallery", "-g", help="The gallery to enrol into.")],
    external_id: Annotated[
        Naming,
        typer.Option(help="External ids: the file's name, its path below the source, or none.  A CSV's own win."),
    ] = Naming.NAME,
    quality: Annotated[
        Quality, typer.Option(case_sensitive=False, help="The least quality of a face; NONE takes all.")
    ] = Quality.AUTO,
    faces_max: Annotated[
        int | None, typer.Option(min=1, max=100, help="Enrol this many faces of a photograph at most.")
    ] = None,
    create: Annotated[bool, typer.Option(help="Create the gallery if there is none.")] = True,
    photographs: Annotated[
        bool, typer.Option(help="Let a gallery that is created keep the photographs, encrypted.")
    ] = True,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Requests in flight.  Default: two more than cores.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what was not enrolled, and why, into this CSV file.")
    ] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Send also what an earlier run got acknowledged.")] = False,
) -> int:
    """Enrol the faces of many photographs into a gallery.

    A run that was stopped goes on where it was; photographs that are enrolled already are not stored again.
    """
    from recognizance.cli.connection import connect
    from recognizance.cli.enrolment import enrol_all, writing_report
    from recognizance.cli.journal import Journal
    from recognizance.cli.sending import Choice

    invocation: Invocation = context.obj
    with waiting("Looking for photographs …"):
        found = read_source(source, external_id, invocation.settings())
    if not found.count:
        show_warning(f"There are no photographs in {source}.", _skipped(found))
        return ExitCode.OK
    # A job that fetches has nothing at the server.
    jobs = jobs or default_jobs(invocation) * (2 if source.startswith(SCHEME) else 1)
    with closing(found), writing_report(report) as telling, connect(invocation, jobs=jobs) as connection:
        row = require_gallery(connection, gallery, create=create, photographs=photographs)
        choice = Choice(gallery, quality.value, faces_max)
        journal = Journal(connection.settings.home, row, choice.options)
        # A gallery without references is at odds with a journal that has some: the record was restored.
        if anew or not row["References"]:
            journal.forget()
        journal.read()
        tally = enrol_all(connection, found, choice, journal, jobs=jobs, report=telling)
    _summarise(tally, found, gallery, report)
    if tally.interrupted and tally.photographs < found.count:
        rest = count(found.count - tally.photographs, "photograph")
        messages().print(f"Interrupted with {rest} to go.  The same command goes on where it was.")
        return ExitCode.INTERRUPTED
    return ExitCode.PARTLY if tally.not_enrolled else ExitCode.OK


def default_jobs(invocation: Invocation) -> int:
    """Count the requests to keep in flight: while two are on their way, each core has one to work on."""
    from recognizance.bootstrap import thread_count

    return thread_count(invocation.settings()) + 2


def require_gallery(connection: "Connection", name: str, *, create: bool, photographs: bool) -> dict[str, Any]:
    """Find a gallery, or create it.

    Raises
    ------
    GalleryNotFoundError
        If there is none and none is to be created.
    """
    from recognizance.cli.journal import forget_others

    galleries = connection.galleries()
    forget_others(connection.settings.home, galleries)
    for row in galleries:
        if row["Name"] == name:
            return row
    if not create:
        raise GalleryNotFoundError(f"There is no gallery {name}.", "Leave out --no-create to have it created.")
    created: dict[str, Any] = connection.native.create_gallery(Gallery=name, KeepPhotographs=photographs)["Gallery"]
    return created


def _summarise(tally: "Tally", found: Source, gallery: str, report: Path | None) -> None:
    console = output()
    rate = f" ({tally.sent / tally.seconds:.1f} a second)" if tally.sent and tally.seconds > 1 else ""
    console.print(
        Text.assemble(
            (count(tally.stored, "face"), "bold"),
            f" enrolled into {gallery}, from {count(tally.photographs, 'photograph')} in {tally.seconds:.1f} s{rate}.",
        )
    )
    if tally.there:
        console.print(f"{count(tally.there, 'photograph was', 'photographs were')} enrolled already.")
    if tally.left_out:
        console.print(
            f"{count(tally.left_out, 'face')} beside others in these photographs left out (--quality, --faces-max)."
        )
    if _skipped(found):
        console.print(_skipped(found))
    if tally.failed:
        console.print()
        console.print(f"{count(tally.not_enrolled, 'photograph was', 'photographs were')} not enrolled:")
        rows = table("reason", "photographs", "for example", right=("photographs",))
        for reason, paths in sorted(tally.failed.items(), key=lambda pair: -len(pair[1])):
            rows.add_row(Text(_in_words(reason)), f"{len(paths):,}", Text(str(paths[0])))
        console.print(rows)
        console.print(
            f"The list is in {report}." if report else "With --report FILE.csv you get the whole list.", soft_wrap=True
        )


def _in_words(reasons: str) -> str:
    """Put reasons into words; several faces are parted by blanks, several reasons of one face by a plus."""
    faces = (" and ".join(REASONS.get(reason, reason) for reason in face.split("+")) for face in reasons.split(" "))
    return "; ".join(dict.fromkeys(faces))


def _skipped(found: Source) -> str:
    if not found.skipped:
        return ""
    return f"{count(found.skipped, 'other file')} passed over (neither JPEG nor PNG by name)."
