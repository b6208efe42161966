"""A server whose rules send every search to reviewers, and the people who work there."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from policy.making import write_pack
from recognizance.review import COMPONENTS
from rekognition import pictures
from rekognition.processes import Server, start_server
from sts.staff import Staff

STATEMENT = "I have looked at every component."

PACK = """
id = "reviewed"
title = "Reviewed"
jurisdiction = "nowhere"
status = "model"
summary = "For tests."
disclaimer = "Not legal advice."

[[source]]
key = "s"
citation = "A source"

[[rule]]
id = "all"
source = "s"
words = "What nothing forbids is permitted."

[[rule]]
id = "look-first"
source = "s"
words = "Searches are reviewed."

[review]
withhold = {withhold}
blind = true
hide_similarity = true
examiners = 2
statement = "{statement}"
close_on_match_alone = false
{more}
"""

RULES = """
@id("all") permit(principal, action, resource);
@id("look-first") forbid(principal, action == Action::"release", resource) when { context.act == "search" };
"""

RESULT = """
@id("all") permit(principal, action, resource);
@id("look-first") forbid(principal, action == Action::"release", resource) when { context.result.candidates > 0 };
"""

ROLES = {
    "ivy": ["investigator"],
    "max": ["investigator"],
    "isa": ["investigator"],
    "eve": ["examiner"],
    "eli": ["examiner"],
    "ela": ["examiner"],
    "ike": ["investigator", "examiner"],
    "ian": ["investigator", "auditor"],
    "sue": ["supervisor"],
    "una": ["supervisor"],
    "otto": ["auditor"],
    "ada": ["administrator"],
}


def reviewing(identifier: str, *, withhold: bool = True, more: str = "") -> str:
    """Describe a pack that sends something to reviewers."""
    text = PACK.format(withhold=str(withhold).lower(), statement=STATEMENT, more=more)
    return text.replace('id = "reviewed"', f'id = "{identifier}"', 1)


def write_packs(folder: Path, *, withhold: bool = True, more: str = "") -> Path:
    """Write the pack that refers every search, and one, for trying, that looks at what was found."""
    write_pack(folder, "reviewed", reviewing("reviewed", withhold=withhold, more=more), RULES)
    write_pack(folder, "result", reviewing("result", withhold=False), RESULT)
    return folder


@dataclass(frozen=True)
class Answered:
    """What a client was answered: without the ids that differ from one request to the next."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str]
    review: str | None


@dataclass
class Office(Staff):
    """The staff; `people` are those in the gallery, each with photographs to search with."""

    people: dict[str, list[Path]] = field(default_factory=dict)
    gallery: str = "county"
    face_ids: dict[str, str] = field(default_factory=dict)

    def rekognition(self, name: str, case: str | None = None) -> Any:
        return self.client("rekognition", self.keys[name], f"/case/{case}" if case else "")

    def case(self, *members: str) -> str:
        """Open a case of the test's own."""
        number = f"c-{uuid.uuid4().hex[:10]}"
        self.native("ada").open_case(Number=number, Members=list(members))
        return number

    def probe(self, person: str) -> bytes:
        return self.people[person][-1].read_bytes()

    def stranger(self) -> bytes:
        """Give a face that is nobody's in the gallery."""
        return self.people["stranger"][0].read_bytes()

    def search(self, case: str | None, photograph: bytes, *, by: str = "ivy", **asked: Any) -> Answered | Any:
        """Search as a program does; give the answer, or what it was refused with."""
        return asking(
            lambda: self.rekognition(by, case).search_faces_by_image(
                CollectionId=self.gallery, Image={"Bytes": photograph}, **asked
            )
        )

    def lead(self, case: str | None, photograph: bytes, **asked: Any) -> str:
        """Search, and give the review that came of it."""
        answered = self.search(case, photograph, **asked)
        assert isinstance(answered, Answered), answered
        assert answered.review is not None
        return answered.review

    def examine(self, review: str, examiner: str, conclusions: Mapping[int, str] | str) -> Any:
        """Conclude: the same of all candidates, or of each its own."""
        return self.native(examiner).conclude_review(
            ReviewId=review,
            Findings=findings(self.positions(review, examiner), conclusions),
            Stated=True,
        )

    def positions(self, review: str, reviewer: str) -> list[int]:
        shown = self.native(reviewer).show_review(ReviewId=review)["Review"]
        return [line["Position"] for line in shown["Candidates"]]

    def agree(self, review: str, conclusion: str = "support-same") -> list[int]:
        """Have two examiners conclude the same of everybody."""
        for examiner in ("eve", "eli"):
            self.examine(review, examiner, conclusion)
        return self.positions(review, "sue")

    def release_hold(self, hold: str) -> None:
        """Release a hold with a second person: while one is on a withheld search, nothing of its gallery is erased."""
        approval = self.native("sue").request_release(HoldId=hold)["ApprovalId"]
        self.native("una").approve_request(ApprovalId=approval)
        self.native("sue").release_hold(HoldId=hold, ApprovalId=approval)

    def release(self, review: str, positions: Sequence[int], *, by: str = "sue", **more: Any) -> Any:
        return self.native(by).release_review(ReviewId=review, Positions=list(positions), **more)


