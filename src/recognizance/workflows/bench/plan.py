"""What more references would take, by calculation from what was measured."""

from dataclasses import dataclass

from recognizance.scoring import Calibration
from recognizance.workflows.bench.material import file_bytes, memory_bytes
from recognizance.workflows.bench.searching import Searches

PERCENTS = (80, 90, 99)
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Strangers:
    """How many strangers a search is expected to name at a threshold; with the rate of all, and of the worst group."""

    threshold_percent: float
    threshold_score: float
    expected: float
    expected_in_worst_group: float


@dataclass(frozen=True)
class Plan:
    """What a gallery would take.

    Attributes
    ----------
    disk_gb : float
        Of the derived files; the record and the photographs come on top.
    searches_per_second : float
        Of many clients, each core making passes for `searching.BATCH` of them.
    enrol_days : float or None
        One face a photograph, on this machine; None if enrolment was not measured.
    """

    references: int
    memory_gb: float
    disk_gb: float
    search_ms: float
    search_all_threads_ms: float
    searches_per_second: float
    enrol_days: float | None
    false_candidates: tuple[Strangers, ...]


def plan(
    references: int,
    measured: Searches,
    *,
    dimension: int,
    threads: int,
    photographs_per_second: float | None,
    calibration: Calibration,
) -> Plan:
    """Calculate: memory, disk and time grow with the number of references."""
    times = references / measured.references
    return Plan(
        references=references,
        memory_gb=memory_bytes(references, dimension) / 1e9,
        disk_gb=file_bytes(references, dimension) / 1e9,
        search_ms=measured.search_ms * times,
        search_all_threads_ms=measured.search_all_threads_ms * times,
        searches_per_second=1e3 * threads / (measured.batch_search_ms * times),
        enrol_days=references / photographs_per_second / _SECONDS_A_DAY if photographs_per_second else None,
        false_candidates=tuple(_strangers(references, percent, calibration) for percent in PERCENTS),
    )


def _strangers(references: int, percent: float, calibration: Calibration) -> Strangers:
    score = calibration.score_at_percent(percent)
    return Strangers(
        percent,
        score,
        references * calibration.fmr(score),
        calibration.expected_false_candidates(references, score),
    )
