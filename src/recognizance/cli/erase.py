"""`recognizance erase`: a person and everything that is known of them."""

from typing import Annotated, Any

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.terminal import count, is_attended, output


def erase(
    context: typer.Context,
    gallery: Annotated[str, typer.Option("--gallery", "-g", help="The gallery.")],
    subject: Annotated[str | None, typer.Option(help="The subject (UserId) to erase, with all its references.")] = None,
    face: Annotated[list[str] | None, typer.Option(help="A face id to erase; may be given several times.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why; the log commits to it.")] = None,
    order: Annotated[
        str | None,
        typer.Option(metavar="DOCUMENT", help="Whose order it is: its document's id."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Erase a person: templates, photographs, names and keys; from every backup of the record too.

    What was done with them stays in the log, which names nobody.  A photograph goes with the first person erased from
    it; others in it keep their templates.
    """
    from recognizance.cli.connection import connect
    from recognizance.cli.journal import forget

    if (subject is None) == (not face):
        raise MisuseError("Say who is to be erased.", "Give --subject, or --face once or several times.")
    what = f"the subject {subject}" if subject is not None else count(len(face or []), "reference")
    if not yes:
        if not is_attended():
            raise MisuseError("There is no terminal to ask for confirmation.", "Add --yes.")
        typer.confirm(f"Erase {what} from {gallery}, for good?", abort=True)
    who: dict[str, Any] = {"Subject": subject} if subject is not None else {"FaceIds": list(face or [])}
    who |= {name: value for name, value in {"Reason": reason, "Order": order}.items() if value is not None}
    with connect(context.obj) as connection:
        done = connection.native.erase_person(Gallery=gallery, **who)
        forget(connection.settings.home, gallery)
    entry = done["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"]
    output().print(
        f"Erased {what}: {count(done['References'], 'reference')}, {count(done['Photographs'], 'photograph')} "
        f"(entry {entry}).",
        soft_wrap=True,
    )
    return ExitCode.OK
