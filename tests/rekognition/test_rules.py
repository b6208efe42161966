"""Rule packs bind every client: over the wire, with an unmodified boto3."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import StartServer
from rekognition import pictures
from rekognition.processes import Server
from rekognition.refusals import refusal

PERMITS = '@id("all") permit(principal, action, resource);\n'
ABOUT = """
title = "Test rules"
jurisdiction = "nowhere"
status = "model"
summary = "For tests."
disclaimer = "Not legal advice."
[[source]]
key = "manual"
citation = "The manual, page 1"
"""
FLOOR = """
[[floor]]
id = "least"
source = "manual"
words = "Nothing below the floor is searched."
remedy = "Ask for more."
percent = {percent}
effect = "{effect}"
{more}
"""


@dataclass
class Place:
    """A server with packs, and a gallery of three people; ``probe`` shows the first of them again."""

    server: Server
    client: Any
    packs: Path
    names: list[str]
    probe: dict[str, bytes]

    def pack(self, identifier: str, rules: str = PERMITS, more: str = "", *, enforce: bool = True) -> str:
        """Write a pack, and switch it on."""
        folder = self.packs / identifier
        folder.mkdir(parents=True)
        described = "".join(
            f'[[rule]]\nid = "{name}"\nsource = "manual"\nwords = "About {name}."\n'
            for name in re.findall(r'@id\("([^"]+)"\)', rules)
        )
        folder.joinpath("pack.toml").write_text(f'id = "{identifier}"\n{ABOUT}{described}{more}', encoding="utf-8")
        folder.joinpath("rules.cedar").write_text(rules, encoding="utf-8")
        native = self.server.native()
        native.enable_pack(Pack=identifier)
        if enforce and native.list_packs()["InForce"]["Mode"] == "observe":
            native.set_policy_mode(Mode="enforce")
        return identifier

    def search(self, threshold: float = 0, **asked: Any) -> Any:
        return self.client.search_faces_by_image(
            CollectionId="people", Image=self.probe, FaceMatchThreshold=threshold, **asked
        )

    def last(self) -> dict[str, Any]:
        return self.server.entries()[-1]


@pytest.fixture
def place(new_server: StartServer, tmp_path: Path, faces: Path) -> Place:
    server = new_server(packs=str(tmp_path / "packs"))
    client = server.client()
    client.create_collection(CollectionId="people")
    people = {name: files for name, files in pictures.mugshots(faces).items() if len(files) > 1}
    names = list(people)[:3]
    for name in names:
        client.index_faces(
            CollectionId="people",
            Image={"Bytes": people[name][0].read_bytes()},
            ExternalImageId=name,
            QualityFilter="NONE",
            MaxFaces=1,
        )
    return Place(server, client, tmp_path / "packs", names, {"Bytes": people[names[0]][1].read_bytes()})


def headers(answer: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = answer["ResponseMetadata"]["HTTPHeaders"]
    return found


def explained(place: Place, answer: dict[str, Any]) -> dict[str, Any]:
    search = headers(answer)["x-recognizance-search"]
    found: dict[str, Any] = place.server.native().explain_decision(SearchId=search)["Explanation"]
    return found


def test_a_floor_raises_what_is_searched_and_says_so(place: Place) -> None:
    everything = place.search()
    best, *others = [match["Similarity"] for match in everything["FaceMatches"]]
    assert len(others) == 2
    floor = (best + max(others)) / 2
    place.pack("raising", more=FLOOR.format(percent=floor, effect="raise", more=""))
    answer = place.search()
    assert [match["Face"]["ExternalImageId"] for match in answer["FaceMatches"]] == place.names[:1]
    assert headers(answer)["x-recognizance-threshold-applied"] == f"{floor:g}"
    entry = place.last()
    assert entry["rules"] == ["standing/role", "raising/all", "raising/least"]
    assert entry["details"]["threshold_percent_thousandths"] == 0
    assert entry["details"]["threshold_applied_percent_thousandths"] == int(floor * 1000)
    told = explained(place, answer)
    assert (told["ThresholdRequestedPercent"], told["ThresholdAppliedPercent"]) == (0, floor)
    assert [reason["Rule"] for reason in told["Raised"]] == ["raising/least"]
    assert headers(place.search(100))["x-recognizance-threshold-applied"] == "100"

    face = everything["FaceMatches"][0]["Face"]["FaceId"]
    assert place.client.search_faces(CollectionId="people", FaceId=face, FaceMatchThreshold=0)["FaceMatches"] == []


def test_a_pack_switches_attributes_off(place: Place) -> None:
    """The manual's own rules."""
    manual = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    (rules,) = re.findall(
        r"```cedar\n(.*context\.attributes.*?)```", manual.partition("## Example: no estimates")[2], re.S
    )
    place.pack("discreet", rules)
    client = place.client
    assert "Gender" not in client.detect_faces(Image=place.probe, Attributes=["DEFAULT", "SMILE"])["FaceDetails"][0]
    assert client.index_faces(CollectionId="people", Image=place.probe)["FaceRecords"]
    before = len(place.server.entries())
    for refused in (
        refusal(client.detect_faces, Image=place.probe, Attributes=["GENDER"]),
        refusal(client.index_faces, CollectionId="people", Image=place.probe, DetectionAttributes=["ALL"]),
    ):
        assert refused.code == "AccessDeniedException"
        assert "About no-estimates." in refused.message
        assert "discreet/no-estimates" in refused.message
    entries = place.server.entries()[before:]
    assert [(each["kind"], each["decision"]) for each in entries] == [("detect", "refused"), ("enrol", "refused")]
    told = place.server.native().explain_situation(Act="detect", Attributes=True, Pack="discreet")["Explanation"]
    assert told["Decision"] == "refused"


