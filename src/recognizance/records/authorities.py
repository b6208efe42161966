"""Authorities of cases: warrants, orders, emergencies, consents; and the entries of acts that were done under them.

What a document is called, who issued it and what it is limited to is sealed; the record finds a document by a keyed
digest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.records import schema
from recognizance.records.transaction import Transaction

EMERGENCY = "emergency"
KINDS = ("warrant", "court-order", EMERGENCY, "missing-person", "deceased-person", "consent")

_AUTHORITIES = schema.authorities
_EXTENSIONS = schema.authority_extensions
_PLAIN = (
    "id",
    "case_id",
    "kind",
    "valid_from",
    "valid_until",
    "added_by",
    "added_at",
    "ratify_by",
    "ratified_by",
    "ratified_at",
    "rejected_by",
    "rejected_at",
    "lapsed_at",
    "ended_by",
    "ended_at",
    "suspended_for",
)
_LIST = select(_AUTHORITIES).order_by(_AUTHORITIES.c.added_at, _AUTHORITIES.c.id)
_OF_CASE = _LIST.where(_AUTHORITIES.c.case_id == bindparam("case"))
_GET = select(_AUTHORITIES).where(_AUTHORITIES.c.id == bindparam("wanted"))
_FIND = select(_AUTHORITIES).where(
    _AUTHORITIES.c.case_id == bindparam("case"), _AUTHORITIES.c.document_digest == bindparam("digest")
)
_EXTENSIONS_OF = (
    select(_EXTENSIONS).where(_EXTENSIONS.c.authority_id == bindparam("wanted")).order_by(_EXTENSIONS.c.number)
)
_UNDECIDED = (
    _AUTHORITIES.c.kind == EMERGENCY,
    _AUTHORITIES.c.ratified_at.is_(None),
    _AUTHORITIES.c.rejected_at.is_(None),
    _AUTHORITIES.c.lapsed_at.is_(None),
)
_OVERDUE = _LIST.where(*_UNDECIDED, _AUTHORITIES.c.ratify_by <= bindparam("now"))
_WANTED = _AUTHORITIES.c.id == bindparam("wanted")
_RATIFY = (
    update(_AUTHORITIES)
    .where(_WANTED, *_UNDECIDED)
    .values(ratified_by=bindparam("by"), ratified_at=bindparam("moment"), sealed_ratification=bindparam("sealed"))
)
_REJECT = (
    update(_AUTHORITIES)
    .where(_WANTED, *_UNDECIDED)
    .values(rejected_by=bindparam("by"), rejected_at=bindparam("moment"), sealed_ratification=bindparam("sealed"))
)
_LAPSE = update(_AUTHORITIES).where(_WANTED, *_UNDECIDED).values(lapsed_at=bindparam("moment"))
_END = (
    update(_AUTHORITIES)
    .where(_WANTED, _AUTHORITIES.c.ended_at.is_(None))
    .values(ended_by=bindparam("by"), ended_at=bindparam("moment"))
)
_SUSPEND = update(_AUTHORITIES).where(_WANTED).values(suspended_for=bindparam("holds"))


@dataclass(frozen=True, slots=True)
class Scope:
    """What an authority is limited to; empty: not limited."""

    galleries: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension: the document that granted it, and until when."""

    number: int
    valid_until: datetime
    document: str
    issuer: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """An authority as it is on record.

    Attributes
    ----------
    document, issuer : str
        What it is called, and who issued it; of an emergency, who declared it gave both.
    reason : str
        Of an emergency, why it was declared.
    valid_until : datetime or None
        As first recorded.  None: until it is ended.
    ratify_by : datetime or None
        Of an emergency, when it must have been ratified.
    ratification : mapping
        ``document`` and ``issuer`` of what ratified it, or the ``reason`` why it was rejected; empty before.
    lapsed_at : datetime or None
        When the server noticed that nobody had ratified it in time.
    suspended_for : str or None
        Ids of the legal holds that keep its results from deletion, as the log says.
    """

    id: str
    case_id: str
    kind: str
    valid_from: datetime
    valid_until: datetime | None
    added_by: str
    added_at: datetime
    document: str
    issuer: str
    reason: str = ""
    scope: Scope = Scope()
    ratify_by: datetime | None = None
    ratified_by: str | None = None
    ratified_at: datetime | None = None
    ratification: Mapping[str, str] = field(default_factory=dict)
    rejected_by: str | None = None
    rejected_at: datetime | None = None
    lapsed_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    suspended_for: str | None = None
    extensions: tuple[Extension, ...] = ()

    @property
    def until(self) -> datetime | None:
        """Until when it is valid, with its extensions; None: until it is ended."""
        return self.extensions[-1].valid_until if self.extensions else self.valid_until


def add(tx: Transaction, authority: AuthorityRow) -> None:
    """Keep a new authority.

    Raises
    ------
    InvalidRequestError
        If the case has one of this document.
    """
    if find(tx, authority.case_id, authority.document) is not None:
        raise InvalidRequestError(
            f"The case has the authority {authority.document} already.", "`recognizance authority show` tells of it."
        )
    scope = authority.scope
    facts = {
        "document": authority.document,
        "issuer": authority.issuer,
        "reason": authority.reason,
        "scope": {name: list(getattr(scope, name)) for name in Scope.__dataclass_fields__},
    }
    values = {name: getattr(authority, name) for name in _PLAIN}
    values["document_digest"] = _digest(tx, authority.case_id, authority.document)
    values["sealed_facts"] = _seal(tx, authority.id, "facts", facts)
    tx.execute(insert(_AUTHORITIES), values)


