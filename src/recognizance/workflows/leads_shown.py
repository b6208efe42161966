"""A lead, as somebody may see it: examiners without what could lead them, who searched without what is withheld."""

from dataclasses import dataclass, replace
from datetime import datetime

from recognizance.records import Transaction, cases, examinations, leads, operators, searches
from recognizance.records.examinations import ExaminationRow as ExaminationRow
from recognizance.records.leads import LeadLine as LeadLine
from recognizance.records.leads import LeadRow
from recognizance.records.searches import SearchRecord
from recognizance.review import (
    DELETED,
    OPEN,
    RELEASED,
    ReviewTerms,
    Standing,
    objection_to_examiner,
    objection_to_releaser,
)
from recognizance.scoring import RatesAt
from recognizance.workflows.act import Act
from recognizance.workflows.place import Workplace
from recognizance.workflows.threshold_rates import rates_of
from recognizance.workflows.withholding import KEPT_FROM

UNDER_REVIEW = "under-review"
"""What who searched is told before the release, whatever the state: a lead that is disputed has candidates."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A lead, as somebody may see it.

    Attributes
    ----------
    state : str
        For who searched, `UNDER_REVIEW` until it is released.
    candidates : tuple of LeadLine
        Empty for who searched, and for who neither examines nor releases it.
    examinations : tuple of ExaminationRow
        One's own while it is open; all of them afterwards, for who releases and who examined.
    released : int or None
        How many were released, once they are.
    in_full : bool
        Whether the reader may know who searched: examiners do not.
    threshold_percent : float or None
        What was applied.  It is the least that a candidate can have: kept from examiners where similarity is.
    rates : RatesAt or None
        How often strangers reach that, whatever was found; None also where it is not known any more.
    """

    lead: LeadRow
    search: SearchRecord
    state: str
    terms: ReviewTerms
    candidates: tuple[LeadLine, ...] = ()
    examinations: tuple[ExaminationRow, ...] = ()
    released: int | None = None
    in_full: bool = False
    threshold_percent: float | None = None
    rates: RatesAt | None = None

    @property
    def search_id(self) -> str | None:
        """The search; kept from examiners, who are not to know what for and by whom."""
        return self.search.id if self.in_full else None

    @property
    def searcher(self) -> str | None:
        """Who searched; kept from examiners too."""
        return self.lead.operator if self.in_full else None

    @property
    def concluded_at(self) -> datetime | None:
        """When the examiners had concluded; who searched learns of it by the release."""
        return self.lead.concluded_at if self.state != UNDER_REVIEW else None


def seen_by(place: Workplace, tx: Transaction, act: Act, lead: LeadRow) -> Seen:
    """Show a lead to the caller, as far as they may see it: who may neither examine nor release it sees no more of it
    than who searched.
    """  # noqa: D205 - one sentence
    search, terms = searches.at_entry(tx, lead.entry_index), ReviewTerms.read(lead.terms)
    lines = leads.lines_of(tx, lead.id)
    out = sum(line.decision == leads.RELEASED for line in lines) if lead.state == RELEASED else None
    standing = standing_of(tx, act, lead)
    reviews = _reviews(standing)
    if "supervisor" not in standing.roles or not reviews:
        lead = replace(lead, reason="")  # it may speak of who was not released
    if not reviews:
        state = lead.state if lead.state in (RELEASED, DELETED) else UNDER_REVIEW
        seen = Seen(lead, search, state, terms, released=out)
        return replace(_with_threshold(place, seen), in_full=True) if standing.operator == standing.searcher else seen
    made = examinations.of_lead(tx, lead.id)
    releases = "supervisor" in standing.roles and "examiner" not in standing.roles
    if terms.blind and (lead.state == OPEN or not (standing.examined or releases)):
        made = [each for each in made if each.examiner == act.operator]
    decides = releases and lead.state != OPEN
    shown = [_shown(line, terms, decides=decides) for line in lines]
    seen = Seen(lead, search, lead.state, terms, tuple(shown), tuple(made), out, in_full=releases)
    return _with_threshold(place, seen) if decides or not terms.hide_similarity else seen


def _with_threshold(place: Workplace, seen: Seen) -> Seen:
    return replace(seen, threshold_percent=seen.search.threshold_applied_percent, rates=rates_of(place, seen.search))


def _reviews(standing: Standing) -> bool:
    """Tell whether a lead is the caller's to examine, or to release: by their role, and by how they stand to it."""
    examines = "examiner" in standing.roles and not objection_to_examiner(standing)
    return examines or ("supervisor" in standing.roles and not objection_to_releaser(standing))


def _shown(line: LeadLine, terms: ReviewTerms, *, decides: bool) -> LeadLine:
    """Keep from examiners what could lead them: what was concluded before, and similarity and rank, if it is hidden."""
    if decides:
        return line
    line = replace(line, number=None, excluded_by=None)
    if terms.hide_similarity:
        return replace(line, rank=0, score=None, similarity_percent=None, fmr=None)
    return line


def standing_of(tx: Transaction, act: Act, lead: LeadRow) -> Standing:
    """Tell how the caller stands to a lead."""
    row = operators.get(tx, act.operator)
    return Standing(
        act.operator,
        lead.operator,
        of_case=lead.case_id is not None and cases.is_member(tx, lead.case_id, act.operator),
        examined=lead.id in examinations.leads_of(tx, act.operator),
        roles=row.roles | (row.held_anywhere & KEPT_FROM),
    )
