"""Facts as Cedar reads them: no fact is ever missing, and there are no fractions (`policy.cedar.SCHEMA`)."""

from typing import Any

from recognizance.policy.facts import RequestFacts, ResultFacts
from recognizance.policy.floors import Applied, thousandths
from recognizance.policy.pack import Pack

NO_RESULT = {
    "known": False,
    "candidates": -1,
    "best_thousandths": -1,
    "sharpness": -1,
    "brightness": -1,
    "face_px": -1,
    "references_searched": -1,
}
"""While only the request is known."""


def act_for(pack: Pack, facts: RequestFacts) -> str:
    """Name the act as a pack counts it: a comparison with many is a search."""
    most = pack.about.review.targets_max
    many = facts.operation == "compare" and most is not None and facts.targets > most
    return "search" if many else facts.operation


def request_context(act: str, facts: RequestFacts, applied: Applied) -> dict[str, Any]:
    """Write a request for rules."""
    return {
        "act": act,
        "purpose": facts.purpose or "",
        "purpose_basis": facts.purpose_basis or "",
        "offence": facts.offence or "",
        "has_case": facts.case is not None,
        "authority_kind": facts.authority_kind or "",
        "authority_state": facts.authority_state,
        "agency": facts.agency,
        "roles": sorted(facts.roles),
        "training": facts.training,
        "training_kind": facts.training_kind,
        "in_session": facts.in_session,
        "source": facts.source,
        "edits": sorted(facts.edits or ()),
        "edits_stated": facts.edits is not None,
        "threshold_requested_thousandths": thousandths(facts.threshold_percent),
        "threshold_thousandths": thousandths(applied.threshold_percent),
        "candidates_max": -1 if applied.candidates_max is None else applied.candidates_max,
        "targets": facts.targets,
        "attributes": facts.attributes,
        "time_s": int(facts.time.timestamp()),
    }


def result_context(result: ResultFacts) -> dict[str, Any]:
    """Write a result for rules."""

    def whole(value: float | None) -> int:
        return -1 if value is None else int(value)

    return {
        "known": True,
        "candidates": result.candidates,
        "best_thousandths": thousandths(result.best_percent),
        "sharpness": whole(result.sharpness),
        "brightness": whole(result.brightness),
        "face_px": whole(result.face_px),
        "references_searched": result.references_searched,
    }
