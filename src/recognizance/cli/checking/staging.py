"""Stage a vector's situation by the operations that people use."""

import uuid
from datetime import timedelta

from botocore.exceptions import ClientError

from recognizance.cli.checking.asking import Outcome, ask
from recognizance.cli.checking.scratch import Credentials, Scratch
from recognizance.cli.errors import answered
from recognizance.errors import RecognizanceError
from recognizance.workflows.pack_folders import GivenAuthority, Vector

DOCUMENT = "document-1"

_SECONDS = 900


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
    return ask(scratch, vector, who, path)


def _arrange(scratch: Scratch, vector: Vector) -> tuple[Credentials, str]:
    """Say who signs the request, and the path of its endpoint."""
    scratch.clock.forward(hours=1 / 60)  # later than whatever the last vector left behind
    name, who = scratch.hire(vector.roles, vector.training)
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
