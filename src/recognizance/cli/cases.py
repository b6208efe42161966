"""`recognizance case`: cases, and who works on them."""

from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode
from recognizance.cli.terminal import count, output, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Cases: who may name one as what they work for.",
)
member_app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Who works on a case.")
app.add_typer(member_app, name="member")

_Number = Annotated[
    str, typer.Argument(help="The case's number: letters, digits, and . _ ~ - as in an endpoint's path.")
]
_Operator = Annotated[str, typer.Argument(metavar="ID", help="The operator's id.")]


@app.command("open")
def open_case(
    context: typer.Context,
    number: _Number,
    member: Annotated[list[str] | None, typer.Option(help="An operator who works on it; can be given often.")] = None,
) -> int:
    """Register a case."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        made = connection.native.open_case(Number=number, Members=member or [])["Case"]
    output().print(
        Text(f"Opened the case {made['Number']} with {count(len(made['Members']), 'member')}."), soft_wrap=True
    )
    return ExitCode.OK


@app.command()
def close(
    context: typer.Context,
    number: _Number,
    identified: Annotated[
        bool, typer.Option("--identified", help="Close it as one in which the person was identified.")
    ] = False,
) -> int:
    """Close a case: nobody can name it any more, and sessions for it end at once."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        connection.native.close_case(Number=number, Identified=identified)
    output().print(Text(f"Closed the case {number}."), soft_wrap=True)
    return ExitCode.OK


@app.command()
def outcome(
    context: typer.Context,
    number: _Number,
    what: Annotated[str, typer.Argument(metavar="OUTCOME", help="What came of it; docs/method/review.md lists them.")],
    review: Annotated[str | None, typer.Option(help="The review of the search that it came of.")] = None,
    note: Annotated[str, typer.Option(help="What else there is to say; sealed, and committed to in the log.")] = "",
) -> int:
    """Record what came of a case: independent evidence, a false lead, an arrest, somebody cleared."""
    from recognizance.cli.connection import connect

    named = {} if review is None else {"ReviewId": review}
    with connect(context.obj) as connection:
        connection.native.record_outcome(Outcome=what, Case=number, Note=note, **named)
    output().print(Text(f"Recorded {what} of the case {number}."), soft_wrap=True)
    return ExitCode.OK


@app.command("list")
def list_cases(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """List cases; those who do not oversee others see those they work on."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_cases()["Cases"]
    if as_json:
        print_json({"format": "recognizance-cases-1", "cases": [_document(row) for row in found]})
        return ExitCode.OK
    rows = table("case", "opened", "state", "members")
    for row in found:
        rows.add_row(
            Text(row["Number"], style="bold"),
            f"{row['OpenedAt'].astimezone():%Y-%m-%d}",
            f"closed {row['ClosedAt'].astimezone():%Y-%m-%d}" if row.get("ClosedAt") else "open",
            ", ".join(row["Members"]) or "–",
        )
    output().print(rows)
    return ExitCode.OK


@member_app.command()
def add(context: typer.Context, number: _Number, operator: _Operator) -> int:
    """Let an operator work on a case."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        connection.native.add_case_member(Number=number, Operator=operator)
    output().print(Text(f"{operator} works on the case {number}."), soft_wrap=True)
    return ExitCode.OK


@member_app.command()
def remove(context: typer.Context, number: _Number, operator: _Operator) -> int:
    """Let an operator no longer work on a case, at once."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        connection.native.remove_case_member(Number=number, Operator=operator)
    output().print(Text(f"{operator} no longer works on the case {number}."), soft_wrap=True)
    return ExitCode.OK


def _document(row: dict[str, Any]) -> dict[str, Any]:
    closed = row.get("ClosedAt")
    return {
        "number": row["Number"],
        "id": row["CaseId"],
        "opened_at": row["OpenedAt"].isoformat(),
        "closed_at": closed.isoformat() if closed else None,
        "members": list(row["Members"]),
    }
