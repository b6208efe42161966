"""`recognizance operator`: who may ask, and as what."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli import keys
from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Operators: the people and programs that may ask, their roles and their access keys.",
)
app.add_typer(keys.app, name="key")
app.command("recover")(keys.recover)

_ID = Annotated[str, typer.Argument(metavar="ID", help="The operator's id: small letters, digits, and . _ - @.")]
_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
_ROLES = (
    "investigator, examiner, supervisor, auditor or administrator; ROLE@GALLERY holds for one gallery alone.  Can be "
    "given several times.  Or tester, alone: somebody from outside, who sees no gallery."
)
_UNTIL = "The last day on which the training counts: YYYY-MM-DD."
_RATE = "Requests a minute for this operator; 0 for what the settings say."


@app.command()
def add(
    context: typer.Context,
    identifier: _ID,
    name: Annotated[str, typer.Option(help="The person's name.  It is not quoted in the log.")],
    role: Annotated[list[str], typer.Option(help=_ROLES)],
    agency: Annotated[str | None, typer.Option(help="Whom the person works for.")] = None,
    training: Annotated[str | None, typer.Option(help="What the person is trained in.")] = None,
    training_until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=_UNTIL)] = None,
    rate: Annotated[int | None, typer.Option(min=0, help=_RATE)] = None,
    as_json: _JSON = False,
) -> int:
    """Add an operator, who has no access key yet."""
    from recognizance.cli.connection import connect

    given = _given(name=name, agency=agency, training=training, training_until=training_until, rate=rate)
    with connect(context.obj) as connection:
        made = connection.native.create_operator(Operator=identifier, Roles=role, **given)["Operator"]
    if not as_json:
        invocation: Invocation = context.obj
        output().print(f"Added {made['Id']} ({', '.join(made['Roles'])}).", soft_wrap=True)
        command = invocation.command(f"operator key issue {made['Id']}")
        output().print(f"`{command}` gives them an access key.", soft_wrap=True)
        return ExitCode.OK
    return _print([made])


@app.command("list")
def list_operators(context: typer.Context, as_json: _JSON = False) -> int:
    """List the operators; those who do not oversee others see themselves."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_operators()["Operators"]
    if as_json:
        return _print(found)
    rows = table("operator", "name", "agency", "roles", "training until", "keys", "state", right=("keys",))
    for row in found:
        rows.add_row(
            Text(row["Id"], style="bold"),
            Text(row["Name"]),
            Text(row["Agency"] or "–"),
            ", ".join(row["Roles"]),
            _training(row),
            str(sum(key["Active"] for key in row["AccessKeys"])),
            _state(row),
        )
    output().print(rows)
    return ExitCode.OK


@app.command()
def show(context: typer.Context, identifier: _ID, as_json: _JSON = False) -> int:
    """Show an operator with their access keys; never a secret."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_operators(Operator=identifier)["Operators"]
    if as_json:
        return _print(found)
    (row,) = found
    output().print(
        Text.assemble((row["Id"], "bold"), f"  {row['Name']}, {row['Agency'] or 'no agency'}: {_state(row)}")
    )
    output().print(
        f"Roles: {', '.join(row['Roles'])}.  Training: {row.get('TrainingKind') or 'none'}, {_training(row)}."
    )
    if row.get("RequestsPerMinute"):
        output().print(f"{count(row['RequestsPerMinute'], 'request')} a minute.")
    output().print(keys.as_table(row["AccessKeys"]))
    return ExitCode.OK


@app.command()
def update(
    context: typer.Context,
    identifier: _ID,
    name: Annotated[str | None, typer.Option(help="The person's name.")] = None,
    role: Annotated[list[str] | None, typer.Option(help=f"The roles from now on, all of them: {_ROLES}")] = None,
    agency: Annotated[str | None, typer.Option(help="Whom the person works for.")] = None,
    training: Annotated[str | None, typer.Option(help="What the person is trained in.")] = None,
    training_until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=_UNTIL)] = None,
    no_training: Annotated[bool, typer.Option("--no-training", help="The person is not trained.")] = False,
    rate: Annotated[int | None, typer.Option(min=0, help=_RATE)] = None,
    as_json: _JSON = False,
) -> int:
    """Change what is given, and nothing else."""
    from recognizance.cli.connection import connect

    given = _given(name=name, agency=agency, training=training, training_until=training_until, rate=rate)
    if role:
        given["Roles"] = role
    if no_training:
        given["NoTraining"] = True
    if not given:
        raise MisuseError("There is nothing to change.", "Give one of the options; `--help` lists them.")
    with connect(context.obj) as connection:
        changed = connection.native.update_operator(Operator=identifier, **given)["Operator"]
    if as_json:
        return _print([changed])
    output().print(f"Changed {changed['Id']} ({', '.join(changed['Roles'])}).", soft_wrap=True)
    return ExitCode.OK


@app.command()
def activate(context: typer.Context, identifier: _ID) -> int:
    """Let an operator act again."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        connection.native.activate_operator(Operator=identifier)
    output().print(f"{identifier} can act again.")
    return ExitCode.OK


@app.command()
def deactivate(context: typer.Context, identifier: _ID) -> int:
    """Let an operator no longer act, at once; their keys and sessions are kept, and are of no use."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        connection.native.deactivate_operator(Operator=identifier)
    output().print(f"{identifier} can no longer act.")
    return ExitCode.OK


def _given(
    *,
    name: str | None,
    agency: str | None,
    training: str | None,
    training_until: datetime | None,
    rate: int | None,
) -> dict[str, Any]:
    until = training_until and training_until.replace(tzinfo=UTC) + timedelta(days=1)
    given = {
        "Name": name,
        "Agency": agency,
        "TrainingKind": training,
        "TrainingUntil": until,
        "RequestsPerMinute": rate,
    }
    return {member: value for member, value in given.items() if value is not None}


def _last_day(row: Mapping[str, Any]) -> datetime | None:
    until: datetime | None = row.get("TrainingUntil")
    return until and until.astimezone(UTC) - timedelta(microseconds=1)


def _training(row: Mapping[str, Any]) -> str:
    day = _last_day(row)
    if day is None:
        return "–"
    return f"{day:%Y-%m-%d}" + (", expired" if day < datetime.now(UTC) else "")


def _state(row: Mapping[str, Any]) -> str:
    if row["FirstStart"]:
        return "of the first start" if row["Active"] else "of the first start, closed"
    return "active" if row["Active"] else "not active"


def _print(rows: list[dict[str, Any]]) -> int:
    from recognizance.cli.answers import print_json

    print_json({"format": "recognizance-operators-1", "operators": [_document(row) for row in rows]})
    return ExitCode.OK


def _document(row: Mapping[str, Any]) -> dict[str, Any]:
    day = _last_day(row)
    return {
        "id": row["Id"],
        "name": row["Name"],
        "agency": row["Agency"],
        "roles": list(row["Roles"]),
        "training": row.get("TrainingKind"),
        "training_until": f"{day:%Y-%m-%d}" if day else None,
        "requests_per_minute": row.get("RequestsPerMinute"),
        "first_start": row["FirstStart"],
        "active": row["Active"],
        "created_at": row["CreatedAt"].isoformat(),
        "keys": [keys.document(key) for key in row["AccessKeys"]],
    }
