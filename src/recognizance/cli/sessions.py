"""`recognizance session`: temporary credentials for one purpose and one case."""

import json
import re
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import output, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Sessions: one operator at work for one purpose on one case, until they expire.",
)

_NAME = "recognizance-cli"
_DURATION = re.compile(r"(\d{1,5})(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Format(StrEnum):
    """How `session open` prints the credentials."""

    TEXT = "text"
    CREDENTIAL_PROCESS = "credential-process"
    ENV = "env"


_Purpose = Annotated[str, typer.Option(help="What for: letters, digits, and . _ ~ - as in an endpoint's path.")]
_Case = Annotated[str, typer.Option(help="The case's number.  It is registered and open, and you work on it.")]
_Authority = Annotated[str | None, typer.Option(help="The document id of the case's warrant, order or emergency.")]
_Duration = Annotated[str, typer.Option(help="15m to 12h; also in seconds, as 900s.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


@app.command("open")
def open_session(
    context: typer.Context,
    purpose: _Purpose,
    case: _Case,
    authority: _Authority = None,
    duration: _Duration = "1h",
    form: Annotated[
        Format,
        typer.Option(
            "--format", help="text; credential-process, as that setting of an AWS profile wants it; env, for eval."
        ),
    ] = Format.TEXT,
) -> int:
    """Open a session and print its credentials, this once."""
    from recognizance.cli.connection import connect

    seconds = _seconds(duration)
    with connect(context.obj) as connection:
        session = connection.native.open_session(**_wanted(purpose, case, authority, seconds))["Session"]
        given = connection.sts.assume_role(RoleArn=session["RoleArn"], RoleSessionName=_NAME, DurationSeconds=seconds)[
            "Credentials"
        ]
        endpoint, region = connection.endpoint, connection.settings.region
    expires = given["Expiration"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    if form is Format.CREDENTIAL_PROCESS:
        document = {"Version": 1, **{name: given[name] for name in names}, "Expiration": expires}
        sys.stdout.write(json.dumps(document) + "\n")
    elif form is Format.ENV:
        exports = {
            "AWS_ENDPOINT_URL_REKOGNITION": endpoint,
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
        }
        sys.stdout.write("".join(f"export {name}={shlex.quote(value)}\n" for name, value in exports.items()))
    else:
        _show(session)
        for name in names:
            output().print(Text(f"{name}: {given[name]}"), soft_wrap=True)
    sys.stdout.flush()
    return ExitCode.OK


@app.command()
def register(
    context: typer.Context,
    purpose: _Purpose,
    case: _Case,
    authority: _Authority = None,
    duration: _Duration = "8h",
    as_json: _Json = False,
) -> int:
    """Register a session, and print the role by which an AWS profile takes it on."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        session = connection.native.open_session(**_wanted(purpose, case, authority, _seconds(duration)))["Session"]
        endpoint = connection.endpoint
    if as_json:
        return _print([session])
    _show(session)
    console = output()
    console.print("\nAn AWS profile takes it on by these lines in ~/.aws/config:\n")
    invocation: Invocation = context.obj
    source = invocation.profile or "YOUR-PROFILE"
    lines = [f"[profile case-{session['Case']}]", f"role_arn = {session['RoleArn']}", f"source_profile = {source}"]
    for line in lines:
        console.print(Text(f"  {line}"), soft_wrap=True)
    console.print(f"\nwith AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL_REKOGNITION set to {endpoint}.", soft_wrap=True)
    return ExitCode.OK


@app.command("list")
def list_sessions(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: _Json = False,
) -> int:
    """List open sessions; those who do not oversee others see their own."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_sessions(Finished=everything)["Sessions"]
    if as_json:
        return _print(found)
    rows = table("session", "operator", "purpose", "case", "authority", "until", "state")
    for row in found:
        rows.add_row(
            row["SessionId"],
            row["Operator"],
            row["Purpose"],
            row["Case"],
            row.get("Authority") or "–",
            f"{row['ExpiresAt'].astimezone():%Y-%m-%d %H:%M}",
            _state(row),
        )
    output().print(rows)
    return ExitCode.OK


@app.command()
def close(
    context: typer.Context,
    session: Annotated[str, typer.Argument(metavar="ID", help="The session's id.")],
) -> int:
    """End a session and its credentials, at once.  Administrators can end anybody's."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        connection.native.close_session(SessionId=session)
    output().print(f"Closed {session}.")
    return ExitCode.OK


def _seconds(duration: str) -> int:
    found = _DURATION.fullmatch(duration)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 900 <= seconds <= 43_200:
        raise MisuseError(f"{duration!r} is no duration from 15m to 12h.", "Write it like 15m, 900s or 8h.")
    return seconds


def _wanted(purpose: str, case: str, authority: str | None, seconds: int) -> dict[str, Any]:
    wanted: dict[str, Any] = {"Purpose": purpose, "Case": case, "DurationSeconds": seconds}
    return wanted if authority is None else {**wanted, "Authority": authority}


def _show(session: Mapping[str, Any]) -> None:
    console = output()
    authority = f", authority {session['Authority']}" if session.get("Authority") else ""
    about = f"Session {session['SessionId']} of {session['Operator']}: {session['Purpose']}, case {session['Case']}"
    console.print(Text(f"{about}{authority}."), soft_wrap=True)
    console.print(
        f"Until {session['ExpiresAt'].astimezone():%Y-%m-%d %H:%M}.  Role: {session['RoleArn']}", soft_wrap=True
    )


def _state(row: Mapping[str, Any]) -> str:
    if row.get("ClosedAt"):
        return "closed"
    return "open" if row["ExpiresAt"] > datetime.now(UTC) else "expired"


def _print(rows: list[dict[str, Any]]) -> int:
    from recognizance.cli.answers import print_json

    documents = [
        {
            "id": row["SessionId"],
            "operator": row["Operator"],
            "purpose": row["Purpose"],
            "case": row["Case"],
            "authority": row.get("Authority"),
            "opened_at": row["OpenedAt"].isoformat(),
            "expires_at": row["ExpiresAt"].isoformat(),
            "state": _state(row),
            "role_arn": row["RoleArn"],
        }
        for row in rows
    ]
    print_json({"format": "recognizance-sessions-1", "sessions": documents})
    return ExitCode.OK
