"""What is counted of genders, ages, poses and faces found, on answers that are known."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from recognizance.accuracy.rates import wilson_interval
from recognizance.errors import InsufficientTrialsError, TrialListError
from recognizance.workflows.evaluate import attributes, detection, gender
from recognizance.workflows.evaluate.face_labels import Years, gender_of, years_of
from recognizance.workflows.evaluate.labelled import Labelled, read_labelled
from recognizance.workflows.evaluate.service import Seen
from workflows.face_answers import COUNTS, TOLD, invented

BOTH = [("gender",), ("skin_tone", "gender")]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Labelled, Seen]:
    return invented(tmp_path_factory.mktemp("photographs"))


def counted(told: dict[str, int]) -> tuple[int, int]:
    return told["errors"], told["trials"]


def test_failures_are_errors_in_the_headline_and_are_counted_apart(known: tuple[Labelled, Seen]) -> None:
    told = gender.report(*known, BOTH, TOLD)
    rates = told["rates"]
    labelled = [outcomes for (_, label), outcomes in COUNTS.items() if label != "unknown"]
    total = sum(sum(outcomes.values()) for outcomes in labelled)
    of = {outcome: sum(outcomes[outcome] for outcomes in labelled) for outcome in labelled[0]}
    assert counted(rates["error"]) == (total - of["right"], total)
    assert counted(rates["wrong"]) == (of["wrong"], of["wrong"] + of["right"])
    assert counted(rates["no_face"]) == (of["no face"], total)
    assert counted(rates["unreadable"]) == (of["unreadable"], total)
    assert counted(rates["not_told"]) == (of["not told"], total)
    assert told["other_labels"] == COUNTS["lighter", "unknown"]["right"]
    assert counted(told["sample"]["failures"]["no_face"])[1] == total + told["other_labels"]
    # Every second wrong answer is confident, and so is every right one.
    confident = sum(-(-outcomes["wrong"] // 2) for outcomes in labelled)
    assert counted(rates["confident_wrong"]) == (confident, confident + of["right"])
    assert [(row["from_percent"], counted(row["wrong"])) for row in told["reliability"]] == [
        (70, (of["wrong"] - confident,) * 2),
        (90, (confident, confident + of["right"])),
    ]


def test_groups_are_made_of_gender_in_one_spelling_and_compared(known: tuple[Labelled, Seen]) -> None:
    alone, crossed = gender.report(*known, BOTH, TOLD)["groups"]
    assert [row["group"] for row in alone["rows"]] == ["Female", "Male"]
    rows = {row["group"]: row["rates"] for row in crossed["rows"]}
    assert set(rows) == {"darker / Female", "darker / Male", "lighter / Female", "lighter / Male"}
    assert counted(rows["darker / Female"]["error"]) == (83, 233)
    assert counted(rows["darker / Female"]["wrong"]) == (60, 210)
    compared = crossed["compared"]["error"]
    assert compared["differentials"]["worst"] == "darker / Female"
    assert compared["differentials"]["best"] == "lighter / Male"
    assert compared["differentials"]["max_over_min"] == pytest.approx((83 / 233) / (30 / 260))
    low, high = compared["differentials"]["intervals"]["max_over_min"]
    assert 1 < low < (83 / 233) / (30 / 260) < high
    assert "do not overlap" in compared["verdict"]
    # Without labels of subjects each photograph is one, so that Wilson's interval is near.
    assert rows["darker / Female"]["error"]["interval"] == pytest.approx(wilson_interval(83, 233), abs=0.01)


def test_a_service_that_tells_nothing_is_not_said_to_be_right(known: tuple[Labelled, Seen]) -> None:
    listed, seen = known
    mute = {
        name: tuple(replace(face, gender=None, age_low=None, yaw=None, pitch=None, roll=None) for face in faces)
        for name, faces in seen.faces.items()
    }
    with pytest.raises(InsufficientTrialsError, match="tells no gender"):
        gender.report(listed, replace(seen, faces=mute), BOTH, TOLD)
    with pytest.raises(InsufficientTrialsError, match="tells no gender nor age nor pose"):
        attributes.report(listed, replace(seen, faces=mute), BOTH, TOLD)
    blind = replace(seen, faces=dict.fromkeys(seen.faces, ()))
    with pytest.raises(InsufficientTrialsError, match="No face was found"):
        gender.report(listed, blind, BOTH, TOLD)


def test_an_attribute_that_is_not_told_is_named(known: tuple[Labelled, Seen]) -> None:
    listed, seen = known
    ageless = {name: tuple(replace(face, age_low=None) for face in faces) for name, faces in seen.faces.items()}
    told = attributes.report(listed, replace(seen, faces=ageless), [("gender",)], TOLD)
    assert told["not_told"] == ["age"]
    assert told["age"] is None
    assert told["gender"]["rates"]["error"] == gender.report(listed, seen, [], TOLD)["rates"]["error"]


def test_a_range_holds_an_age_or_touches_a_band(known: tuple[Labelled, Seen]) -> None:
    listed, seen = known
    told = attributes.report(listed, seen, [("age",)], TOLD)["age"]
    labels = {name: listed.label(name, "age") for name in listed.photographs}
    assert told["other_labels"] == sum(label == "grown-up" for label in labels.values())
    assert told["labelled_in_years"] == sum(label == "34" for label in labels.values())
    found = {name for name, faces in seen.faces.items() if faces}
    # 25 to 35 has 34 in it and touches 20-29, but no age over 70.
    missed = {name for name, label in labels.items() if label == "more than 70"}
    assert counted(told["rates"]["wrong"]) == (
        len(missed & found),
        sum(labels[name] != "grown-up" for name in found),
    )
    assert told["width_years"]["quartiles"] == [10, 10, 10]
    rows = {row["group"]: row for row in told["groups"][0]["rows"]}
    assert rows["30-39"]["middle_off_years"]["mean"] == -4
    assert rows["20-29"]["middle_off_years"]["mean"] == 1
    assert rows["more than 70"]["middle_off_years"]["mean"] == -40


def test_poses_are_told_by_label_and_angles_by_their_distance(known: tuple[Labelled, Seen], tmp_path: Path) -> None:
    listed, seen = known
    (pose,) = attributes.report(listed, seen, [], TOLD)["pose"]["poses"]
    assert pose["photographs"] == len(listed.photographs)
    assert pose["found"] == sum(bool(faces) for faces in seen.faces.values())
    assert pose["yaw_degrees"]["quartiles"] == [10, 10, 10]
    names = [name for name, faces in seen.faces.items() if faces][:2]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "labels.csv").write_text(f"file,yaw,roll\n{names[0]},-5,?\n{names[1]},12,\n")
    told = attributes.report(read_labelled(tmp_path / "labels.csv", tmp_path), seen, [], TOLD)
    assert told["not_labelled"] == ["gender", "age"]
    assert told["pose"]["angles"]["yaw"]["off_degrees"]["mean"] == pytest.approx((15 - 2) / 2)
    assert told["pose"]["angles"]["yaw"]["off_absolute_degrees"]["greatest"] == 15
    assert told["pose"]["angles"]["roll"]["off_degrees"] is None


def test_faces_are_counted_against_their_labelled_number(known: tuple[Labelled, Seen]) -> None:
    told = detection.report(*known, [("skin_tone",)], TOLD)
    total = sum(sum(outcomes.values()) for outcomes in COUNTS.values())
    unreadable = sum(outcomes["unreadable"] for outcomes in COUNTS.values())
    missed = sum(outcomes["no face"] for outcomes in COUNTS.values())
    doubled = sum(bool(outcomes[key]) for outcomes in COUNTS.values() for key in ("right", "wrong", "not told"))
    readable = total - unreadable
    assert counted(told["rates"]["failure_to_detect"]) == (missed, readable)
    assert counted(told["rates"]["too_few"]) == (missed, readable)
    assert counted(told["rates"]["too_many"]) == (doubled, readable)
    assert counted(told["rates"]["unreadable"]) == (unreadable, total)
    assert told["faces"]["found"] == readable - missed + doubled
    assert "insufficient" in told["groups"][0]["compared"]["failure_to_detect"]["verdict"]
    assert told["groups"][0]["compared"]["failure_to_detect"]["differentials"] is None
    assert told["groups"][0]["rows"][0]["sharpness"]["quartiles"] == [60, 60, 60]


def test_a_photograph_that_shows_nobody_is_no_failure_to_detect(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).touch()
    labels = tmp_path / "labels.csv"
    labels.write_text("file,faces\na.jpg,0\nb.jpg,2\n")
    listed = read_labelled(labels, tmp_path)
    told = detection.report(listed, Seen({"a.jpg": (), "b.jpg": ()}, {}, ""), [], TOLD)
    assert counted(told["rates"]["failure_to_detect"]) == (1, 1)
    assert counted(told["rates"]["too_few"]) == (1, 2)


@pytest.mark.parametrize(
    ("check", "text", "told"),
    [
        (gender.require_labels, "file,sex\na.jpg,f\n", "labels no photograph as female or male"),
        (attributes.require_labels, "file,race\na.jpg,White\n", "neither gender nor age nor pose"),
        (detection.faces_labelled, "file,faces\na.jpg,some\n", "'some' faces"),
        (detection.faces_labelled, "file\n", "lists no photograph"),
        (detection.faces_labelled, "file\na.jpg\nb.jpg\n", "the first is b.jpg"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(
    tmp_path: Path, check: Callable[[Labelled], object], text: str, told: str
) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(TrialListError, match=told):
        check(read_labelled(tmp_path / "labels.csv", tmp_path))


@pytest.mark.parametrize(
    ("label", "years"),
    [
        ("34", Years(34, 34)),
        ("31.94", Years(31, 31)),
        ("20-29", Years(20, 29)),
        ("20 – 29", Years(20, 29)),
        ("70+", Years(70, float("inf"))),
        ("More than 70", Years(70, float("inf"))),
        ("under 18", Years(0, 17)),
        ("29-20", None),
        ("adult", None),
        ("", None),
    ],
)
def test_ages_are_read_in_their_usual_spellings(label: str, years: Years | None) -> None:
    assert years_of(label) == years


def test_other_words_for_gender_are_not_guessed() -> None:
    assert [gender_of(label) for label in ("F", "woman", "MALE", "nonbinary", "fe", "")] == [
        "Female",
        "Female",
        "Male",
        None,
        None,
        None,
    ]
