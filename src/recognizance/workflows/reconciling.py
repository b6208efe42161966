"""Compare what is kept for searching with the record."""

from recognizance.workflows.act import Act
from recognizance.workflows.place import Workplace, failures_recorded, find_gallery, permit, record
from recognizance.workflows.vectors import Reconciled


@failures_recorded("reconcile")
def reconcile_gallery(place: Workplace, act: Act, gallery_name: str) -> tuple[Reconciled, int]:
    """Compare what is kept of a gallery for searching completely with the record, and set it right.

    What was missing, more or different is set right; then one entry that says how many of each is made durable;
    then they are returned.

    Raises
    ------
    VectorEngineError, VectorEngineUnavailableError
        If the vector engine gives no whole answer; what was set right until then stays so.
    """
    permitted = permit(place, act, "reconcile", gallery=gallery_name)
    gallery = find_gallery(place, gallery_name)
    found = place.shelf.reconcile(gallery)
    with place.store.write() as tx:
        entry = record(
            tx,
            permitted,
            {
                "different": found.different,
                "extra": found.extra,
                "gallery": gallery.id,
                "missing": found.missing,
                "references": found.references,
            },
        )
    return found, entry
