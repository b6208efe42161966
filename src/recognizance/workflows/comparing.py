"""When comparing (1:1) is searching by another name."""

from recognizance.policy import Reason
from recognizance.records import Transaction, cases, comparisons, examinations, leads, operators
from recognizance.review import OPEN, ReviewTerms
from recognizance.workflows.objections import Objection
from recognizance.workflows.place import Permit, Workplace, refusal
from recognizance.workflows.withholding import RULE


def require_no_search(place: Workplace, permitted: Permit, terms: ReviewTerms | None) -> None:
    """Refuse all comparisons of whoever the result of a search is withheld from, whatever they would compare.

    For who searched, or works on the case, that holds also after the release, for who was not released is still
    withheld: until the case is closed.  The same goes for examiners for whom leads wait whose similarity is kept from
    them.

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
    operator = permitted.act.operator
    with place.store.read() as tx:
        waiting = next((lead.id for lead in leads.withheld_from(tx, operator) if _counts(tx, lead)), None)
        blinded = _is_blinded(tx, operator)
    if blinded:
        told = "A comparison would tell how alike the faces of a review are, which is kept from examiners."
        raise refusal(place, permitted, (Reason(RULE, told, "Conclude on the reviews that wait for you first."),))
    if waiting is not None:
        told = f"A comparison could tell what the review {waiting} withholds from you, so you compare nothing."
        raise refusal(place, permitted, (Reason(RULE, told, "It ends when the case is closed."),))


def count_comparison(
    tx: Transaction, permitted: Permit, terms: ReviewTerms | None, photographs: tuple[bytes, bytes], targets: int
) -> None:
    """Count a comparison, and object to more than the terms allow in a day; call it within `objections_refused`.

    Parameters
    ----------
    photographs : pair of bytes
        The SHA-256 of each; the same two are counted once, whichever is the source.
    targets : int
        Faces that the probe is compared with.

    Raises
    ------
    Objection
    """
    if terms is None or terms.targets_max is None:
        return
    operator, pair = permitted.act.operator, b"".join(sorted(photographs))
    counted = comparisons.count(tx, operator, at=permitted.time)
    if comparisons.is_known(tx, operator, pair):
        return
    if counted + targets > terms.targets_max:
        raise Objection(
            Reason(
                RULE,
                f"With this you would have compared {counted + targets} faces within a day; more than "
                f"{terms.targets_max} count as a search, and what searches find is withheld from you.",
                "Search the gallery: reviewers see what is found, and release it.",
            )
        )
    comparisons.add(tx, operator, pair, targets, at=permitted.time)


def _is_blinded(tx: Transaction, operator: str) -> bool:
    """Whether a lead waits for this examiner of which similarity is kept from them."""
    if "examiner" not in operators.get(tx, operator).roles:
        return False
    done = examinations.leads_of(tx, operator)
    waiting = [lead for lead in leads.list_all(tx, [OPEN]) if lead.id not in done]
    return any(ReviewTerms.read(lead.terms).hide_similarity for lead in waiting)


def _counts(tx: Transaction, lead: leads.LeadRow) -> bool:
    return lead.case_id is None or cases.of_id(tx, lead.case_id).closed_at is None
