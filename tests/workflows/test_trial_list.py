"""Lists of pairs and files of labels as people save them: what is read, and what is refused in which words."""

import re
from pathlib import Path

import numpy as np
import pytest

from recognizance.cli.evaluate.written import write_rows
from recognizance.errors import InsufficientTrialsError, TrialListError
from recognizance.workflows.evaluate.people import subjects_of_pairs
from recognizance.workflows.evaluate.service import Compared, Photographs
from recognizance.workflows.evaluate.trial_list import (
    Labels,
    Pair,
    read_labels,
    read_labels_of,
    read_pairs,
    require_photographs,
)
from recognizance.workflows.evaluate.verifying import count_repeated, verify_all, verify_listed

NAMES = ("anna/1.jpg", "anna/2.JPG", "bea/1.jpg", "b\u00e9a\u2028,\n2.jpg")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("photographs")
    for name in NAMES:
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).touch()
    return made


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_what_a_spreadsheet_saves_is_read(folder: Path, tmp_path: Path) -> None:
    text = 'a, b ,mated\r\nanna/1.jpg,anna/2.JPG,TRUE\r\n\r\nanna/1.jpg,"b\u00e9a\u2028,\n2.jpg", No \r\n'
    listed = read_pairs(written(tmp_path, text, "utf-8-sig"), folder)
    assert listed.pairs == (Pair(NAMES[0], NAMES[1], mated=True), Pair(NAMES[0], NAMES[3], mated=False))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a;b;mated\nanna/1.jpg;bea/1.jpg;no\n", "separated by semicolons"),
        ("a\tb\tmated\nanna/1.jpg\tbea/1.jpg\tno\n", "separated by tabs"),
        ("a,b,mated,mated\nanna/1.jpg,bea/1.jpg,no,yes\n", "two of one name"),
        ("a,b,mated,\nanna/1.jpg,bea/1.jpg,no,\n", "without a name"),
        ("a,b,mated\nanna/1.jpg,b\u00e9a.jpg,no\n", "not in UTF-8"),
        ("a,b,mated\nanna/1.jpg,bea/1.jpg,\n", "line 2: mated is ''"),
        ("a,b,mated\nanna/1.jpg,anna/1.jpg,yes\n", "line 2: anna/1.jpg is compared with itself"),
        ("a,b,mated\nanna/1.jpg,bea/1.jpg,no\nbea/1.jpg,anna/1.jpg,no\n", "line 3: .* are listed already, in line 2"),
        ("a,b,mated\nanna/1.jpg,../x/1.jpg,no\n", "the name ../x/1.jpg does not lead"),
        ("a,b,mated\nanna/1.jpg,./bea/1.jpg,no\n", "the name ./bea/1.jpg does not lead"),
        ("a,b,mated\nanna/1.jpg,/bea/1.jpg,no\n", "the name /bea/1.jpg does not lead"),
        ("a,b,mated\nanna/1.jpg,bea,no\n", "1 photographs .* the first is bea"),
    ],
)
def test_a_list_that_would_count_wrongly_is_refused(folder: Path, tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TrialListError) as refused:
        read_pairs(written(tmp_path, text, "latin-1"), folder)
    assert re.search(told, f"{refused.value.message} {refused.value.remedy}")


def test_labels_have_to_be_those_of_the_photographs(folder: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "file,race\nanna/1.jpg,x\nelsewhere.jpg,y\n")
    assert read_labels_of(path, NAMES).attributes == ("race",)
    with pytest.raises(TrialListError, match="labels none of the photographs"):
        read_labels_of(path, NAMES[1:])
    with pytest.raises(TrialListError, match="the first is elsewhere"):
        require_photographs(path, folder, read_labels(path).of)
    with pytest.raises(TrialListError, match="line 2: it names no photograph"):
        read_labels(written(tmp_path, "file,race\n,x\n"))


@pytest.mark.parametrize("cell", ["=1+1.jpg", "@sum(a)", "+49.jpg", "-x/1.jpg", "'=x.jpg", "''-x.jpg"])
def test_names_that_a_spreadsheet_would_run_are_guarded_and_read_as_they_were(tmp_path: Path, cell: str) -> None:
    with (tmp_path / "list.csv").open("w", newline="", encoding="utf-8") as file:
        write_rows(file, ("file", "yaw"), [(cell, "-12.5")])
    _, line = (tmp_path / "list.csv").read_text(encoding="utf-8").splitlines()
    assert line == f"'{cell},-12.5"
    assert read_labels(tmp_path / "list.csv").of == {cell: {"file": cell, "yaw": "-12.5"}}


def test_the_same_file_under_two_names_is_counted(tmp_path: Path) -> None:
    for name, content in (("a", b"1"), ("b", b"2"), ("c", b"1"), ("d", b"1"), ("e", b"other")):
        (tmp_path / name).write_bytes(content)
    assert count_repeated(Photographs(tmp_path, ("a", "b", "c", "d", "e"))) == 2
    assert count_repeated(Photographs(tmp_path, ("a", "b", "e"))) == 0


def test_a_photograph_without_a_label_is_of_the_person_of_its_mates() -> None:
    pairs = [Pair("x", "y", mated=True), Pair("y", "z", mated=False), Pair("v", "w", mated=True)]
    labels = Labels(("subject",), {"x": {"subject": "anna"}, "u": {"subject": "anna"}})
    found = subjects_of_pairs(("x", "y", "z", "u", "v", "w"), pairs, labels).tolist()
    assert found == [0, 0, 1, 0, 2, 2]


class Unasked:
    """A service that is not to be asked: each call to it may cost something."""

    asked = 0

    def compare(self, photographs: Photographs, pairs: object, progress: object) -> Compared:
        self.asked += 1
        return Compared(np.zeros(len(photographs.names)), {}, "")

    templates = compare


def test_what_cannot_be_measured_is_refused_before_anything_is_compared(folder: Path) -> None:
    service, photographs = Unasked(), Photographs(folder, NAMES[:3])
    none = Labels((), {})
    mated, nonmated = Pair(NAMES[0], NAMES[1], mated=True), Pair(NAMES[0], NAMES[2], mated=False)
    for pairs in ([mated], [nonmated]):
        with pytest.raises(InsufficientTrialsError):
            verify_listed(service, pairs, photographs, none, print)
    for subjects in (("one", "one", "one"), ("a", "b", "c")):
        of = {name: {"subject": subject} for name, subject in zip(NAMES[:3], subjects, strict=True)}
        with pytest.raises(InsufficientTrialsError):
            verify_all(service, photographs, Labels(("subject",), of), print)
    of = {name: {"subject": subject} for name, subject in zip(NAMES[:3], ("a", "a", ""), strict=True)}
    with pytest.raises(TrialListError, match="Whom 1 of 3 photographs show is not labelled; the first is bea"):
        verify_all(service, photographs, Labels(("subject",), of), print)
    of = {NAMES[0]: {"subject": "anna"}, NAMES[1]: {"subject": "bea"}}
    with pytest.raises(TrialListError, match="labelled as anna and bea"):
        verify_listed(service, [mated, nonmated], photographs, Labels(("subject",), of), print)
    assert service.asked == 0
