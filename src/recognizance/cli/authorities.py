"""`recognizance authority`: warrants, orders, emergencies and consents of cases."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli import moments
from recognizance.cli.authority_answers import document_of, show_one
from recognizance.cli.errors import ExitCode
from recognizance.cli.terminal import output, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Authorities: the warrants, orders, emergencies and consents that requests of a case may name.",
)


class Kind(StrEnum):
    """What an authority is, if it is no emergency."""

    WARRANT = "warrant"
    COURT_ORDER = "court-order"
    MISSING_PERSON = "missing-person"
    DECEASED_PERSON = "deceased-person"
    CONSENT = "consent"


class Hours(StrEnum):
    """How long an emergency may go without ratification."""

    DAY = "24h"
    TWO_DAYS = "48h"


_Case = Annotated[str, typer.Argument(metavar="CASE", help="The case's number.")]
_Document = Annotated[
    str,
    typer.Argument(
        metavar="DOCUMENT",
        help="The document's id, by which requests name it: letters, digits, and . _ ~ - as in an endpoint's path.",
    ),
]
_Issuer = Annotated[str, typer.Option(help="Who issued it: a court, a judge, the person who consents.")]
_By = Annotated[str, typer.Option("--by", help="The id of the document that does it.")]
_From = Annotated[str | None, typer.Option("--from", help=f"From when on: {moments.HELP}  Default: now.")]
_Until = Annotated[str | None, typer.Option("--until", help="Until when.  Default: until it is ended.")]
_Galleries = Annotated[
    list[str] | None, typer.Option("--gallery", help="A gallery that it is limited to; can be given often.")
]
_Subjects = Annotated[
    list[str] | None, typer.Option("--subject", help="Whom it is about; for people to read.  Can be given often.")
]
_Places = Annotated[
    list[str] | None, typer.Option("--place", help="A place that it is about; for people to read.  Can be given often.")
]
_Operations = Annotated[
    list[str] | None,
    typer.Option(
        "--operation",
        help="What it is limited to: search, compare, enrol, detect, subject or export; can be given often.",
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


@app.command()
def add(
    context: typer.Context,
    case: _Case,
    document: _Document,
    kind: Annotated[Kind, typer.Option(help="What it is.")],
    issuer: _Issuer,
    begins: _From = None,
    ends: _Until = None,
    galleries: _Galleries = None,
    subjects: _Subjects = None,
    places: _Places = None,
    operations: _Operations = None,
    as_json: _Json = False,
) -> int:
    """Record a warrant, an order or a consent."""
    given = {
        "Kind": kind.value,
        "Issuer": issuer,
        "From": moments.beginning(begins),
        "Until": moments.ending(ends),
        **_scope(galleries, subjects, places, operations),
    }
    return _do(context, "add_authority", case, document, given, "Recorded", as_json=as_json)


@app.command()
def declare(
    context: typer.Context,
    case: _Case,
    document: _Document,
    reason: Annotated[str, typer.Option(help="Why nobody can wait for a warrant.")],
    within: Annotated[
        Hours | None, typer.Option(help="When it must have been ratified.  Default: as the settings say.")
    ] = None,
    ends: _Until = None,
    galleries: _Galleries = None,
    subjects: _Subjects = None,
    places: _Places = None,
    operations: _Operations = None,
    as_json: _Json = False,
) -> int:
    """Declare an emergency in a case that you work on.

    A supervisor, who is another person, must ratify it in time; if not, nothing can be done under it any more, and
    what was found under it is deleted.
    """
    given = {
        "Reason": reason,
        "RatifyWithinHours": within and int(within.value[:-1]),
        "Until": moments.ending(ends),
        **_scope(galleries, subjects, places, operations),
    }
    return _do(context, "declare_emergency", case, document, given, "Declared", as_json=as_json)


@app.command()
def ratify(
    context: typer.Context,
    case: _Case,
    document: _Document,
    by: _By,
    issuer: _Issuer,
    ends: Annotated[str | None, typer.Option("--until", help="Until when it says that the authority is valid.")] = None,
    as_json: _Json = False,
) -> int:
    """Record the warrant or order that ratifies an emergency, which another person declared."""
    given = {"RatifyingDocument": by, "Issuer": issuer, "Until": moments.ending(ends)}
    return _do(context, "ratify_authority", case, document, given, "Ratified", as_json=as_json)


@app.command()
def reject(
    context: typer.Context,
    case: _Case,
    document: _Document,
    reason: Annotated[str, typer.Option(help="Why it is not ratified.")],
    as_json: _Json = False,
) -> int:
    """Record that an emergency is not ratified: its use stops, and what was found under it is deleted."""
    return _do(context, "reject_authority", case, document, {"Reason": reason}, "Rejected", as_json=as_json)


@app.command()
def extend(
    context: typer.Context,
    case: _Case,
    document: _Document,
    ends: Annotated[str, typer.Option("--until", help=f"Until when it is valid now: {moments.HELP}")],
    by: _By,
    issuer: _Issuer,
    as_json: _Json = False,
) -> int:
    """Record that an authority was extended."""
    given = {"Until": moments.ending(ends), "ExtendingDocument": by, "Issuer": issuer}
    return _do(context, "extend_authority", case, document, given, "Extended", as_json=as_json)


@app.command()
def end(context: typer.Context, case: _Case, document: _Document, as_json: _Json = False) -> int:
    """End an authority and the sessions under it, at once."""
    return _do(context, "end_authority", case, document, {}, "Ended", as_json=as_json)


@app.command("list")
def list_authorities(
    context: typer.Context,
    case: Annotated[str | None, typer.Option(help="Only those of this case.")] = None,
    as_json: _Json = False,
) -> int:
    """List authorities; those who do not oversee others see those of the cases that they work on."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_authorities(**({} if case is None else {"Case": case}))["Authorities"]
    if as_json:
        return _print(found)
    rows = table("authority", "case", "kind", "issuer", "until", "state")
    for row in found:
        rows.add_row(
            Text(row["Document"], style="bold"),
            row["Case"],
            row["Kind"],
            Text(row["Issuer"]),
            moments.shown(row.get("Until")),
            row["State"],
        )
    output().print(rows)
    return ExitCode.OK


@app.command()
def show(context: typer.Context, case: _Case, document: _Document, as_json: _Json = False) -> int:
    """Show all that is on record of an authority."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        (found,) = connection.native.list_authorities(Case=case, Document=document)["Authorities"]
    return _print([found]) if as_json else show_one(found)


def _do(
    context: typer.Context,
    operation: str,
    case: str,
    document: str,
    given: Mapping[str, Any],
    done: str,
    *,
    as_json: bool,
) -> int:
    from recognizance.cli.connection import connect

    known = {name: value for name, value in given.items() if value}
    with connect(context.obj) as connection:
        row = getattr(connection.native, operation)(Case=case, Document=document, **known)["Authority"]
    if as_json:
        return _print([row])
    output().print(Text(f"{done} the {row['Kind']} {row['Document']} of the case {row['Case']}."), soft_wrap=True)
    return show_one(row)


def _scope(
    galleries: Sequence[str] | None,
    subjects: Sequence[str] | None,
    places: Sequence[str] | None,
    operations: Sequence[str] | None,
) -> dict[str, Any]:
    given = {"Galleries": galleries, "Subjects": subjects, "Places": places, "Operations": operations}
    return {"Scope": {name: list(values) for name, values in given.items() if values}}


def _print(rows: list[dict[str, Any]]) -> int:
    from recognizance.cli.answers import print_json

    print_json({"format": "recognizance-authorities-1", "authorities": [document_of(row) for row in rows]})
    return ExitCode.OK
