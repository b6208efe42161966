"""Rates of 1:N searches, against a table made by hand and a search written differently."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recognizance.accuracy.identification import (
    MatedSearches,
    NonmatedSearches,
    cumulative_match,
    fnir,
    fpir,
    searches_from_scores,
    threshold_at_fpir,
)

NEVER = -np.inf

# References:      a     b     c     b (again)
REFERENCES = np.array(["a", "b", "c", "b"])
PROBES = np.array(["a", "b", "c", "a", "x", "y", "z", "c", "b"])
SCORES = np.array(
    [
        [0.9, 0.2, 0.1, 0.3],  # a: first, 0.9
        [0.6, 0.4, 0.1, 0.5],  # b: behind a; second, by its second reference, 0.5
        [0.7, 0.7, 0.7, 0.2],  # c: ties with a and b, which come before it; third, 0.7
        [NEVER, NEVER, NEVER, NEVER],  # a: the probe failed; not found
        [0.8, 0.1, 0.2, 0.3],  # x, not enrolled: at best 0.8
        [0.1, 0.2, 0.5, 0.4],  # y, not enrolled: at best 0.5
        [NEVER, NEVER, NEVER, NEVER],  # z, not enrolled: the probe failed; no candidate
        [0.3, 0.2, NEVER, 0.1],  # c: its comparison failed; not found
        [0.6, 0.6, 0.6, 0.6],  # b: ties, a comes before it; second, 0.6
    ]
)
# Six mated searches: (rank, score) = (1, 0.9), (2, 0.5), (3, 0.7), none, none, (2, 0.6).


def table() -> tuple[MatedSearches, NonmatedSearches]:
    return searches_from_scores(SCORES, PROBES, REFERENCES)


def test_the_matrix_gives_the_searches_written_beside_it() -> None:
    mated, nonmated = table()
    assert mated.ranks.tolist() == [1, 2, 3, 0, 0, 2]
    assert mated.scores.tolist() == [0.9, 0.5, 0.7, NEVER, NEVER, 0.6]
    assert nonmated.best_scores.tolist() == [0.8, 0.5, NEVER]


@pytest.mark.parametrize(
    ("rank", "threshold", "missed"),
    [
        (1, NEVER, 5),  # only the first search has its mate at rank 1
        (2, NEVER, 3),  # + the second and the last
        (3, NEVER, 2),  # + the third; two failed
        (4, NEVER, 2),
        (4, 0.5, 2),  # 0.5 is at the threshold: found
        (4, 0.55, 3),  # 0.5 is lost
        (4, 0.65, 4),  # 0.6 too
        (4, 0.75, 5),
        (2, 0.55, 4),  # 0.9 and 0.6 are found; 0.7 is third
        (1, 0.9, 5),
        (1, 0.95, 6),
    ],
)
def test_misses_are_as_counted_by_hand(rank: int, threshold: float, missed: int) -> None:
    measured = fnir(table()[0], rank, threshold)
    assert (measured.errors, measured.trials) == (missed, 6)
    assert measured.rate == pytest.approx(missed / 6, abs=1e-9)


@pytest.mark.parametrize(
    ("threshold", "returned"),
    [(NEVER, 2), (0.5, 2), (0.51, 1), (0.8, 1), (0.81, 0)],  # the failed probe returns nobody even at -inf
)
def test_false_positives_are_as_counted_by_hand(threshold: float, returned: int) -> None:
    measured = fpir(table()[1], threshold)
    assert (measured.errors, measured.trials) == (returned, 3)
    assert measured.rate == pytest.approx(returned / 3, abs=1e-9)


def test_the_cumulative_match_is_as_counted_by_hand() -> None:
    assert cumulative_match(table()[0], 5) == pytest.approx([1 / 6, 3 / 6, 4 / 6, 4 / 6, 4 / 6], abs=1e-9)


def test_without_searches_there_is_no_rate() -> None:
    mated, nonmated = searches_from_scores(np.empty((0, 2)), np.array([], dtype=np.int64), np.array([1, 2]))
    assert math.isnan(fnir(mated, 1, 0.5).rate)
    assert math.isnan(fpir(nonmated, 0.5).rate)
    assert np.isnan(cumulative_match(mated, 2)).all()
    assert threshold_at_fpir(nonmated, 1.0) is None


def test_an_empty_gallery_returns_nobody() -> None:
    mated, nonmated = searches_from_scores(np.empty((3, 0)), np.array([1, 2, 3]), np.array([], dtype=np.int64))
    assert fpir(nonmated, NEVER).errors == 0
    assert fpir(nonmated, NEVER).trials == 3
    assert fnir(mated, 1, NEVER).trials == 0


# --- properties ------------------------------------------------------------------------------------

# Few values, so that ties and failures are common.
SCORE = st.sampled_from([NEVER, -0.5, 0.0, 0.25, 0.5, 0.75])
THRESHOLD = st.sampled_from([NEVER, -1.0, -0.5, 0.0, 0.1, 0.25, 0.5, 0.6, 0.75, 0.8])
RANK = st.integers(1, 8)


@st.composite
def matrices(draw: st.DrawFn):
    probes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=12))
    references = draw(st.lists(st.integers(0, 3), max_size=7))
    scores = draw(arrays.arrays(np.float64, (len(probes), len(references)), elements=SCORE))
    return scores, np.array(probes, dtype=np.int64), np.array(references, dtype=np.int64)


@settings(max_examples=200, deadline=None)
@given(matrix=matrices(), rank=RANK, threshold=THRESHOLD)
def test_the_rates_equal_those_of_a_plain_search(matrix, rank: int, threshold: float) -> None:
    scores, probes, references = matrix
    mated, nonmated = searches_from_scores(scores, probes, references)
    missed = tried = returned = unknown = 0
    for row, probe in zip(scores.tolist(), probes.tolist(), strict=True):
        listed = sorted((-score, index) for index, score in enumerate(row) if score != NEVER)
        kept = [references[index] for negated, index in listed[:rank] if -negated >= threshold]
        if probe in references.tolist():
            tried += 1
            missed += probe not in kept
        else:
            unknown += 1
            returned += bool(kept)
    assert (fnir(mated, rank, threshold).errors, fnir(mated, rank, threshold).trials) == (missed, tried)
    assert (fpir(nonmated, threshold).errors, fpir(nonmated, threshold).trials) == (returned, unknown)
    if tried:
        closed = [1 - fnir(mated, place, NEVER).rate for place in range(1, rank + 1)]
        assert cumulative_match(mated, rank) == pytest.approx(closed, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(matrix=matrices(), ranks=st.tuples(RANK, RANK), thresholds=st.tuples(THRESHOLD, THRESHOLD))
def test_rates_follow_threshold_and_rank(matrix, ranks: tuple[int, int], thresholds: tuple[float, float]) -> None:
    mated, nonmated = searches_from_scores(*matrix)
    (few, many), (low, high) = sorted(ranks), sorted(thresholds)
    assert fpir(nonmated, high).errors <= fpir(nonmated, low).errors
    assert fnir(mated, few, low).errors <= fnir(mated, few, high).errors
    assert fnir(mated, many, low).errors <= fnir(mated, few, low).errors
    if len(mated.ranks):
        shares = cumulative_match(mated, many)
        assert (np.diff(shares) >= 0).all()
        assert shares[0] >= 0
        assert shares[-1] <= 1


@settings(max_examples=100, deadline=None)
@given(matrix=matrices(), rank=RANK, threshold=THRESHOLD, seed=st.integers(0, 2**16))
def test_the_order_of_searches_and_doubling_them_change_no_rate(matrix, rank: int, threshold: float, seed: int) -> None:
    scores, probes, references = matrix
    order = np.random.default_rng(seed).permutation(len(probes))
    mated, nonmated = searches_from_scores(*matrix)
    for times, rows in ((1, order), (2, np.concatenate([order, np.arange(len(probes))]))):
        other_mated, other_nonmated = searches_from_scores(scores[rows], probes[rows], references)
        missed, returned = fnir(mated, rank, threshold), fpir(nonmated, threshold)
        other = fnir(other_mated, rank, threshold)
        assert (other.errors, other.trials) == (times * missed.errors, times * missed.trials)
        other = fpir(other_nonmated, threshold)
        assert (other.errors, other.trials) == (times * returned.errors, times * returned.trials)
        np.testing.assert_allclose(cumulative_match(other_mated, rank), cumulative_match(mated, rank), atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(matrix=matrices(), rank=RANK, threshold=THRESHOLD, failed=st.integers(0, 11))
def test_a_failed_probe_is_counted_and_finds_nobody(matrix, rank: int, threshold: float, failed: int) -> None:
    scores, probes, references = matrix
    failed %= len(probes)
    mated, nonmated = searches_from_scores(*matrix)
    scores[failed] = NEVER
    without = np.delete(np.arange(len(probes)), failed)
    others_mated, others_nonmated = searches_from_scores(scores[without], probes[without], references)
    mated_now, nonmated_now = searches_from_scores(scores, probes, references)
    is_mated = int(probes[failed] in references)
    assert len(mated_now.ranks) == len(mated.ranks)
    assert len(nonmated_now.best_scores) == len(nonmated.best_scores)
    assert fnir(mated_now, rank, threshold).errors == fnir(others_mated, rank, threshold).errors + is_mated
    assert fpir(nonmated_now, threshold).errors == fpir(others_nonmated, threshold).errors


# --- thresholds ------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(
    best=st.lists(st.sampled_from([NEVER, *np.linspace(-0.2, 0.8, 41)]), min_size=30, max_size=200),
    rate=st.floats(0.01, 1.0),
)
def test_the_threshold_is_the_lowest_within_the_rate(best: list[float], rate: float) -> None:
    nonmated = NonmatedSearches(np.array(best))
    threshold = threshold_at_fpir(nonmated, rate)
    if threshold is None:
        assert 30 / len(best) > rate
        return
    assert 30 / len(best) <= rate
    assert fpir(nonmated, threshold).rate <= rate
    assert threshold == NEVER or fpir(nonmated, np.nextafter(threshold, NEVER)).rate > rate
    assert threshold_at_fpir(NonmatedSearches(np.array(best[::-1] + best)), rate) == threshold


def test_a_rate_that_rounding_puts_below_thirty_errors_is_still_found() -> None:
    # 30 of 100,000 is 3e-4 exactly as written, though the product of the two is less than 30 in float64.
    nonmated = NonmatedSearches(np.random.default_rng(5).normal(0.2, 0.05, 100_000))
    assert 3e-4 * 100_000 < 30
    threshold = threshold_at_fpir(nonmated, 3e-4)
    assert threshold is not None
    assert fpir(nonmated, threshold).errors == 30
    assert threshold_at_fpir(nonmated, 2.9e-4) is None


def test_a_rate_of_one_returns_everybody() -> None:
    assert threshold_at_fpir(NonmatedSearches(np.linspace(0.1, 0.5, 40)), 1.0) == NEVER


@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_what_has_no_order_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="A score is a number"):
        NonmatedSearches(np.array([0.1, score]))
    with pytest.raises(ValueError, match="A score is a number"):
        searches_from_scores(np.array([[0.1, score]]), np.array([1]), np.array([1, 2]))


@pytest.mark.parametrize(("rank", "score"), [(0, 0.5), (1, NEVER), (-1, 0.5)])
def test_a_rank_without_a_score_is_refused(rank: int, score: float) -> None:
    with pytest.raises(ValueError, match="A rank is from 1"):
        MatedSearches(np.array([rank]), np.array([score]))
