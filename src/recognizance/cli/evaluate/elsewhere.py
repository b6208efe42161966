"""`--endpoint`: measure a service over the network instead of this program's engine."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from recognizance.cli.errors import MisuseError
from recognizance.cli.invocation import Invocation

AMAZON_PRICE = 0.001
"""USD a call, for the first million calls of a month."""

_AMAZON = re.compile(r"(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$")


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
        elif elsewhere != Elsewhere():
            raise MisuseError(
                "--profile, --region, --rate, --price-per-call and --yes are about a service that --endpoint names.",
                "Add --endpoint URL; without it this program's own engine is measured.",
            )
        return command(**given)

    keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    run.__signature__ = inspect.Signature([*keyword, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*parameters, *options]}
    return run


def _check(url: str) -> None:
    from botocore.utils import is_valid_endpoint_url

    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.port != 0 and is_valid_endpoint_url(url)
    except ValueError:  # brackets that do not close, a port beyond 65535
        is_address = False
    if not is_address:
        raise MisuseError(f"--endpoint cannot be {url!r}.", "It is a URL: https://rekognition.us-east-1.amazonaws.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise MisuseError(
            "--endpoint holds more than an address and a path.",
            "Credentials come from --profile; they do not belong into a URL.",
        )
