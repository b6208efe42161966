"""Emergencies over the wire, with real clients and a moved clock, and servers that stop in between."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from authority.moved import Clock, moved_server
from rekognition import pictures
from rekognition.processes import Server
from sts.staff import CASE, Staff, hire

Refused = botocore.exceptions.ClientError
GALLERY = "mugshots"


@dataclass
class Precinct:
    """A server that can be stopped and started, with people, a gallery, and a clock to move."""

    home: Path
    cache: Path
    photograph: bytes
    clock: Clock = field(default_factory=Clock)
    running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        server = self.running.enter_context(moved_server(self.home, self.cache, self.clock))
        if hasattr(self, "staff"):
            self.staff = Staff(server, self.staff.keys)
        else:
            self.staff = hire(server)
            ada = self.staff.native("ada")
            ada.create_operator(Operator="una", Name="Una", Roles=["supervisor"])
            self.staff.keys["una"] = self.staff.issue("una", by="ada")
            self.rekognition("ada").create_collection(CollectionId=GALLERY)
            self.rekognition("ivy").index_faces(CollectionId=GALLERY, Image={"Bytes": self.photograph})

    def stop(self) -> None:
        self.running.close()

    @property
    def server(self) -> Server:
        return self.staff.server

    def native(self, name: str) -> Any:
        return self.staff.native(name)

    def rekognition(self, name: str, path: str = "") -> Any:
        client = self.staff.client("rekognition", self.staff.keys[name], path)
        self.running.callback(client.close)
        return client

    def declare(self, document: str = "E-1", **changes: Any) -> dict[str, Any]:
        wanted = {"Reason": "A child is missing.", "RatifyWithinHours": 24, **changes}
        made: dict[str, Any] = self.native("ivy").declare_emergency(Case=CASE, Document=document, **wanted)["Authority"]
        return made

    def search(self, authority: str = "E-1", *, who: str = "ivy", more: str = "") -> dict[str, Any]:
        client = self.rekognition(who, f"/case/{CASE}/authority/{authority}{more}")
        found: dict[str, Any] = client.search_faces_by_image(CollectionId=GALLERY, Image={"Bytes": self.photograph})
        return found

    def changes(self) -> list[str]:
        return [each["details"]["change"] for each in self.entries()]

    def entries(self) -> list[dict[str, Any]]:
        found = self.server.entries()
        return [each for each in found if each["kind"] == "authority" and each["decision"] == "allowed"]

    def show(self, document: str = "E-1") -> dict[str, Any]:
        (found,) = self.native("sue").list_authorities(Case=CASE, Document=document)["Authorities"]
        shown: dict[str, Any] = found
        return shown


@pytest.fixture
def precinct(tmp_path: Path, model_cache: Path, faces: Path) -> Iterator[Precinct]:
    made = Precinct(tmp_path / "home", model_cache, pictures.upright(faces))
    with made.running:
        made.start()
        yield made


def entry_of(answer: dict[str, Any]) -> int:
    return int(answer["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def refused(call: Callable[[], object], rule: str) -> str:
    with pytest.raises(Refused) as caught:
        call()
    error = caught.value.response["Error"]
    assert (error["Code"], f"[{rule}]" in error["Message"]) == ("AccessDeniedException", True), error["Message"]
    return str(error["Message"]).rpartition(" (entry")[0]


def disclosed(precinct: Precinct, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Open the candidate list of a search as far as that goes."""
    opened = precinct.native("sue").disclose_entry(Index=entry_of(answer), Fields=["candidates"])["Disclosure"]
    lines: list[dict[str, Any]] = json.loads(opened)["openings"][0]["lines"]
    return lines


def test_what_nobody_ratifies_lapses_and_its_results_go(precinct: Precinct) -> None:
    declared = precinct.declare()
    answer = precinct.search()
    assert answer["FaceMatches"]
    session = precinct.native("ivy").open_session(Purpose="rescue", Case=CASE, Authority="E-1")["Session"]
    other = precinct.rekognition("ivy", f"/case/{CASE}").search_faces_by_image(
        CollectionId=GALLERY, Image={"Bytes": precinct.photograph}
    )
    assert "value" in disclosed(precinct, answer)[0]

    precinct.clock.move(hours=23)
    assert precinct.search()["FaceMatches"]
    precinct.clock.move(hours=1)
    refused(precinct.search, "authority/lapsed")
    wait_until(lambda: "results deleted" in precinct.changes())
    assert precinct.changes() == ["declared", "lapsed", "results deleted"]
    lapsed, deleted = precinct.entries()[1:]
    assert (lapsed["operator"], lapsed["details"]["sessions"]) == ("server", 1)
    assert (deleted["details"]["photographs"], len(deleted["details"]["searches"])) == (2, 2)

    assert "value" not in disclosed(precinct, answer)[0]
    assert "value" in disclosed(precinct, other)[0], "what was not done under it stays"
    shown = precinct.show()
    assert (shown["State"], shown["ResultsDeleted"]) == ("lapsed", shown["Acts"])
    assert shown["AuthorityId"] == declared["AuthorityId"]
    (listed,) = precinct.native("ivy").list_sessions(Finished=True)["Sessions"]
    assert (listed["SessionId"], "ClosedAt" in listed) == (session["SessionId"], True)
    entry = precinct.server.entries()[entry_of(answer)]
    assert entry["details"]["authority_id"] == declared["AuthorityId"], "that it was used stays on record"
    refused(lambda: ratify(precinct), "authority/lapsed")