def findings(positions: Sequence[int], conclusions: Mapping[int, str] | str) -> list[dict[str, Any]]:
    """Fill the form in."""
    seen = [{"Component": name, "Finding": "similar"} for name in COMPONENTS]
    return [
        {
            "Position": position,
            "Conclusion": conclusions if isinstance(conclusions, str) else conclusions[position],
            "Components": seen,
            "Note": "The left ear.",
        }
        for position in positions
    ]


def asking(ask: Any) -> Any:
    """Ask; give the answer, or what it was refused with, without what differs between any two requests."""
    try:
        return ask()
    except ClientError as error:
        response = error.response
        told = response["ResponseMetadata"]["HTTPHeaders"]
        review, entry = told.get("x-recognizance-review"), told.get("x-recognizance-entry")
        message = response["Error"]["Message"]
        for differing, name in ((review, "REVIEW"), (f"entry {entry}", "ENTRY")):
            message = message.replace(differing, name) if differing else message
        passing = {"date", "x-amzn-requestid", "x-recognizance-review", "x-recognizance-entry", "content-length"}
        return Answered(
            response["ResponseMetadata"]["HTTPStatusCode"],
            response["Error"]["Code"],
            message,
            {name: value for name, value in told.items() if name not in passing},
            review,
        )


def staffed(server: Server, faces: Path, *, people: int = 6) -> Office:
    """Hire everybody, switch the rules on, and enrol people."""
    subjects = {name: paths for name, paths in pictures.mugshots(faces).items() if len(paths) > 1}
    chosen = dict(list(subjects.items())[:people])
    office = Office(server, {"first": server.key})
    first = office.native("first")
    first.create_gallery(Gallery=office.gallery)
    client = server.client()
    for name, paths in chosen.items():
        answer = client.index_faces(
            CollectionId=office.gallery,
            Image={"Bytes": paths[0].read_bytes()},
            ExternalImageId=name,
            MaxFaces=1,
            QualityFilter="NONE",
        )
        office.face_ids[name] = answer["FaceRecords"][0]["Face"]["FaceId"]
    client.close()
    office.people = {**chosen, "stranger": list(subjects.values())[people]}
    for name, roles in ROLES.items():  # an administrator last: then the first start closes
        first.create_operator(Operator=name, Name=name.title(), Roles=roles)
        office.keys[name] = office.issue(name, by="first")
    ada = office.native("ada")
    ada.enable_pack(Pack="reviewed")
    ada.set_policy_mode(Mode="enforce")
    return office


@contextmanager
def reviewed_office(
    home: Path, cache: Path, faces: Path, *, withhold: bool = True, more: str = "", people: int = 6
) -> Iterator[Office]:
    """Serve an office of its own."""
    folder = write_packs(home.with_name(f"{home.name}-packs"), withhold=withhold, more=more)
    with start_server(home, cache, packs=str(folder)) as server:
        yield staffed(server, faces, people=people)