def test_a_list_is_cut(place: Place) -> None:
    place.pack("cutting", more=FLOOR.format(percent=1, effect="raise", more="candidates_max = 2"))
    assert len(place.search(MaxFaces=4096)["FaceMatches"]) == 2
    assert (place.last()["details"]["limit"], place.last()["details"]["limit_applied"]) == (4096, 2)
    assert len(place.search(MaxFaces=1)["FaceMatches"]) == 1


def test_comparisons_and_associations_have_the_floor_too(place: Place) -> None:
    place.pack("raising", more=FLOOR.format(percent=100, effect="raise", more=""))
    answer = place.client.compare_faces(SourceImage=place.probe, TargetImage=place.probe, SimilarityThreshold=0)
    assert headers(answer)["x-recognizance-threshold-applied"] == "100"
    assert len(answer["FaceMatches"]) == 1
    faces = [face["FaceId"] for face in place.client.list_faces(CollectionId="people")["Faces"]]
    place.client.create_user(CollectionId="people", UserId="u")
    done = place.client.associate_faces(CollectionId="people", UserId="u", FaceIds=faces, UserMatchThreshold=0)
    assert [each["FaceId"] for each in done["AssociatedFaces"]] == faces[:1]
    assert {each["Reasons"][0] for each in done["UnsuccessfulFaceAssociations"]} == {"LOW_MATCH_CONFIDENCE"}


def test_a_floor_refuses_and_names_the_rule(place: Place) -> None:
    place.pack("strict", more=FLOOR.format(percent=99, effect="refuse", more='roles = ["investigator"]'))
    told = refusal(place.search, threshold=98.9)
    entry = place.last()
    assert told.code == "AccessDeniedException"
    assert told.message == (
        "Nothing below the floor is searched. Ask for more. (The manual, page 1) [strict/least] "
        f"(entry {entry['index']})"
    )
    assert (entry["kind"], entry["decision"], entry["rules"]) == ("search", "refused", ["strict/least"])
    assert entry["details"]["threshold_percent_thousandths"] == 98_900
    assert place.search(99)
    why = place.server.native().explain_decision(Entry=entry["index"])["Explanation"]
    assert (why["Decision"], why["Reasons"][0]["Source"]) == ("refused", "The manual, page 1")


