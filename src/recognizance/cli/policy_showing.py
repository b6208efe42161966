"""`recognizance policy show`: what a pack says, and where it comes from."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from recognizance.cli.errors import ExitCode
from recognizance.cli.terminal import count, output, percent, strangers, table


def show(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(metavar="ID", help="The pack's id.")],
    text: Annotated[bool, typer.Option("--text", help="Print the pack's files as they are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Show what a pack says: as it is on, or as its folder has it."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.show_pack(Pack=pack)
    if as_json:
        print_json(_document(found))
        return ExitCode.OK
    console = output()
    if text:
        console.print(Text(f"# pack.toml\n{found.get('Description', '')}\n# rules.cedar\n{found.get('Text', '')}"))
        return ExitCode.OK
    row = found["Pack"]
    console.print(Text.assemble((row["Id"], "bold"), f"  {row.get('Title', '')}"), soft_wrap=True)
    for problem in row["Problems"]:
        console.print(Text(f"Cannot be used: {problem}"), soft_wrap=True)
    if not row["Problems"]:
        _show(console, found)
    return ExitCode.OK


def pack_document(row: dict[str, Any]) -> dict[str, Any]:
    """Describe a pack in a list."""
    enabled = row.get("EnabledAt")
    return {
        "id": row["Id"],
        "title": row.get("Title"),
        "jurisdiction": row.get("Jurisdiction"),
        "status": row.get("Status"),
        "effective_from": row.get("EffectiveFrom"),
        "effective_until": row.get("EffectiveUntil"),
        "origin": row["Origin"],
        "digest": row["Digest"],
        "enabled": row["Enabled"],
        "enabled_at": enabled.isoformat() if enabled else None,
        "enabled_by": row.get("EnabledBy"),
        "changed": row["Changed"],
        "problems": list(row["Problems"]),
    }


def _document(found: dict[str, Any]) -> dict[str, Any]:
    row = found["Pack"]
    return {
        "format": "recognizance-pack-1",
        **pack_document(row),
        "summary": row.get("Summary"),
        "disclaimer": row.get("Disclaimer"),
        "sources": [_members(each) for each in found.get("Sources", [])],
        "rules": [_members(each) for each in found.get("Rules", [])],
        "floors": [_members(each) for each in found.get("Floors", [])],
        "review": _members(found["Review"]) if "Review" in found else None,
        "cannot": list(found.get("Cannot", [])),
        "pack_toml": found.get("Description"),
        "rules_cedar": found.get("Text"),
    }


def _members(shape: dict[str, Any]) -> dict[str, Any]:
    """Write a shape's members as our JSON does."""
    return {_name(member): value for member, value in shape.items()}


def _name(member: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in member).lstrip("_")


def _show(console: Console, found: dict[str, Any]) -> None:
    row = found["Pack"]
    dates = [f"from {row['EffectiveFrom']}"] if "EffectiveFrom" in row else []
    dates += [f"until {row['EffectiveUntil']}"] if "EffectiveUntil" in row else []
    console.print(Text(", ".join([row["Jurisdiction"], row["Status"], *dates])), soft_wrap=True)
    console.print(Text(row["Summary"]), soft_wrap=True)
    sources = {each["Key"]: each for each in found["Sources"]}
    rows = table("rule", "", "what it says", "what would satisfy it", "source")
    for each in found["Rules"]:
        rows.add_row(Text(each["Id"], style="bold"), each["Effect"], *_words(each, sources))
    for each in found["Floors"]:
        rows.add_row(Text(each["Id"], style="bold"), _floor(each), *_words(each, sources))
    console.print(rows)
    for each in found["Sources"]:
        verified = "verified" if each["Verified"] else "verified: no"
        console.print(Text(f"{each['Key']}: {each['Citation']} ({verified})"), soft_wrap=True)
        if each.get("Quoted"):
            console.print(Text(f"  “{each['Quoted']}”"), soft_wrap=True)
    review = found["Review"]
    if review["Withhold"]:
        examiners = count(review["Examiners"], "examiner")
        console.print(f"What is referred is withheld until {examiners} concluded.", soft_wrap=True)
    if found["Cannot"]:
        console.print("What the text asks for and no rule here can see to:")
    for sentence in found["Cannot"]:
        console.print(Text(f"- {sentence}"), soft_wrap=True)
    console.print(Text(row["Disclaimer"], style="bold"), soft_wrap=True)


def _words(each: dict[str, Any], sources: dict[str, Any]) -> tuple[Text, Text, Text]:
    said = " ".join(part for part in (each["Words"], each.get("Reading", "")) if part)
    return Text(said), Text(each["Remedy"]), Text(each["Source"] if each["Source"] in sources else "–")


def _floor(each: dict[str, Any]) -> str:
    parts = []
    if "ThresholdPercent" in each:
        verb = "refuses below" if each["Effect"] == "refuse" else "raises to"
        parts.append(f"{verb} {percent(each['ThresholdPercent'])}")
    if "FalseMatchRate" in each:
        parts.append(f"({strangers(each['FalseMatchRate'])})")
    if "CandidatesMax" in each:
        parts.append(f"at most {count(each['CandidatesMax'], 'candidate')}")
    for_whom = [*each["Roles"], *(f"purpose {purpose}" for purpose in each["Purposes"])]
    return " ".join(parts) + (f" for {', '.join(for_whom)}" if for_whom else "")
