"""What goes to reviewers first: leads in the place of answers, and the ways around them closed (`review.ways_out`)."""

import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from recognizance.errors import Recorded, WithheldError
from recognizance.ledger import ConcealedList, Value
from recognizance.policy import Allowed, Applied, Judgement, Pack, Reason, Referred, ReviewDemands
from recognizance.records import Transaction, authority_uses, cases, exclusions, galleries, leads, operators, searches
from recognizance.records.galleries import GalleryRow
from recognizance.records.leads import LeadLine, LeadRow
from recognizance.records.searches import SearchCandidate, SearchRecord
from recognizance.review import DELETED, OPEN, RELEASED, ReviewTerms
from recognizance.workflows.act import Act
from recognizance.workflows.objections import Objection
from recognizance.workflows.place import Permit, Workplace, record, refusal

RULE = "standing/withheld"

_UNDER_REVIEW = (
    "What this search found, or that it found nothing, goes to reviewers first: review {}. Once they have released it, "
    "the same request in the same case is answered with what was released."
)
_NONE_RELEASED = (
    "The review {} has ended, and no candidate was released. That does not say that the person is not in the gallery."
)
_CLAIMED = frozenset(
    {"authority", "case", "gallery_name", "probe_reference", "probe_sha256", "purpose", "scope_sha256"}
)
"""What the entry of a search commits to and its operator said."""

_LARGEST_LIST = 4096
_EVERY_GALLERY = 2**31 - 1
KEPT_FROM = frozenset({"investigator", "examiner"})
"""Roles to which reviews withhold something for good."""


@dataclass(frozen=True, slots=True)
class Released:
    """What reviewers released of a search, by rank, with the entry of this answer."""

    lead: LeadRow
    search: SearchRecord
    candidates: tuple[SearchCandidate, ...]


def terms_of(permitted: Permit) -> ReviewTerms | None:
    """Say on what terms the result of an act is reviewed; None if it need not be."""
    if not permitted.referral or permitted.ruling is None:
        return None
    found = permitted.ruling.judgement.review
    return ReviewTerms() if found is None else _taken_over(found)


def request_of(permitted: Permit, gallery: GalleryRow, asked: Sequence[Value]) -> bytes:
    """Write down what makes two requests the same: who asks, in which case, of which gallery, and what exactly."""
    act = permitted.act
    return json.dumps([act.operation, act.operator, act.case, gallery.id, *asked]).encode()


def find_lead(place: Workplace, request: bytes) -> LeadRow | None:
    """Find the lead of the same request of before."""
    with place.store.read() as tx:
        return leads.of_request(tx, request)


def same_request(tx: Transaction, terms: ReviewTerms | None, request: bytes) -> LeadRow | None:
    """Find, in the transaction that would make another, the lead of the same request that is withheld."""
    return leads.of_request(tx, request) if terms is not None and terms.withhold else None


def keep_lead(
    tx: Transaction, permitted: Permit, search: SearchRecord, terms: ReviewTerms, request: bytes, lead_id: str
) -> None:
    """Make a search a lead, in the transaction that records it.

    Candidates come in an order of chance, and those who are not this person for the case are marked.
    """
    case_id = permitted.act.notes.get("case_id")
    numbers = [candidate.number for candidate in search.candidates]
    excluded = exclusions.excluding(tx, case_id, search.searched, numbers) if case_id else {}
    lines = [(candidate.rank, excluded.get(candidate.number)) for candidate in search.candidates]
    secrets.SystemRandom().shuffle(lines)
    lead = LeadRow(
        id=lead_id,
        entry_index=search.entry_index,
        operator=search.operator,
        case_id=case_id,
        state=OPEN,
        withheld=terms.withhold,
        terms=terms.text(),
        rules=tuple(reason.rule for reason in permitted.referral),
        made_at=search.at,
    )
    # What goes out at once is searched anew each time; only what is withheld has one lead for all its requests.
    leads.add(tx, lead, request if terms.withhold else f"{lead_id}".encode(), lines)


def withhold(permitted: Permit, lead_id: str, entry: int) -> WithheldError:
    """Make the answer to a search that reviewers see first: the same with candidates and without."""
    return _withheld(permitted, _UNDER_REVIEW.format(lead_id), lead_id, entry)


