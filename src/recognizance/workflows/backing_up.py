"""Copies of the record."""

from recognizance.workflows.act import Act
from recognizance.workflows.place import Workplace, failures_recorded, permit, record


@failures_recorded("backup")
def record_backup(place: Workplace, act: Act) -> int:
    """Record that a backup is about to be made, so that the backup holds its own entry.

    Who may is asked; the copy itself is made by whoever can read the home folder, with `recognizance backup`.
    """
    permitted = permit(place, act, "backup")
    with place.store.write() as tx:
        return record(tx, permitted, {"size_before": place.ledger.size(tx)})
