"""`recognizance policy explain`: which rules decide, and why."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.terminal import output, percent, table

_SITUATION = {
    "role": "Roles",
    "agency": "Agency",
    "training": "Training",
    "training_kind": "TrainingKind",
    "purpose": "Purpose",
    "purpose_basis": "PurposeBasis",
    "offence": "Offence",
    "case": "Case",
    "authority_kind": "AuthorityKind",
    "authority_state": "AuthorityState",
    "source": "Source",
    "edit": "Edits",
    "gallery": "Gallery",
    "threshold": "ThresholdPercent",
    "limit": "CandidatesMax",
    "targets": "Targets",
}
_Yours = "  Default: yours."


def explain(
    context: typer.Context,
    act: Annotated[
        str | None, typer.Argument(help="search, compare, enrol, detect, subject or export: what is thought of.")
    ] = None,
    search: Annotated[str | None, typer.Option(help="Explain this search instead, by the rules of then.")] = None,
    entry: Annotated[int | None, typer.Option(min=0, help="Explain the act of this entry instead.")] = None,
    pack: Annotated[
        str | None, typer.Option(help="Ask this pack, on or not, as if it were enforced by itself.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help=f"A role of the operator; can be given often.{_Yours}")] = None,
    agency: Annotated[str | None, typer.Option(help=f"The operator's agency.{_Yours}")] = None,
    training: Annotated[str | None, typer.Option(help=f"current, expired or none.{_Yours}")] = None,
    training_kind: Annotated[str | None, typer.Option(help=f"What the operator is trained in.{_Yours}")] = None,
    in_session: Annotated[bool, typer.Option("--in-session", help="Signed with the credentials of a session.")] = False,
    purpose: Annotated[str | None, typer.Option(help="The purpose.")] = None,
    purpose_basis: Annotated[str | None, typer.Option(help="The legal basis of the purpose.")] = None,
    offence: Annotated[str | None, typer.Option(help="The offence of the case.")] = None,
    case: Annotated[str | None, typer.Option(help="The case's number.")] = None,
    authority_kind: Annotated[
        str | None,
        typer.Option(help="warrant, court-order, emergency, missing-person, deceased-person or consent."),
    ] = None,
    authority_state: Annotated[
        str | None,
        typer.Option(help="none, valid, unknown, not-yet, expired, out-of-scope, lapsed or ended."),
    ] = None,
    source: Annotated[str | None, typer.Option(help="The probe's: still, stored-video, live or unstated.")] = None,
    edit: Annotated[list[str] | None, typer.Option(help="What was done to the probe; can be given often.")] = None,
    unedited: Annotated[
        bool, typer.Option("--unedited", help="It is stated that nothing was done to the probe.")
    ] = False,
    gallery: Annotated[str | None, typer.Option("--gallery", "-g", help="The gallery.")] = None,
    threshold: Annotated[float | None, typer.Option(min=0, max=100, help="The threshold asked for, percent.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, max=4096, help="The most candidates asked for.")] = None,
    targets: Annotated[int | None, typer.Option(min=0, help="With how many photographs the probe is compared.")] = None,
    attributes: Annotated[bool, typer.Option("--attributes", help="Age and gender are asked for.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Tell which rules decide a situation, a search or an act on record, and why; nothing is done."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    said = dict(locals())
    given = {member: said[name] for name, member in _SITUATION.items() if said[name] is not None}
    given |= {"InSession": True} if in_session else {}
    given |= {"Attributes": True} if attributes else {}
    given |= {"Edits": []} if unedited else {}
    if unedited and edit:
        raise MisuseError("Something was done to the probe, or nothing was.", "Give --edit or --unedited.")
    if [act, search, entry].count(None) != 2:
        raise MisuseError("Say what is to be explained.", "Name an act, or give --search or --entry.")
    if act is None and (given or pack):
        raise MisuseError("What was decided was decided on its own facts.", "Give --search or --entry alone.")
    with connect(context.obj) as connection:
        if act is not None:
            asked = {**given, **({"Pack": pack} if pack else {})}
            found = connection.native.explain_situation(Act=act, **asked)["Explanation"]
        else:
            what = {"SearchId": search} if search is not None else {"Entry": entry}
            found = connection.native.explain_decision(**what)["Explanation"]
    if as_json:
        print_json({"format": "recognizance-explanation-1", **_document(found)})
        return ExitCode.OK
    _show(output(), found)
    return ExitCode.OK


def _document(found: dict[str, Any]) -> dict[str, Any]:
    import json

    return {
        "decision": found["Decision"],
        "mode": found["Mode"],
        "policy": found["Policy"],
        "binds": found["Binds"],
        "reasons": [_reason(each) for each in found["Reasons"]],
        "raised": [_reason(each) for each in found["Raised"]],
        "packs": [
            {
                "pack": each["Pack"],
                "decision": each["Decision"],
                "reasons": [_reason(reason) for reason in each["Reasons"]],
            }
            for each in found["Packs"]
        ],
        "threshold_requested_percent": found.get("ThresholdRequestedPercent"),
        "threshold_applied_percent": found.get("ThresholdAppliedPercent"),
        "candidates_requested": found.get("CandidatesRequested"),
        "candidates_applied": found.get("CandidatesApplied"),
        "facts": json.loads(found["Facts"]) if "Facts" in found else None,
        "search_id": found.get("SearchId"),
        "entry": found.get("Entry"),
    }


def _reason(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "rule": row["Rule"],
        "explanation": row["Explanation"],
        "remedy": row["Remedy"],
        "source": row["Source"],
        "pack": row["Pack"],
    }


def _show(console: Console, found: dict[str, Any]) -> None:
    remark = "" if found["Binds"] else "  Packs only report: nothing is refused."
    console.print(Text.assemble((found["Decision"].capitalize() + ".", "bold"), remark), soft_wrap=True)
    rows = table("rule", "what it says", "what would satisfy it", "source")
    for each in (*found["Reasons"], *found["Raised"]):
        rows.add_row(Text(each["Rule"], style="bold"), *(Text(each[name] or "–") for name in _WORDS))
    if found["Reasons"] or found["Raised"]:
        console.print(rows)
    asked, applied = found.get("ThresholdRequestedPercent"), found.get("ThresholdAppliedPercent")
    if asked is not None and applied is not None:
        console.print(f"Threshold asked for: {percent(asked)}, applied: {percent(applied)}.")
    if len(found["Packs"]) > 1:
        console.print("; ".join(f"{each['Pack']}: {each['Decision']}" for each in found["Packs"]) + ".", soft_wrap=True)


_WORDS = ("Explanation", "Remedy", "Source")
