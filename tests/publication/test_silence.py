"""What clients choose, whom searches find and what is secret: nowhere but where docs/method/ledger.md says.

Every client-chosen string of a rich session is one that occurs nowhere else; entries, the log's pages, the server's
output, its processes and every file of the home folder are searched for it, in the spellings that bytes travel in.
"""

import base64
import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from publication import log_client
from publication.asking import ask
from rekognition import pictures
from rekognition.processes import Server, start_server
from sts.staff import Staff, hire
from wire.signing import SigningKey

IN_THE_RECORD = {
    *("collection", "emptycollection", "tagkey", "tagvalue"),
    *("casenumber", "edits", "offence", "purpose", "title", "legalbasis"),
    *("fullname", "agency", "training"),
}
"""What the record holds in plain, as docs/method/ledger.md says: of the work and of operators, not of who is sought."""


def spellings(secret: bytes) -> set[bytes]:
    """Spell bytes as they may turn up: plain, hexadecimal, base64 at each of its three alignments, UTF-16."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for shift in range(3):
        padded = base64.b64encode(b"\0" * shift + secret)
        begin, end = -(-shift * 8 // 6) if shift else 0, (shift + len(secret)) * 8 // 6
        found |= {padded[begin:end], padded[begin:end].replace(b"+", b"-").replace(b"/", b"_")}
    with contextlib.suppress(UnicodeDecodeError):
        found.add(secret.decode("utf-8").encode("utf-16-le"))
    return found


@dataclass
class Marks:
    """Strings and bytes that occur nowhere by themselves, by what they are."""

    of_people: dict[str, bytes] = field(default_factory=dict)
    of_work: dict[str, bytes] = field(default_factory=dict)
    secret: dict[str, bytes] = field(default_factory=dict)

    def person(self, what: str) -> str:
        return self._make(self.of_people, what)

    def work(self, what: str) -> str:
        return self._make(self.of_work, what)

    def edit(self, what: str) -> str:
        """Mark a word of small letters, as edits are."""
        kept = "".join(chr(ord("g") + int(digit, 16)) for digit in uuid.uuid4().hex[:20])
        self.of_work[what] = kept.encode()
        return kept

    def _make(self, kept: dict[str, bytes], what: str) -> str:
        mark = f"{what[:6]}Zq{uuid.uuid4().hex[:14]}Qz"
        kept[what] = mark.encode()
        return mark

    def found_in(self, content: bytes, kinds: str) -> list[str]:
        """Name the marks of some kinds that bytes betray."""
        return [
            what
            for kind in kinds.split()
            for what, mark in getattr(self, kind).items()
            if any(spelling in content for spelling in spellings(mark))
        ]


@dataclass
class Told:
    """A server at which much has been done, and what must not be told of it."""

    staff: Staff
    marks: Marks
    searches: dict[str, int]

    @property
    def server(self) -> Server:
        return self.staff.server


def work(staff: Staff, marks: Marks, faces: Path) -> dict[str, int]:
    """Do every kind of act with marked strings; return the entries of two searches: one found somebody, one did not."""
    case, purpose, authority = marks.work("casenumber"), marks.work("purpose"), marks.work("authority")
    ada, sue, ivy = (staff.native(name) for name in ("ada", "sue", "ivy"))
    ada.open_case(Number=case, Members=["ivy"], Offence=marks.work("offence"), OffenceWords=marks.work("offencewords"))
    ada.add_purpose(Code=purpose, Title=marks.work("title"), LegalBasis=marks.work("legalbasis"))
    authorize(staff, marks, case, authority)
    ada.create_operator(
        Operator="una",
        Name=marks.work("fullname"),
        Agency=marks.work("agency"),
        TrainingKind=marks.work("training"),
        Roles=["supervisor"],
    )
    staff.keys["una"] = staff.issue("una", by="ada")
    path = f"/purpose/{purpose}/case/{case}/authority/{authority}/source/still/edits/{marks.edit('edits')}"
    own, manager = staff.client("rekognition", staff.keys["ivy"], path), staff.client("rekognition", staff.keys["ada"])
    collection, empty = marks.work("collection"), marks.work("emptycollection")
    for name in (collection, empty):
        manager.create_collection(CollectionId=name, Tags={marks.work("tagkey"): marks.work("tagvalue")})
    photograph = pictures.upright(faces)
    marks.of_people["photograph"] = photograph[len(photograph) // 2 :][:24]
    user, external = marks.person("userid"), marks.person("externalid")
    image = {"Bytes": photograph}
    indexed = own.index_faces(CollectionId=collection, Image=image, ExternalImageId=external)
    face_id = indexed["FaceRecords"][0]["Face"]["FaceId"]
    own.create_user(CollectionId=collection, UserId=user, ClientRequestToken=marks.work("requesttoken"))
    own.associate_faces(CollectionId=collection, UserId=user, FaceIds=[face_id])
    found = own.search_faces_by_image(CollectionId=collection, Image=image)
    assert found["FaceMatches"]
    missed = own.search_faces_by_image(CollectionId=empty, Image=image)
    own.search_users_by_image(CollectionId=collection, Image=image)
    own.search_faces(CollectionId=collection, FaceId=face_id)
    own.search_users(CollectionId=collection, UserId=user)
    own.compare_faces(SourceImage=image, TargetImage=image)
    own.list_faces(CollectionId=collection, UserId=user)
    own.list_users(CollectionId=collection)
    exported = ivy.export_references(Gallery=collection)["References"][0]
    marks.of_people["template"] = exported["Template"][100:124]
    session = ivy.open_session(Purpose=purpose, Case=case, Authority=authority)["Session"]
    sts = staff.client("sts", staff.keys["ivy"])
    given = sts.assume_role(RoleArn=session["RoleArn"], RoleSessionName=marks.work("rolesession"))["Credentials"]
    marks.secret["session secret"], marks.secret["session token"] = (
        given[name].encode() for name in ("SecretAccessKey", "SessionToken")
    )
    temporary = SigningKey(given["AccessKeyId"], given["SecretAccessKey"], "ivy", session_token=given["SessionToken"])
    staff.client("rekognition", temporary).describe_collection(CollectionId=collection)
    for name, key in staff.keys.items():
        marks.secret[f"secret of {name}"] = key.secret.encode()
    hold = sue.place_hold(Gallery=collection, Subject=user, Reason=marks.work("holdreason"))["Hold"]["HoldId"]
    staff.native("una").approve_request(ApprovalId=sue.request_release(HoldId=hold)["ApprovalId"])
    entry = int(found["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    sue.disclose_entry(Index=entry, Fields=["candidates", "case"])
    fail(staff, marks, collection)
    return {"found": entry, "missed": int(missed["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])}


def authorize(staff: Staff, marks: Marks, case: str, document: str) -> None:
    """Record a warrant, and an emergency that is ratified."""
    ada, sue, ivy = (staff.native(name) for name in ("ada", "sue", "ivy"))
    scope = {"Subjects": [marks.person("scopesubject")], "Places": [marks.work("scopeplace")]}
    ada.add_authority(Case=case, Kind="warrant", Document=document, Issuer=marks.work("issuer"), Scope=scope)
    emergency = marks.work("emergency")
    ivy.declare_emergency(Case=case, Document=emergency, Reason=marks.work("emergencyreason"))
    sue.ratify_authority(
        Case=case, Document=emergency, RatifyingDocument=marks.work("ratifying"), Issuer=marks.work("judge")
    )


def fail(staff: Staff, marks: Marks, collection: str) -> None:
    """Ask for what is refused, cannot be done or cannot be read, in marked words."""
    server, ivy, ada = staff.server, staff.keys["ivy"], staff.keys["ada"]
    wrong = SigningKey(ivy.access_key_id, marks.work("wrongsecret"), "ivy")
    stranger = SigningKey(f"AK{marks.work('strangerkey')}", "secret", "nobody")
    for key, operation, body in (
        (ivy, "DescribeCollection", {"CollectionId": marks.work("absent")}),
        (ada, "SearchUsers", {"CollectionId": marks.work("refused"), "UserId": marks.person("refuseduser")}),
        (ivy, "DeleteUser", {"CollectionId": collection, "UserId": marks.person("absentuser")}),
        (ivy, "CreateUser", {"CollectionId": collection, "UserId": f"{marks.person('baduser')} {chr(0)}"}),
        (ivy, "ListFaces", {"CollectionId": collection, "NextToken": marks.work("pagetoken")}),
        (ivy, marks.work("operation"), {}),
        (ivy, "ListCollections", f'{{"MaxResults": "{marks.work("notjson")}'.encode()),
        (ada, "ListTagsForResource", {"ResourceArn": f"arn:{marks.work('resource')}"}),
        (ivy, "DetectFaces", {"Image": {"S3Object": {"Bucket": marks.work("bucket"), "Name": marks.work("object")}}}),
        (wrong, "ListCollections", {}),
        (stranger, "ListCollections", {}),
    ):
        assert ask(server, key, operation, body, service="rekognition").status == 400
    path = f"/case/{marks.work('othercase')}"
    assert ask(server, ivy, "ListCollections", {}, service="rekognition", path=path).status == 400
    assert ask(server, ivy, "ListCollections", {}, service="rekognition", path=f"/{marks.work('path')}").status == 400
    log_client.get(server, f"tile/entries/{marks.work('page')}", Authorization=marks.work("authorization"))
    sts = {"RoleArn": f"arn:aws:iam::000000000000:role/{marks.work('role')}", "RoleSessionName": marks.work("name")}
    assert ask(server, ivy, "AssumeRole", sts, service="sts").status == 403


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, model_cache: Path, faces: Path) -> Iterator[Told]:
    with start_server(tmp_path_factory.mktemp("silent") / "home", model_cache) as server:
        staff, marks = hire(server), Marks()
        marks.secret["secret of the first start"] = server.key.secret.encode()
        yield Told(staff, marks, work(staff, marks, faces))


def test_the_search_finds_what_is_there(told: Told) -> None:
    for what, mark in told.marks.of_work.items():
        for wrapped in (mark, mark.hex().encode(), *(base64.b64encode(b"x" * n + mark + b"yz") for n in range(5))):
            assert what in told.marks.found_in(b"before " + wrapped + b" after", "of_work")


def test_entries_hold_nothing_of_it(told: Told) -> None:
    bodies = b"\n".join(json.dumps(entry, ensure_ascii=False).encode() for entry in told.server.entries())
    assert told.marks.found_in(bodies, "of_people of_work secret") == []


def test_public_pages_hold_nothing_of_it(told: Told) -> None:
    size = log_client.checkpoint(told.server).size
    pages = [log_client.get(told.server, path)[1] for path in ("checkpoint", "key", f"tile/0/000.p/{size % 256}")]
    assert told.marks.found_in(b"".join(pages), "of_people of_work secret") == []


def test_whether_a_search_found_somebody_is_not_told(told: Told) -> None:
    entries = told.server.entries()
    found, missed = (entries[told.searches[name]] for name in ("found", "missed"))
    assert found["commitments"].keys() == missed["commitments"].keys()
    assert found["details"].keys() == missed["details"].keys()
    assert found["rules"] == missed["rules"]
    differing = {name for name in found["details"] if found["details"][name] != missed["details"][name]}
    assert differing <= {"gallery", "gallery_version", "references", "request", "search"}


def test_the_servers_output_holds_nothing_of_it(told: Told) -> None:
    assert told.marks.found_in(told.server.log.read_bytes(), "of_people of_work secret") == []


def test_processes_hold_nothing_of_it(told: Told) -> None:
    for process in processes_of(told.server.process.pid):
        for file in ("cmdline", "environ"):
            content = Path(f"/proc/{process}/{file}").read_bytes()
            assert told.marks.found_in(content, "of_people of_work secret") == []


def processes_of(pid: int) -> list[int]:
    """List a process and all below it."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text(encoding="ascii").split()
    ]
    return [pid, *(each for child in children for each in processes_of(child))]


def test_files_hold_only_what_they_must(told: Told) -> None:
    home = told.server.settings.home
    betrayed = {
        file.relative_to(home.parent): told.marks.found_in(file.read_bytes(), "of_people of_work secret")
        for folder in (home, home.with_name(f"{home.name}-keys"))
        for file in folder.rglob("*")
        if file.is_file()
    }
    assert len(betrayed) > 4
    for file, found in betrayed.items():
        assert not found or file.name.startswith("record.db"), f"{file}: {found}"
        assert set(found) <= IN_THE_RECORD
