"""One entry for every act, canonically written.

An entry holds identifiers that the server made, counts, digests of software and decisions: never a picture, a
template, a candidate list or a string that a client chose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import rfc8785

Value = str | int | bool | None | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An act, before it has its place in the log.

    ``kind`` names the act (``search``, ``enrol``, …), ``decision`` what the policy said (``allowed`` or
    ``refused``), ``rules`` the ids of the rules that decided, ``details`` what else is recorded.
    """

    kind: str
    time: datetime
    operator: str
    decision: str
    rules: tuple[str, ...]
    details: Mapping[str, Value] = field(default_factory=dict)


def canonical(entry: Entry, index: int) -> bytes:
    """Write an entry as canonical JSON.

    References
    ----------
    RFC 8785, JSON Canonicalization Scheme.
    """
    return rfc8785.dumps(
        {
            "decision": entry.decision,
            "details": dict(entry.details),
            "index": index,
            "kind": entry.kind,
            "operator": entry.operator,
            "rules": list(entry.rules),
            "time": entry.time.astimezone(UTC).isoformat(timespec="microseconds"),
            "version": 1,
        }
    )
