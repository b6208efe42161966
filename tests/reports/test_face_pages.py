"""The pages made from reports on gender, attributes and detection."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from recognizance.reports.attributes import attributes_page
from recognizance.reports.detection import detection_page
from recognizance.reports.gender import gender_page
from recognizance.workflows.evaluate import attributes, detection, gender
from recognizance.workflows.evaluate.labelled import Labelled
from recognizance.workflows.evaluate.service import Seen
from reports.pages import check_can_be_walked, check_runs_and_fetches_nothing, hostile, section, words
from workflows.face_answers import TOLD, invented

Page = Callable[[Any], str]
GROUPS = [("skin_tone", "gender"), ("gender",)]
KINDS: list[tuple[Callable[..., dict[str, Any]], Page]] = [
    (gender.report, gender_page),
    (attributes.report, attributes_page),
    (detection.report, detection_page),
]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Labelled, Seen]:
    return invented(tmp_path_factory.mktemp("photographs"))


@pytest.mark.parametrize(("report", "page"), KINDS)
def test_pages_run_nothing_and_can_be_walked_whatever_the_report_says(
    report: Callable[..., dict[str, Any]], page: Page, known: tuple[Labelled, Seen]
) -> None:
    told = report(*known, GROUPS, TOLD)
    for one in (told, report(*known, [], TOLD)):
        check_runs_and_fetches_nothing(page(one))
        check_can_be_walked(page(one))
    keys_kept = {"not_told": told.get("not_told"), "not_labelled": told.get("not_labelled")}
    check_runs_and_fetches_nothing(page({**hostile(told), **keys_kept}))


def test_the_page_on_gender_says_both_rates_and_who_fares_worst(known: tuple[Labelled, Seen]) -> None:
    page = gender_page(gender.report(*known, GROUPS, TOLD))
    told = words(section(page, "plain"))
    assert "about 19.1 in 100 get another gender than the label's, or no answer (186 of 976 here" in told
    assert "Of photographs that get an answer, about 16.5 in 100 get another gender" in told
    assert "errors of 'darker / Female' are 3.09 times as frequent as those of 'lighter / Male'" in told
    assert "annotator's judgement" in told
    assert ".jpg" not in page
    apart = words(section(page, "groups"))
    assert re.search(r"Highest rate over lowest 3\.09 95 % interval \d\.\d\d to \d\.\d\d", apart)


def test_a_group_that_is_too_small_gets_no_verdict(known: tuple[Labelled, Seen]) -> None:
    page = detection_page(detection.report(*known, GROUPS, TOLD))
    told = words(section(page, "plain"))
    assert "By gender: the sample is insufficient to say whether errors are more frequent" in told
    assert "3 of 3 groups" in told
    assert "was not computed" in words(section(page, "groups"))


def test_what_was_not_measured_is_said(known: tuple[Labelled, Seen]) -> None:
    told = attributes.report(*known, GROUPS, TOLD)
    page = attributes_page({**told, "not_told": ["age"], "age": None, "not_labelled": ["pose"], "pose": None})
    assert "AgeRange: not told by this service." in words(section(page, "plain"))
    assert "Pose: there was no label to compare it with." in words(section(page, "plain"))
