"""`recognizance searches`: searches on record."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode
from recognizance.cli.terminal import output, table
from recognizance.cli.threshold_rates import rates_document, rates_told

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Searches on record: who searched, why, on what authority, and what came of it.",
)


@app.command()
def show(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The search's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Show everything on record of a search, with its receipt: your own, or for auditors anybody's."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.get_search(SearchId=identifier)["Search"]
    document = search_record(found)
    if as_json:
        print_json(document)
        return ExitCode.OK
    rows = table("", "")
    for name, value in document.items():
        if name not in {"format", "candidates", "receipt", "review", *rates_document(found)}:
            rows.add_row(Text(name.replace("_", " "), style="bold"), Text(_spelt(value)))
    console = output()
    console.print(rows)
    console.print(Text(rates_told(found, found["ThresholdAppliedPercent"])))
    _show_review(document["review"])
    if document["candidates"] is None:
        console.print("The candidates are withheld: see the review.", soft_wrap=True)
    for each in document["candidates"] or ():
        console.print(
            f"{each['rank']}. {each['identifier'] or 'erased'}: {each['similarity_percent']:.1f} %", soft_wrap=True
        )
    console.print("--json gives the receipt, which `recognizance-verify` checks.", soft_wrap=True)
    return ExitCode.OK


def search_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a search on record: ``recognizance-search-record-1``."""
    from recognizance.cli.review import examination_document

    facts = json.loads(row["Facts"])
    asked, result = facts["request"], facts["result"]
    return {
        "format": "recognizance-search-record-1",
        "search_id": row["SearchId"],
        "entry": row["Entry"],
        "at": _moment(row.get("At")),
        "operator": row["Operator"],
        "roles": asked.get("roles"),
        "agency": asked.get("agency"),
        "training": asked.get("training"),
        "training_kind": asked.get("training_kind"),
        "training_until": facts.get("training_until"),
        "operation": row["Operation"],
        "purpose": row.get("Purpose"),
        "purpose_basis": asked.get("purpose_basis"),
        "case": row.get("Case"),
        "offence": asked.get("offence"),
        "authority": row.get("Authority"),
        "authority_record": json.loads(row["AuthorityRecord"]) if row.get("AuthorityRecord") else None,
        "authority_kind": asked.get("authority_kind"),
        "authority_state": asked.get("authority_state"),
        "gallery": row["Gallery"],
        "gallery_version": row["GalleryVersion"],
        "searched": row["Searched"],
        "references_searched": row["ReferencesSearched"],
        "probe": {
            "photograph": row.get("ProbePhotograph"),
            "photograph_kept": row["ProbePhotographKept"],
            "digest": row.get("ProbeDigest"),
            "salt": row.get("ProbeSalt"),
            "kind": row.get("ProbeKind") or "photograph",
            "identifier": row.get("ProbeIdentifier"),
            "source": asked.get("source"),
            "edits": asked.get("edits"),
            "quality": {name: result.get(name) for name in ("sharpness", "brightness", "face_px")},
        },
        "threshold_requested_percent": row.get("ThresholdRequestedPercent"),
        "threshold_applied_percent": row["ThresholdAppliedPercent"],
        **rates_document(row),
        "candidates_requested": row.get("CandidatesRequested"),
        "candidates_max": row["CandidatesMax"],
        "model": row["Model"],
        "calibration": row["Calibration"],
        "policy": row.get("Policy"),
        "decision": row.get("Decision"),
        "rules": list(row["Rules"]),
        "candidates": None
        if row["CandidatesWithheld"]
        else [
            {
                "rank": each["Rank"],
                "identifier": each.get("Identifier"),
                "similarity_percent": each["SimilarityPercent"],
                "score": each["Score"],
                "false_match_rate": each["FalseMatchRate"],
            }
            for each in row["Candidates"]
        ],
        "review": None
        if not row.get("ReviewId")
        else {
            "id": row["ReviewId"],
            "state": row["ReviewState"],
            "released_by": row.get("ReleasedBy"),
            "released_at": _moment(row.get("ReleasedAt")),
            "examinations": [examination_document(made) for made in row["Examinations"]],
            "decisions": {str(line["Position"]): line.get("Decision") for line in row["Positions"]},
        },
        "outcomes": [
            {
                "outcome": each["Outcome"],
                "note": each.get("Note"),
                "recorded_by": each["RecordedBy"],
                "recorded_at": _moment(each["RecordedAt"]),
                "entry": each["Entry"],
            }
            for each in row["Outcomes"]
        ],
        "disclosures": [
            {
                "fields": list(each["Fields"]),
                "disclosed_by": each["DisclosedBy"],
                "at": _moment(each["At"]),
                "entry": each["Entry"],
            }
            for each in row["Disclosures"]
        ],
        "holds": list(row["Holds"]),
        "retain_until": _moment(row.get("RetainUntil")),
        "receipt": row["Receipt"],
    }


def _show_review(review: Mapping[str, Any] | None) -> None:
    if review is None:
        return
    told = f"Review {review['id']}: {review['state']}"
    told += f", released by {review['released_by']}." if review["released_by"] else "."
    output().print(Text(told), soft_wrap=True)


def _spelt(value: Any) -> str:
    """Spell a value for people: what is not known is a dash, and what there is none of is "none"."""
    if value is None or value == "":
        return "–"
    if value in ([], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"  # 98.9996 is not 99
    if isinstance(value, dict):
        told = {name.replace("_", " "): _spelt(part) for name, part in value.items() if part is not None}
        return ", ".join(f"{name} {part}" for name, part in told.items())
    if isinstance(value, list):
        return ", ".join(_spelt(part) for part in value)
    return str(value)


def _moment(value: Any) -> str | None:
    return value.isoformat() if value else None