def answer_of_lead(place: Workplace, permitted: Permit, lead_id: str) -> Released:
    """Answer a request whose lead exists: nothing is searched; one entry says that it was asked for again.

    Raises
    ------
    WithheldError
        Before the release, and if nothing was released, or nothing of it is left.
    """
    with place.store.write() as tx:
        lead = leads.get(tx, lead_id)
        found = released_of(tx, lead)
        details: dict[str, Value] = {"lead": lead.id, "repeats": lead.entry_index}
        if not found.candidates:
            entry = record(tx, permitted, details, decision="referred")
        else:
            shown: list[tuple[Value, int | None]] = [
                ({"identifier": each.identifier, "rank": each.rank}, None) for each in found.candidates
            ]
            entry = record(tx, permitted, details, [ConcealedList("released", shown)])
            authority_uses.add_derived(tx, lead.entry_index, entry)
            return replace(found, search=replace(found.search, entry_index=entry))
    if lead.state == RELEASED:
        raise _withheld(permitted, _NONE_RELEASED.format(lead.id), lead.id, entry)
    raise withhold(permitted, lead.id, entry)


def released_of(tx: Transaction, lead: LeadRow) -> Released:
    """Read what reviewers released, and is still there; ranks say nothing of what they did not release."""
    search = searches.at_entry(tx, lead.entry_index)
    out = {line.rank for line in leads.lines_of(tx, lead.id) if line.decision == leads.RELEASED}
    left = [each for each in search.candidates if each.rank in out and each.identifier is not None]
    return Released(lead, search, tuple(replace(each, rank=rank) for rank, each in enumerate(left, 1)))


def withholds(place: Workplace, permitted: Permit) -> ReviewTerms | None:
    """Tell on what terms the results of searches are withheld from who asks, as they ask; None if they are not.

    Whatever tells as much as a search is asked about as a search.  Where packs withhold and such a search is not simply
    allowed, its ways around are closed.
    """
    terms = [each for each in binding_terms(permitted) if each.withhold]
    if not terms:
        return None
    if not any(_is_withheld(judged) for judged in as_searches(place, permitted)):
        return None
    limits = [each.targets_max for each in terms if each.targets_max is not None]
    return replace(terms[0], targets_max=min(limits, default=None))


def binding_terms(permitted: Permit) -> list[ReviewTerms]:
    """Give the review terms of every pack that binds."""
    ruling = permitted.ruling
    if ruling is None or not ruling.by.binds:
        return []
    return [_taken_over(pack.about.review) for pack in ruling.by.packs if isinstance(pack, Pack)]


def as_searches(place: Workplace, permitted: Permit) -> list[Judgement]:
    """Judge an act as a search by the same operator in the same context, of the largest list without a threshold.

    An act that names no gallery tells of every one.  So where rules name galleries, each is asked about whose
    searches they refer.
    """
    ruling = permitted.ruling
    if ruling is None:
        raise AssertionError("rule packs were not asked about the act")
    facts = replace(ruling.facts, operation="search", threshold_percent=0.0, candidates_max=_LARGEST_LIST, targets=0)
    standing = place.policy.decide(facts)
    if not isinstance(standing, Allowed):
        return [Judgement(standing, Applied(0.0, 1))]
    judged = [ruling.by.rule(facts).judgement]
    if facts.gallery is None and any(pack.rules.names_gallery for pack in ruling.by.packs if isinstance(pack, Pack)):
        with place.store.read() as tx:
            names = [each.name for each in galleries.list_of_agency(tx, limit=_EVERY_GALLERY)]
        of_each = [ruling.by.rule(replace(facts, gallery=name)).judgement for name in names]
        judged += [each for each in of_each if isinstance(each.decision, Referred)]
    return judged


def _taken_over(said: ReviewDemands) -> ReviewTerms:
    """Make terms of what packs ask: reviews know nothing of packs."""
    return ReviewTerms(**said.model_dump())


def _is_withheld(judged: Judgement) -> bool:
    """Tell whether a search that is judged so is anything but allowed, or referred with what it found going out."""
    if isinstance(judged.decision, Referred):
        return judged.review is None or judged.review.withhold
    return not isinstance(judged.decision, Allowed)


