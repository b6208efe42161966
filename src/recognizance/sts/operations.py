"""Answers to STS's operations."""

from functools import partial

from recognizance.wire import Answer, Call, QueryService, load_model
from recognizance.wire.arns import ACCOUNT, assumed_arn, session_of, user_arn
from recognizance.wire.desk import act_of, answer
from recognizance.workflows import sessions
from recognizance.workflows.place import Workplace

_ABSENT = "a session is registered by `recognizance session register`, and taken on by AssumeRole."
_BODY_BYTES_MAX = 16_384


def assume_role(place: Workplace, call: Call) -> Answer:
    """Answer AssumeRole."""
    name = call.input["RoleSessionName"]
    assumed, entry = sessions.assume(
        place,
        act_of(call),
        session_of(call.input["RoleArn"]),
        seconds=call.input.get("DurationSeconds", sessions.SECONDS_DEFAULT),
        name=name,
    )
    return answer(
        {
            "Credentials": {
                "AccessKeyId": assumed.key.access_key_id,
                "SecretAccessKey": assumed.key.secret,
                "SessionToken": assumed.key.token,
                "Expiration": assumed.expires_at,
            },
            "AssumedRoleUser": {
                "AssumedRoleId": f"{assumed.session.id}:{name}",
                "Arn": assumed_arn(assumed.session.id, name),
            },
        },
        entry,
    )


def get_caller_identity(place: Workplace, call: Call) -> Answer:
    """Answer GetCallerIdentity."""
    operator, session, entry = sessions.identify(place, act_of(call))
    if session is None:
        body = {"UserId": operator, "Account": ACCOUNT, "Arn": user_arn(operator)}
    else:
        body = {"UserId": f"{session.id}:{operator}", "Account": ACCOUNT, "Arn": assumed_arn(session.id, operator)}
    return answer(body, entry)


def sts_service(place: Workplace) -> QueryService:
    """Put the service together."""
    model = load_model("sts")
    handlers = {
        "AssumeRole": partial(assume_role, place),
        "GetCallerIdentity": partial(get_caller_identity, place),
    }
    return QueryService(
        model,
        handlers,
        absences={name: _ABSENT for name in model.operation_names if name not in handlers},
        body_bytes_max=_BODY_BYTES_MAX,
        accepted={"AssumeRole": frozenset({"RoleArn", "RoleSessionName", "DurationSeconds"})},
    )
