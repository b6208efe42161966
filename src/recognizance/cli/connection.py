"""Reach the server: the one that runs, or one of this process's own."""

import json
import logging
import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from recognizance.cli.invocation import Invocation
from recognizance.cli.signing_in import sign_in
from recognizance.cli.terminal import messages, waiting
from recognizance.errors import HomeInUseError, SettingsError

if TYPE_CHECKING:
    from recognizance.home import RunningServer
    from recognizance.settings import Settings

PATIENCE_SECONDS = 30.0
"""How long to wait for another command that holds the home folder."""

ENDPOINT = "AWS_ENDPOINT_URL_RECOGNIZANCE"
"""Names the server, as it does for every AWS SDK: for operators who cannot reach its home folder."""

_POLL_SECONDS = 0.25


@dataclass
class Connection:
    """A server that answers, and clients that sign with one operator's credentials."""

    settings: "Settings"
    endpoint: str
    session: Any
    connections: int
    path: str = ""
    """What the requests are for; see `Invocation.said`."""

    @property
    def credentials(self) -> Any:
        """What to sign with now: temporary credentials are renewed when they are about to end."""
        return self.session.get_credentials().get_frozen_credentials()

    @cached_property
    def native(self) -> Any:
        """A client of our own operations."""
        from recognizance.native import native_client

        return native_client(
            self.session, self.endpoint + self.path, region=self.settings.region, connections=self.connections
        )

    @cached_property
    def rekognition(self) -> Any:
        """A client of Rekognition's operations."""
        return self._client("rekognition", self.path)

    @cached_property
    def sts(self) -> Any:
        """A client of the operations that give temporary credentials."""
        return self._client("sts")

    def _client(self, name: str, path: str = "") -> Any:
        from botocore.config import Config

        return self.session.create_client(
            name,
            region_name=self.settings.region,
            endpoint_url=self.endpoint + path,
            config=Config(proxies={}, parameter_validation=False, retries={"max_attempts": 5, "mode": "standard"}),
        )

    def galleries(self) -> list[dict[str, Any]]:
        """List all galleries, in the order of creation."""
        found: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = self.native.list_galleries(**token)
            found.extend(page["Galleries"])
            if not page.get("NextToken"):
                return found
            token = {"NextToken": page["NextToken"]}

    def gallery(self, name: str) -> dict[str, Any] | None:
        """Find a gallery by name."""
        return next((row for row in self.galleries() if row["Name"] == name), None)


@contextmanager
def connect(invocation: Invocation, *, jobs: int = 1) -> Iterator[Connection]:
    """Connect to the running server, or serve in the background while the block runs.

    Where AWS_ENDPOINT_URL_RECOGNIZANCE names a server, it is that one, and no home folder is needed.

    Raises
    ------
    NoCredentialsError
        If there is nothing to sign with.
    HomeInUseError
        If a command that is no server holds the home folder for longer than `PATIENCE_SECONDS`.
    """
    settings = invocation.settings()
    if not invocation.debug:  # what fails is told as a sentence by the command itself
        logging.getLogger().addHandler(logging.NullHandler())
    elsewhere = os.environ.get(ENDPOINT)
    with ExitStack() as closing:
        if elsewhere:
            endpoint = elsewhere
        else:
            make_home(settings)
            endpoint = _reach(settings, closing).endpoint
        session = sign_in(invocation, settings, endpoint, own_only=bool(elsewhere))
        yield Connection(settings, endpoint, session, max(jobs, 10), invocation.path)


def make_home(settings: "Settings") -> None:
    """Make the home folder, where there is none.

    Raises
    ------
    SettingsError
        If it cannot be made.
    """
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The home folder {settings.home} cannot be made: {error.strerror}.",
            "Choose another with --home or RECOGNIZANCE_HOME.",
        ) from error


def running_server(settings: "Settings") -> "RunningServer | None":
    """Find a server that owns the home folder and answers."""
    from recognizance.home import find_server

    running = find_server(settings)
    return running if running is not None and _answers(running) else None


def _reach(settings: "Settings", closing: ExitStack) -> "RunningServer":
    deadline = time.monotonic() + PATIENCE_SECONDS
    told = False
    while True:
        running = running_server(settings)
        if running is not None:
            return running
        from recognizance.server import serving_in_background  # only now: it takes a second

        try:
            with waiting("Loading the models …"):
                return closing.enter_context(serving_in_background(settings))
        except HomeInUseError as error:
            if time.monotonic() > deadline:
                raise HomeInUseError(
                    error.message,
                    "Start `recognizance serve`: any number of commands share a running server.",
                ) from error
        if not told:
            messages().print(f"Waiting for another command that uses {settings.home} …", soft_wrap=True)
            told = True
        time.sleep(_POLL_SECONDS)


def _answers(running: "RunningServer") -> bool:
    """Ask whether it is Recognizance that listens there; a killed server leaves its address behind."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{running.endpoint}/healthz", timeout=5) as answer:
            return bool(json.load(answer).get("service") == "recognizance")
    except (OSError, ValueError, AttributeError):
        return False
