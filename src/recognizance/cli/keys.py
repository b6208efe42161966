"""`recognizance operator key`, and `recognizance operator recover`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import messages, output, show_error, show_warning, table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Access keys: what an operator's programs sign with.  Two at most, so that one can follow the other.",
)

_ID = Annotated[str, typer.Argument(metavar="ID", help="The operator's id.")]


@app.command()
def issue(
    context: typer.Context,
    identifier: _ID,
    profile: Annotated[
        str | None,
        typer.Option(help="Write it into this profile of the AWS credentials file, for --profile and every AWS SDK."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write it to a new file that only you can read.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put the key into a profile that is there.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead, with the secret in it.")
    ] = False,
) -> int:
    """Issue an access key.  Its secret is shown this once, unless it goes to a profile or a file.

    To change keys: issue the second one, let the programs use it, revoke the first one.
    """
    from recognizance.cli import credential_files
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    if profile is not None and out is not None:
        raise MisuseError("--profile and --out do not go together.", "Choose one place for the secret.")
    file = credential_files.credentials_file()
    if profile is not None:
        credential_files.require_writable(file, profile, replace=replace)
    if out is not None:
        credential_files.require_absent(out)
    with connect(context.obj) as connection:
        made = connection.native.issue_access_key(Operator=identifier)
    key, secret = made["AccessKeyId"], made["SecretAccessKey"]
    try:
        if profile is not None:
            credential_files.write_profile(file, profile, key, secret)
        elif out is not None:
            credential_files.write_alone(out, identifier, key, secret)
    except OSError:
        show_error(f"The key {key} was issued, and its secret could not be written: it is lost.")
        messages().print(f"Revoke it: {context.obj.command(f'operator key revoke {key}')}", soft_wrap=True)
        raise
    kept = str(out) if out is not None else f"{file} [{profile}]" if profile is not None else None
    if as_json:
        shown = {} if kept else {"secret": secret}
        document = {"format": "recognizance-key-1", "operator": identifier, "access_key_id": key, **shown}
        print_json({**document, "written_to": kept})
        return ExitCode.OK
    _show(identifier, key, None if kept else secret)
    if kept:
        output().print(Text(f"It is in {kept}."), soft_wrap=True)
    return ExitCode.OK


@app.command("list")
def list_keys(
    context: typer.Context,
    identifier: Annotated[str | None, typer.Argument(metavar="[ID]", help="Of this operator alone.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """List access keys and who issued them; never a secret."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    wanted = {} if identifier is None else {"Operator": identifier}
    with connect(context.obj) as connection:
        found = connection.native.list_operators(**wanted)["Operators"]
    rows = [key for row in found for key in row["AccessKeys"]]
    if as_json:
        print_json({"format": "recognizance-keys-1", "keys": [document(key) for key in rows]})
        return ExitCode.OK
    output().print(as_table(rows))
    return ExitCode.OK


@app.command()
def revoke(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The access key id: AKIA….")],
) -> int:
    """End an access key for good, at once, with the sessions that were opened with it."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        owner = connection.native.revoke_access_key(AccessKeyId=key)["Operator"]
    output().print(f"Revoked {key} of {owner}.", soft_wrap=True)
    return ExitCode.OK


def recover(context: typer.Context, identifier: _ID) -> int:
    """Give a named administrator a new access key without anybody's signature, when every secret is lost.

    Works on the server's machine alone: it needs the home folder, the folder of keys, and no running server.  The log
    keeps it for everyone to see.
    """
    from recognizance.bootstrap import now, open_record, record_exists
    from recognizance.cli.connection import make_home
    from recognizance.home import hold_home
    from recognizance.workflows.keys import recover as recover_key

    invocation: Invocation = context.obj
    settings = invocation.settings()
    if not record_exists(settings):
        raise MisuseError(
            f"There is no record in {settings.record or settings.home}.",
            "Check --home, RECOGNIZANCE_HOME and RECOGNIZANCE_RECORD.",
        )
    make_home(settings)
    with hold_home(settings), open_record(settings) as record:
        pair, entry = recover_key(record.store, record.ledger, identifier, clock=now)
    _show(identifier, pair.access_key_id, pair.secret)
    show_warning(
        f"Entry {entry} of the log records this recovery.",
        "Revoke the keys whose secrets are lost: `recognizance operator key list`, `recognizance operator key revoke`.",
    )
    return ExitCode.OK


def as_table(keys: Sequence[Mapping[str, Any]]) -> Table:
    """Make a table of access keys."""
    rows = table("access key", "operator", "issued", "by", "state")
    for key in keys:
        revoked = key.get("RevokedAt")
        rows.add_row(
            key["AccessKeyId"],
            key["Operator"],
            f"{key['CreatedAt'].astimezone():%Y-%m-%d %H:%M}",
            key.get("IssuedBy") or key["Origin"],
            "active" if key["Active"] else f"revoked {revoked.astimezone():%Y-%m-%d %H:%M}" if revoked else "revoked",
        )
    return rows


def document(key: Mapping[str, Any]) -> dict[str, Any]:
    """Describe an access key."""
    revoked = key.get("RevokedAt")
    return {
        "access_key_id": key["AccessKeyId"],
        "operator": key["Operator"],
        "active": key["Active"],
        "created_at": key["CreatedAt"].isoformat(),
        "revoked_at": revoked.isoformat() if revoked else None,
        "origin": key["Origin"],
        "issued_by": key.get("IssuedBy"),
    }


def _show(operator: str, key: str, secret: str | None) -> None:
    console = output()
    console.print(f"Access key of {operator}: {key}", soft_wrap=True)
    if secret is not None:
        console.print(Text.assemble("Secret, shown this once:  ", (secret, "bold")), soft_wrap=True)
