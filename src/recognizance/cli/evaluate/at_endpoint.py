"""Open the service at `--endpoint`: sign in, say what calls will take, and tell what was left there."""

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from recognizance.cli.errors import MisuseError
from recognizance.cli.evaluate.elsewhere import Elsewhere
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import aside, count, duration, is_attended, messages, show_warning

if TYPE_CHECKING:
    from recognizance.workflows.evaluate.remote import Answers, Endpoint, Estimate, Remote

_AMAZON_REGION = re.compile(r"^rekognition(?:-fips)?\.([a-z0-9-]+)\.")
_REGION_DEFAULT = "us-east-1"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@contextmanager
def opened_elsewhere(invocation: Invocation, elsewhere: Elsewhere, out: Path) -> Iterator["Remote"]:
    """Open the service at the endpoint; answers are kept in the folder `out`.

    Collections that are left at the service, because the block was interrupted, are told.
    """
    from recognizance.workflows.evaluate.remote import Answers, Remote

    out.mkdir(parents=True, exist_ok=True)
    profile = elsewhere.profile or invocation.profile
    endpoint = _signed_in(elsewhere, profile)
    with Answers(out) as answers:
        try:
            yield Remote(endpoint, answers, lambda estimate: _agree(estimate, elsewhere))
        except KeyboardInterrupt:
            messages().print("What was answered is kept: the same command goes on from there.")
            raise
        finally:
            endpoint.client.close()
            _tell_left(answers, out, elsewhere, profile)


def _signed_in(elsewhere: Elsewhere, profile: str | None) -> "Endpoint":
    """Make a client that signs, and that repeats nothing by itself.

    Raises
    ------
    NoCredentialsError
        If there is nothing to sign with.
    """
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from recognizance.errors import NoCredentialsError
    from recognizance.workflows.evaluate.remote import Endpoint

    url = str(elsewhere.endpoint).rstrip("/")
    named = f"the profile {profile}" if profile else "the environment or the default profile"
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=16,
        proxies={} if elsewhere.host in _LOOPBACK else None,
    )
    try:
        session = botocore.session.Session(profile=profile)
        amazons = _AMAZON_REGION.match(elsewhere.host) if elsewhere.is_amazons else None
        region = elsewhere.region or (amazons and amazons[1]) or session.get_config_variable("region")
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError(
                f"There are no credentials in {named} to sign with at {url}.",
                "Name a profile of ~/.aws/credentials with --profile, or set AWS_ACCESS_KEY_ID and "
                'AWS_SECRET_ACCESS_KEY; for a server of Recognizance, eval "$(recognizance env)".',
            )
        key_id = credentials.get_frozen_credentials().access_key
        client = session.create_client(
            "rekognition", region_name=region or _REGION_DEFAULT, endpoint_url=url, config=config
        )
    except (BotoCoreError, ClientError) as error:
        raise NoCredentialsError(
            f"The credentials of {named} cannot be used: {error}", "Check --profile and what it refers to."
        ) from error
    # Keys of a profile may be temporary; its name lasts.
    return Endpoint(client, url, region or _REGION_DEFAULT, profile or key_id, elsewhere.rate, elsewhere.price)


def _agree(estimate: "Estimate", elsewhere: Elsewhere) -> None:
    """Say what calls will take, and ask.

    Raises
    ------
    MisuseError
        If there is a cost and nobody to ask.
    """
    calls = ", ".join(f"{number:,} {operation}" for operation, number in estimate.calls.items())
    if not estimate.calls:
        messages().print(
            f"Nothing is asked of {elsewhere.host}: an earlier run has left all {estimate.kept:,} answers."
        )
        return
    kept = f"  {estimate.kept:,} more are answered already." if estimate.kept else ""
    cost = f", {estimate.cost:,.2f} USD at {estimate.price:g} USD a call" if estimate.price else ""
    with aside():
        messages().print(
            f"At {elsewhere.host}: {count(estimate.total, 'call')} ({calls}), {duration(estimate.seconds)} at "
            f"{estimate.rate:g} a second{cost}.{kept}  The photographs are sent there.",
            soft_wrap=True,
        )
        if elsewhere.yes:
            return
        if is_attended():
            typer.confirm("Go on?", abort=True)
        elif estimate.cost:
            raise MisuseError(
                f"There is no terminal to ask whether {estimate.cost:,.2f} USD may be spent.", "Add --yes."
            )


def _tell_left(answers: "Answers", out: Path, elsewhere: Elsewhere, profile: str | None) -> None:
    signed = [
        *(["--profile", profile] if profile else []),
        *(["--region", elsewhere.region] if elsewhere.region else []),
    ]
    for collection in answers.left:
        words = ["--out", str(out), "--endpoint", collection.endpoint, *signed]
        show_warning(
            f"The collection {collection.name} may still be at {collection.endpoint}, with the gallery's faces.",
            "The same command goes on with it, and deletes it at its end.  To delete it now: recognizance evaluate "
            f"forget {shlex.join(words)}",
        )
