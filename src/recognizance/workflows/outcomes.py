"""What came of searches and cases, recorded when it is known."""

from recognizance.errors import InvalidRequestError
from recognizance.ledger import Concealed, Value
from recognizance.policy import Pack, Reason
from recognizance.records import Transaction, cases, leads, operators, outcomes, searches
from recognizance.records.cases import CaseRow
from recognizance.records.outcomes import OutcomeRow as OutcomeRow
from recognizance.review import INDEPENDENT_EVIDENCE, OUTCOMES, ReviewTerms
from recognizance.workflows.act import Act
from recognizance.workflows.objections import Objection, objections_refused
from recognizance.workflows.place import Workplace, failures_recorded, permit, record

KIND = "outcome"
RULE = "standing/outcome"


@failures_recorded(KIND)
def record_outcome(
    place: Workplace, act: Act, kind: str, note: str, *, case: str | None = None, review: str | None = None
) -> tuple[OutcomeRow, int]:
    """Record an outcome of a case, of the search that a review is of, or of both; with one entry.

    Raises
    ------
    InvalidRequestError
        If there is no such outcome, or neither case nor review is named.
    NotFoundError
    RefusedError
        If the caller neither works on the case nor supervises.
    """
    permitted = permit(place, act, KIND)
    if kind not in OUTCOMES:
        raise InvalidRequestError(f"{kind!r} is no outcome; there are {', '.join(OUTCOMES)}.")
    if case is None and review is None:
        raise InvalidRequestError("An outcome is a case's or a review's.", "Name one of them.")
    with objections_refused(place, permitted), place.store.write() as tx:
        lead = None if review is None else leads.get(tx, review)
        found = None if case is None else cases.get(tx, case)
        if lead is not None and found is not None and lead.case_id != found.id:
            raise InvalidRequestError(f"The review {review} is not of the case {case}.")
        case_id = found.id if found is not None else None if lead is None else lead.case_id
        _require_part(tx, act, case_id, None if lead is None else lead.operator)
        details: dict[str, Value] = {"outcome": kind}
        if case_id is not None:
            details["subject_case"] = case_id
        if lead is not None:
            details["of_search"] = searches.at_entry(tx, lead.entry_index).id
        entry = record(tx, permitted, details, [Concealed("note", note)])
        row = OutcomeRow(
            entry, kind, case_id, None if lead is None else lead.entry_index, note, act.operator, permitted.time
        )
        outcomes.add(tx, row)
    return row, entry


def require_evidence(place: Workplace, tx: Transaction, case: CaseRow) -> None:
    """Object to the closing of a case as identified without independent evidence; call it within `objections_refused`.

    What the rules said when searches were referred for the case counts, and what those that bind now say.

    Raises
    ------
    Objection
    """
    allowed = all(ReviewTerms.read(lead.terms).close_on_match_alone for lead in leads.of_case(tx, case.id))
    in_force = place.rulebook.in_force_in(tx)
    if in_force.binds:
        allowed &= all(pack.about.review.close_on_match_alone for pack in in_force.packs if isinstance(pack, Pack))
    if allowed or any(each.kind == INDEPENDENT_EVIDENCE for each in outcomes.of_case(tx, case.id)):
        return
    raise Objection(
        Reason(
            RULE,
            "The case cannot be closed as identified on a match alone.",
            f"Record independent evidence first: `recognizance case outcome {case.number} {INDEPENDENT_EVIDENCE}`.",
        )
    )


def _require_part(tx: Transaction, act: Act, case_id: str | None, searcher: str | None) -> None:
    if act.operator == searcher or "supervisor" in operators.get(tx, act.operator).roles:
        return
    if case_id is None or not cases.is_member(tx, case_id, act.operator):
        raise Objection(Reason(RULE, "Only who works on the case, or supervises, records what came of it."))