def require_no_comparison(place: Workplace, permitted: Permit, threshold_percent: float) -> None:
    """Refuse to say whether faces resemble a subject, where results are withheld.

    Raises
    ------
    RefusedError
        Unless the threshold is 0: the faces are taken on the caller's word then, and nothing is said of them.
    """
    if threshold_percent > 0 and withholds(place, permitted) is not None:
        told = "Whether a face resembles those of a user is withheld from you as the results of searches are."
        remedy = "Give UserMatchThreshold 0 to have the faces associated on your word."
        raise refusal(place, permitted, (Reason(RULE, told, remedy),))


def require_no_export(place: Workplace, permitted: Permit, image_id: str | None = None) -> None:
    """Refuse to hand out what can be compared elsewhere, where results are withheld.

    Parameters
    ----------
    image_id : str, optional
        A photograph that is asked for: it is given if it is a released candidate's.

    Raises
    ------
    RefusedError
    """
    if withholds(place, permitted) is None:
        return
    if image_id is not None:
        with place.store.read() as tx:
            if image_id in _images_released_to(tx, permitted.act.operator):
                return
    told = "Templates and photographs are withheld from you as the results of searches are."
    remedy = (
        "Photographs of released candidates can be read; another operator's export needs a role that searches nothing."
    )
    raise refusal(place, permitted, (Reason(RULE, told, remedy),))


def enroller(place: Workplace, permitted: Permit, external_id: str | None) -> str | None:
    """Say by what a photograph is known again: its external id; where results are withheld, also who enrolled it.

    Otherwise the face id of before would tell that somebody enrolled this very photograph.
    """
    if withholds(place, permitted) is None:
        return external_id
    return json.dumps([permitted.act.operator, external_id])


def require_disclosable(tx: Transaction, act: Act, details: Mapping[str, Value], fields: Iterable[str]) -> None:
    """Object to the disclosure of what a review withholds; call it within `objections_refused`.

    Until the release nobody has it disclosed; afterwards nobody who searches, examines or works on the case.

    Raises
    ------
    Objection
    """
    lead_id = details.get("lead")
    if not isinstance(lead_id, str) or set(fields) <= _CLAIMED:
        return
    lead = leads.get(tx, lead_id)
    if not lead.withheld:
        return
    if lead.state not in (RELEASED, DELETED):
        raise Objection(Reason(RULE, f"The review {lead_id} has not ended, and what it examines is withheld."))
    if _is_kept_from(tx, act, lead):
        told = f"What the review {lead_id} examined is disclosed to nobody who searches, examines or works on the case."
        raise Objection(Reason(RULE, told, "Somebody who is an auditor alone can disclose it."))


def withheld_entries(tx: Transaction, act: Act, entries: Collection[int]) -> set[int]:
    """Tell of which searches, by their entries, the caller may not learn what they found.

    Of those under review nobody may, and of those that were, nobody who searches, examines or works on the case.
    """
    return {
        lead.entry_index
        for lead in leads.withheld_among(tx, entries)
        if lead.state not in (RELEASED, DELETED) or _is_kept_from(tx, act, lead)
    }


def _is_kept_from(tx: Transaction, act: Act, lead: LeadRow) -> bool:
    """Whether what was not released is kept from the caller for good, whatever other roles they have."""
    return (
        lead.operator == act.operator
        or bool(operators.get(tx, act.operator).held_anywhere & KEPT_FROM)
        or (lead.case_id is not None and cases.is_member(tx, lead.case_id, act.operator))
    )


def line_numbers(lines: Iterable[LeadLine], positions: Iterable[int]) -> list[int]:
    """Give the numbers of the candidates at these positions that are still on record."""
    wanted = set(positions)
    return [line.number for line in lines if line.position in wanted and line.number is not None]


def _images_released_to(tx: Transaction, operator: str) -> set[str]:
    found: set[str] = set()
    for lead in leads.withheld_from(tx, operator):
        if lead.state == RELEASED:
            found |= searches.images_of(tx, released_of(tx, lead).candidates)
    return found


def _withheld(permitted: Permit, told: str, lead_id: str, entry: int) -> WithheldError:
    rules = " ".join(f"{reason.explanation} [{reason.rule}]" for reason in permitted.referral)
    error = WithheldError(f"{told} {rules} (entry {entry})")
    error.recorded = Recorded(entry, "referred", lead_id)
    return error
