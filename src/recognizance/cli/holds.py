"""`recognizance hold`: keep what the defence, or a court, needs from being erased."""

from typing import Annotated

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.terminal import output, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Legal holds: what may not be erased until a second person agrees.",
)


@app.command()
def place(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Who asked for it, and why; committed to in the log.")],
    gallery: Annotated[str | None, typer.Option("--gallery", "-g", help="The gallery of --subject.")] = None,
    subject: Annotated[str | None, typer.Option(help="The subject (UserId) to keep.")] = None,
    search: Annotated[str | None, typer.Option(help="The search to keep, with everybody it names.")] = None,
) -> int:
    """Place a hold on a subject, or on a search."""
    from recognizance.cli.connection import connect

    if (search is None) == (subject is None) or (subject is None) != (gallery is None):
        raise MisuseError("Say what is to be kept.", "Give --gallery and --subject, or --search.")
    what = {"SearchId": search} if search is not None else {"Gallery": gallery, "Subject": subject}
    with connect(context.obj) as connection:
        hold = connection.native.place_hold(Reason=reason, **what)["Hold"]
    output().print(f"Placed the hold {hold['HoldId']}.", soft_wrap=True)
    return ExitCode.OK


@app.command()
def release(
    context: typer.Context,
    hold: Annotated[str, typer.Argument(help="The hold.")],
    approval: Annotated[str | None, typer.Option(help="The request that a second person has approved.")] = None,
    request: Annotated[bool, typer.Option("--request", help="Ask a second person to approve the release.")] = False,
) -> int:
    """Release a hold: ask with --request, let a second person approve, then name the request by --approval.

    The second person may be the one who placed the hold; neither of the two may have issued the other's credentials.
    """
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        if request:
            wanted = connection.native.request_release(HoldId=hold)["ApprovalId"]
            console = output()
            console.print(f"Asked for the release of {hold}: a second person can approve it with")
            console.print(f"  {context.obj.command(f'approvals approve {wanted}')}", soft_wrap=True)
            return ExitCode.OK
        given = {"ApprovalId": approval} if approval is not None else {}
        connection.native.release_hold(HoldId=hold, **given)
    output().print(f"Released the hold {hold}.", soft_wrap=True)
    return ExitCode.OK


@app.command("list")
def list_holds(
    context: typer.Context,
    released: Annotated[bool, typer.Option("--all", help="Show released holds too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """List the holds that stand."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_holds(Released=released)["Holds"]
    if as_json:
        print_json(
            {
                "format": "recognizance-holds-1",
                "holds": [
                    {
                        "id": row["HoldId"],
                        "kind": row["Kind"],
                        "target": row["Target"],
                        "reason": row["Reason"],
                        "placed_by": row["PlacedBy"],
                        "placed_at": row["PlacedAt"].isoformat(),
                        "released_by": row.get("ReleasedBy"),
                        "released_at": row["ReleasedAt"].isoformat() if "ReleasedAt" in row else None,
                    }
                    for row in found
                ],
            }
        )
        return ExitCode.OK
    console = output()
    if not found:
        console.print("No hold stands." if not released else "There never was a hold.")
        return ExitCode.OK
    rows = table("hold", "on", "reason", "placed", "released")
    for row in found:
        ended = f"{row['ReleasedBy']}, {row['ReleasedAt'].astimezone():%Y-%m-%d %H:%M}" if "ReleasedAt" in row else ""
        rows.add_row(
            Text(row["HoldId"]),
            f"{row['Kind']} {row['Target']}",
            Text(row["Reason"]),
            f"{row['PlacedBy']}, {row['PlacedAt'].astimezone():%Y-%m-%d %H:%M}",
            ended,
        )
    console.print(rows)
    return ExitCode.OK
