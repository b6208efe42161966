"""`recognizance reconcile`: what is kept for searching, compared with the record."""

from typing import Annotated

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode
from recognizance.cli.terminal import count, output, table


def reconcile(
    context: typer.Context,
    gallery: Annotated[str | None, typer.Option("--gallery", "-g", help="Only this gallery.  Default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Compare what the vector engine holds with the record, completely, and set it right.

    Searches and enrolments wait meanwhile.  A server does by itself whatever a crash left undone; this is for when an
    engine has lost something, or was changed by somebody else.
    """
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect
    from recognizance.native import native_client

    with connect(context.obj) as connection:
        patient = native_client(
            connection.session, connection.endpoint, region=connection.settings.region, patient=True
        )
        names = [gallery] if gallery is not None else [row["Name"] for row in connection.galleries()]
        found = [(name, patient.reconcile_gallery(Gallery=name)) for name in names]
    if as_json:
        print_json(
            {
                "format": "recognizance-reconcile-1",
                "galleries": [
                    {
                        "name": name,
                        "references": row["References"],
                        "missing": row["Missing"],
                        "extra": row["Extra"],
                        "different": row["Different"],
                        "entry": int(row["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"]),
                    }
                    for name, row in found
                ],
            }
        )
        return ExitCode.OK
    columns = ("references", "missing", "extra", "different")
    rows = table("gallery", *columns, right=columns)
    for name, row in found:
        numbers = (row["References"], row["Missing"], row["Extra"], row["Different"])
        rows.add_row(Text(name, style="bold"), *(f"{number:,}" for number in numbers))
    output().print(rows)
    wrong = sum(row["Missing"] + row["Extra"] + row["Different"] for _, row in found)
    told = "All agreed with the record." if not wrong else f"Set right: {count(wrong, 'reference')}."
    output().print(told)
    return ExitCode.OK
