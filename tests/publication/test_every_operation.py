"""Every operation that is offered, allowed, refused and failed: each request leaves exactly one entry."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from publication.asking import MODELS, Reply, ask, entries_from, size_of
from publication.office import CASE_OF_IVY, Office
from recognizance.native.operations import OPERATIONS as NATIVE
from recognizance.policy import BIOMETRIC
from recognizance.rekognition.operations import OPERATIONS as REKOGNITION
from rekognition import pictures
from rekognition.processes import Server
from sts.staff import Staff

NOBODY = "00000000-0000-4000-8000-000000000000"
NOWHERE = {"CollectionId": "nowhere"}
NO_GALLERY = {"Gallery": "nowhere"}
NO_AUTHORITY = {"Case": "none", "Document": "W-1"}
EXTENSION = {"Until": 4_102_444_800, "ExtendingDocument": "W-1a", "Issuer": "Judge"}
READS = frozenset({"GetLedgerStatus", "GetReceipt", "ProveConsistency"})
"""Reading the log leaves no entry, for that would make it grow; refusals and failures do."""

Make = Callable[[Office], dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """How to ask for an operation: what ``who`` may do, what ``not_by`` may not, and what cannot be done.

    Without ``not_by`` every role may, and it is refused for a case that ``who`` does not work on.  Without
    ``failing`` nothing that can be read fails, and something unreadable is sent.
    """

    kind: str
    who: str
    valid: Make
    not_by: str | None = None
    failing: dict[str, Any] | None = None
    failing_kind: str | None = None
    allowed: bool = True
    judged_by: bool = False
    """Whether it can only be told beside the thing itself that ``not_by`` may not."""


def image(office: Office) -> dict[str, Any]:
    return {"Image": {"Bytes": office.photograph}}


EVERY: dict[tuple[str, str], Asked] = {
    ("rekognition", "CreateCollection"): Asked(
        "gallery", "ada", lambda o: {"CollectionId": o.new(), "Tags": {"a": "b"}}, "ivy"
    ),
    ("rekognition", "DescribeCollection"): Asked("list", "ivy", lambda o: {"CollectionId": o.full}, "otto", NOWHERE),
    ("rekognition", "ListCollections"): Asked("list", "ivy", lambda o: {}, "otto", {"NextToken": "x"}, "request"),
    ("rekognition", "DeleteCollection"): Asked(
        "gallery", "ada", lambda o: {"CollectionId": o.collection()}, "ivy", NOWHERE
    ),
    ("rekognition", "TagResource"): Asked(
        "gallery", "ada", lambda o: {"ResourceArn": o.arn(), "Tags": {"a": "b"}}, "ivy"
    ),
    ("rekognition", "UntagResource"): Asked(
        "gallery", "ada", lambda o: {"ResourceArn": o.arn(), "TagKeys": ["a"]}, "ivy"
    ),
    ("rekognition", "ListTagsForResource"): Asked("list", "ada", lambda o: {"ResourceArn": o.arn()}, "otto"),
    ("rekognition", "IndexFaces"): Asked(
        "enrol",
        "ivy",
        lambda o: {"CollectionId": o.collection(), **image(o)},
        "ada",
        {**NOWHERE, "Image": {}},
        "request",
    ),
    ("rekognition", "ListFaces"): Asked("list", "ivy", lambda o: {"CollectionId": o.full}, "otto", NOWHERE),
    ("rekognition", "DeleteFaces"): Asked(
        "erase", "ivy", lambda o: o.another_face(), "ada", {**NOWHERE, "FaceIds": [NOBODY]}
    ),
    ("rekognition", "DetectFaces"): Asked("detect", "ivy", image, "ada", {"Image": {"Bytes": "bm90aGluZw=="}}),
    ("rekognition", "CompareFaces"): Asked(
        "compare",
        "eve",
        lambda o: {"SourceImage": {"Bytes": o.photograph}, "TargetImage": {"Bytes": o.photograph}},
        "ada",
        {"SourceImage": {"Bytes": "bm8="}, "TargetImage": {"Bytes": "bm8="}},
    ),
    ("rekognition", "SearchFaces"): Asked(
        "search",
        "ivy",
        lambda o: {"CollectionId": o.full, "FaceId": o.face_of_full},
        "ada",
        {**NOWHERE, "FaceId": NOBODY},
    ),
    ("rekognition", "SearchFacesByImage"): Asked(
        "search", "ivy", lambda o: {"CollectionId": o.full, **image(o)}, "eve", {**NOWHERE, "Image": {"Bytes": "bm8="}}
    ),
    ("rekognition", "SearchUsers"): Asked(
        "search", "ivy", lambda o: {"CollectionId": o.full, "UserId": "someone"}, "ada", {**NOWHERE, "UserId": "u"}
    ),
    ("rekognition", "SearchUsersByImage"): Asked(
        "search", "ivy", lambda o: {"CollectionId": o.full, **image(o)}, "ada", {**NOWHERE, "Image": {"Bytes": "bm8="}}
    ),
    ("rekognition", "CreateUser"): Asked(
        "subject", "ivy", lambda o: {"CollectionId": o.full, "UserId": o.new()}, "ada", {**NOWHERE, "UserId": "u"}
    ),
    ("rekognition", "DeleteUser"): Asked(
        "subject", "ivy", lambda o: o.another_user(), "ada", {**NOWHERE, "UserId": "u"}
    ),
    ("rekognition", "ListUsers"): Asked("list", "ivy", lambda o: {"CollectionId": o.full}, "otto", NOWHERE),
    ("rekognition", "AssociateFaces"): Asked(
        "subject",
        "ivy",
        lambda o: o.user_to_be(member=False),
        "ada",
        {**NOWHERE, "UserId": "u", "FaceIds": [NOBODY]},
    ),
    ("rekognition", "DisassociateFaces"): Asked(
        "subject",
        "ivy",
        lambda o: o.user_to_be(member=True),
        "ada",
        {**NOWHERE, "UserId": "u", "FaceIds": [NOBODY]},
    ),
    ("recognizance", "CreateGallery"): Asked("gallery", "ada", lambda o: {"Gallery": o.new()}, "ivy"),
    ("recognizance", "ListGalleries"): Asked("list", "ivy", lambda o: {}, "otto", {"NextToken": "x"}, "request"),
    ("recognizance", "DetectFaces"): Asked(
        "detect", "ivy", lambda o: {"Photograph": o.photograph}, "ada", {"Photograph": "bm8="}
    ),
    ("recognizance", "EnrolPhotograph"): Asked(
        "enrol",
        "ivy",
        lambda o: {"Gallery": o.collection(), "Photograph": o.photograph},
        "ada",
        {**NO_GALLERY, "Photograph": "bm8="},
    ),
    ("recognizance", "EnrolPhotographs"): Asked(
        "enrol",
        "ivy",
        lambda o: {"Gallery": o.collection(), "Photographs": [{"Photograph": o.photograph}]},
        "ada",
        {**NO_GALLERY, "Photographs": [{"Photograph": "bm8="}]},
    ),
    ("recognizance", "SearchGallery"): Asked(
        "search",
        "ivy",
        lambda o: {"Gallery": o.full, "Photograph": o.photograph},
        "ada",
        {**NO_GALLERY, "Photograph": "bm8="},
    ),
    ("recognizance", "ComparePhotographs"): Asked(
        "compare",
        "eve",
        lambda o: {"Source": o.photograph, "Target": o.photograph},
        "ada",
        {"Source": "bm8=", "Target": "bm8="},
    ),
    ("recognizance", "ExportReferences"): Asked("export", "ivy", lambda o: {"Gallery": o.full}, "eve", NO_GALLERY),
    ("recognizance", "GetPhotograph"): Asked(
        "export", "ivy", lambda o: {"Gallery": o.full, "ImageId": o.image}, "eve", {**NO_GALLERY, "ImageId": NOBODY}
    ),
    ("recognizance", "ImportReferences"): Asked(
        "enrol", "ivy", lambda o: o.export(), "ada", {**NO_GALLERY, "Model": "none", "References": []}
    ),
    ("recognizance", "ImportPhotograph"): Asked("enrol", "ivy", lambda o: o.named_photograph(), "ada"),
    ("recognizance", "GetLedgerStatus"): Asked("ledger", "ivy", lambda o: {}),
    ("recognizance", "GetReceipt"): Asked(
        "ledger", "otto", lambda o: {"Index": 0}, "ivy", {"Index": 2**53 - 1}, judged_by=True
    ),
    ("recognizance", "ProveConsistency"): Asked(
        "ledger", "otto", lambda o: {"OldSize": 1}, "ivy", {"OldSize": 2**53 - 1}
    ),
    ("recognizance", "DiscloseEntry"): Asked(
        "disclosure",
        "otto",
        lambda o: {"Index": o.entry_of_case(), "Fields": ["case_number"]},
        "ivy",
        {"Index": 0, "Fields": ["case_number"]},
    ),
    ("recognizance", "ExportLedger"): Asked("ledger", "otto", lambda o: {}, "ivy"),
    ("recognizance", "ErasePerson"): Asked(
        "erase", "sue", lambda o: o.erasable(), "ada", {**NO_GALLERY, "Subject": "u"}
    ),
    ("recognizance", "PlaceHold"): Asked(
        "hold",
        "sue",
        lambda o: {**o.erasable(), "Reason": "an appeal"},
        "ivy",
        {"SearchId": NOBODY, "Reason": "an appeal"},
    ),
    ("recognizance", "RequestRelease"): Asked("approval", "sue", lambda o: o.hold(), "ivy", {"HoldId": NOBODY}),
    ("recognizance", "ReleaseHold"): Asked("hold", "sue", lambda o: o.approved_release(), "ivy", {"HoldId": NOBODY}),
    ("recognizance", "ListHolds"): Asked("hold", "sue", lambda o: {}, "ivy"),
    ("recognizance", "RecordBackup"): Asked("backup", "ada", lambda o: {}, "ivy"),
    ("recognizance", "ReconcileGallery"): Asked("reconcile", "ada", lambda o: {"Gallery": o.full}, "ivy", NO_GALLERY),
    ("recognizance", "CreateOperator"): Asked(
        "operator",
        "ada",
        lambda o: {"Operator": o.new(), "Name": "Somebody", "Roles": ["examiner"]},
        "ivy",
        {"Operator": "ivy", "Name": "Somebody", "Roles": ["examiner"]},
    ),
    ("recognizance", "UpdateOperator"): Asked(
        "operator", "ada", lambda o: o.operator(Name="Other"), "ivy", {"Operator": "nobody-here", "Name": "Other"}
    ),
    ("recognizance", "ActivateOperator"): Asked(
        "operator", "ada", lambda o: o.operator(), "ivy", {"Operator": "nobody-here"}
    ),
    ("recognizance", "DeactivateOperator"): Asked(
        "operator", "ada", lambda o: o.operator(), "ivy", {"Operator": "nobody-here"}
    ),
    ("recognizance", "ListOperators"): Asked("roster", "ivy", lambda o: {}, None, {"Operator": "nobody-here"}),
    ("recognizance", "IssueAccessKey"): Asked("key", "ada", lambda o: o.operator(), "ivy", {"Operator": "nobody-here"}),
    ("recognizance", "RevokeAccessKey"): Asked(
        "key", "ada", lambda o: o.spare_key(), "ivy", {"AccessKeyId": "AKIANOBODY"}
    ),
    ("recognizance", "OpenSession"): Asked(
        "session", "ivy", lambda o: {"Purpose": "theft", "Case": CASE_OF_IVY}, "max"
    ),
    ("recognizance", "CloseSession"): Asked("session", "ivy", lambda o: o.session(), "max"),
    ("recognizance", "ListSessions"): Asked("roster", "ivy", lambda o: {}),
    ("recognizance", "OpenCase"): Asked("case", "ada", lambda o: {"Number": o.new()}, "ivy", {"Number": CASE_OF_IVY}),
    ("recognizance", "CloseCase"): Asked(
        "case", "ada", lambda o: {"Number": o.case()}, "ivy", {"Number": "no-such-case"}
    ),
    ("recognizance", "AddCaseMember"): Asked(
        "case", "ada", lambda o: {"Number": o.case(), "Operator": "max"}, "ivy", {"Number": "none", "Operator": "max"}
    ),
    ("recognizance", "RemoveCaseMember"): Asked(
        "case", "ada", lambda o: {"Number": o.case(), "Operator": "ivy"}, "ivy", {"Number": "none", "Operator": "max"}
    ),
    ("recognizance", "ListCases"): Asked("roster", "ivy", lambda o: {}),
    ("recognizance", "UpdateCase"): Asked(
        "case", "ada", lambda o: {"Number": o.case(), "Offence": "arson"}, "ivy", {"Number": "none", "Offence": "arson"}
    ),
    ("recognizance", "AddPurpose"): Asked(
        "purpose",
        "ada",
        lambda o: {"Code": o.new(), "Title": "Theft", "LegalBasis": "Code 1"},
        "ivy",
        {"Code": "over", "Title": "Over", "LegalBasis": "Code 1", "Until": 1},
    ),
    ("recognizance", "EndPurpose"): Asked(
        "purpose", "ada", lambda o: {"Code": o.purpose()}, "ivy", {"Code": "no-such-purpose"}
    ),
    ("recognizance", "ListPurposes"): Asked("roster", "ivy", lambda o: {}),
    ("recognizance", "AddAuthority"): Asked(
        "authority",
        "ada",
        lambda o: {"Case": o.case(), "Kind": "warrant", "Document": o.new(), "Issuer": "Judge"},
        "ivy",
        {"Case": "none", "Kind": "warrant", "Document": "W-1", "Issuer": "Judge"},
    ),
    ("recognizance", "DeclareEmergency"): Asked(
        "authority",
        "ivy",
        lambda o: {"Case": CASE_OF_IVY, "Document": o.new(), "Reason": "A child is missing."},
        "eve",
        {"Case": CASE_OF_IVY, "Document": "E-1", "Reason": "A child is missing.", "RatifyWithinHours": 30},
    ),
    ("recognizance", "RatifyAuthority"): Asked(
        "authority",
        "sue",
        lambda o: {**o.emergency(), "RatifyingDocument": "W-7", "Issuer": "Judge"},
        "ivy",
        {**NO_AUTHORITY, "RatifyingDocument": "W-7", "Issuer": "Judge"},
    ),
    ("recognizance", "RejectAuthority"): Asked(
        "authority",
        "sue",
        lambda o: {**o.emergency(), "Reason": "No danger."},
        "ivy",
        {**NO_AUTHORITY, "Reason": "No danger."},
    ),
    ("recognizance", "ExtendAuthority"): Asked(
        "authority",
        "ada",
        lambda o: {**o.warrant(), **EXTENSION},
        "ivy",
        {**NO_AUTHORITY, **EXTENSION},
    ),
    ("recognizance", "EndAuthority"): Asked("authority", "ada", lambda o: o.warrant(), "ivy", NO_AUTHORITY),
    ("recognizance", "ListAuthorities"): Asked("roster", "ivy", lambda o: {}, None, {"Case": "none"}),
    ("recognizance", "ListApprovals"): Asked("roster", "ivy", lambda o: {}),
    ("recognizance", "ApproveRequest"): Asked("approval", "una", lambda o: o.request(), "ivy", {"ApprovalId": NOBODY}),
    ("recognizance", "WithdrawRequest"): Asked(
        "approval", "sue", lambda o: o.request(), "max", {"ApprovalId": NOBODY}, judged_by=True
    ),
    ("recognizance", "ListPacks"): Asked("rules", "ivy", lambda o: {}),
    ("recognizance", "ShowPack"): Asked("rules", "ivy", lambda o: o.pack(), None, {"Pack": "nowhere"}),
    ("recognizance", "EnablePack"): Asked("policy", "ada", lambda o: o.pack(), "ivy", {"Pack": "nowhere"}),
    ("recognizance", "DisablePack"): Asked("policy", "ada", lambda o: o.enabled_pack(), "ivy", {"Pack": "nowhere"}),
    ("recognizance", "SetPolicyMode"): Asked("policy", "ada", lambda o: o.back(), "ivy", {"Mode": "observe"}),
    ("recognizance", "RequestPolicyChange"): Asked(
        "approval", "abe", lambda o: {"Change": "observe"}, "ivy", {"Change": "disable", "Pack": "nowhere"}
    ),
    ("recognizance", "ExplainSituation"): Asked("rules", "ivy", lambda o: {"Act": "search"}, None, {"Act": "list"}),
    ("recognizance", "ExplainDecision"): Asked(
        "rules", "otto", lambda o: {"Entry": 0}, "ivy", {"Entry": 2**53 - 1}, judged_by=True
    ),
    ("recognizance", "TryPack"): Asked("replay", "otto", lambda o: o.pack(), "ivy", {"Pack": "nowhere"}),
    ("recognizance", "HandOutKey"): Asked("env", "ada", lambda o: {}, "ivy", allowed=False),
    ("recognizance", "ListReviews"): Asked("review", "eve", lambda o: {}),
    ("recognizance", "OpenReview"): Asked(
        "review", "eve", lambda o: o.lead(), "ada", {"ReviewId": NOBODY}, judged_by=True
    ),
    ("recognizance", "ConcludeReview"): Asked(
        "review", "eve", lambda o: o.conclusion(), "ivy", {"ReviewId": NOBODY, "Findings": []}
    ),
    ("recognizance", "ReleaseReview"): Asked(
        "release", "sue", lambda o: o.concluded(), "ivy", {"ReviewId": NOBODY, "Positions": []}
    ),
    ("recognizance", "ShowReview"): Asked(
        "review", "eve", lambda o: o.lead(), "ada", {"ReviewId": NOBODY}, judged_by=True
    ),
    ("recognizance", "RecordOutcome"): Asked(
        "outcome",
        "ivy",
        lambda o: {"Case": CASE_OF_IVY, "Outcome": "arrest"},
        "eve",
        {"Case": "none", "Outcome": "arrest"},
    ),
    ("recognizance", "GetSearch"): Asked(
        "search-record", "ivy", lambda o: o.searched(), "max", {"SearchId": NOBODY}, judged_by=True
    ),
    ("sts", "AssumeRole"): Asked(
        "session",
        "ivy",
        lambda o: o.role(),
        "max",
        {"RoleArn": "arn:aws:iam::000000000000:role/nobody", "RoleSessionName": "every", "DurationSeconds": 1},
        "request",
    ),
    ("sts", "GetCallerIdentity"): Asked("identity", "ivy", lambda o: {}),
}
OFFERED = {
    *(("rekognition", name) for name in REKOGNITION),
    *(("recognizance", name) for name in NATIVE),
    ("sts", "AssumeRole"),
    ("sts", "GetCallerIdentity"),
}
_IDS = [f"{service}-{operation}" for service, operation in EVERY]
each_operation = pytest.mark.parametrize(("service", "operation"), list(EVERY), ids=_IDS)


@pytest.fixture(scope="module")
def office(staff: Staff, faces: Path) -> Office:
    return Office(staff, faces)


def test_every_operation_is_walked_over() -> None:
    assert EVERY.keys() == OFFERED
    assert all(operation in MODELS[service].operation_names for service, operation in EVERY)


def entry_of(server: Server, reply: Reply, size: int, *, kind: str, operation: str, decision: str) -> dict[str, Any]:
    """Find the one entry that a request left, which its answer names."""
    new = entries_from(server, size)
    (entry,) = [each for each in new if each["details"].get("request") == reply.request_id]
    assert [each["kind"] for each in new if each is not entry and each["kind"] != "sign-in"] == []
    assert (reply.entry, reply.decision) == (entry["index"], decision)
    assert (entry["kind"], entry["decision"]) == (kind, decision)
    assert entry["details"]["operation"] == operation
    return entry


@each_operation
def test_what_is_allowed_leaves_one_entry(office: Office, service: str, operation: str) -> None:
    asked, server = EVERY[service, operation], office.staff.server
    body = asked.valid(office)
    size = size_of(server)
    reply = ask(server, office.key(asked.who), operation, body, service=service)
    if not asked.allowed:
        entry_of(server, reply, size, kind=asked.kind, operation=operation, decision="refused")
        return
    assert reply.status == 200, reply.content
    if operation in READS:
        assert "x-recognizance-entry" not in reply.headers
        assert size_of(server) == size
        return
    entry = entry_of(server, reply, size, kind=asked.kind, operation=operation, decision="allowed")
    assert entry["details"]["access_key"] == office.key(asked.who).access_key_id
    assert entry["rules"]


@each_operation
def test_what_is_refused_leaves_one_entry(office: Office, service: str, operation: str) -> None:
    asked, server = EVERY[service, operation], office.staff.server
    useless = asked.failing if asked.failing_kind is None and not asked.judged_by else None
    body = asked.valid(office) if useless is None else useless
    who, path = (asked.not_by, "/") if asked.not_by else (asked.who, "/case/of-somebody-else")
    size = size_of(server)
    reply = ask(server, office.key(who), operation, body, service=service, path=path)
    if operation == "GetLedgerStatus":  # it says what everybody can read below /log/
        assert (reply.status, size_of(server)) == (200, size)
        return
    assert reply.status in (400, 403), reply.content
    entry = entry_of(server, reply, size, kind=asked.kind, operation=operation, decision="refused")
    assert entry["rules"]
    assert entry["details"]["access_key"] == office.key(who).access_key_id


NEEDS_NO_GALLERY = frozenset({"CreateCollection", "CreateGallery", "ListCollections", "ListGalleries"})
NEEDS_NO_GALLERY |= {"CompareFaces", "ComparePhotographs", "DetectFaces"}
ON_GALLERIES = BIOMETRIC | {"gallery", "list", "erase", "reconcile", "hold"}


def test_a_tester_reaches_nothing_of_the_agency(office: Office) -> None:
    """What an operator of the agency is answered, a tester is answered as if the galleries were not there."""
    made = office.native("ada").create_operator(Operator=office.new(), Name="Tess", Roles=["tester"])
    office.staff.keys["tess"] = office.staff.issue(made["Operator"]["Id"], by="ada")
    server, done = office.staff.server, set()
    walked = {named: asked for named, asked in EVERY.items() if asked.kind in ON_GALLERIES}
    for (service, operation), asked in walked.items():
        body = asked.valid(office)
        size = size_of(server)
        reply = ask(server, office.key("tess"), operation, body, service=service)
        (entry,) = entries_from(server, size)
        assert entry["details"]["testing"] == "own photographs", operation
        if reply.status == 200:
            done.add(operation)
            assert office.full not in reply.content.decode()
            continue
        told = reply.json()
        gallery = body.get("CollectionId") or body.get("Gallery") or body.get("ResourceArn", "").rpartition("/")[2]
        if entry["decision"] == "failed":
            assert (told["Code"], told["Message"]) == (
                "ResourceNotFoundException",
                f"The collection id: {gallery} does not exist",
            ), operation
        else:
            assert entry["rules"] == ["standing/role"], operation
    assert done == NEEDS_NO_GALLERY


@each_operation
def test_what_fails_leaves_one_entry(office: Office, service: str, operation: str) -> None:
    asked, server = EVERY[service, operation], office.staff.server
    body = asked.failing if asked.failing is not None else b"\xff"
    size = size_of(server)
    reply = ask(server, office.key(asked.who), operation, body, service=service)
    assert reply.status == 400, reply.content
    kind = asked.failing_kind or (asked.kind if asked.failing is not None else "request")
    named = "" if service == "sts" and isinstance(body, bytes) else operation
    entry_of(server, reply, size, kind=kind, operation=named, decision="failed")


@pytest.mark.parametrize("path", ["/case", "/other/x", "/case/1/case/2", "/purpose/a/b"])
def test_a_path_that_is_no_context_leaves_its_entry(office: Office, path: str) -> None:
    server = office.staff.server
    size = size_of(server)
    reply = ask(server, office.key("ivy"), "ListCollections", {}, service="rekognition", path=path)
    assert reply.status == 400
    entry_of(server, reply, size, kind="request", operation="ListCollections", decision="failed")


def test_what_fails_in_a_session_names_it(office: Office) -> None:
    server, session = office.staff.server, office.staff.session("ivy")
    key = office.staff.assume("ivy", session)
    size = size_of(server)
    reply = ask(server, key, "SearchFaces", {**NOWHERE, "FaceId": NOBODY}, service="rekognition")
    entry = entry_of(server, reply, size, kind="search", operation="SearchFaces", decision="failed")
    assert entry["details"]["session"] == session["SessionId"]
    assert entry["details"]["case_id"]
    assert {"case", "purpose"} <= entry["commitments"].keys()


def test_the_entry_of_a_new_gallery_says_what_was_set(office: Office) -> None:
    server, ada = office.staff.server, office.key("ada")
    for body, kept in (({"Gallery": office.new(), "KeepPhotographs": False}, False), ({"Gallery": office.new()}, True)):
        reply = ask(server, ada, "CreateGallery", body, service="recognizance")
        assert entries_from(server, reply.entry)[0]["details"]["keep_photographs"] is kept
    tagged = {"CollectionId": office.new(), "Tags": {"unit": "burglary"}}
    reply = ask(server, ada, "CreateCollection", tagged, service="rekognition")
    assert "tags" in entries_from(server, reply.entry)[0]["commitments"]
    fields = {"Index": reply.entry, "Fields": ["tags"]}
    shown = ask(server, office.key("otto"), "DiscloseEntry", fields, service="recognizance").json()["Disclosure"]
    assert json.loads(json.loads(shown)["openings"][0]["value"]) == {"put": {"unit": "burglary"}, "removed": []}


def test_entries_count_what_was_given_and_not_what_was_left(office: Office, faces: Path) -> None:
    server, ivy, name = office.staff.server, office.key("ivy"), office.collection()
    many = b64encode(pictures.many_faces(faces)).decode()
    ask(server, ivy, "IndexFaces", {"CollectionId": name, "Image": {"Bytes": many}}, service="rekognition")
    for number in range(3):
        ask(server, ivy, "CreateUser", {"CollectionId": name, "UserId": f"u{number}"}, service="rekognition")
    for service, operation, body, shown, counted in (
        ("rekognition", "ListFaces", {"CollectionId": name, "MaxResults": 2}, "Faces", "references"),
        ("rekognition", "ListUsers", {"CollectionId": name, "MaxResults": 2}, "Users", "subjects"),
        ("rekognition", "ListCollections", {"MaxResults": 1}, "CollectionIds", "galleries"),
        ("recognizance", "ExportReferences", {"Gallery": name, "MaxResults": 2}, "References", "references"),
    ):
        reply = ask(server, ivy, operation, body, service=service)
        assert reply.json()["NextToken"]
        assert entries_from(server, reply.entry)[0]["details"][counted] == len(reply.json()[shown]), operation
    fields = {"Index": reply.entry, "Fields": ["faces"]}
    shown = ask(server, office.key("otto"), "DiscloseEntry", fields, service="recognizance").json()["Disclosure"]
    exported = [reference["FaceId"] for reference in reply.json()["References"]]
    assert [json.loads(line["value"]) for line in json.loads(shown)["openings"][0]["lines"]] == exported


@pytest.mark.parametrize("operation", ["DetectLabels", "Nonsense"])
def test_what_is_not_offered_leaves_its_entry(office: Office, operation: str) -> None:
    server = office.staff.server
    size = size_of(server)
    reply = ask(server, office.key("ivy"), operation, {}, service="rekognition")
    named = operation if operation in MODELS["rekognition"].operation_names else ""
    entry_of(server, reply, size, kind="request", operation=named, decision="failed")