def test_observing_changes_no_answer_and_tells_what_would_have_been(place: Place) -> None:
    before = place.search()
    place.pack(
        "watching",
        PERMITS + '@id("never") forbid(principal, action == Action::"ask", resource);',
        FLOOR.format(percent=100, effect="raise", more=""),
        enforce=False,
    )
    after = place.search()
    assert after["FaceMatches"] == before["FaceMatches"]
    assert headers(after)["x-recognizance-threshold-applied"] == "0"
    entry = place.last()
    assert (entry["decision"], entry["rules"]) == ("allowed", ["standing/role"])
    assert entry["details"]["observed"] == "refused"
    assert entry["details"]["observed_rules"] == ["watching/never", "watching/least"]
    told = explained(place, after)
    assert (told["Decision"], told["Binds"], told["Mode"]) == ("refused", False, "observe")
    place.client.detect_faces(Image=place.probe)
    assert place.last()["details"]["observed"] == "refused"


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        ("", "odd/nothing-permits"),
        (
            PERMITS
            + '@id("big") forbid(principal, action, resource) when { context.time_s * 9223372036854775807 < 0 };',
            "odd/cannot-be-decided",
        ),
    ],
)
def test_what_nothing_permits_and_what_cannot_be_decided_is_refused(place: Place, rules: str, rule: str) -> None:
    place.pack("odd", rules)
    face = place.client.list_faces(CollectionId="people")["Faces"][0]["FaceId"]
    for call, asked in (
        (place.search, {}),
        (place.client.search_faces, {"CollectionId": "people", "FaceId": face}),
        (place.client.search_users_by_image, {"CollectionId": "people", "Image": place.probe}),
        (place.client.compare_faces, {"SourceImage": place.probe, "TargetImage": place.probe}),
        (place.client.detect_faces, {"Image": place.probe}),
        (place.client.index_faces, {"CollectionId": "people", "Image": place.probe}),
        (place.client.create_user, {"CollectionId": "people", "UserId": "u"}),
        (place.server.native().export_references, {"Gallery": "people"}),
    ):
        told = refusal(call, **asked)
        assert told.code == "AccessDeniedException"
        assert re.search(rf"\[{rule}\] \(entry \d+\)$", told.message), told.message
    place.server.native().export_ledger()
    place.client.delete_faces(CollectionId="people", FaceIds=[face])


def test_what_the_result_refers_goes_out_marked_as_leads(place: Place) -> None:
    place.pack(
        "reviewing",
        PERMITS
        + '@id("weak") forbid(principal, action == Action::"release", resource) '
        + 'when { context.act == "search" && context.result.known && context.result.candidates > 1 };',
    )
    assert len(place.search(MaxFaces=1)["FaceMatches"]) == 1
    answer = place.search()
    assert len(answer["FaceMatches"]) > 1
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-recognizance-lead"] == "unreviewed"
    entry = place.last()
    assert (entry["decision"], entry["details"]["lead"]) == ("referred", headers["x-recognizance-review"])
    assert "reviewing/weak" in entry["rules"]


def test_rules_stand_after_a_restart(place: Place, new_server: StartServer) -> None:
    place.pack("closed", '@id("none") forbid(principal, action, resource);')
    for file in sorted(place.packs.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    place.server.stop()
    again = new_server(packs=str(place.packs))
    told = refusal(again.client().detect_faces, Image=place.probe)
    assert "About none." in told.message
    shown = again.native().show_pack(Pack="closed")
    assert shown["Pack"]["Origin"] == "record"
    assert shown["Rules"] == [
        {"Id": "none", "Effect": "forbid", "Source": "manual", "Words": "About none.", "Remedy": ""}
    ]


def test_searches_on_record_are_tried(place: Place) -> None:
    for threshold in (0, 0, 50, 100):
        place.search(threshold)
    native = place.server.native()
    folder = place.packs / "tried"
    folder.mkdir(parents=True)
    rules = PERMITS + '@id("own") forbid(principal, action == Action::"ask", resource) '
    rules += "when { context.threshold_requested_thousandths == 50000 };"
    words = "".join(f'[[rule]]\nid = "{name}"\nsource = "manual"\nwords = "w"\n' for name in ("all", "own"))
    more = FLOOR.format(percent=60, effect="raise", more="")
    folder.joinpath("pack.toml").write_text(f'id = "tried"\n{ABOUT}{words}{more}', encoding="utf-8")
    folder.joinpath("rules.cedar").write_text(rules, encoding="utf-8")
    tried = native.try_pack(Pack="tried")
    counts = ("Total", "Judged", "Unknown", "Allowed", "Referred", "Refused", "Raised")
    assert [tried[name] for name in counts] == [4, 4, 0, 3, 0, 1, 3]
    assert tried["Rules"] == [{"Rule": "tried/least", "Searches": 3}, {"Rule": "tried/own", "Searches": 1}]
