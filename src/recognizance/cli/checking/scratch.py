"""A server for one pack's vectors: a home folder of its own, on loopback, with a clock that is moved."""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from recognizance.bootstrap import administrator_key
from recognizance.cli.demo import astronaut
from recognizance.native import native_client, share_models
from recognizance.server import serving_in_background
from recognizance.settings import Settings
from recognizance.workflows.engine import Engine

GALLERY = "people"
ELSEWHERE = "elsewhere"

_KEPT = ("manifest", "models", "embedder", "calibrations", "mirror", "threads", "packs", "region")


class MovedClock:
    """Stands still until it is moved, so that an hour before an end is an hour."""

    def __init__(self) -> None:
        # Whole seconds, for SDKs send no fractions of them; a minute ahead, so that the log is not.
        self.time = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.time

    def forward(self, *, hours: float) -> None:
        """Move it; never back, for then the log would be ahead of it."""
        self.time += timedelta(hours=hours)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an operator's programs sign with."""

    access_key_id: str
    secret: str
    token: str | None = None


@dataclass
class Scratch:
    """The server, and the people who ask it.

    The administrator of the first start arranges everything.  Each vector has an operator of its own, for what one has
    done counts when they ask again.
    """

    endpoint: str
    clock: MovedClock
    region: str
    administrator: Credentials

    @cached_property
    def photograph(self) -> bytes:
        """The one that scikit-image ships: of the person who is enrolled, and searched for."""
        return astronaut().read_bytes()

    @cached_property
    def _session(self) -> Any:
        return _session()

    @cached_property
    def office(self) -> Any:
        """The administrator's client of our own operations."""
        return self.native(self.administrator)

    def native(self, who: Credentials, path: str = "") -> Any:
        """Make a client of our own operations."""
        session = _session()
        session.set_credentials(who.access_key_id, who.secret, who.token)
        return native_client(session, self.endpoint + path, region=self.region)

    def client(self, service: str, who: Credentials, path: str = "") -> Any:
        """Make a client as any program would."""
        return self._session.create_client(
            service,
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret,
            aws_session_token=who.token,
            region_name=self.region,
            endpoint_url=self.endpoint + path,
            config=Config(proxies={}, retries={"total_max_attempts": 1}, read_timeout=120),
        )

    def hire(self, roles: frozenset[str], training: str = "none") -> tuple[str, Credentials]:
        """Make an operator, about whom nothing is known yet; return the id too."""
        name = f"{'-'.join(sorted(roles))}-{uuid.uuid4().hex[:8]}"
        days = {"none": None, "current": 3_650, "expired": -1}[training]
        trained = {} if days is None else {"TrainingUntil": self.clock() + timedelta(days=days)}
        self.office.create_operator(Operator=name, Name=name, Roles=sorted(roles), **trained)
        key = self.office.issue_access_key(Operator=name)
        return name, Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def supervisor(self) -> Any:
        """Give a client of a supervisor: a second person for whoever declares an emergency."""
        return self.native(self.hire(frozenset({"supervisor"}))[1])

    def furnish(self) -> None:
        """Make the galleries, and enrol the one person; before any pack could refuse it."""
        for name in (GALLERY, ELSEWHERE):
            self.office.create_gallery(Gallery=name)
        self.office.enrol_photograph(Gallery=GALLERY, Photograph=self.photograph)

    def enforce(self, pack: str) -> None:
        """Switch a pack on and let it bind."""
        self.office.enable_pack(Pack=pack)
        self.office.set_policy_mode(Mode="enforce")


@contextmanager
def scratch_server(settings: Settings, engine: Engine) -> Iterator[Scratch]:
    """Serve from a new home folder while the block runs; nothing of it is kept.

    Parameters
    ----------
    settings : Settings
        Models, calibrations and the folder of packs are theirs; everything else is as a new installation has it.
    engine : Engine
        Those models, loaded.
    """
    with tempfile.TemporaryDirectory(prefix="recognizance-check-") as folder:
        home = Path(folder) / "home"
        new = {name: each.get_default(call_default_factory=True) for name, each in Settings.model_fields.items()}
        kept = {name: getattr(settings, name) for name in _KEPT}
        scratch = settings.model_copy(update={**new, **kept, "home": home, "cache": settings.cache_folder})
        clock = MovedClock()
        with serving_in_background(scratch, clock=clock, engine=engine) as running:
            pair = administrator_key(scratch)
            if pair is None:
                raise AssertionError("a new installation has an administrator")
            yield Scratch(running.endpoint, clock, scratch.region, Credentials(pair.access_key_id, pair.secret))


def _session() -> Any:
    # Without AWS_PROFILE: whatever it names is about the person's own work.
    session = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    share_models(session)
    return session