def ratify(precinct: Precinct, who: str = "sue") -> None:
    precinct.native(who).ratify_authority(Case=CASE, Document="E-1", RatifyingDocument="W-7", Issuer="Judge Roe")


def test_a_deadline_that_passes_while_nobody_serves_is_kept(precinct: Precinct) -> None:
    precinct.declare()
    answer = precinct.search()
    precinct.stop()
    precinct.clock.move(hours=25)
    precinct.start()
    assert precinct.changes() == ["declared", "lapsed", "results deleted"], "before anybody is answered"
    refused(precinct.search, "authority/lapsed")
    precinct.stop()
    precinct.start()
    assert precinct.changes() == ["declared", "lapsed", "results deleted"], "once"
    assert "value" not in disclosed(precinct, answer)[0]


def test_what_is_ratified_in_time_stays(precinct: Precinct) -> None:
    precinct.declare()
    answer = precinct.search()
    refused(lambda: ratify(precinct, "ivy"), "standing/role")
    precinct.stop()
    precinct.clock.move(hours=23)
    precinct.start()
    ratify(precinct)
    precinct.clock.move(hours=100)
    assert precinct.search()["FaceMatches"]
    assert "value" in disclosed(precinct, answer)[0]
    assert precinct.changes() == ["declared", "ratified"]
    assert precinct.show()["RatifyingDocument"] == "W-7"


def test_what_is_rejected_goes_at_once(precinct: Precinct) -> None:
    precinct.declare()
    answer = precinct.search()
    precinct.native("sue").reject_authority(Case=CASE, Document="E-1", Reason="There was no danger.")
    refused(precinct.search, "authority/ended")
    assert "value" not in disclosed(precinct, answer)[0]
    assert precinct.changes() == ["declared", "rejected", "results deleted"]


def test_answers_that_are_kept_go_with_the_results(precinct: Precinct) -> None:
    """A request that is sent again is answered again, also without the authority."""
    precinct.declare()
    ivy, under = precinct.rekognition("ivy"), precinct.rekognition("ivy", f"/case/{CASE}/authority/E-1")
    faces = [face["FaceId"] for face in ivy.list_faces(CollectionId=GALLERY)["Faces"]]
    ivy.create_user(CollectionId=GALLERY, UserId="doe", ClientRequestToken="kept")
    ivy.associate_faces(CollectionId=GALLERY, UserId="doe", FaceIds=faces[:1])
    asked = {"CollectionId": GALLERY, "UserId": "doe", "FaceIds": ["0" * 8 + "-0000-4000-8000-" + "0" * 12]}
    repeated = [
        client.associate_faces(**asked, ClientRequestToken="t")["ResponseMetadata"]["HTTPHeaders"]
        for client in (under, ivy)
    ]
    details = [precinct.server.entries()[int(told["x-recognizance-entry"])]["details"] for told in repeated]
    assert "repeats" in details[1]
    precinct.native("una").reject_authority(Case=CASE, Document="E-1", Reason="There was no danger.")
    answer = ivy.associate_faces(**asked, ClientRequestToken="t")
    assert "repeats" not in precinct.server.entries()[entry_of(answer)]["details"]
    ivy.create_user(CollectionId=GALLERY, UserId="doe", ClientRequestToken="kept")  # was not done under it
    precinct.declare("E-2")
    declared = [each["details"] for each in precinct.entries() if each["details"]["change"] == "declared"]
    assert [each["unratified_before"] for each in declared] == [0, 1]


def test_a_legal_hold_suspends_the_deletion(precinct: Precinct) -> None:
    precinct.declare()
    kept, gone = precinct.search(), precinct.search()
    search = kept["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-search"]
    hold = precinct.native("sue").place_hold(SearchId=search, Reason="The defence asks for it.")["Hold"]["HoldId"]
    precinct.clock.move(hours=25)
    wait_until(lambda: "results deleted" in precinct.changes())
    assert precinct.entries()[-1]["details"]["holds"] == [hold]
    assert ("value" in disclosed(precinct, kept)[0], "value" in disclosed(precinct, gone)[0]) == (True, False)
    refused(precinct.search, "authority/lapsed")
    assert precinct.show()["KeptByHolds"] == [hold]
    precinct.stop()
    precinct.start()
    assert precinct.changes() == ["declared", "lapsed", "results deleted"]

    sue, una = precinct.native("sue"), precinct.native("una")
    approval = sue.request_release(HoldId=hold)["ApprovalId"]
    una.approve_request(ApprovalId=approval)
    sue.release_hold(HoldId=hold, ApprovalId=approval)
    wait_until(lambda: precinct.changes() == ["declared", "lapsed", "results deleted", "results deleted"])
    assert "value" not in disclosed(precinct, kept)[0]
    assert precinct.show()["KeptByHolds"] == []


