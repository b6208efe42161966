"""Rules that withhold what searches of one gallery find, and hide no similarity from who examines it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from policy.making import write_pack
from rekognition.processes import start_server
from review.office import RULES, Answered, Office, asking, reviewing, staffed


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, model_cache: Path, faces: Path) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("one")
    rules = RULES.replace('"release", resource)', '"release", resource == Gallery::"county")')
    assert "county" in rules
    pack = reviewing("reviewed", more="targets_max = 2").replace("hide_similarity = true", "hide_similarity = false")
    write_pack(folder / "packs", "reviewed", pack, rules)
    with start_server(folder / "home", model_cache, packs=str(folder / "packs")) as server:
        yield staffed(server, faces, people=3)


def test_comparing_is_no_way_around_the_rules_of_a_gallery(office: Office) -> None:
    """A comparison names no gallery, and could tell of it."""
    client, names = office.rekognition("ivy"), list(office.people)
    probe = office.probe(names[0])

    def compare(target: str) -> object:
        photograph = office.people[target][0].read_bytes()
        return asking(lambda: client.compare_faces(SourceImage={"Bytes": probe}, TargetImage={"Bytes": photograph}))

    for name in names[:2]:
        assert not isinstance(compare(name), Answered)
    answered = compare(names[2])
    assert isinstance(answered, Answered)
    assert "more than 2 count as a search" in answered.message
    withheld = office.lead(office.case("ivy"), probe)
    answered = compare(names[0])
    assert isinstance(answered, Answered)
    assert withheld in answered.message


def test_examiners_see_how_often_strangers_reach_the_threshold(office: Office) -> None:
    case, person = office.case("max"), next(iter(office.people))
    reviews = [office.lead(case, probe, by="max") for probe in (office.probe(person), office.stranger())]
    one, nobody = (office.native("eve").open_review(ReviewId=review)["Review"] for review in reviews)
    assert (len(one["Candidates"]), len(nobody["Candidates"])) == (1, 0)
    assert one["Candidates"][0]["SimilarityPercent"] > one["ThresholdAppliedPercent"] == 80
    assert one["FalseMatchRate"] == pytest.approx(1e-5)
    assert one["WorstGroupFalseMatchRate"] > one["FalseMatchRate"]
    for key in ("FalseMatchRate", "WorstGroup", "WorstGroupFalseMatchRate", "GroupsMeasured"):
        assert one[key] == nobody[key], "whatever was found"
