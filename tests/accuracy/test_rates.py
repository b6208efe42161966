import math

import pytest
from scipy.stats import binomtest

from recognizance.accuracy.rates import Proportion


@pytest.mark.parametrize(("errors", "trials"), [(0, 10), (1, 10), (30, 3_000), (999, 1_000), (7, 7)])
def test_the_interval_is_scipys(errors: int, trials: int) -> None:
    theirs = binomtest(errors, trials).proportion_ci(method="wilson")
    assert Proportion(errors, trials).interval == pytest.approx((theirs.low, theirs.high), abs=1e-7)


def test_a_rate_is_measured_by_thirty_errors_and_thirty_right_answers() -> None:
    assert Proportion(30, 60).is_measured
    assert not Proportion(29, 60).is_measured
    assert not Proportion(31, 60).is_measured


def test_what_is_no_proportion_is_refused() -> None:
    assert math.isnan(Proportion(0, 0).rate)
    with pytest.raises(ValueError, match="no proportion"):
        Proportion(3, 2)
