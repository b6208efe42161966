"""Read the log, and prove things of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recognizance.errors import InvalidRequestError
from recognizance.records import disclosures
from recognizance.records.disclosures import DisclosureRow
from recognizance.workflows.act import Act
from recognizance.workflows.objections import objections_refused
from recognizance.workflows.place import Workplace, failures_recorded, permit, record
from recognizance.workflows.withholding import require_disclosable
from recognizance_verify.disclosures import Disclosure

KIND = "ledger"
"""The act of reading entries, for which standing is asked."""

OWN = "receipt"
"""The act of having one's own acts proved, which every role covers: as long as operator and credentials are good."""


@dataclass(frozen=True, slots=True)
class LogStatus:
    """How the log stands.

    ``cosigned_size`` and ``cosigned_at`` are those of the newest checkpoint that a witness has cosigned; ``failing``
    says by witness why it does not.
    """

    origin: str
    verifier_key: str
    size: int
    newest_entry_at: datetime | None
    witnesses: tuple[str, ...]
    cosigned_size: int | None
    cosigned_at: datetime | None
    failing: dict[str, str]


def public_page(place: Workplace, level: int, index: int, width: int) -> bytes:
    """Read a hash tile: anybody may.

    Raises
    ------
    NotFoundError
    """
    with place.store.read() as tx:
        return place.ledger.hash_tile(tx, level, index, width)


def entry_page(place: Workplace, act: Act, index: int, width: int) -> bytes:
    """Read a bundle of entries: who may audit.  A refusal is recorded; reading is not, for it would never end.

    Raises
    ------
    RefusedError, NotFoundError
    """
    permit(place, act, KIND)
    with place.store.read() as tx:
        return place.ledger.entry_bundle(tx, index, width)


def status(place: Workplace, act: Act) -> LogStatus:
    """Say how the log stands; not recorded, for it shows nothing that `/log/` does not."""
    cosigned = place.publisher.cosigned()
    newest = place.ledger.latest(place.store.read)  # reading it anew would walk the whole log
    with place.store.read() as tx:
        return LogStatus(
            origin=place.ledger.origin,
            verifier_key=place.ledger.verifier_key,
            size=place.ledger.size(tx),
            newest_entry_at=newest,
            witnesses=tuple(place.publisher.witness_names),
            cosigned_size=cosigned.size if cosigned else None,
            cosigned_at=cosigned.cosigned_at if cosigned else None,
            failing=place.publisher.failing,
        )


@failures_recorded(KIND)
def receipt(place: Workplace, act: Act, index: int) -> str:
    """Prove an entry: as one text, with a checkpoint that witnesses have cosigned, if they answer.

    Operators may have receipts of their own acts; of others', who may audit.

    Raises
    ------
    NotFoundError, RefusedError
    """
    with place.store.read() as tx:
        body = place.ledger.entry(tx, index)
    own = json.loads(body)["operator"] == act.operator
    permit(place, act, OWN if own else KIND, recorded_as=KIND)
    covering = place.publisher.covering(index)
    with place.store.read() as tx:
        return place.ledger.receipt(tx, index, covering.note).text()


@failures_recorded(KIND)
def consistency(place: Workplace, act: Act, old_size: int) -> str:
    """Prove that the log as it is begins with what it was at an earlier size: the text of a consistency file.

    Raises
    ------
    InvalidRequestError
        If the log was never that large.
    """
    permit(place, act, KIND)
    published = place.publisher.newest()
    if not 0 <= old_size <= published.size:
        raise InvalidRequestError(
            f"The log has {published.size} entries; it cannot be compared with one of {old_size}.",
            "If a checkpoint says that it once had as many, the log was rolled back: tell those who oversee it.",
        )
    with place.store.read() as tx:
        return place.ledger.growth(tx, old_size, published.note).text()


@failures_recorded("disclosure")
def disclose(place: Workplace, act: Act, index: int, fields: Sequence[str]) -> tuple[str, int]:
    """Open commitments of an entry, as the text of a disclosure file with the entry's receipt; recorded.

    Raises
    ------
    NotFoundError
        If there is no such entry or field.
    ErasedError
        If what opens a field was erased.
    RefusedError
        If a review withholds it.
    """
    permitted = permit(place, act, "disclosure")
    fields = list(dict.fromkeys(fields))  # verifiers refuse a field that is opened twice
    covering = place.publisher.covering(index)
    with objections_refused(place, permitted), place.store.write() as tx:
        require_disclosable(tx, act, json.loads(place.ledger.entry(tx, index))["details"], fields)
        openings = place.ledger.disclosure(tx, index, fields)
        disclosure = Disclosure(place.ledger.receipt(tx, index, covering.note), tuple(openings))
        entry = record(tx, permitted, {"disclosed_entry": index, "fields": [*fields]})
        disclosures.add(tx, DisclosureRow(entry, index, tuple(fields), act.operator, permitted.time))
    return disclosure.text(), entry


@failures_recorded("export")
def export_log(place: Workplace, act: Act) -> tuple[str, int]:
    """Begin an export of the whole log: recorded first, so that the export holds its own entry.

    The entry says whether the rules in force are those that the log names.

    Returns
    -------
    tuple
        A signed checkpoint, cosigned if witnesses answer, and the entry's index; the tiles of that size are read
        by `public_page` and `entry_page`.
    """
    permitted = permit(place, act, KIND)
    as_logged = place.rulebook.look()
    with place.store.write() as tx:
        entry = record(tx, permitted, {"export": "ledger", "rules_as_logged": as_logged})
    return place.publisher.newest().note, entry
