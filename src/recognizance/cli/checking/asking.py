"""Make a vector's request as any program would, and read from the answer what came of it."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from recognizance.cli.answers import entry_of
from recognizance.cli.checking.scratch import Credentials, Scratch
from recognizance.cli.errors import answered
from recognizance.workflows.pack_folders import Vector

_RULE = re.compile(r"\[([a-z0-9.-]+/[a-z0-9-]+)\]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a vector's request, as who made it was told.

    Attributes
    ----------
    decision : str
        ``allowed``, ``referred`` or ``refused``; else the code of a failure.
    rules : tuple of str
        Those that were named.
    """

    decision: str
    rules: tuple[str, ...] = ()
    threshold_applied_percent: float | None = None
    message: str = ""


def ask(scratch: Scratch, vector: Vector, who: Credentials, path: str) -> Outcome:
    """Make a vector's request through the wire, and say what came of it."""
    try:
        answer = _ACTS[vector.act](scratch, vector, who, path)
    except ClientError as error:
        code, message = answered(error)
        if code != "AccessDeniedException":
            return Outcome(code, message=message)
        headers = error.response["ResponseMetadata"]["HTTPHeaders"]
        # What was referred and is withheld is denied too; the header tells the one from the other.
        return Outcome(headers.get("x-recognizance-decision", code), tuple(_RULE.findall(message)), message=message)
    told = scratch.office.explain_decision(Entry=entry_of(answer))["Explanation"]
    rules = tuple(reason["Rule"] for reason in (*told["Reasons"], *told["Raised"]))
    applied = answer["ResponseMetadata"]["HTTPHeaders"].get("x-recognizance-threshold-applied")
    return Outcome(told["Decision"], rules, None if applied is None else float(applied))


def _search(scratch: Scratch, vector: Vector, who: Credentials, path: str) -> Any:
    return scratch.client("rekognition", who, path).search_faces_by_image(
        CollectionId=vector.gallery,
        Image={"Bytes": scratch.photograph},
        FaceMatchThreshold=vector.threshold_percent,
        MaxFaces=vector.candidates_max,
    )


def _compare(scratch: Scratch, vector: Vector, who: Credentials, path: str) -> Any:
    photograph = {"Bytes": scratch.photograph}
    return scratch.client("rekognition", who, path).compare_faces(
        SourceImage=photograph, TargetImage=photograph, SimilarityThreshold=vector.threshold_percent
    )


def _enrol(scratch: Scratch, vector: Vector, who: Credentials, path: str) -> Any:
    return scratch.client("rekognition", who, path).index_faces(
        CollectionId=vector.gallery,
        Image={"Bytes": scratch.photograph},
        MaxFaces=1,
        DetectionAttributes=_attributes(vector),
    )


def _detect(scratch: Scratch, vector: Vector, who: Credentials, path: str) -> Any:
    return scratch.client("rekognition", who, path).detect_faces(
        Image={"Bytes": scratch.photograph}, Attributes=_attributes(vector)
    )


def _attributes(vector: Vector) -> list[str]:
    return ["ALL" if vector.attributes else "DEFAULT"]


def _subject(scratch: Scratch, vector: Vector, who: Credentials, path: str) -> Any:
    return scratch.client("rekognition", who, path).create_user(
        CollectionId=vector.gallery, UserId=f"user-{uuid.uuid4().hex[:8]}"
    )


def _export(scratch: Scratch, vector: Vector, who: Credentials, path: str) -> Any:
    return scratch.native(who, path).export_references(Gallery=vector.gallery)


def _list(scratch: Scratch, vector: Vector, who: Credentials, path: str) -> Any:
    return scratch.client("rekognition", who, path).list_collections()


_ACTS: Mapping[str, Callable[[Scratch, Vector, Credentials, str], Any]] = {
    "search": _search,
    "compare": _compare,
    "enrol": _enrol,
    "detect": _detect,
    "subject": _subject,
    "export": _export,
    "list": _list,
}
