"""No sequence of calls by an investigator tells what a review withholds.

Two investigators do the same in two galleries that differ in one thing: the one holds somebody whom the probe shows,
the other somebody else under the same name.  Whatever they do, and whatever reviewers do meanwhile short of a release,
they are answered the same.
"""

import contextlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from review.office import Office, findings
from sts.staff import SigningKey

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DIFFERS = re.compile(r'"Entry": \d+|[Ee]ntry \d+|world-[ab](-\w+)?|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.\d+:]*')


@dataclass(repr=False)
class World:
    """One investigator, their case and gallery; ``target`` is the photograph of whom the gallery holds."""

    office: Office
    key: SigningKey
    gallery: str
    case: str
    probe: bytes
    target: bytes
    face: str
    image: str
    own: list[str] = field(default_factory=list)
    reviews: list[str] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)

    def rekognition(self) -> Any:
        return self.office.client("rekognition", self.key, f"/case/{self.case}")

    def native(self) -> Any:
        return self.office.server.native(self.key)

    def ask(self, operation: Callable[[], Any]) -> Any:
        """Ask; give everything that is answered, without ids, entries and times."""
        try:
            answer = operation()
        except ClientError as error:
            answer = error.response
            review = answer["ResponseMetadata"]["HTTPHeaders"].get("x-recognizance-review")
            if review and review not in self.reviews:
                self.reviews.append(review)
                self.entries.append(int(answer["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"]))
        told = answer.pop("ResponseMetadata")
        headers = {
            name: value
            for name, value in told["HTTPHeaders"].items()
            if name not in ("date", "x-amzn-requestid", "x-recognizance-entry", "content-length")
        }
        spelt = json.dumps([told["HTTPStatusCode"], headers, answer], default=str, sort_keys=True)
        spelt = spelt.replace(self.gallery, "G").replace(self.case, "C")
        return DIFFERS.sub("-", UUID.sub("-", spelt))


def index(world: World) -> Any:
    """Enrol the probe, as somebody would who then searches by it."""

    def work() -> Any:
        answer = world.rekognition().index_faces(
            CollectionId=world.gallery, Image={"Bytes": world.probe}, ExternalImageId="name", QualityFilter="NONE"
        )
        world.own += [record["Face"]["FaceId"] for record in answer["FaceRecords"]]
        return answer

    return world.ask(work)


def associate(world: World, threshold: float) -> Any:
    def work() -> Any:
        user = f"world-{world.gallery[-1]}-{uuid.uuid4().hex[:6]}"
        client = world.rekognition()
        client.create_user(CollectionId=world.gallery, UserId=user)
        faces = [*world.own[:1], world.face]
        answer = client.associate_faces(
            CollectionId=world.gallery, UserId=user, FaceIds=faces, UserMatchThreshold=threshold
        )
        client.search_users(CollectionId=world.gallery, UserId=user, UserMatchThreshold=threshold)
        return answer

    answer = world.ask(work)
    world.rekognition().list_users(CollectionId=world.gallery)
    return answer


def of_own(world: World, ask: Callable[[str], Any]) -> Any:
    return world.ask(lambda: ask(world.own[-1])) if world.own else None


def searches_of(world: World) -> list[str]:
    """Find the newest searches of the world's own, as the log says them."""
    about = [entry["details"] for entry in world.office.server.entries()]
    wanted = world.reviews[-2:]
    return [str(each["search"]) for each in about if each.get("lead") in wanted and "search" in each]


