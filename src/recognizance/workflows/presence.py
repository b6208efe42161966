"""The server's own entries: when it starts, with what, and when it stops."""

import platform
from collections.abc import Mapping
from datetime import UTC

from recognizance import __version__
from recognizance.ledger import Entry, Value
from recognizance.workflows.place import Workplace, record_alone

OPERATOR = "server"
"""Who acts when no person does.  No operator may have this id."""


def record_start(
    place: Workplace, digests: Mapping[str, str], settings: Mapping[str, Value], *, head_known: bool
) -> int:
    """Hold the rules in force against the log, and record that the server starts.

    The entry says its version, the digests of what it runs, and settings that are not defaults.

    Parameters
    ----------
    digests : mapping of str to str
        SHA-256 by name of the models and of everything else that decides what a score means.
    settings : mapping of str to value
        By name; no secrets and no paths.
    head_known : bool
        Whether the log was compared with the newest checkpoint that was signed; at the first start there is none.
    """
    details: dict[str, Value] = {
        "calibration": place.calibration.digest,
        "digests": dict(digests),
        "head": "compared" if head_known else "none",
        "model": place.engine.model,
        "python": platform.python_version(),
        "rules_as_logged": place.rulebook.look(),
        "server": __version__,
        "settings": dict(settings),
    }
    return record_alone(place, Entry("start", place.clock().astimezone(UTC), OPERATOR, "allowed", (), details))


def record_stop(place: Workplace) -> int:
    """Record that the server stops in order; a start without a stop before it follows a crash."""
    return record_alone(place, Entry("stop", place.clock().astimezone(UTC), OPERATOR, "allowed", (), {}))
