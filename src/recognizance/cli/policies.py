"""`recognizance policy`: rule packs, whether they bind, and why something was decided."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli import policy_explaining, policy_showing, policy_trying
from recognizance.cli.checking.command import check
from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import output, show_warning, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Rule packs: what must be so for a search to be made, and whether that binds.",
)
app.command("show")(policy_showing.show)
app.command("explain")(policy_explaining.explain)
app.command("try")(policy_trying.try_pack)
app.command("check")(check)

_Pack = Annotated[str, typer.Argument(metavar="ID", help="The pack's id.")]
_Request = Annotated[bool, typer.Option("--request", help="Ask a second person to approve it.")]
_Approval = Annotated[str | None, typer.Option(help="The request that a second person has approved.")]


class Mode(StrEnum):
    """Whether packs bind."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


@app.command("list")
def list_packs(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """List the rule packs there are, which are on, and whether they bind."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_packs()
    rules, packs = found["InForce"], found["Packs"]
    if as_json:
        print_json(
            {
                "format": "recognizance-policy-1",
                **_in_force(rules),
                "packs": [policy_showing.pack_document(row) for row in packs],
            }
        )
        return ExitCode.OK
    rows = table("pack", "title", "status", "on since", "by", "")
    for row in packs:
        rows.add_row(
            Text(row["Id"], style="bold" if row["Enabled"] else ""),
            Text(row.get("Title", "–")),
            row.get("Status", "–"),
            f"{row['EnabledAt'].astimezone():%Y-%m-%d %H:%M}" if row["Enabled"] else "–",
            Text(row.get("EnabledBy", "–")),
            Text(_remarks(row)),
        )
    console = output()
    console.print(rows if packs else "There is no rule pack.")
    console.print(_told(rules["Mode"], any(row["Enabled"] for row in packs)), soft_wrap=True)
    return ExitCode.OK


@app.command()
def enable(context: typer.Context, pack: _Pack, request: _Request = False, approval: _Approval = None) -> int:
    """Switch a pack on, as its folder has it now.

    Where packs are enforced, putting another version in the place of one takes a second person; so does the first one.
    """
    if _asked(context.obj, request, approval, {"Change": "replace", "Pack": pack}, f"policy enable {pack}"):
        return ExitCode.OK
    rules = _done(context.obj, "enable_pack", approval, Pack=pack)
    _say(f"The pack {pack} is on.", rules)
    return ExitCode.OK


@app.command()
def disable(context: typer.Context, pack: _Pack, request: _Request = False, approval: _Approval = None) -> int:
    """Switch a pack off; while packs are enforced, that takes a second person."""
    if _asked(context.obj, request, approval, {"Change": "disable", "Pack": pack}, f"policy disable {pack}"):
        return ExitCode.OK
    rules = _done(context.obj, "disable_pack", approval, Pack=pack)
    _say(f"The pack {pack} is off.", rules)
    return ExitCode.OK


@app.command()
def mode(
    context: typer.Context,
    wanted: Annotated[Mode, typer.Argument(metavar="observe|enforce", help="Report only, or bind.")],
    request: _Request = False,
    approval: _Approval = None,
) -> int:
    """Let packs bind, or only report; going back to reporting takes a second person."""
    if request and wanted is not Mode.OBSERVE:
        raise MisuseError("Whoever turns to enforcing does it alone.", "Leave --request out.")
    if _asked(context.obj, request, approval, {"Change": "observe"}, "policy mode observe"):
        return ExitCode.OK
    rules = _done(context.obj, "set_policy_mode", approval, Mode=wanted.value)
    output().print(_told(rules["Mode"], True), soft_wrap=True)
    return ExitCode.OK


def _asked(invocation: Invocation, request: bool, approval: str | None, change: dict[str, str], command: str) -> bool:
    """Ask a second person, if that is wanted; return whether it was."""
    from recognizance.cli.connection import connect

    if not request:
        return False
    if approval is not None:
        raise MisuseError("A request is made, or one is used.", "Give --request or --approval.")
    with connect(invocation) as connection:
        wanted = connection.native.request_policy_change(**change)["ApprovalId"]
    console = output()
    console.print("Asked for it: a second person can approve it with")
    console.print(f"  {invocation.command(f'approvals approve {wanted}')}", soft_wrap=True)
    console.print("and then you do it with")
    console.print(f"  {invocation.command(f'{command} --approval {wanted}')}", soft_wrap=True)
    return True


def _done(invocation: Invocation, operation: str, approval: str | None, **asked: str) -> dict[str, Any]:
    from recognizance.cli.connection import connect

    given = asked if approval is None else {**asked, "ApprovalId": approval}
    with connect(invocation) as connection:
        rules: dict[str, Any] = getattr(connection.native, operation)(**given)["InForce"]
    return rules


def _say(done: str, rules: dict[str, Any]) -> None:
    output().print(Text(done), soft_wrap=True)
    if rules["Mode"] == Mode.OBSERVE:
        show_warning(
            "Rule packs only report; nothing is refused.", "`recognizance policy mode enforce` lets them bind."
        )


def _told(mode: str, any_on: bool) -> str:
    if mode == Mode.OBSERVE:
        return "Mode: observe.  What packs say is recorded; nothing is refused."
    if not any_on:
        return "Mode: enforce.  No pack is on: nothing biometric is permitted."
    return "Mode: enforce.  What packs say is done."


def _in_force(rules: dict[str, Any]) -> dict[str, Any]:
    since = rules.get("Since")
    return {
        "mode": rules["Mode"],
        "policy": rules["Policy"],
        "since": since.isoformat() if since else None,
        "set_by": rules.get("SetBy"),
    }


def _remarks(row: dict[str, Any]) -> str:
    remarks = []
    if row["Problems"]:
        remarks.append("cannot be used: `policy show` tells why")
    if row["Origin"] == "own":
        remarks.append("your own")
    today = f"{date.today():%Y-%m-%d}"
    if row["Enabled"] and row.get("EffectiveUntil", today) < today:
        remarks.append(f"its source was in effect until {row['EffectiveUntil']}")
    if row["Enabled"] and row.get("EffectiveFrom", today) > today:
        remarks.append(f"its source is in effect from {row['EffectiveFrom']}")
    if row["Changed"]:
        gone = row["Origin"] == "record"
        remarks.append("its folder is gone" if gone else "its folder has another version")
    return "; ".join(remarks)
