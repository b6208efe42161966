"""`--endpoint`: measure a service over the network instead of this program's engine."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from recognizance.cli.errors import MisuseError
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import aside, count, duration, messages, show_warning

if TYPE_CHECKING:
    from recognizance.workflows.evaluate.remote import Answers, Endpoint, Estimate, Remote

AMAZON_PRICE = 0.001
"""USD a call, for the first million calls of a month."""

_AMAZON = re.compile(r"(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$")
_AMAZON_REGION = re.compile(r"^rekognition(?:-fips)?\.([a-z0-9-]+)\.")
_REGION_DEFAULT = "us-east-1"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Elsewhere:
    """The options that `measurable` gives a command; without an endpoint the engine in this process is measured."""

    endpoint: Annotated[
        str | None,
        typer.Option(
            help="Measure the service with Rekognition's API at this URL.  Default: this program's engine, in process.",
            metavar="URL",
        ),
    ] = None
    profile: Annotated[
        str | None,
        typer.Option(help="The AWS profile to sign with at --endpoint.  Default: what the AWS SDKs find."),
    ] = None
    region: Annotated[
        str | None,
        typer.Option(help="The region to sign for at --endpoint.  Default: the address's, the profile's or us-east-1."),
    ] = None
    rate: Annotated[float, typer.Option(help="Calls a second at --endpoint, at most.", min=0.01, max=1000)] = 5.0
    price_per_call: Annotated[
        float | None,
        typer.Option(help="USD a call at --endpoint.  Default: 0.001 where the address is Amazon's, else 0.", min=0),
    ] = None
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --endpoint is called.")] = False

    @property
    def host(self) -> str:
        """The host that is called."""
        return urlsplit(self.endpoint or "").hostname or ""

    @property
    def is_amazons(self) -> bool:
        """Whether the address is one of Amazon's."""
        return bool(_AMAZON.search(self.host))

    @property
    def price(self) -> float:
        """USD a call."""
        return self.price_per_call if self.price_per_call is not None else AMAZON_PRICE * self.is_amazons


def measurable(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of `Elsewhere`; the invocation carries them to `opened`.

    The command has the parameters ``context`` and ``out``, the folder in which answers are kept.
    """
    names = [field.name for field in fields(Elsewhere)]
    parameters = list(inspect.signature(command).parameters.values())
    options = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in fields(Elsewhere)
    ]

    @wraps(command)
    def run(**given: Any) -> int:
        elsewhere = Elsewhere(**{name: given.pop(name) for name in names})
        invocation: Invocation = given["context"].obj
        if elsewhere.endpoint is not None:
            _check(elsewhere.endpoint)
            invocation.measured = elsewhere, given["out"]
        return command(**given)

    keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    run.__signature__ = inspect.Signature([*keyword, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*parameters, *options]}
    return run


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise MisuseError(f"--endpoint cannot be {url!r}.", "It is a URL: https://rekognition.us-east-1.amazonaws.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise MisuseError(
            "--endpoint holds more than an address and a path.",
            "Credentials come from --profile; they do not belong into a URL.",
        )


@contextmanager
def opened_elsewhere(invocation: Invocation, elsewhere: Elsewhere, out: Path) -> Iterator["Remote"]:
    """Open the service at the endpoint; answers are kept in the folder `out`.

    Collections that are left at the service, because the block was interrupted, are told.
    """
    from recognizance.workflows.evaluate.remote import Answers, Remote

    out.mkdir(parents=True, exist_ok=True)
    endpoint = _signed_in(elsewhere, elsewhere.profile or invocation.profile)
    with Answers(out) as answers:
        try:
            yield Remote(endpoint, answers, lambda estimate: _agree(estimate, elsewhere))
        finally:
            endpoint.client.close()
            _tell_left(answers, out)


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
    cost = f", {estimate.cost:,.2f} USD at {estimate.price:g} USD a call" if estimate.price else ""
    with aside():
        messages().print(
            f"At {elsewhere.host}: {count(estimate.total, 'call')} ({calls}), {duration(estimate.seconds)} at "
            f"{estimate.rate:g} a second{cost}.  {estimate.kept:,} need none: they are answered.  The photographs are "
            "sent there.",
            soft_wrap=True,
        )
        if elsewhere.yes:
            return
        if sys.stdin.isatty():
            typer.confirm("Go on?", abort=True)
        elif estimate.cost:
            raise MisuseError(
                f"There is no terminal to ask whether {estimate.cost:,.2f} USD may be spent.", "Add --yes."
            )


def _tell_left(answers: "Answers", out: Path) -> None:
    for collection in answers.left:
        show_warning(
            f"The collection {collection.name} may still be at {collection.endpoint}, with the gallery's faces.",
            f"The same command goes on with it and deletes it at its end; to delete it now: recognizance evaluate "
            f"forget --out {out} --endpoint {collection.endpoint}",
        )
