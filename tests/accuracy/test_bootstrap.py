import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.bootstrap import bootstrap_interval
from recognizance.accuracy.rates import wilson_interval


def test_intervals_over_subjects_see_that_one_persons_comparisons_fail_together() -> None:
    # 100 people of 50 comparisons each; with ten of them, all fail.
    subjects = np.repeat(np.arange(100), 50)
    failed = subjects < 10

    def rate(weights: NDArray[np.float64]) -> float:
        return float(np.sum(weights * failed) / np.sum(weights))

    low, high = bootstrap_interval(rate, subjects, subjects, 100)
    # That's as ten failures of a hundred trials, not as five hundred of five thousand.
    assert abs(low - 0.05) < 0.01
    assert abs(high - 0.16) < 0.01
    narrow = wilson_interval(500, 5_000)
    assert high - low > 5 * (narrow[1] - narrow[0])
    assert bootstrap_interval(rate, subjects, subjects, 100) == (low, high)  # the same every time


def test_without_a_measure_there_is_no_interval() -> None:
    one = np.zeros(3, dtype=np.intp)
    assert np.isnan(bootstrap_interval(lambda weights: float("nan"), one, one, 1)).all()
