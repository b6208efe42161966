"""Stage a vector's situation by the operations that people use, and make its request."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from recognizance.cli.answers import entry_of
from recognizance.cli.checking.scratch import Credentials, Scratch
from recognizance.cli.errors import answered
from recognizance.errors import RecognizanceError
from recognizance.workflows.pack_folders import GivenAuthority, Vector

DOCUMENT = "document-1"

_RULE = re.compile(r"\[([a-z0-9.-]+/[a-z0-9-]+)\]")
_SECONDS = 900


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


class CannotArrangeError(RecognizanceError):
    """The situation of a vector cannot come about on this server."""


def stage(scratch: Scratch, vector: Vector) -> Outcome:
    """Arrange a vector's situation, move the clock to its time, make its request and say what came of it.

    Raises
    ------
    CannotArrangeError
    """
    try:
        who, path = _arrange(scratch, vector)
    except ClientError as error:
        raise CannotArrangeError(f"The situation cannot be arranged: {answered(error)[1]}") from error
    return _asked(scratch, lambda: _ACTS[vector.act](scratch, vector, who, path))


def _arrange(scratch: Scratch, vector: Vector) -> tuple[Credentials, str]:
    """Say who signs the request, and the path of its endpoint."""
    scratch.clock.forward(hours=1 / 60)  # later than whatever the last vector left behind
    name = "-".join((*sorted(vector.roles), vector.training))
    who = scratch.operator(name, vector.roles, vector.training)
    _arrange_purpose(scratch, vector)
    number = f"case-{uuid.uuid4().hex[:8]}" if vector.has_case else None
    if number is not None:
        offence = {"Offence": vector.offence} if vector.offence is not None else {}
        scratch.office.open_case(Number=number, Members=[name], **offence)
    if vector.authority is not None and number is not None:
        _arrange_authority(scratch, vector.authority, number, who, vector.at_hours)
    else:
        scratch.clock.forward(hours=vector.at_hours)
    if vector.session:
        return _in_session(scratch, vector, number, who), _path_of_photograph(vector)
    return who, _path(vector, number)


def _arrange_purpose(scratch: Scratch, vector: Vector) -> None:
    if vector.purpose is None:
        return
    known = [row for row in scratch.office.list_purposes()["Purposes"] if row["Code"] == vector.purpose]
    if vector.purpose_registered and not known:
        scratch.office.add_purpose(Code=vector.purpose, Title=vector.purpose, LegalBasis="for the check alone")
    if not vector.purpose_registered and known:
        scratch.office.end_purpose(Code=vector.purpose)


def _arrange_authority(scratch: Scratch, given: GivenAuthority, case: str, who: Credentials, at_hours: float) -> None:
    """Record an authority, and let the hours go by until the request."""
    start = scratch.clock()
    scope = {"Galleries": list(given.galleries), "Operations": list(given.operations)}
    ratified = 0.0
    if given.kind != "emergency":
        scratch.office.add_authority(
            Case=case,
            Kind=given.kind,
            Document=DOCUMENT,
            Issuer="the check",
            From=start + timedelta(hours=given.from_hours),
            Until=start + timedelta(hours=given.to_hours),
            Scope=scope,
        )
    else:
        scratch.native(who).declare_emergency(
            Case=case, Document=DOCUMENT, Reason="for the check", RatifyWithinHours=given.ratify_hours, Scope=scope
        )
    if given.ratified_hours is not None:
        ratified = given.ratified_hours
        scratch.clock.forward(hours=ratified)
        scratch.supervisor().ratify_authority(
            Case=case, Document=DOCUMENT, RatifyingDocument="order-1", Issuer="the check"
        )
    scratch.clock.forward(hours=at_hours - ratified)


def _path(vector: Vector, case: str | None) -> str:
    named = {
        "purpose": vector.purpose,
        "case": case,
        "authority": DOCUMENT if vector.authority is not None else None,
    }
    return "".join(f"/{key}/{value}" for key, value in named.items() if value is not None) + _path_of_photograph(vector)


def _path_of_photograph(vector: Vector) -> str:
    source = "" if vector.source == "unstated" else f"/source/{vector.source}"
    edits = "" if vector.edits is None else f"/edits/{'+'.join(sorted(vector.edits)) or 'none'}"
    return source + edits


def _in_session(scratch: Scratch, vector: Vector, case: str | None, who: Credentials) -> Credentials:
    authority = {"Authority": DOCUMENT} if vector.authority is not None else {}
    opened = scratch.native(who).open_session(Purpose=vector.purpose, Case=case, DurationSeconds=_SECONDS, **authority)[
        "Session"
    ]
    given = scratch.client("sts", who).assume_role(
        RoleArn=opened["RoleArn"], RoleSessionName="check", DurationSeconds=_SECONDS
    )["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def _asked(scratch: Scratch, request: Callable[[], Mapping[str, Any]]) -> Outcome:
    try:
        answer = request()
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
        CollectionId=vector.gallery, Image={"Bytes": scratch.photograph}, MaxFaces=1
    )


def _detect(scratch: Scratch, vector: Vector, who: Credentials, path: str) -> Any:
    return scratch.client("rekognition", who, path).detect_faces(Image={"Bytes": scratch.photograph})


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
