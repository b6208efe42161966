"""An authority as the JSON that --json prints (docs/cli.md), and in sentences."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from recognizance.cli import moments
from recognizance.cli.errors import ExitCode
from recognizance.cli.terminal import count, output

_SCOPE = ("Galleries", "Subjects", "Places", "Operations")


def document_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Describe an authority."""
    return {
        "case": row["Case"],
        "document": row["Document"],
        "id": row["AuthorityId"],
        "kind": row["Kind"],
        "issuer": row["Issuer"],
        "reason": row.get("Reason"),
        "scope": {name.lower(): list(row["Scope"].get(name, ())) for name in _SCOPE},
        "from": moments.spelt(row["From"]),
        "until": moments.spelt(row.get("Until")),
        "state": row["State"],
        "added_by": row["AddedBy"],
        "added_at": moments.spelt(row["AddedAt"]),
        "ratify_by": moments.spelt(row.get("RatifyBy")),
        "ratified_by": row.get("RatifiedBy"),
        "ratified_at": moments.spelt(row.get("RatifiedAt")),
        "ratifying_document": row.get("RatifyingDocument"),
        "ratifying_issuer": row.get("RatifyingIssuer"),
        "rejected_by": row.get("RejectedBy"),
        "rejected_at": moments.spelt(row.get("RejectedAt")),
        "rejection_reason": row.get("RejectionReason"),
        "lapsed_at": moments.spelt(row.get("LapsedAt")),
        "ended_by": row.get("EndedBy"),
        "ended_at": moments.spelt(row.get("EndedAt")),
        "extensions": [
            {
                "number": each["Number"],
                "until": moments.spelt(each["Until"]),
                "document": each["Document"],
                "issuer": each["Issuer"],
                "added_by": each["AddedBy"],
                "added_at": moments.spelt(each["AddedAt"]),
            }
            for each in row["Extensions"]
        ],
        "acts": row["Acts"],
        "results_deleted": row["ResultsDeleted"],
        "kept_by_holds": list(row["KeptByHolds"]),
    }


def show_one(row: Mapping[str, Any]) -> int:
    """Show an authority in sentences."""
    console = output()
    for line in _sentences(row):
        console.print(line, soft_wrap=True)
    return ExitCode.OK


def _sentences(row: Mapping[str, Any]) -> list[Text]:
    until = moments.shown(row["Until"]) if row.get("Until") else "it is ended"
    lines = [
        Text.assemble((row["Document"], "bold"), f"  {row['Kind']} of the case {row['Case']}: {row['State']}"),
        Text(f"Issued by {row['Issuer']}; valid from {moments.shown(row['From'])} until {until}."),
        *(
            Text(f"Limited to {name.lower()}: {', '.join(row['Scope'][name])}.")
            for name in _SCOPE
            if row["Scope"][name]
        ),
    ]
    if row.get("Reason"):
        lines.append(Text(f"Why: {row['Reason']}"))
    if row.get("RatifiedAt"):
        ratified = f"Ratified by {row['RatifyingDocument']} of {row['RatifyingIssuer']}"
        lines.append(Text(f"{ratified}, recorded by {row['RatifiedBy']}, {moments.shown(row['RatifiedAt'])}."))
    elif row.get("RejectedAt"):
        lines.append(Text(f"Not ratified, recorded by {row.get('RejectedBy') or '–'}: {row.get('RejectionReason')}"))
    elif row.get("RatifyBy"):
        lines.append(Text(f"It must have been ratified by {moments.shown(row['RatifyBy'])}.", style="bold"))
    lines += [
        Text(f"Extended until {moments.shown(each['Until'])} by {each['Document']} of {each['Issuer']}.")
        for each in row["Extensions"]
    ]
    if row.get("EndedAt"):
        lines.append(Text(f"Ended by {row.get('EndedBy') or '–'}, {moments.shown(row['EndedAt'])}."))
    if row["Acts"]:
        deleted = f"; the results of {row['ResultsDeleted']:,} are deleted" if row["ResultsDeleted"] else ""
        lines.append(Text(f"{count(row['Acts'], 'act')} under it{deleted}."))
    if row["KeptByHolds"]:
        lines.append(Text(f"Results are kept by the legal holds {', '.join(row['KeptByHolds'])}."))
    return lines