def find(tx: Transaction, case_id: str, document: str) -> AuthorityRow | None:
    """Look up the authority of a case by its document."""
    row = tx.execute(_FIND, {"case": case_id, "digest": _digest(tx, case_id, document)}).first()
    return None if row is None else _read(tx, row)


def get(tx: Transaction, case_id: str, document: str) -> AuthorityRow:
    """Look up the authority of a case by its document; raises `NotFoundError`."""
    found = find(tx, case_id, document)
    if found is None:
        raise NotFoundError(
            f"The case has no authority {document}.", "`recognizance authority list` shows those there are."
        )
    return found


def of_id(tx: Transaction, identifier: str) -> AuthorityRow:
    """Look an authority up by our own id of it."""
    return _read(tx, tx.execute(_GET, {"wanted": identifier}).one())


def list_all(tx: Transaction, *, case_id: str | None = None) -> list[AuthorityRow]:
    """List authorities in the order of their recording; of one case only, if one is named."""
    rows = tx.execute(_LIST) if case_id is None else tx.execute(_OF_CASE, {"case": case_id})
    return [_read(tx, row) for row in rows.all()]


def overdue(tx: Transaction, now: datetime) -> list[AuthorityRow]:
    """List emergencies that nobody has decided on in time, and that have not been noticed to lapse."""
    return [_read(tx, row) for row in tx.execute(_OVERDUE, {"now": now}).all()]


def extend(
    tx: Transaction, authority: AuthorityRow, until: datetime, *, document: str, issuer: str, by: str, now: datetime
) -> None:
    """Add an extension to what is on record."""
    number = len(authority.extensions) + 1
    values = {
        "authority_id": authority.id,
        "number": number,
        "valid_until": until,
        "sealed_facts": _seal(tx, authority.id, f"extension:{number}", {"document": document, "issuer": issuer}),
        "added_by": by,
        "added_at": now,
    }
    tx.execute(insert(_EXTENSIONS), values)


def ratify(tx: Transaction, identifier: str, *, document: str, issuer: str, by: str | None, now: datetime) -> bool:
    """Ratify an emergency; says whether it was still undecided."""
    sealed = _seal(tx, identifier, "ratification", {"document": document, "issuer": issuer})
    return tx.execute(_RATIFY, {"wanted": identifier, "by": by, "moment": now, "sealed": sealed}).rowcount == 1


def reject(tx: Transaction, identifier: str, *, reason: str, by: str | None, now: datetime) -> bool:
    """Reject an emergency; says whether it was still undecided."""
    sealed = _seal(tx, identifier, "ratification", {"reason": reason})
    return tx.execute(_REJECT, {"wanted": identifier, "by": by, "moment": now, "sealed": sealed}).rowcount == 1


def lapse(tx: Transaction, identifier: str, now: datetime) -> bool:
    """Take note that an emergency was not ratified in time; says whether it was still undecided."""
    return tx.execute(_LAPSE, {"wanted": identifier, "moment": now}).rowcount == 1


def end(tx: Transaction, identifier: str, *, by: str | None, now: datetime) -> bool:
    """End an authority; says whether it had not been ended."""
    return tx.execute(_END, {"wanted": identifier, "by": by, "moment": now}).rowcount == 1


def suspend(tx: Transaction, identifier: str, holds: str | None) -> None:
    """Take note of which legal holds the log says keep the results."""
    tx.execute(_SUSPEND, {"wanted": identifier, "holds": holds})


def _read(tx: Transaction, row: Any) -> AuthorityRow:
    facts = _open(tx, row.id, "facts", row.sealed_facts)
    scope = Scope(**{name: tuple(names) for name, names in facts.pop("scope").items()})
    ratification = {}
    if row.sealed_ratification is not None:
        ratification = _open(tx, row.id, "ratification", row.sealed_ratification)
    return AuthorityRow(
        **{name: getattr(row, name) for name in _PLAIN},
        **facts,
        scope=scope,
        ratification=ratification,
        extensions=tuple(
            Extension(
                number=each.number,
                valid_until=each.valid_until,
                added_by=each.added_by,
                added_at=each.added_at,
                **_open(tx, row.id, f"extension:{each.number}", each.sealed_facts),
            )
            for each in tx.execute(_EXTENSIONS_OF, {"wanted": row.id})
        ),
    )


def _digest(tx: Transaction, case_id: str, document: str) -> bytes:
    return tx.sealer.digest("document of an authority", case_id.encode(), document.encode())


def _seal(tx: Transaction, identifier: str, what: str, facts: Mapping[str, Any]) -> bytes:
    return tx.sealer.seal(json.dumps(facts, sort_keys=True).encode(), f"authority:{identifier}:{what}")


def _open(tx: Transaction, identifier: str, what: str, sealed: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(tx.sealer.open(sealed, f"authority:{identifier}:{what}"))
    return found
