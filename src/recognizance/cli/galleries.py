"""`recognizance galleries`: list, create, delete."""

from typing import Annotated

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, is_attended, output, table
from recognizance.errors import GalleryNotFoundError

app = typer.Typer(invoke_without_command=True, pretty_exceptions_enable=False)


@app.callback()
def galleries(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """List the galleries; create or delete one."""
    if context.invoked_subcommand is not None:
        return ExitCode.OK
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    invocation: Invocation = context.obj
    with connect(invocation) as connection:
        found = connection.galleries()
    if as_json:
        print_json(
            {
                "format": "recognizance-galleries-1",
                "galleries": [
                    {
                        "name": row["Name"],
                        "references": row["References"],
                        "subjects": row["Subjects"],
                        "keep_photographs": row["KeepPhotographs"],
                        "model": row["Model"],
                        "calibration": row["Calibration"],
                        "created_at": row["CreatedAt"].isoformat(),
                    }
                    for row in found
                ],
            }
        )
        return ExitCode.OK
    console = output()
    if not found:
        console.print("There are no galleries yet.")
        console.print(f"`{invocation.command('enrol DIR --gallery NAME')}` makes one.", soft_wrap=True)
        return ExitCode.OK
    rows = table(
        "gallery", "references", "subjects", "photographs", "created", "model", right=("references", "subjects")
    )
    for row in found:
        rows.add_row(
            Text(row["Name"], style="bold"),
            f"{row['References']:,}",
            f"{row['Subjects']:,}",
            "kept, encrypted" if row["KeepPhotographs"] else "not kept",
            f"{row['CreatedAt'].astimezone():%Y-%m-%d %H:%M}",
            row["Model"],
        )
    console.print(rows)
    return ExitCode.OK


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Letters, digits, and _ . - are allowed.")],
    photographs: Annotated[
        bool, typer.Option(help="Keep the enrolled photographs, encrypted; examiners need them.")
    ] = True,
) -> int:
    """Create a gallery."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        made = connection.native.create_gallery(Gallery=name, KeepPhotographs=photographs)["Gallery"]
    kept = "keeps photographs, encrypted" if made["KeepPhotographs"] else "keeps no photographs"
    output().print(f"Created {made['Name']}: it {kept}; model {made['Model']}.", soft_wrap=True)
    return ExitCode.OK


@app.command()
def delete(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The gallery to delete.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Delete a gallery with all its references, subjects and photographs."""
    from recognizance.cli.connection import connect
    from recognizance.cli.journal import forget_others

    if not yes and not is_attended():
        raise MisuseError("There is no terminal to ask for confirmation.", "Add --yes.")
    with connect(context.obj) as connection:
        row = connection.gallery(name)
        if row is None:
            raise GalleryNotFoundError(f"There is no gallery {name}.", "`recognizance galleries` lists them.")
        what = f"{name} with {count(row['References'], 'reference')} and {count(row['Subjects'], 'subject')}"
        if not yes:
            typer.confirm(f"Delete {what}, for good?", abort=True)
        connection.rekognition.delete_collection(CollectionId=name)
        forget_others(connection.settings.home, connection.galleries())
    output().print(f"Deleted {what}.", soft_wrap=True)
    return ExitCode.OK
