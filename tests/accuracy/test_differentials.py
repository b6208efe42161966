"""How an error rate differs over groups: by hand, by property, and in words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizance.accuracy.differentials import Differentials, differentials, garbe, gini, verdict
from recognizance.accuracy.rates import Proportion

proportions = st.integers(1, 10_000).flatmap(
    lambda trials: st.integers(0, trials).map(lambda errors: Proportion(errors, trials))
)
groups = st.dictionaries(st.text(max_size=5), proportions, min_size=2, max_size=8)


def percents(*values: int) -> dict[str, Proportion]:
    return {f"g{number}": Proportion(value, 100) for number, value in enumerate(values)}


# By hand, in hundredths; pairs i < j: G = sum |x_i - x_j| / ((n - 1) sum x), since
# n / (n - 1) * 2 sum_(i<j) / (2 n^2 * sum x / n) = sum_(i<j) / ((n - 1) sum x).
#   1 2 3 4: 1+2+3+1+2+1 = 10; (4-1) * 10 = 30; 1/3.  Uncorrected it would be 1/4.
#   1 3:     2; (2-1) * 4 = 4; 1/2
#   2 2 5:   0+3+3 = 6; (3-1) * 9 = 18; 1/3
#   1 4 7 8: 3+6+7+3+4+1 = 24; 3 * 20 = 60; 2/5
#   0 0 9:   0+9+9 = 18; 2 * 9 = 18; 1
#   6 6 6:   0
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1, 2, 3, 4), 1 / 3),
        ((1, 3), 1 / 2),
        ((2, 2, 5), 1 / 3),
        ((1, 4, 7, 8), 2 / 5),
        ((0, 0, 9), 1),
        ((6, 6, 6), 0),
        ((0, 0), 0),
    ],
)
def test_gini_by_hand(values: tuple[int, ...], expected: float) -> None:
    assert gini(percents(*values)) == pytest.approx(expected, abs=1e-9)


# FMR 1 2 3 4: 1/3; FNMR 1 4 7 8: 2/5.
# alpha 1/2: 1/6 + 1/5 = 11/30; alpha 1/4: 1/12 + 3/10 = 23/60; alpha 1: 1/3; alpha 0: 2/5.
@pytest.mark.parametrize(("alpha", "expected"), [(0.5, 11 / 30), (0.25, 23 / 60), (1, 1 / 3), (0, 2 / 5)])
def test_garbe_by_hand(alpha: float, expected: float) -> None:
    assert garbe(percents(1, 2, 3, 4), percents(1, 4, 7, 8), alpha) == pytest.approx(expected, abs=1e-9)


def test_garbe_weighs_both_rates_alike_unless_told() -> None:
    assert garbe(percents(1, 2, 3, 4), percents(1, 4, 7, 8)) == pytest.approx(11 / 30, abs=1e-9)


def test_ratios_by_hand() -> None:
    # 1 2 4 hundredths: geometric mean (1 * 2 * 4)^(1/3) = 2.
    measured = differentials(percents(1, 2, 4))
    assert measured.max_over_min == pytest.approx(4, abs=1e-9)
    assert measured.max_over_geometric_mean == pytest.approx(2, abs=1e-9)
    assert (measured.worst, measured.best) == ("g2", "g0")


def test_a_zero_minimum_gives_no_ratio() -> None:
    assert differentials(percents(0, 5)) == Differentials(gini=1.0, worst="g1", best="g0")


def test_no_errors_at_all_are_equal() -> None:
    assert differentials(percents(0, 0, 0)) == Differentials(gini=0.0)


@pytest.mark.parametrize("rates", [{}, percents(3), {**percents(3, 4), "empty": Proportion(0, 0)}])
def test_nothing_is_measured_without_two_groups_that_all_have_trials(rates: dict[str, Proportion]) -> None:
    assert differentials(rates) == Differentials()
    assert gini(rates) is None
    assert garbe(rates, rates) is None


def test_garbe_needs_both_coefficients_even_at_weight_one() -> None:
    assert garbe(percents(1, 2), {"g0": Proportion(1, 2), "g1": Proportion(0, 0)}, alpha=1) is None


@pytest.mark.parametrize("alpha", [-0.1, 1.1, math.nan])
def test_garbe_refuses_a_weight_outside_its_range(alpha: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        garbe(percents(1, 2), percents(1, 2), alpha)


def test_garbe_refuses_rates_of_different_groups() -> None:
    with pytest.raises(ValueError, match=r"\['g2'\]"):
        garbe(percents(1, 2, 3), percents(1, 2))


@given(groups)
def test_bounds(rates: dict[str, Proportion]) -> None:
    measured = differentials(rates)
    assert measured.gini is not None
    assert 0 <= measured.gini <= 1
    if all(group.errors for group in rates.values()):
        assert measured.max_over_min is not None
        assert measured.max_over_geometric_mean is not None
        assert 1 <= measured.max_over_geometric_mean <= measured.max_over_min * (1 + 1e-12)
    else:
        assert measured.max_over_min is measured.max_over_geometric_mean is None


@given(groups, groups, st.floats(0, 1))
def test_garbe_lies_between_its_coefficients(
    one: dict[str, Proportion], other: dict[str, Proportion], alpha: float
) -> None:
    size = min(len(one), len(other))
    fmr = dict(enumerate_names(one, size))
    fnmr = dict(enumerate_names(other, size))
    answer, ends = garbe(fmr, fnmr, alpha), sorted([gini(fmr) or 0.0, gini(fnmr) or 0.0])
    assert answer is not None
    assert ends[0] - 1e-12 <= answer <= ends[1] + 1e-12


def enumerate_names(rates: dict[str, Proportion], size: int) -> list[tuple[str, Proportion]]:
    return [(str(number), rate) for number, rate in enumerate(list(rates.values())[:size])]


@given(groups.flatmap(lambda rates: st.tuples(st.just(rates), st.permutations(list(rates.items())))))
def test_order_of_groups_does_not_count(case: tuple[dict[str, Proportion], list[tuple[str, Proportion]]]) -> None:
    rates, shuffled = case
    assert differentials(dict(shuffled)) == differentials(rates)
    assert verdict(dict(shuffled)) == verdict(rates)


@given(groups, st.integers(2, 50))
def test_scale_of_the_sample_does_not_count(rates: dict[str, Proportion], scale: int) -> None:
    larger = {name: Proportion(rate.errors * scale, rate.trials * scale) for name, rate in rates.items()}
    assert differentials(larger) == differentials(rates)


@given(proportions, st.lists(st.integers(1, 50), min_size=2, max_size=8))
def test_equal_rates_do_not_differ(rate: Proportion, scales: list[int]) -> None:
    rates = {str(number): Proportion(rate.errors * by, rate.trials * by) for number, by in enumerate(scales)}
    ratio = 1.0 if rate.errors else None
    assert differentials(rates) == Differentials(max_over_min=ratio, max_over_geometric_mean=ratio, gini=0.0)


@given(groups, st.integers(1, 10_000))
def test_a_worse_worst_group_raises_the_ratio(rates: dict[str, Proportion], more: int) -> None:
    rates = {name: Proportion(rate.errors + 1, rate.trials + 20_001) for name, rate in rates.items()}
    before = differentials(rates)
    worst = before.worst or min(rates)
    worsened = {**rates, worst: Proportion(rates[worst].errors + more, rates[worst].trials)}
    after = differentials(worsened)
    assert before.max_over_min is not None
    assert after.max_over_min is not None
    assert after.max_over_min > before.max_over_min
    assert after.worst == worst


def test_verdict_needs_two_groups() -> None:
    assert verdict({}) == "insufficient: a comparison needs at least 2 groups, here are none."
    assert verdict(percents(40)) == "insufficient: a comparison needs at least 2 groups, here is 1."


def test_verdict_names_each_group_that_is_not_measured_and_what_it_would_take() -> None:
    needed = "at least 30 errors and 30 trials without error are needed in each group"
    rates = {
        "measured": Proportion(30, 1000),
        "few": Proportion(7, 1000),
        "zero": Proportion(0, 1000),
        "one": Proportion(1, 1),
        "empty": Proportion(0, 0),
    }
    assert verdict(rates) == (
        f"insufficient: {needed}; 'empty' has no trials; "
        f"'few' has 7 errors in 1,000 trials (about 4,286 trials would do at this rate); "
        f"'one' has 1 error in 1 trial (60 trials or more would do, by the rule of 3); "
        f"'zero' has 0 errors in 1,000 trials (10,000 trials or more would do, by the rule of 3)."
    )


@given(groups)
def test_verdict_is_refused_exactly_where_a_group_is_not_measured(rates: dict[str, Proportion]) -> None:
    refused = [name for name, rate in rates.items() if not rate.is_measured]
    said = verdict(rates)
    assert said.startswith("insufficient: ") == bool(refused)
    assert all(f"{name!r} has " in said for name in refused)


def test_verdict_on_a_difference_that_is_shown() -> None:
    # Wilson at 95 %: 200 of 10000 is 1.744..2.292 %, 500 of 10000 is 4.590..5.445 %.
    assert verdict({"a": Proportion(200, 10_000), "b": Proportion(500, 10_000)}) == (
        "errors of 'b' are 2.50 times as frequent as those of 'a' (5 %, 4.59 to 5.44 % against 2 %, 1.74 to 2.29 %); "
        "their 95 % intervals do not overlap, so this sample shows the difference."
    )


def test_verdict_on_a_difference_that_is_not_shown() -> None:
    said = verdict({"a": Proportion(30, 1000), "b": Proportion(36, 1000)})
    assert said.startswith("errors of 'b' are 1.20 times as frequent as those of 'a' (3.6 %, ")
    assert said.endswith("overlap, so the difference is not shown by this sample, nor is its absence.")


@pytest.mark.parametrize("groups", [3, 14, 200])
def test_many_groups_that_do_not_differ_are_seldom_called_different(groups: int) -> None:
    random = np.random.default_rng(groups)
    samples = [
        {
            f"group {place}": Proportion(int(errors), 20_000)
            for place, errors in enumerate(random.binomial(20_000, 0.01, groups))
        }
        for _ in range(60)
    ]
    shown = sum("shows the difference" in verdict(rates) or "It does show" in verdict(rates) for rates in samples)
    assert shown <= 6  # 1 in 20 would be 3
    if groups == 200:
        assert "do not overlap, but of 200 groups two lie as far apart by chance" in verdict(samples[0])
    # What there is, is shown all the same.
    assert "so this sample shows the difference" in verdict({**samples[0], "other": Proportion(500, 20_000)})


def test_a_small_worst_group_does_not_hide_what_larger_ones_show() -> None:
    # Wilson: 'small', at 6 %, is 4.23 % or more; 'large', at 5 %, 4.71 % or more; 'best', at 4.2 %, up to 4.49 %.
    rates = {"small": Proportion(30, 500), "large": Proportion(1000, 20_000), "best": Proportion(840, 20_000)}
    said = verdict(rates)
    assert said.startswith("errors of 'small' are 1.43 times as frequent as those of 'best'")
    assert "the difference is not shown by this sample" in said
    assert "It does show one between others" in said
    assert "errors of 'large' are 1.19 times as frequent as those of 'best'" in said


def test_verdict_on_equal_rates() -> None:
    said = verdict({"a": Proportion(50, 1000), "b": Proportion(100, 2000)})
    assert said == (
        "All 2 groups have errors equally often in this sample (5 %), which does not show that there is no difference."
    )
