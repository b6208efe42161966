"""How often strangers reach the threshold of a search on record."""

from recognizance.records.searches import SearchRecord
from recognizance.scoring import RatesAt
from recognizance.workflows.place import Workplace


def rates_of(place: Workplace, search: SearchRecord) -> RatesAt | None:
    """Give what the search's answer said of its threshold, whatever it found.

    None if it was made with another calibration than this server has: its rates cannot be read off any more.
    """
    if search.calibration != place.calibration.digest:
        return None
    return place.calibration.rates_at(search.threshold_applied_score)