def test_a_hold_on_somebody_who_was_found_suspends_it_too(precinct: Precinct) -> None:
    ivy = precinct.rekognition("ivy")
    (face,) = ivy.list_faces(CollectionId=GALLERY)["Faces"]
    ivy.create_user(CollectionId=GALLERY, UserId="doe")
    ivy.associate_faces(CollectionId=GALLERY, UserId="doe", FaceIds=[face["FaceId"]])
    precinct.declare()
    answer = precinct.search()
    precinct.native("sue").place_hold(Gallery=GALLERY, Subject="doe", Reason="The defence asks for it.")
    precinct.clock.move(hours=25)
    wait_until(lambda: "deletion suspended" in precinct.changes())
    assert "value" in disclosed(precinct, answer)[0]


def test_nobody_names_another_case_s_authority(precinct: Precinct) -> None:
    precinct.declare()
    ada = precinct.native("ada")
    ada.open_case(Number="other", Members=["max"])
    ada.add_authority(Case="other", Kind="warrant", Document="W-1", Issuer="Judge Doe")
    answers = {refused(lambda name=name: precinct.search(name), "authority/unknown") for name in ("W-1", "W-404")}
    assert len(answers) == 1
    refused(lambda: precinct.search(who="max"), "standing/case")


def test_scope_extension_and_time_over_the_wire(precinct: Precinct) -> None:
    ada = precinct.native("ada")
    now = precinct.clock()
    precinct.rekognition("ada").create_collection(CollectionId="licences")
    ada.add_authority(
        Case=CASE,
        Kind="court-order",
        Document="O-1",
        Issuer="Court",
        Until=now.replace(microsecond=0),
        From=now.replace(year=now.year - 1),
        Scope={"Galleries": ["licences"], "Operations": ["search"]},
    )
    refused(lambda: precinct.search("O-1"), "authority/expired")
    later = now.replace(year=now.year + 1)
    extended = ada.extend_authority(Case=CASE, Document="O-1", Until=later, ExtendingDocument="O-1a", Issuer="Court")
    assert len(extended["Authority"]["Extensions"]) == 1
    refused(lambda: precinct.search("O-1"), "authority/out-of-scope")
    client = precinct.rekognition("ivy", f"/case/{CASE}/authority/O-1")
    assert client.search_faces_by_image(CollectionId="licences", Image={"Bytes": precinct.photograph})
    images = {"SourceImage": {"Bytes": precinct.photograph}, "TargetImage": {"Bytes": precinct.photograph}}
    refused(lambda: client.compare_faces(**images), "authority/out-of-scope")


def test_what_is_said_of_the_photograph_is_recorded(precinct: Precinct) -> None:
    precinct.native("ada").add_authority(Case=CASE, Kind="warrant", Document="W-1", Issuer="Judge Doe")
    answer = precinct.search("W-1", more="/source/stored-video/edits/cropped+lightened+pose-corrected")
    entry = precinct.server.entries()[entry_of(answer)]
    assert {"source", "edits", "authority", "case"} <= entry["commitments"].keys()
    fields = ["edits", "source"]
    opened = precinct.native("sue").disclose_entry(Index=entry_of(answer), Fields=fields)["Disclosure"]
    shown = {each["field"]: json.loads(each["value"]) for each in json.loads(opened)["openings"]}
    assert shown == {"edits": "cropped+lightened+pose-corrected", "source": "stored-video"}
    with pytest.raises(Refused) as caught:
        precinct.search("W-1", more="/edits/lightened+cropped")
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_role_on_one_gallery_over_the_wire(precinct: Precinct) -> None:
    ada = precinct.native("ada")
    precinct.rekognition("ada").create_collection(CollectionId="licences")
    ada.create_operator(Operator="kim", Name="Kim", Roles=[f"investigator@{GALLERY}"])
    precinct.staff.keys["kim"] = precinct.staff.issue("kim", by="ada")
    kim, image = precinct.rekognition("kim"), {"Bytes": precinct.photograph}
    assert kim.list_collections()["CollectionIds"] == [GALLERY]
    assert kim.search_faces_by_image(CollectionId=GALLERY, Image=image)["FaceMatches"]
    answers = {
        refused(lambda name=name: kim.search_faces_by_image(CollectionId=name, Image=image), "standing/role")
        for name in ("licences", "nowhere")
    }
    assert len(answers) == 1
    assert kim.compare_faces(SourceImage=image, TargetImage=image)["FaceMatches"]
    ada.update_operator(Operator="kim", Roles=["examiner@licences"])
    refused(lambda: kim.search_faces_by_image(CollectionId=GALLERY, Image=image), "standing/role")
    assert kim.list_collections()["CollectionIds"] == ["licences"]
