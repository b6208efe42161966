"""`recognizance approvals`: what waits for a second person."""

import json
from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode
from recognizance.cli.terminal import output, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Acts that need a second person: a supervisor whose credentials come from somebody else.",
)

_Id = Annotated[str, typer.Argument(metavar="ID", help="The request's id.")]


@app.command("list")
def list_requests(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also what was done or withdrawn.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """List requests; those who do not oversee others see their own."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_approvals(Finished=everything)["Approvals"]
    if as_json:
        print_json({"format": "recognizance-approvals-1", "approvals": [_document(row) for row in found]})
        return ExitCode.OK
    rows = table("request", "act", "asked by", "on", "state", "what")
    for row in found:
        state = f"{row['State']} by {row['DecidedBy']}" if row.get("DecidedBy") else row["State"]
        asked = f"{row['RequestedAt'].astimezone():%Y-%m-%d %H:%M}"
        rows.add_row(row["ApprovalId"], row["Act"], row["RequestedBy"], asked, state, Text(row["Payload"]))
    output().print(rows)
    return ExitCode.OK


@app.command()
def approve(context: typer.Context, identifier: _Id) -> int:
    """Approve what another person asks for; it is done when that person does it, once."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        row = connection.native.approve_request(ApprovalId=identifier)["Approval"]
    output().print(Text(f"Approved: {row['Act']}, asked for by {row['RequestedBy']}."), soft_wrap=True)
    return ExitCode.OK


@app.command()
def withdraw(context: typer.Context, identifier: _Id) -> int:
    """Take a request of your own back."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        connection.native.withdraw_request(ApprovalId=identifier)
    output().print("Withdrawn.")
    return ExitCode.OK


def _document(row: dict[str, Any]) -> dict[str, Any]:
    decided = row.get("DecidedAt")
    return {
        "id": row["ApprovalId"],
        "act": row["Act"],
        "payload": json.loads(row["Payload"]),
        "requested_by": row["RequestedBy"],
        "requested_at": row["RequestedAt"].isoformat(),
        "state": row["State"],
        "decided_by": row.get("DecidedBy"),
        "decided_at": decided.isoformat() if decided else None,
    }
