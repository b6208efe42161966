"""When comparing (1:1) is searching by another name."""

from dataclasses import dataclass

from recognizance.policy import Allowed, Reason
from recognizance.records import Transaction, cases, comparisons, examinations, leads, operators
from recognizance.review import OPEN, ReviewTerms
from recognizance.workflows.objections import Objection, objections_refused
from recognizance.workflows.place import Permit, Workplace, refusal
from recognizance.workflows.withholding import RULE, as_searches, binding_terms

_CASE_CLOSED = "It ends when the case is closed."
_WITHOUT_CASE = (
    "The search was made in no case, so this does not end. Name a case when you search: then it ends with the case."
)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many faces may be compared in a day.

    ``of_all_probes`` counts them over everything that an operator compares: where results are withheld, for a changed
    byte makes another probe.  Otherwise those of one photograph are counted, whichever side it is on.
    """

    targets_max: int
    of_all_probes: bool


def require_no_search(place: Workplace, permitted: Permit, terms: ReviewTerms | None) -> None:
    """Refuse all comparisons of whoever the result of a search is withheld from, whatever they would compare.

    For who searched, or works on the case, that holds also after the release, for who was not released is still
    withheld: until the case is closed, and for good if the search was made in none.

    Parameters
    ----------
    terms : ReviewTerms or None
        On what terms results are withheld from the caller (`withholding.withholds`).

    Raises
    ------
    RefusedError
    """
    if terms is None:
        return
    with place.store.read() as tx:
        waiting = [lead for lead in leads.withheld_from(tx, permitted.act.operator) if _counts(tx, lead)]
    if waiting:
        lead = next((lead for lead in waiting if lead.case_id is None), waiting[0])
        told = f"A comparison could tell what the review {lead.id} withholds from you, so you compare nothing."
        raise refusal(place, permitted, (Reason(RULE, told, _WITHOUT_CASE if lead.case_id is None else _CASE_CLOSED),))


def require_not_blinded(place: Workplace, permitted: Permit) -> None:
    """Refuse all comparisons of an examiner for whom a lead waits whose similarity is kept from them.

    That is so also where its result went out to who searched; while rules only observe, nothing is refused.

    Raises
    ------
    RefusedError
    """
    if permitted.ruling is None or not permitted.ruling.by.binds:
        return
    with place.store.read() as tx:
        blinded = _is_blinded(tx, permitted.act.operator)
    if blinded:
        told = "A comparison would tell how alike the faces of a review are, which is kept from examiners."
        raise refusal(place, permitted, (Reason(RULE, told, "Conclude on the reviews that wait for you first."),))


def limit_of(place: Workplace, permitted: Permit, terms: ReviewTerms | None) -> Limit | None:
    """Say how much the caller may compare in a day before it counts as a search; None if it would be no matter.

    Parameters
    ----------
    terms : ReviewTerms or None
        As for `require_no_search`.
    """
    if terms is not None:
        return None if terms.targets_max is None else Limit(terms.targets_max, of_all_probes=True)
    limits = [each.targets_max for each in binding_terms(permitted) if each.targets_max is not None]
    if not limits or all(isinstance(judged.decision, Allowed) for judged in as_searches(place, permitted)):
        return None
    return Limit(min(limits), of_all_probes=False)


def count_comparison(
    place: Workplace, permitted: Permit, limit: Limit | None, photographs: tuple[bytes, bytes], targets: int
) -> None:
    """Count a comparison, and refuse more than the limit in a day; before its result is judged, which may refuse it.

    Parameters
    ----------
    photographs : pair of bytes
        The SHA-256 of each; the same two are counted once, whichever is the source.
    targets : int
        Faces that the probe is compared with.

    Raises
    ------
    RefusedError
    """
    if limit is None:
        return
    operator = permitted.act.operator
    counted_of = () if limit.of_all_probes else photographs
    with objections_refused(place, permitted), place.store.write() as tx:
        counted = comparisons.count(tx, operator, at=permitted.time, photographs=counted_of)
        if comparisons.is_known(tx, operator, photographs):
            return
        if counted + targets > limit.targets_max:
            raise Objection(
                Reason(
                    RULE,
                    f"With this you would have compared {counted + targets} faces within a day; more than "
                    f"{limit.targets_max} count as a search, and you cannot search here without a review.",
                    "Search the gallery: reviewers see what is found.",
                )
            )
        comparisons.add(tx, operator, photographs, targets, at=permitted.time)


def _is_blinded(tx: Transaction, operator: str) -> bool:
    """Whether a lead waits for this examiner of which similarity is kept from them."""
    if "examiner" not in operators.get(tx, operator).held_anywhere:
        return False
    done = examinations.leads_of(tx, operator)
    waiting = [lead for lead in leads.list_all(tx, [OPEN]) if lead.id not in done]
    return any(ReviewTerms.read(lead.terms).hide_similarity for lead in waiting)


def _counts(tx: Transaction, lead: leads.LeadRow) -> bool:
    return lead.case_id is None or cases.of_id(tx, lead.case_id).closed_at is None
