"""A recorded search, reconstructed from the record alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recognizance.records import (
    Transaction,
    authorities,
    disclosures,
    examinations,
    holds,
    leads,
    outcomes,
    photographs,
    searches,
)
from recognizance.records.authorities import AuthorityRow as AuthorityRow
from recognizance.records.disclosures import DisclosureRow
from recognizance.records.examinations import ExaminationRow
from recognizance.records.leads import LeadLine, LeadRow
from recognizance.records.outcomes import OutcomeRow
from recognizance.records.searches import SearchCandidate, SearchRecord
from recognizance.review import DELETED, RELEASED
from recognizance.scoring import RatesAt
from recognizance.workflows.act import Act
from recognizance.workflows.leads_shown import UNDER_REVIEW
from recognizance.workflows.place import Workplace, failures_recorded, permit, record
from recognizance.workflows.reviewing import OWN
from recognizance.workflows.threshold_rates import rates_of
from recognizance.workflows.withholding import released_of, withheld_entries

KIND = "search-record"

_OF_PROBE = frozenset({"sharpness", "brightness", "face_px", "references_searched"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """Everything on record of a search, as far as the caller may see it.

    Attributes
    ----------
    authority : AuthorityRow or None
        What the search names as its authority, as it is registered.
    facts : mapping
        What was decided on, as it was then: the operator's roles, agency and training, purpose, case, offence and
        authority, the probe's quality, source and declared edits (`policy.replaying`).
    rates : RatesAt or None
        How often strangers reach its threshold, whatever it found; None if that is not known any more.
    candidates : tuple of SearchCandidate or None
        None while they are withheld from the caller.
    probe_kept : bool
        Whether the probe photograph can still be opened.
    receipt : str
        Of the search's entry, with a checkpoint that covers it.
    """

    search: SearchRecord
    authority: AuthorityRow | None
    facts: Mapping[str, Any]
    rates: RatesAt | None
    candidates: tuple[SearchCandidate, ...] | None
    probe_kept: bool
    lead: LeadRow | None
    lines: tuple[LeadLine, ...]
    examinations: tuple[ExaminationRow, ...]
    outcomes: tuple[OutcomeRow, ...]
    disclosures: tuple[DisclosureRow, ...]
    holds: tuple[str, ...]
    receipt: str

    @property
    def state(self) -> str | None:
        """How the review stands; for who may not see that, under review until it is released."""
        if self.lead is None:
            return None
        return self.lead.state if self.lead.state in (RELEASED, DELETED) or self.lines else UNDER_REVIEW


@failures_recorded(KIND)
def show_search(place: Workplace, act: Act, search_id: str) -> tuple[Recorded, int]:
    """Show a search with its receipt: one's own, or, to auditors, anybody's.  Recorded.

    Candidates that a review withholds are shown to nobody before the release; afterwards, to who searched or works on
    the case, and to everybody who searches or examines, those that were released.

    Raises
    ------
    NotFoundError
    RefusedError
    """
    with place.store.read() as tx:
        search = searches.get(tx, search_id)
        own = search.operator == act.operator
    permitted = permit(place, act, OWN if own else "ledger", recorded_as=KIND)
    covering = place.publisher.covering(search.entry_index)
    with place.store.write() as tx:
        entry = record(tx, permitted, {"shown": search_id})
        search = searches.get(tx, search_id)
        lead = leads.of_entry(tx, search.entry_index)
        whole = not withheld_entries(tx, act, [search.entry_index])
        open_to = lead is not None and lead.state == RELEASED and whole and not own
        return Recorded(
            search=search,
            authority=None if search.authority_id is None else authorities.of_id(tx, search.authority_id),
            facts=_facts(search, withheld=not whole),
            rates=rates_of(place, search),
            candidates=_candidates(tx, search, lead, whole=whole),
            probe_kept=search.probe_photograph is not None and photographs.exists(tx, search.probe_photograph),
            lead=lead,
            lines=tuple(leads.lines_of(tx, lead.id)) if lead is not None and open_to else (),
            examinations=tuple(examinations.of_lead(tx, lead.id)) if lead is not None and open_to else (),
            outcomes=tuple(outcomes.of_search(tx, search.entry_index)),
            disclosures=tuple(disclosures.of_entry(tx, search.entry_index)),
            holds=tuple(holds.on_search(tx, search_id)),
            receipt=place.ledger.receipt(tx, search.entry_index, covering.note).text(),
        ), entry


def _facts(search: SearchRecord, *, withheld: bool) -> dict[str, Any]:
    """Give what was decided on; of the result, only what is known of the probe, where the rest is withheld."""
    facts = search.facts or {}
    result = dict(facts.get("result") or {})
    if withheld:
        result = {name: value for name, value in result.items() if name in _OF_PROBE}
    return {"request": facts.get("request") or {}, "result": result, "training_until": facts.get("training_until")}


def _candidates(
    tx: Transaction, search: SearchRecord, lead: LeadRow | None, *, whole: bool
) -> tuple[SearchCandidate, ...] | None:
    if whole or lead is None:
        return search.candidates
    return None if lead.state != RELEASED else released_of(tx, lead).candidates or None
