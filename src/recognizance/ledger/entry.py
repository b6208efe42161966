"""One entry for every act, canonically written.

An entry holds identifiers that the server made, counts, digests of software, decisions, and commitments to the rest:
never a picture, a template, a candidate list or a string that a client chose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import rfc8785

from recognizance.errors import InvalidRequestError

Value = str | int | bool | None | list["Value"] | dict[str, "Value"]

VERSION = 2

BYTES_MAX = 65_535
"""C2SP tlog-tiles gives an entry's length 16 bits."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An act, before it has its place in the log.

    ``kind`` names the act (``search``, ``enrol``, …), ``decision`` what came of it (``allowed``, ``refused`` or
    ``failed``), ``rules`` the ids of the rules that decided, ``details`` what else is recorded in the open.
    """

    kind: str
    time: datetime
    operator: str
    decision: str
    rules: tuple[str, ...]
    details: Mapping[str, Value] = field(default_factory=dict)


def canonical(entry: Entry, index: int, commitments: Mapping[str, str] | None = None) -> bytes:
    """Write an entry as canonical JSON: the leaf of the tree.

    Parameters
    ----------
    index : int
        Its place in the log, from 0.
    commitments : mapping of str to str, optional
        By field, 64 hexadecimal digits each, as `conceal` makes them.

    Raises
    ------
    InvalidRequestError
        If it is too large for the log.

    References
    ----------
    RFC 8785, JSON Canonicalization Scheme.
    """
    body = rfc8785.dumps(
        {
            "commitments": dict(commitments or {}),
            "decision": entry.decision,
            "details": dict(entry.details),
            "index": index,
            "kind": entry.kind,
            "operator": entry.operator,
            "rules": list(entry.rules),
            "time": entry.time.astimezone(UTC).isoformat(timespec="microseconds"),
            "version": VERSION,
        }
    )
    if len(body) > BYTES_MAX:
        raise InvalidRequestError(
            f"The act's entry would take {len(body)} bytes; the log takes {BYTES_MAX}.", "Do it in smaller parts."
        )
    return body
