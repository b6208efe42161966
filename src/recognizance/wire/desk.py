"""What every operation shares: the workplace, page tokens and the way to an answer."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Any

from recognizance.errors import PageTokenError, Recorded, RecordUnavailableError
from recognizance.wire.app import Rejected
from recognizance.wire.faults import receipt_headers
from recognizance.wire.service import Answer, Call
from recognizance.workflows.act import Act
from recognizance.workflows.place import Workplace, record_failure


@dataclass(frozen=True)
class Desk:
    """Shared by the operations of a service; ``bytes_max`` is the largest photograph in a request."""

    place: Workplace
    bytes_max: int

    def token(self, call: Call, scope: str, after: int) -> str:
        """Make a page token: sealed, so that only tokens that we gave come back."""
        sealed = self.place.store.sealer.seal(json.dumps(after).encode(), f"page:{call.operation}:{scope}")
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def after(self, call: Call, scope: str) -> int:
        """Read the request's page token; 0 without one.

        Raises
        ------
        PageTokenError
            If it was given for another list, or not by us.
        """
        token = call.input.get("NextToken")
        if token is None:
            return 0
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            return int(json.loads(self.place.store.sealer.open(sealed, f"page:{call.operation}:{scope}")))
        except (Base64Error, ValueError, RecordUnavailableError) as error:
            raise PageTokenError(
                "Invalid pagination token.", "Use the NextToken of the previous page, with the same parameters."
            ) from error


def act_of(call: Call) -> Act:
    """Translate a call into an act."""
    return Act(
        operator=call.actor.operator,
        access_key_id=call.actor.access_key_id,
        operation=call.operation,
        request_id=call.request_id,
        purpose=call.context.purpose,
        case=call.context.case,
        authority=call.context.authority,
        source=call.context.source,
        edits=call.context.edits,
        session=call.actor.session,
    )


def record_rejected(place: Workplace, rejected: Rejected) -> dict[str, str]:
    """Record a signed request that came to no act; return the headers that name its entry."""
    call = Call(rejected.operation or "", {}, rejected.actor, rejected.context, rejected.request_id)
    return receipt_headers(record_failure(place, act_of(call), "request", rejected.code))


def answer(body: dict[str, Any], entry: int, **headers: str) -> Answer:
    """Answer with the index of the act's entry; header names lose their ``x-recognizance-`` and get hyphens."""
    told = {f"x-recognizance-{name.replace('_', '-')}": value for name, value in headers.items()}
    return Answer(body, {**receipt_headers(Recorded(entry, "allowed")), **told})


def review_headers(review: str | None, *, reviewed: bool) -> dict[str, str]:
    """Say of candidates that they are leads: which review they came out of, or still go to."""
    if review is None:
        return {}
    return (
        {"review": review, "lead": "reviewed"}
        if reviewed
        else {
            "review": review,
            "lead": "unreviewed",
            "decision": "referred",
        }
    )


def page_size(call: Call, default: int) -> int:
    """Return MaxResults; 0 and none mean the default, for a page of nothing would never end."""
    return int(call.input.get("MaxResults") or default)
