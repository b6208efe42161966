"""`recognizance case`: cases, and who works on them."""

from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
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
_Offence = Annotated[
    str | None, typer.Option(help="The code of the offence: letters, digits, and . _ ~ -; rules may look at it.")
]
_OffenceWords = Annotated[str | None, typer.Option(help="What the offence is in words.")]
_Owner = Annotated[str | None, typer.Option(help="The operator who answers for the case; becomes a member.")]
_Operator = Annotated[str, typer.Argument(metavar="ID", help="The operator's id.")]


@app.command("open")
def open_case(
    context: typer.Context,
    number: _Number,
    member: Annotated[list[str] | None, typer.Option(help="An operator who works on it; can be given often.")] = None,
    offence: _Offence = None,
    offence_words: _OffenceWords = None,
    owner: _Owner = None,
) -> int:
    """Register a case."""
    from recognizance.cli.connection import connect

    given = _given(offence, offence_words, owner)
    with connect(context.obj) as connection:
        made = connection.native.open_case(Number=number, Members=member or [], **given)["Case"]
    output().print(
        Text(f"Opened the case {made['Number']} with {count(len(made['Members']), 'member')}."), soft_wrap=True
    )
    return ExitCode.OK


@app.command()
def update(
    context: typer.Context,
    number: _Number,
    offence: _Offence = None,
    offence_words: _OffenceWords = None,
    owner: _Owner = None,
) -> int:
    """Change what is given, and nothing else."""
    from recognizance.cli.connection import connect

    given = _given(offence, offence_words, owner)
    if not given:
        raise MisuseError("There is nothing to change.", "Give one of the options; `--help` lists them.")
    with connect(context.obj) as connection:
        connection.native.update_case(Number=number, **given)
    output().print(Text(f"Changed the case {number}."), soft_wrap=True)
    return ExitCode.OK


@app.command()
def show(
    context: typer.Context,
    number: _Number,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Show a case, and the authorities that were recorded for it."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        (found,) = connection.native.list_cases(Number=number)["Cases"]
        authorities = connection.native.list_authorities(Case=number)["Authorities"]
    if as_json:
        named = [{"document": row["Document"], "kind": row["Kind"], "state": row["State"]} for row in authorities]
        print_json({"format": "recognizance-case-1", **_document(found), "authorities": named})
        return ExitCode.OK
    console = output()
    closed = found.get("ClosedAt")
    state = f"closed {closed.astimezone():%Y-%m-%d}" if closed else "open"
    console.print(
        Text.assemble((found["Number"], "bold"), f"  {state}, since {found['OpenedAt'].astimezone():%Y-%m-%d}")
    )
    offence = " ".join(filter(None, (found.get("Offence"), found.get("OffenceWords")))) or "none"
    console.print(Text(f"Offence: {offence}.  Owner: {found.get('Owner') or 'none'}."), soft_wrap=True)
    console.print(Text(f"Members: {', '.join(found['Members']) or 'none'}."), soft_wrap=True)
    for row in authorities:
        console.print(Text(f"{row['Kind']} {row['Document']} of {row['Issuer']}: {row['State']}"), soft_wrap=True)
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
    rows = table("case", "opened", "state", "offence", "owner", "members")
    for row in found:
        rows.add_row(
            Text(row["Number"], style="bold"),
            f"{row['OpenedAt'].astimezone():%Y-%m-%d}",
            f"closed {row['ClosedAt'].astimezone():%Y-%m-%d}" if row.get("ClosedAt") else "open",
            row.get("Offence") or "–",
            row.get("Owner") or "–",
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


def _given(offence: str | None, offence_words: str | None, owner: str | None) -> dict[str, str]:
    given = {"Offence": offence, "OffenceWords": offence_words, "Owner": owner}
    return {name: value for name, value in given.items() if value is not None}


def _document(row: dict[str, Any]) -> dict[str, Any]:
    closed = row.get("ClosedAt")
    return {
        "number": row["Number"],
        "id": row["CaseId"],
        "opened_at": row["OpenedAt"].isoformat(),
        "closed_at": closed.isoformat() if closed else None,
        "members": list(row["Members"]),
        "offence": row.get("Offence"),
        "offence_words": row.get("OffenceWords"),
        "owner": row.get("Owner"),
    }
