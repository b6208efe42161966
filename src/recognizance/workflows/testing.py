"""Tests by outsiders, on photographs of their own (RCW 43.386): which galleries are theirs, and when these end.

A tester reaches no gallery but those that they made, and nobody else reaches these (`place.permit` sees to both).  What
they make is called ``testing:OPERATOR:NAME`` in the record.  Every act of theirs says ``testing`` in its entry.
"""

from datetime import timedelta

from recognizance.ledger import Entry, Value
from recognizance.policy.standing import TESTER
from recognizance.records import galleries, holds
from recognizance.records.galleries import GalleryRow
from recognizance.workflows.act import Act
from recognizance.workflows.footing import OWN_PHOTOGRAPHS
from recognizance.workflows.place import Workplace, is_behind, permit
from recognizance.workflows.presence import OPERATOR

_EVERY_GALLERY = 2**31 - 1


def name_for(place: Workplace, act: Act, name: str) -> str:
    """Give the name in the record of the gallery that an operator calls so."""
    return galleries.name_of_test(act.operator, name) if is_tester(place, act) else name


def is_tester(place: Workplace, act: Act) -> bool:
    """Whether the act is a test."""
    return TESTER in place.roster.operator(act.operator).roles


def require_bucket(place: Workplace, act: Act) -> None:
    """Refuse a photograph of the agency's, in S3, to who brings their own.

    Raises
    ------
    RefusedError
    """
    permit(place, act, "bucket")


def end_galleries(place: Workplace) -> None:
    """Erase the galleries of testers whose time is over, as `galleries.delete_gallery` does; one entry for each.

    What a legal hold keeps stays until it is released.  While the server's clock is behind its log nobody can tell what
    is over, and nothing is done.
    """
    now = place.clock()
    with place.store.read() as tx:
        over = [row for row in galleries.list_of_tests(tx, limit=_EVERY_GALLERY) if _is_over(place, row)]
        over = [row for row in over if not holds.standing_in(tx, row.id)]
    if over and not is_behind(place, now):
        for row in over:
            _end(place, row)


def _is_over(place: Workplace, row: GalleryRow) -> bool:
    return place.clock() >= row.created_at + timedelta(hours=place.testing_hours)


def _end(place: Workplace, row: GalleryRow) -> None:
    with place.shelf.changing(row):
        with place.store.write(alone=True) as tx:
            if not galleries.exists(tx, row.id) or holds.standing_in(tx, row.id):
                return
            galleries.delete_gallery(tx, row.name)
            details: dict[str, Value] = {
                "change": "deleted",
                "gallery": row.id,
                "reason": "the time for testing is over",
                "testing": OWN_PHOTOGRAPHS,
            }
            place.ledger.append(tx, Entry("gallery", place.clock(), OPERATOR, "allowed", (), details))
        place.shelf.drop(row)
