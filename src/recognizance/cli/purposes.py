"""`recognizance purpose`: what requests may say that they are for."""

from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli import moments
from recognizance.cli.errors import ExitCode
from recognizance.cli.terminal import output, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Purposes: what requests may say that they are for, and the law that allows it.",
)

_Code = Annotated[
    str, typer.Argument(metavar="CODE", help="The purpose: letters, digits, and . _ ~ - as in an endpoint's path.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


@app.command()
def add(
    context: typer.Context,
    code: _Code,
    title: Annotated[str, typer.Option(help="What it is, in a few words.")],
    legal_basis: Annotated[str, typer.Option("--basis", help="The law, policy or order that allows it.")],
    begins: Annotated[str | None, typer.Option("--from", help=f"From when on: {moments.HELP}  Default: now.")] = None,
    ends: Annotated[str | None, typer.Option("--until", help="Until when.  Default: until it is ended.")] = None,
    as_json: _Json = False,
) -> int:
    """Register a purpose."""
    from recognizance.cli.connection import connect

    given = {"From": moments.beginning(begins), "Until": moments.ending(ends)}
    with connect(context.obj) as connection:
        made = connection.native.add_purpose(
            Code=code, Title=title, LegalBasis=legal_basis, **{name: value for name, value in given.items() if value}
        )["Purpose"]
    return _print([made]) if as_json else _tell(made, "is registered")


@app.command()
def end(
    context: typer.Context,
    code: _Code,
    at: Annotated[str | None, typer.Option(help="From when on it is in force no longer.  Default: now.")] = None,
    as_json: _Json = False,
) -> int:
    """Let a purpose be in force no longer; what was done for it stays as it was."""
    from recognizance.cli.connection import connect

    given = {} if at is None else {"At": moments.beginning(at)}
    with connect(context.obj) as connection:
        ended = connection.native.end_purpose(Code=code, **given)["Purpose"]
    return _print([ended]) if as_json else _tell(ended, "ends")


@app.command("list")
def list_purposes(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: _Json = False,
) -> int:
    """List the purposes in force, and those to come."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_purposes(Ended=everything)["Purposes"]
    if as_json:
        return _print(found)
    rows = table("purpose", "title", "basis", "from", "until")
    for row in found:
        rows.add_row(
            Text(row["Code"], style="bold"),
            Text(row["Title"]),
            Text(row["LegalBasis"]),
            moments.shown(row["From"]),
            moments.shown(row.get("Until")),
        )
    output().print(rows)
    return ExitCode.OK


def _tell(row: dict[str, Any], what: str) -> int:
    until = f", until {moments.shown(row['Until'])}" if row.get("Until") else ""
    output().print(Text(f"The purpose {row['Code']} {what}{until}."), soft_wrap=True)
    return ExitCode.OK


def _print(rows: list[dict[str, Any]]) -> int:
    from recognizance.cli.answers import print_json

    documents = [
        {
            "code": row["Code"],
            "id": row["PurposeId"],
            "title": row["Title"],
            "legal_basis": row["LegalBasis"],
            "from": moments.spelt(row["From"]),
            "until": moments.spelt(row.get("Until")),
            "added_by": row["AddedBy"],
            "added_at": moments.spelt(row["AddedAt"]),
        }
        for row in rows
    ]
    print_json({"format": "recognizance-purposes-1", "purposes": documents})
    return ExitCode.OK
