"""Legal holds: what the defence, or a court, needs kept is not erased until the hold is released."""

from collections.abc import Collection

from recognizance.errors import InvalidRequestError
from recognizance.ledger import Concealed
from recognizance.policy import Reason
from recognizance.records import Transaction, galleries, holds, leads, searches, subjects
from recognizance.records.holds import SEARCH, SUBJECT, Hold
from recognizance.workflows import approvals
from recognizance.workflows.act import Act
from recognizance.workflows.objections import Objection, objections_refused
from recognizance.workflows.place import Workplace, failures_recorded, new_identifier, permit, record

__all__ = [
    "Hold",
    "hold_search",
    "hold_subject",
    "list_holds",
    "release",
    "request_release",
    "require_free",
    "require_gallery_free",
]

KIND = "hold"
_RULE = "standing/hold"


@failures_recorded(KIND)
def hold_subject(place: Workplace, act: Act, gallery_name: str, subject: str, reason: str) -> tuple[Hold, int]:
    """Keep a subject with all its references; the hold and one entry are made durable together.

    Raises
    ------
    GalleryNotFoundError, SubjectNotFoundError
    """
    permitted = permit(place, act, KIND, gallery=gallery_name)
    with place.store.write() as tx:
        gallery = galleries.get(tx, gallery_name)
        found = subjects.get(tx, gallery.id, subject)
        hold = Hold(new_identifier(), SUBJECT, found.identifier, gallery.id, reason, act.operator, permitted.time)
        holds.place(tx, hold)
        entry = record(
            tx,
            permitted,
            {"change": "placed", "hold": hold.id, "on": SUBJECT, "gallery": gallery.id},
            [Concealed("reason", reason), Concealed("subject", found.identifier, found.key_slot)],
        )
    return hold, entry


@failures_recorded(KIND)
def hold_search(place: Workplace, act: Act, search_id: str, reason: str) -> tuple[Hold, int]:
    """Keep a search: its record, its probe photograph, and everybody on its candidate list; recorded.

    Raises
    ------
    NotFoundError
        If there is no such search.
    """
    permitted = permit(place, act, KIND)
    with place.store.write() as tx:
        found = searches.get(tx, search_id)
        hold = Hold(new_identifier(), SEARCH, search_id, found.gallery_id, reason, act.operator, permitted.time)
        holds.place(tx, hold)
        entry = record(
            tx,
            permitted,
            {"change": "placed", "hold": hold.id, "on": SEARCH, "search": search_id},
            [Concealed("reason", reason)],
        )
    return hold, entry


def request_release(place: Workplace, act: Act, identifier: str) -> tuple[str, int]:
    """Ask for a second person to agree to the release of a hold; recorded.  Returns the request's id and the entry.

    Raises
    ------
    NotFoundError
        If there is no such hold.
    """
    approval, entry = approvals.request(
        place, act, KIND, {"release": identifier}, check=lambda tx: holds.get(tx, identifier)
    )
    return approval.id, entry


@failures_recorded(KIND)
def release(place: Workplace, act: Act, identifier: str, approval: str | None) -> tuple[Hold, int]:
    """Release a hold that a second person has approved the release of; recorded.

    Parameters
    ----------
    approval : str or None
        The caller's request (`request_release`), approved by a second person.  None is refused, whoever placed the
        hold: otherwise one supervisor alone could release what another one placed.

    Raises
    ------
    NotFoundError
    RefusedError
        If no second person has approved exactly this.
    InvalidRequestError
        If the hold was released before.
    """
    permitted = permit(place, act, KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        hold = holds.get(tx, identifier)
        if approval is None:
            raise Objection(
                Reason(
                    approvals.RULE,
                    "A hold is released by two persons.",
                    "Ask for the release first: `recognizance hold release ID --request`.",
                )
            )
        approvals.redeem(tx, act, approval, KIND, {"release": identifier}, now=permitted.time)
        if not holds.release(tx, identifier, by=act.operator, at=permitted.time):
            raise InvalidRequestError(f"The hold {identifier} was released before.")
        entry = record(tx, permitted, {"change": "released", "hold": identifier, "on": hold.kind})
        hold = holds.get(tx, identifier)
    return hold, entry


@failures_recorded(KIND)
def list_holds(place: Workplace, act: Act, *, released: bool = False) -> tuple[list[Hold], int]:
    """List the holds that stand, or all; recorded."""
    permitted = permit(place, act, KIND)
    with place.store.write() as tx:
        found = holds.list_all(tx, released=released)
        return found, record(tx, permitted, {"change": "listed", "holds": len(found)})


def require_free(tx: Transaction, gallery: int, identifiers: Collection[str]) -> None:
    """Object to the erasure of faces or subjects that a hold keeps; call it within `objections_refused`.

    While a search is held whose candidates are withheld, nothing of its gallery can be erased: a refusal for the
    candidates alone would tell who they are.

    Raises
    ------
    Objection
    """
    if leads.held_in(tx, gallery):
        told = "A legal hold keeps a search of this gallery, and whom it found is withheld, so nothing is erased here."
        raise Objection(Reason(_RULE, told, "A supervisor can release the hold with a second person."))
    _object(holds.standing_on(tx, identifiers))


def require_gallery_free(tx: Transaction, gallery: int) -> None:
    """Object to the deletion of a gallery in which a hold keeps something.

    Raises
    ------
    Objection
    """
    _object(holds.standing_in(tx, gallery))


def _object(found: list[str]) -> None:
    if found:
        raise Objection(
            Reason(
                _RULE,
                f"It is kept by {holds.told(found)}, so it cannot be erased.",
                "A supervisor can release the hold with a second person: `recognizance hold release ID --request`.",
            )
        )
