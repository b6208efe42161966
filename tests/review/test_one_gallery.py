"""Rules that withhold what searches of one gallery find: a comparison names none, and could tell of it."""

from pathlib import Path

from policy.making import write_pack
from rekognition.processes import start_server
from review.office import RULES, Answered, asking, reviewing, staffed


def test_comparing_is_no_way_around_the_rules_of_a_gallery(tmp_path: Path, model_cache: Path, faces: Path) -> None:
    rules = RULES.replace('"release", resource)', '"release", resource == Gallery::"county")')
    assert "county" in rules
    write_pack(tmp_path / "packs", "reviewed", reviewing("reviewed", more="targets_max = 2"), rules)
    with start_server(tmp_path / "home", model_cache, packs=str(tmp_path / "packs")) as server:
        office = staffed(server, faces, people=3)
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