OPERATIONS: dict[str, Callable[[World, float, int], Any]] = {
    "search": lambda w, t, n: w.ask(
        lambda: w.rekognition().search_faces_by_image(
            CollectionId=w.gallery, Image={"Bytes": w.probe}, FaceMatchThreshold=t, MaxFaces=n
        )
    ),
    "search users": lambda w, t, n: w.ask(
        lambda: w.rekognition().search_users_by_image(
            CollectionId=w.gallery, Image={"Bytes": w.probe}, UserMatchThreshold=t, MaxUsers=n
        )
    ),
    "search one": lambda w, t, n: w.ask(
        lambda: w.native().search_gallery(
            Gallery=w.gallery, Photograph=w.probe, FaceIds=[w.face], ThresholdPercent=t, CandidatesMax=n
        )
    ),
    "search the target": lambda w, t, n: w.ask(
        lambda: w.rekognition().search_faces(CollectionId=w.gallery, FaceId=w.face, FaceMatchThreshold=t, MaxFaces=n)
    ),
    "index": lambda w, t, n: index(w),
    "search the indexed": lambda w, t, n: of_own(
        w,
        lambda face: w.rekognition().search_faces(
            CollectionId=w.gallery, FaceId=face, FaceMatchThreshold=t, MaxFaces=n
        ),
    ),
    "associate": lambda w, t, n: associate(w, t),
    "compare": lambda w, t, n: w.ask(
        lambda: w.rekognition().compare_faces(
            SourceImage={"Bytes": w.probe}, TargetImage={"Bytes": w.target}, SimilarityThreshold=t
        )
    ),
    "compare the other way": lambda w, t, n: w.ask(
        lambda: w.native().compare_photographs(Source=w.target, Target=w.probe, ThresholdPercent=t)
    ),
    "export": lambda w, t, n: w.ask(lambda: w.native().export_references(Gallery=w.gallery)),
    "photograph": lambda w, t, n: w.ask(lambda: w.native().get_photograph(Gallery=w.gallery, ImageId=w.image)),
    "list": lambda w, t, n: w.ask(lambda: w.rekognition().list_users(CollectionId=w.gallery)),
    "describe": lambda w, t, n: (
        w.ask(lambda: w.rekognition().describe_collection(CollectionId=w.gallery)) and None
    ),  # its time of making differs
    "delete the indexed": lambda w, t, n: of_own(
        w, lambda face: w.rekognition().delete_faces(CollectionId=w.gallery, FaceIds=[w.own.pop()])
    ),
    "reviews": lambda w, t, n: w.ask(lambda: w.native().list_reviews()),
    "show": lambda w, t, n: [w.ask(lambda s=s: w.native().get_search(SearchId=s))[:40] for s in searches_of(w)],
    "explain": lambda w, t, n: [w.ask(lambda s=s: w.native().explain_decision(SearchId=s)) for s in searches_of(w)],
    "disclose": lambda w, t, n: w.ask(lambda: w.native().disclose_entry(Index=w.entries[-1], Fields=["candidates"])),
    "receipt": lambda w, t, n: w.ask(lambda: w.native().get_receipt(Index=w.entries[-1]))[:100],
    "an examiner concludes": lambda w, t, n: conclude(w, ("eve", "eli")[n % 2], "support-same"),
    "another disagrees": lambda w, t, n: conclude(w, ("eli", "eve")[n % 2], "support-different"),
}


def conclude(world: World, examiner: str, conclusion: str) -> None:
    """Let an examiner conclude on the newest lead; what comes of it concerns nobody else."""
    positions = world.office.positions(world.reviews[-1], examiner)
    with contextlib.suppress(ClientError):  # they have concluded
        world.office.native(examiner).conclude_review(
            ReviewId=world.reviews[-1], Findings=findings(positions, conclusion), Stated=True
        )


@pytest.fixture(scope="module")
def worlds(office: Office) -> tuple[World, World]:
    """Two investigators who have searched, and wait."""
    names = list(office.people)
    made = []
    for letter, held in (("a", names[3]), ("b", names[4])):
        investigator, gallery = f"world-{letter}", f"world-of-{letter}"
        ada = office.native("ada")
        ada.create_operator(Operator=investigator, Name=investigator, Roles=["investigator", "auditor"])
        key = office.issue(investigator, by="ada")
        ada.create_gallery(Gallery=gallery)
        office.keys[investigator] = key
        target = office.people[held][0].read_bytes()
        record = office.rekognition(investigator).index_faces(
            CollectionId=gallery, Image={"Bytes": target}, ExternalImageId="name", QualityFilter="NONE", MaxFaces=1
        )["FaceRecords"][0]["Face"]
        case = office.case(investigator)
        world = World(office, key, gallery, case, office.probe(names[3]), target, record["FaceId"], record["ImageId"])
        OPERATIONS["search"](world, 80.0, 10)
        made.append(world)
    return made[0], made[1]


step = st.tuples(
    st.sampled_from(sorted(OPERATIONS)), st.sampled_from([0.0, 50.0, 80.0, 99.0]), st.sampled_from([1, 10])
)


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # each example asks a server that has heard the ones before
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps=st.lists(step, min_size=3, max_size=8))
def test_no_sequence_of_calls_tells_what_is_withheld(
    worlds: tuple[World, World], steps: list[tuple[str, float, int]]
) -> None:
    for name, threshold, limit in steps:
        answers = [OPERATIONS[name](world, threshold, limit) for world in worlds]
        assert answers[0] == answers[1], (name, threshold, limit)


def test_every_call_was_tried(worlds: tuple[World, World]) -> None:
    for name in sorted(OPERATIONS):
        answers = [OPERATIONS[name](world, 0.0, 10) for world in worlds]
        assert answers[0] == answers[1], name
