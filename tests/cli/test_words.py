"""Numbers and names in the form that people see."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizance.cli.naming import sanitise
from recognizance.cli.terminal import duration, few, percent, strangers


@pytest.mark.parametrize(
    ("fmr", "words"),
    [
        (1e-5, "1 in 100,000"),
        (8.1e-6, "1 in 120,000"),
        (0.05, "1 in 20"),
        (1.0, "1 in 1"),
        (1e-9, "under 1 in 10 million"),
    ],
)
def test_a_false_match_rate_is_told_as_strangers(fmr: float, words: str) -> None:
    assert strangers(fmr) == words


def test_a_percent_is_not_rounded_up_over_a_threshold() -> None:
    assert percent(79.97) == "79.9 %"
    assert percent(80.0) == "80.0 %"
    assert percent(100.0) == "100.0 %"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (0.00123, "0.0012"), (0.5, "0.50"), (3.14, "3.1"), (1234.0, "1,200"), (1e-12, "under 0.0000001")],
)
def test_an_expected_number_has_two_digits_and_no_powers(value: float, words: str) -> None:
    assert few(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (89, "89 s"), (150, "2 min"), (5400, "1.5 h"), (47 * 3600, "47.0 h"), (5 * 86_400, "5.0 days")],
)
def test_time_left_is_told_as_roughly_as_one_wants_to_know_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@given(st.text())
def test_every_name_becomes_an_external_id(name: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_.\-:]{1,255}", sanitise(name))


def test_different_names_stay_different_where_letters_are_lost() -> None:
    assert sanitise("Ann Lee") == "Ann_Lee"
    assert sanitise("José") != sanitise("")
    assert sanitise("李雷 1") != sanitise("王伟 1")
    assert sanitise("a" * 300) != sanitise("a" * 301)
