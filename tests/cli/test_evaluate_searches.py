"""`recognizance evaluate identify` and `false-matches`, on real photographs of which the truth is known."""

import csv
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.conftest import Cli, Result
from recognizance.cli.errors import ExitCode

ENCOUNTERS = {
    "001": ("S001-01-t10_01", "S001-02-t10_01"),
    "006": ("S006-01-t10_01", "S006-02-t10_01"),
    "008": ("S008-01-t10_01", "S008-02-t10_01"),
    "013": ("S013-01-t10_01", "S013-02-t10_01"),
    "015": ("S015-01-t10_01", "S015-02-t10_01"),
}
LONDON = ("001", "002", "003")
LIMIT = 3


@dataclass(frozen=True)
class Made:
    folder: Path
    identified: Result
    matched: Result

    def rows(self, report: str, file: str) -> list[dict[str, str]]:
        with (self.folder / report / file).open(newline="") as held:
            return list(csv.DictReader(held))

    def report(self, report: str) -> dict:
        return json.loads((self.folder / report / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made(faces: Path, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Five people in a gallery and among the probes, one whose reference is broken, and three who are probes alone."""
    folder = tmp_path_factory.mktemp("searches")

    def put(side: str, subject: str, source: Path) -> str:
        target = folder / side / subject / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        return f"{subject}/{source.name}"

    images, probes = faces / "meds2" / "images", []
    for subject, (first, second) in ENCOUNTERS.items():
        put("gallery", f"m{subject}", images / f"{first}.jpg")
        probes.append(put("probes", f"m{subject}", images / f"{second}.jpg"))
    probes.append(put("probes", "m001", images / "S001-01-t10_01.jpg"))  # the very file
    put("gallery", "m023", faces / "broken" / "truncated.jpg")
    probes.append(put("probes", "m023", images / "S023-02-t10_01.jpg"))
    probes += [put("probes", f"l{name}", faces / "london" / "neutral_front" / f"{name}.jpg") for name in LONDON]
    probes.append(put("probes", "nobody", faces / "broken" / "truncated.jpg"))
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "source"])
        writer.writerows([name, "london" if name.startswith("l") else "meds"] for name in probes)
    (folder / "mates.csv").write_text("probe,candidate\nm006/S006-02-t10_01.jpg,m006/S006-01-t10_01.jpg\n")
    (folder / "adjudicated.csv").write_text(
        "probe,candidate,similarity,verdict\n"
        "m008/S008-02-t10_01.jpg,m008/S008-01-t10_01.jpg,99.9,same\n"
        "m013/S013-02-t10_01.jpg,m013/S013-01-t10_01.jpg,99.9,Different\n"
        "m015/S015-02-t10_01.jpg,m015/S015-01-t10_01.jpg,99.9,\n"
        "gone.jpg,gone too.jpg,99.9,same\n"
    )
    cli = Cli(folder / "home", model_cache)
    both = ("--gallery", folder / "gallery", "--probes", folder / "probes", "--labels", folder / "labels.csv")
    lists = ("--known-mates", folder / "mates.csv", "--adjudication", folder / "adjudicated.csv")
    identified, matched = cli.together(
        ("evaluate", "identify", *both, "--limit", str(LIMIT), "--out", folder / "identified"),
        ("evaluate", "false-matches", *both, *lists, "--out", folder / "matched"),
    )
    assert identified.code == 0, identified.err
    assert matched.code == 0, matched.err
    assert not (cli.home / "record.sqlite").exists()
    return Made(folder, identified, matched)


def test_an_identifications_rates_are_those_of_its_trials(made: Made) -> None:
    report, rows = made.report("identified"), made.rows("identified", "trials.csv")
    mates: dict[str, tuple[int, float] | None] = {}
    strangers: dict[str, float] = {}
    for row in rows:
        similarity = float(row["similarity_percent"] or "-inf")
        if row["mated"] == "no":
            strangers[row["probe"]] = max(similarity, strangers.get(row["probe"], float("-inf")))
        elif row["mate"] == "yes":
            mates[row["probe"]] = mates.get(row["probe"]) or (int(row["rank"]), similarity)
        else:
            mates.setdefault(row["probe"], None)
    assert len(mates) == 7  # the one whose reference is broken is still a search for somebody who should be found
    assert len(strangers) == 4
    assert sum(found is not None for found in mates.values()) >= 5
    for row in report["rates_at_percent"]:
        percent = row["percent"]
        listed = sum(similarity >= percent for similarity in strangers.values())
        assert (row["fpir"]["errors"], row["fpir"]["trials"]) == (listed, 4)
        for fnir in row["fnir"]:
            missed = [found for found in mates.values() if not found or found[0] > fnir["rank"] or found[1] < percent]
            assert (fnir["errors"], fnir["trials"]) == (len(missed), 7)
    assert [fnir["rank"] for fnir in report["fnir_at_rank"]] == [1, LIMIT]
    at_rank = [sum(found is not None and found[0] <= rank for found in mates.values()) / 7 for rank in (1, 2, 3)]
    assert report["rank_curve"] == pytest.approx(at_rank, abs=1e-12)
    # Every probe without a failure lists as many as were asked for, whatever their similarity.
    assert {row["failure"] for row in rows if not row["rank"]} == {"unreadable"}
    assert max(int(row["rank"] or 0) for row in rows) == LIMIT


def test_an_identification_tells_whom_it_measured(made: Made) -> None:
    report = made.report("identified")
    gallery, probes = report["sample"]["gallery"], report["sample"]["probes"]
    assert (gallery["photographs"], gallery["used"], gallery["subjects"]) == (6, 5, 6)
    assert (probes["photographs"], probes["used"], probes["mated_subjects"], probes["nonmated_subjects"]) == (
        11,
        10,
        6,
        4,
    )
    assert gallery["failures"]["unreadable"]["errors"] == probes["failures"]["unreadable"]["errors"] == 1
    assert report["sample"]["probes_also_in_gallery"] == 2  # one of them is broken
    assert any("1 of them are said to show another person" in caveat for caveat in report["caveats"])
    assert report["fnir_at_fpir"][0]["fnir"] is None
    assert "300 would" in report["fnir_at_fpir"][0]["reason"]
    by_source = report["groups"][0]
    assert {row["group"]: (row["mated"], row["nonmated"]) for row in by_source["rows"]} == {
        "london": (0, 3),
        "meds": (7, 1),
    }
    assert by_source["differentials"] == {"fpir": None, "fnir": None}
    assert "nsufficient" in by_source["verdict"]
    page = (made.folder / "identified" / "report.html").read_text(encoding="utf-8")
    assert "S001" not in page
    assert "missed at rank 1" in made.identified.out


def test_candidates_nobody_has_judged_are_counted_apart(made: Made) -> None:
    report, rows = made.report("matched"), made.rows("matched", "trials.csv")
    known = {row["probe"]: (row["verdict"], row["known_by"]) for row in rows if row["candidate"]}
    assert known["m006/S006-02-t10_01.jpg"] == ("same", "known mates")
    assert known["m008/S008-02-t10_01.jpg"] == ("same", "adjudication")
    assert known["m013/S013-02-t10_01.jpg"] == ("different", "adjudication")
    assert known["m015/S015-02-t10_01.jpg"] == ("not adjudicated", "")
    assert known["m001/S001-01-t10_01.jpg"] == ("same", "same file")
    for row in report["rates_at_percent"]:
        listed = [one for one in rows if one["candidate"] and float(one["similarity_percent"]) >= row["percent"]]
        said = [one["verdict"] for one in listed]
        assert row["candidates"] == {
            "same": said.count("same"),
            "different": said.count("different"),
            "not_adjudicated": said.count("not adjudicated"),
        }
        false = {one["probe"] for one in listed if one["verdict"] == "different"}
        possible = {one["probe"] for one in listed if one["verdict"] != "same"}
        assert (row["known_false"]["errors"], row["known_false"]["trials"]) == (len(false), 11)
        assert row["at_most"]["errors"] == len(possible)
    assert report["sample"]["known_mates"]["pairs_elsewhere"] == 0
    assert report["sample"]["adjudication"]["pairs_elsewhere"] == 1
    assert any("1 of 3 pairs of adjudicated.csv are of photographs" in caveat for caveat in report["caveats"])
    at_80 = report["rates_at_percent"][0]
    assert at_80["is_default"]
    assert at_80["known_false"]["errors"] == 1
    assert 0 < at_80["expected"]["candidates"] < at_80["expected"]["if_all_of_worst_group"]
    assert "not adjudicated" in report["groups"][0]["verdict"]


def test_what_is_left_to_judge_keeps_the_verdicts_that_were_given(made: Made) -> None:
    left = {row["probe"]: row["verdict"] for row in made.rows("matched", "adjudicate.csv")}
    assert left["m008/S008-02-t10_01.jpg"] == "same"
    assert left["m013/S013-02-t10_01.jpg"] == "different"
    assert left["m015/S015-02-t10_01.jpg"] == ""
    assert left["gone.jpg"] == "same"  # what a person did is never thrown away
    assert "m006/S006-02-t10_01.jpg" not in left  # known mates need no judge
    page = (made.folder / "matched" / "report.html").read_text(encoding="utf-8")
    assert "At least <strong>1</strong>" in page
    assert "S013" not in page


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        (b"probe;candidate;similarity;verdict\r\na.jpg;b.jpg;99,9;same\r\n", "separated by semicolons"),
        (b"probe,candidate,similarity,verdict\r\n\xe9.jpg,b.jpg,99.9,same\r\n", "not in UTF-8"),
    ],
)
def test_verdicts_that_a_spreadsheet_saved_its_own_way_are_not_written_over(
    cli: Cli, made: Made, tmp_path: Path, saved: bytes, told: str
) -> None:
    (tmp_path / "adjudicate.csv").write_bytes(saved)
    both = ("--gallery", made.folder / "gallery", "--probes", made.folder / "probes")
    result = cli("evaluate", "false-matches", *both, "--out", tmp_path)
    assert result.code == ExitCode.FAILED
    assert told in result.err
    assert (tmp_path / "adjudicate.csv").read_bytes() == saved


def test_verdicts_are_not_written_over(cli: Cli, made: Made) -> None:
    both = ("--gallery", made.folder / "gallery", "--probes", made.folder / "probes")
    result = cli("evaluate", "false-matches", *both, "--out", made.folder / "matched")
    assert result.code == ExitCode.USAGE
    assert "has verdicts, and would be written over" in result.err
