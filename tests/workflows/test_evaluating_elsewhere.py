"""A service over the network gives what the engine in process gives, and what it fails at is told."""

import json
import math
import re
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Timer
from typing import Any

import botocore.session
import numpy as np
import PIL.Image
import pytest
from botocore.config import Config

from recognizance.bootstrap import open_calibration, open_engine
from recognizance.errors import (
    GalleryNotFoundError,
    HomeInUseError,
    NoCredentialsError,
    RecognizanceError,
    RefusedError,
    ServerUnreachableError,
    TrialListError,
    WithheldError,
)
from recognizance.settings import read_settings
from recognizance.workflows.evaluate.local import Local
from recognizance.workflows.evaluate.remote import Answers, Endpoint, Estimate, Remote
from recognizance.workflows.evaluate.service import NO_FACE, UNREADABLE, Photographs
from rekognition.processes import Server
from workflows.elsewhere import BOX, SMALL, Stub, Told, error, stub

PREFIX = "recognizance-evaluation-"


@pytest.fixture(scope="module")
def sample(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five people, two photographs each; two people in one; and what is no photograph of a face."""
    folder = tmp_path_factory.mktemp("sample")
    for pose in ("neutral_front", "smiling_front"):
        for path in sorted((faces / "london" / pose).glob("*.jpg"))[:5]:
            (folder / f"{path.stem}-{pose}.jpg").write_bytes(path.read_bytes())
    small, large = (PIL.Image.open(path) for path in sorted(folder.glob("*neutral*"))[:2])
    both = PIL.Image.new("RGB", (large.width * 2, large.height))
    both.paste(small.resize((small.width // 2, small.height // 2)), (0, 0))
    both.paste(large, (large.width, 0))
    both.save(folder / "two.jpg", quality=92)
    PIL.Image.new("RGB", (200, 200), "grey").save(folder / "grey.png")
    PIL.Image.new("RGB", (60, 60), "grey").save(folder / "tiny.png")
    (folder / "cut.jpg").write_bytes((faces / "broken" / "truncated.jpg").read_bytes())
    (folder / "empty.jpg").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Local:
    settings = read_settings(home=tmp_path_factory.mktemp("home"), cache=model_cache)
    return Local(open_engine(settings), open_calibration(settings), {}, 2)


Open = Callable[..., Remote]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Open a service in the test's folder, as the command line does; `agreed` gets the estimates."""
    with ExitStack() as stack:

        def open_remote(
            url: str,
            key: Any = None,
            agreed: list[Estimate] | None = None,
            rate: float = 500,
            region: str = "us-east-1",
            caller: str = "lab",
        ) -> Remote:
            stack.close()  # one at a time
            client = stack.enter_context(closing(client_of(url, key)))
            answers = stack.enter_context(Answers(tmp_path))
            agree = [].append if agreed is None else agreed.append
            return Remote(Endpoint(client, url, region, caller, rate, 0.0), answers, agree)

        yield open_remote


def client_of(url: str, key: Any) -> Any:
    session = botocore.session.Session()
    pair = ("key", "secret") if key is None else (key.access_key_id, key.secret)
    session.set_credentials(*pair)
    config = Config(proxies={}, retries={"total_max_attempts": 1})
    return session.create_client("rekognition", endpoint_url=url, region_name="us-east-1", config=config)


def nothing(steps: int) -> None:
    pass


def of(folder: Path, *patterns: str) -> Photographs:
    names = [path.name for pattern in patterns for path in sorted(folder.glob(pattern))]
    return Photographs(folder, tuple(names))


def shown(found: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    return {
        probe: [(one.photograph, f"{one.similarity:.4f}") for one in candidates] for probe, candidates in found.items()
    }


def test_a_search_finds_what_the_engine_in_process_finds(
    opened: Open, local: Local, live_server: Server, sample: Path
) -> None:
    limit, percent = 100, 0.0
    gallery, probes = of(sample, "*neutral*", "grey.png", "cut.jpg"), of(sample, "*smiling*", "*.png", "two.jpg")
    wanted = local.search(gallery, probes, limit=limit, percent=percent, progress=nothing)
    steps: list[int] = []
    agreed: list[Estimate] = []
    remote = opened(live_server.endpoint, live_server.key, agreed)
    found = remote.search(gallery, probes, limit=limit, percent=percent, progress=steps.append)
    assert shown(dict(found.candidates)) == shown(dict(wanted.candidates))
    assert found.gallery_failures == wanted.gallery_failures == {"grey.png": NO_FACE, "cut.jpg": UNREADABLE}
    assert found.probe_failures == wanted.probe_failures == {"grey.png": NO_FACE, "tiny.png": UNREADABLE}
    assert found.photographs_sha256 == wanted.photographs_sha256
    assert sum(steps) == len(gallery.names) + len(probes.names)
    (estimate,) = agreed
    assert estimate.calls == {"CreateCollection": 1, "IndexFaces": 7, "SearchFacesByImage": 8, "DeleteCollection": 1}
    assert not left(live_server)
    assert remote.describe()["model"].startswith("FaceModelVersion 1.")
    # Another run has nothing to ask, and says the same.
    before = len(live_server.entries())
    again = opened(live_server.endpoint, live_server.key, agreed)
    assert shown(dict(again.search(gallery, probes, limit=limit, percent=percent, progress=nothing).candidates)) == (
        shown(dict(wanted.candidates))
    )
    assert len(live_server.entries()) == before
    assert (agreed[1].total, agreed[1].kept) == (0, len(gallery.names) + len(probes.names))
    assert again.describe() == remote.describe()


def left(server: Server) -> list[str]:
    client = server.client()
    names: list[str] = client.list_collections()["CollectionIds"]
    client.close()
    return [name for name in names if name.startswith(PREFIX)]


def test_an_interrupted_search_goes_on_with_its_collection(
    opened: Open, local: Local, live_server: Server, sample: Path
) -> None:
    gallery, probes = of(sample, "*neutral*"), of(sample, "*smiling*")
    enrolled: list[int] = []

    def interrupt(steps: int) -> None:
        enrolled.append(steps)
        if sum(enrolled) == len(gallery.names):
            raise KeyboardInterrupt

    before = len(live_server.entries())
    with pytest.raises(KeyboardInterrupt):
        opened(live_server.endpoint, live_server.key).search(gallery, probes, limit=2, percent=40, progress=interrupt)
    assert len(left(live_server)) == 1
    agreed: list[Estimate] = []
    found = opened(live_server.endpoint, live_server.key, agreed).search(
        gallery, probes, limit=2, percent=40, progress=nothing
    )
    wanted = local.search(gallery, probes, limit=2, percent=40, progress=nothing)
    assert shown(dict(found.candidates)) == shown(dict(wanted.candidates))
    assert agreed[0].calls == {"SearchFacesByImage": 5, "DeleteCollection": 1}
    assert left(live_server) == []
    made = Counter(entry["details"]["operation"] for entry in live_server.entries()[before:])
    del made["ListCollections"]
    assert made == {"CreateCollection": 1, "IndexFaces": 5, "SearchFacesByImage": 5, "DeleteCollection": 1}


def test_detection_lists_the_same_faces(opened: Open, local: Local, live_server: Server, sample: Path) -> None:
    photographs = of(sample, "*smiling*", "two.jpg", "*.png", "cut.jpg", "empty.jpg")
    wanted = local.detect(photographs, attributes=False, progress=nothing)
    remote = opened(live_server.endpoint, live_server.key)
    found = remote.detect(photographs, attributes=False, progress=nothing)
    assert found == wanted
    assert len(found.faces["two.jpg"]) == 2
    assert remote.describe()["not_sent_for_their_size"] == 1


FACE = {"BoundingBox": BOX, "Confidence": 99.0}
SMALL_FACE = {"BoundingBox": SMALL, "Confidence": 99.0}
INVALID = error("InvalidParameterException", "Request has invalid parameters")


@pytest.fixture
def service() -> Iterator[Stub]:
    with stub() as made:
        yield made


def alike(similarity: Any, *, matched: list[Any] | None = None, unmatched: list[Any] | None = None) -> Told:
    faces = [FACE] if matched is None else matched
    matches = [{"Similarity": similarity, "Face": face} for face in faces]
    return Told({"FaceMatches": matches, "UnmatchedFaces": unmatched or []})


@pytest.fixture
def pictures(tmp_path: Path) -> Photographs:
    for name in "abcd":
        (tmp_path / name).write_bytes(name.encode())
    return Photographs(tmp_path, ("a", "b", "c", "d"))


def test_the_largest_face_of_the_target_counts_and_what_passes_is_waited_for(
    opened: Open, service: Stub, pictures: Photographs
) -> None:
    service.answers["CompareFaces"] = [
        error("ProvisionedThroughputExceededException", "Provisioned Rate exceeded"),
        alike(90.5, unmatched=[SMALL_FACE]),
        alike(99.0, matched=[SMALL_FACE], unmatched=[FACE]),
        alike(88.0, matched=[SMALL_FACE, FACE]),
    ]
    pairs = [("a", "b"), ("a", "c"), ("a", "d")]
    compared = opened(service.url, rate=1.0).compare(pictures, pairs[:1], nothing)
    assert compared.scores.tolist() == [90.5]
    remote = opened(service.url, rate=1.4)  # one at a time
    assert remote.compare(pictures, pairs, nothing).scores.tolist() == [90.5, 0.0, 88.0]
    assert len(service.asked) == 4
    assert remote.scale.score_at_percent(remote.scale.percent(88.0)) == 88.0


def test_answers_of_another_region_or_to_another_are_asked_for_anew(
    opened: Open, service: Stub, pictures: Photographs
) -> None:
    service.answers["CompareFaces"] = [alike(10), alike(20), alike(30)]
    pairs = [("a", "b")]
    first, other = opened(service.url), {"region": "eu-west-1"}
    assert first.compare(pictures, pairs, nothing).scores.tolist() == [10]
    assert opened(service.url, **other).compare(pictures, pairs, nothing).scores.tolist() == [20]
    assert opened(service.url, caller="b").compare(pictures, pairs, nothing).scores.tolist() == [30]
    assert opened(service.url, **other).compare(pictures, pairs, nothing).scores.tolist() == [20]


def test_a_photograph_that_changes_meanwhile_is_not_answered_for(
    opened: Open, service: Stub, pictures: Photographs
) -> None:
    service.answers["DetectFaces"] = [Told({"FaceDetails": []})]
    change = (pictures.folder / "d").write_bytes
    with pytest.raises(TrialListError, match=r"d in .* has changed"):
        opened(service.url).detect(pictures, attributes=False, progress=lambda _: change(b"another"))
    assert (pictures.folder / "answers.jsonl").read_text().count('"answer"') < 4


def test_what_cannot_be_sent_is_not_told_to_be_answered(opened: Open, service: Stub, pictures: Photographs) -> None:
    (pictures.folder / "d").write_bytes(b"")
    service.answers = {"CompareFaces": [alike(50)], **collection(listing(("0", 95.0)))}
    agreed: list[Estimate] = []
    remote = opened(service.url, agreed=agreed)
    remote.compare(pictures, [("a", "b"), ("a", "d"), ("b", "d")], nothing)
    remote.search(pictures, pictures, limit=1, percent=80, progress=nothing)
    assert [(estimate.total, estimate.kept) for estimate in agreed] == [(1, 0), (1 + 3 + 3 + 1, 0)]


def test_whose_photograph_is_of_no_use_is_found_out_once(opened: Open, service: Stub, pictures: Photographs) -> None:
    service.answers = {
        "CompareFaces": [INVALID, alike(0, matched=[]), alike(50)],
        "DetectFaces": [Told({"FaceDetails": []}), Told({"FaceDetails": [FACE]})],
    }
    remote = opened(service.url, rate=1.4)
    pairs = [("a", "b"), ("a", "c"), ("b", "c"), ("d", "c"), ("b", "d")]
    compared = remote.compare(pictures, pairs, nothing)
    assert compared.failures == {"a": NO_FACE, "c": NO_FACE}
    assert compared.scores.tolist() == [-np.inf, -np.inf, -np.inf, -np.inf, 50]
    # The source had none; the target is told to have none by an empty answer; no pair with them is asked about.
    assert Counter(service.asked) == {"CompareFaces": 3, "DetectFaces": 2}
    again = opened(service.url).compare(pictures, pairs, nothing)
    assert again.scores.tolist() == compared.scores.tolist()
    assert again.failures == compared.failures
    assert len(service.asked) == 5


@pytest.mark.parametrize(
    ("told", "raised", "words"),
    [
        (error("AccessDeniedException", "User: … is not authorized to perform"), RefusedError, "does not permit"),
        (error("AccessDeniedException", "Two examiners …", review="r-1"), WithheldError, "withholds"),
        (error("UnrecognizedClientException", "The security token …"), NoCredentialsError, "does not know the access"),
        (error("InvalidSignatureException", "The request signature …"), NoCredentialsError, "does not accept"),
        (error("InvalidSignatureException", "Signature expired: 2026…"), NoCredentialsError, "outdated"),
        (error("ExpiredTokenException", "The security token … is expired"), NoCredentialsError, "outdated"),
        (error("ResourceNotFoundException", "The collection id: …"), GalleryNotFoundError, "is gone"),
        (Told("<html>Not here</html>", 404), ServerUnreachableError, "answered CompareFaces by 404"),
        (Told("<html>Welcome</html>"), ServerUnreachableError, "does not answer CompareFaces as Rekognition does"),
        *(
            (told, ServerUnreachableError, "does not answer CompareFaces as Rekognition does")
            for told in (
                *(alike(similarity) for similarity in (math.nan, 100.5, -1, "90", True)),
                alike(90, matched=[FACE | {"BoundingBox": BOX | {"Width": math.nan}}]),
                Told({"FaceMatches": 5, "UnmatchedFaces": []}),
                Told("[1]"),
                Told("null"),
                Told("[1]", 400),
            )
        ),
        (
            Told(alike(90).body, headers={"x-recognizance-threshold-applied": "95"}),
            RefusedError,
            "applied a threshold of 95 % where 0 % was asked",
        ),
    ],
)
def test_what_is_wrong_with_the_service_ends_it_and_is_never_a_miss(
    opened: Open, service: Stub, pictures: Photographs, told: Told, raised: type[RecognizanceError], words: str
) -> None:
    service.answers["CompareFaces"] = [told]
    with pytest.raises(raised) as caught:
        opened(service.url).compare(pictures, [("a", "b")], nothing)
    assert type(caught.value) is raised
    assert words in caught.value.message
    assert caught.value.remedy
    assert len(service.asked) == 1
    assert (pictures.folder / "answers.jsonl").read_bytes() == b""


def listing(*matches: tuple[str, float]) -> Told:
    listed = [{"Face": {"ExternalImageId": number}, "Similarity": similarity} for number, similarity in matches]
    return Told({"FaceMatches": listed})


DONE = Told({"FaceModelVersion": "7.0"})
ENROLLED = Told({"FaceRecords": [{"Face": {}}]})


def collection(*searches: Told) -> dict[str, list[Told]]:
    return {
        "CreateCollection": [DONE],
        "IndexFaces": [ENROLLED],
        "SearchFacesByImage": list(searches),
        "DeleteCollection": [DONE],
    }


def test_candidates_are_put_in_order_each_once(opened: Open, service: Stub, pictures: Photographs) -> None:
    service.answers = collection(listing(("1", 85.0), ("0", 95.0), ("1", 85.0)))
    found = opened(service.url).search(pictures, pictures, limit=4, percent=80, progress=nothing)
    assert shown(dict(found.candidates))["a"] == [("a", "95.0000"), ("b", "85.0000")]


@pytest.mark.parametrize(
    "told",
    [listing(("4", 95.0)), listing(("-1", 95.0)), listing(("0", 95.0), ("1", 94.0)), listing(("0", math.nan))],
)
def test_candidates_that_were_not_enrolled_or_not_asked_for_are_not_kept(
    opened: Open, service: Stub, pictures: Photographs, told: Told
) -> None:
    service.answers = collection(told)
    with pytest.raises(ServerUnreachableError, match="does not answer SearchFacesByImage"):
        opened(service.url).search(pictures, pictures, limit=1, percent=80, progress=nothing)
    assert '"SearchFacesByImage"' not in (pictures.folder / "answers.jsonl").read_text()


def test_a_collection_whose_making_was_not_answered_is_used(opened: Open, service: Stub, pictures: Photographs) -> None:
    service.answers = collection(listing(("0", 95.0)))
    lost = error("InternalServerError", "…", 500)
    service.answers["CreateCollection"] = [lost, error("ResourceAlreadyExistsException", "The collection id: …")]
    found = opened(service.url).search(pictures, pictures, limit=1, percent=80, progress=nothing)
    assert len(found.candidates) == 4


def test_a_collection_that_cannot_be_deleted_is_left_and_the_result_is_had(
    opened: Open, service: Stub, pictures: Photographs
) -> None:
    service.answers = collection(listing(("0", 95.0)))
    service.answers["DeleteCollection"] = [error("AccessDeniedException", "no"), DONE]
    agreed: list[Estimate] = []
    for _ in range(3):
        remote = opened(service.url, agreed=agreed)
        assert len(remote.search(pictures, pictures, limit=1, percent=80, progress=nothing).candidates) == 4
    assert [estimate.calls.get("DeleteCollection") for estimate in agreed] == [1, 1, None]
    assert Counter(service.asked)["DeleteCollection"] == 2


def test_a_collection_that_is_not_permitted_is_not_told_to_be_left(
    opened: Open, service: Stub, pictures: Photographs
) -> None:
    for code, raised in (("UnrecognizedClientException", NoCredentialsError), ("AccessDeniedException", RefusedError)):
        service.answers["CreateCollection"] = [error(code, "no")]
        with pytest.raises(raised):
            opened(service.url).search(pictures, pictures, limit=1, percent=80, progress=nothing)
    assert opened(service.url).forget() == 0


def test_what_was_answered_is_had_after_a_later_collection_was_given_up(
    opened: Open, service: Stub, pictures: Photographs
) -> None:
    service.answers = collection(listing(("0", 95.0)))
    probes = Photographs(pictures.folder, ("a", "b"))
    first = opened(service.url).search(pictures, probes, limit=1, percent=80, progress=nothing)
    service.answers["IndexFaces"] = [error("AccessDeniedException", "no")]
    with pytest.raises(RefusedError):
        opened(service.url).search(pictures, pictures, limit=1, percent=80, progress=nothing)
    assert opened(service.url).forget() == 1
    asked = len(service.asked)
    again = opened(service.url).search(pictures, probes, limit=1, percent=80, progress=nothing)
    assert again == first
    assert len(service.asked) == asked


def test_a_collection_that_another_made_is_not_taken_for_gone(
    opened: Open, service: Stub, pictures: Photographs
) -> None:
    service.answers = collection(error("AccessDeniedException", "no"))
    with pytest.raises(RefusedError):
        opened(service.url).search(pictures, pictures, limit=1, percent=80, progress=nothing)
    service.answers["DeleteCollection"] = [error("ResourceNotFoundException", "The collection id: …"), DONE]
    with pytest.raises(GalleryNotFoundError, match="perhaps still there: recognizance-evaluation-"):
        opened(service.url, caller="another").forget()
    assert opened(service.url).forget() == 1
    assert opened(service.url).forget() == 0


def test_refusals_without_a_reason_end_it_unless_something_was_answered(
    opened: Open, service: Stub, tmp_path: Path
) -> None:
    for number in range(12):
        (tmp_path / str(number)).write_bytes(str(number).encode())
    photographs = Photographs(tmp_path, tuple(map(str, range(12))))
    service.answers["DetectFaces"] = [INVALID]
    with pytest.raises(ServerUnreachableError, match="Request has invalid parameters"):
        opened(service.url).detect(photographs, attributes=True, progress=nothing)
    detail = FACE | {"Gender": {"Value": "Female", "Confidence": 98.5}, "AgeRange": {"Low": 20, "High": 28}}
    service.answers["DetectFaces"] = [Told({"FaceDetails": [SMALL_FACE, detail]}), INVALID]
    seen = opened(service.url, rate=500).detect(photographs, attributes=True, progress=nothing)
    (faces,) = seen.faces.values()
    assert (faces[0].gender, faces[0].gender_confidence, faces[0].age_low, faces[0].age_high) == (
        "Female",
        98.5,
        20,
        28,
    )
    assert faces[1].gender is None
    assert list(seen.failures.values()) == [UNREADABLE] * 11


def test_a_few_refusals_without_a_reason_are_of_photographs_only_if_something_was_answered(
    opened: Open, service: Stub, pictures: Photographs
) -> None:
    first = Photographs(pictures.folder, ("a",))
    for answers, photographs, failed in (
        ([INVALID], pictures, None),
        ([Told({"FaceDetails": [FACE]})], first, []),
        ([INVALID], pictures, ["b", "c", "d"]),  # the first one's answer is kept
    ):
        service.answers["DetectFaces"] = answers
        remote = opened(service.url)
        if failed is None:
            with pytest.raises(ServerUnreachableError, match="Request has invalid parameters"):
                remote.detect(photographs, attributes=False, progress=nothing)
        else:
            seen = remote.detect(photographs, attributes=False, progress=nothing)
            assert sorted(seen.failures) == failed


def test_what_a_crash_cut_short_is_dropped_and_the_rest_is_kept(tmp_path: Path) -> None:
    with Answers(tmp_path) as answers:
        answers.keep("one", "DetectFaces", {"faces": []})
    with (tmp_path / "answers.jsonl").open("ab") as file:
        file.write(b'{"key": "two", "oper')
    with Answers(tmp_path) as answers:
        assert answers.get("one") == {"faces": []}
        assert answers.get("two") is None
        answers.keep("three", "DetectFaces", {"faces": []})
    rows = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [row["key"] for row in rows] == ["one", "three"]


@pytest.mark.parametrize(
    "line", [b"", b"\0" * 50, b"[1]", b'{"key": "a"}', b'{"key": "a", "answ', b'{"collection": {}}']
)
def test_what_is_damaged_in_the_midst_is_told_by_its_line(tmp_path: Path, line: bytes) -> None:
    whole = b'{"key": "a", "answer": {}}'
    (tmp_path / "answers.jsonl").write_bytes(b"\n".join([whole, line, whole, b""]))
    with pytest.raises(TrialListError, match="line 2 is damaged"), Answers(tmp_path):
        pass


def test_what_was_kept_is_read_many_lines_at_a_time(tmp_path: Path) -> None:
    line = json.dumps({"key": "a" * 64, "answer": {"similarity": 12.5}}).encode() + b"\n"
    (tmp_path / "answers.jsonl").write_bytes(line * 20_000)
    began = time.process_time()
    with Answers(tmp_path):
        assert time.process_time() - began < 1.5  # by the byte it takes more than 4 s


def test_a_folder_is_of_one_command_at_a_time(tmp_path: Path) -> None:
    with Answers(tmp_path), pytest.raises(HomeInUseError, match="Another command uses"), Answers(tmp_path):
        pass
    with Answers(tmp_path):
        pass


def test_what_does_not_fit_on_the_disk_is_told_and_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Answers(tmp_path) as answers:
        answers.keep("one", "DetectFaces", {"faces": []})
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, limits[1]))
        try:
            with pytest.raises(OSError, match=re.escape(str(path))):
                answers.keep("two", "DetectFaces", {"faces": []})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        answers.keep("three", "DetectFaces", {"faces": []})
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == ["one", "three"]


def test_where_nothing_listens_nothing_is_waited_for(opened: Open, pictures: Photographs) -> None:
    with stub() as gone:
        url = gone.url
    with pytest.raises(ServerUnreachableError, match="cannot be reached"):
        opened(url).compare(pictures, [("a", "b")], nothing)
    with stub() as plain, pytest.raises(ServerUnreachableError, match="no trusted connection"):
        opened(plain.url.replace("http:", "https:")).compare(pictures, [("a", "b")], nothing)


def test_a_service_that_is_started_anew_is_waited_for(opened: Open, pictures: Photographs) -> None:
    pairs = [("a", "b"), ("a", "c")]
    with stub() as before:
        before.answers["CompareFaces"] = [alike(60)]
        remote = opened(before.url)
        remote.compare(pictures, pairs[:1], nothing)
    with ExitStack() as stack:

        def start() -> None:
            stack.enter_context(stub(int(before.url.rpartition(":")[2]))).answers["CompareFaces"] = [alike(70)]

        timer = Timer(0.2, start)
        timer.start()
        stack.callback(timer.join)
        assert remote.compare(pictures, pairs, nothing).scores.tolist() == [60, 70]
