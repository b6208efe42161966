"""Examine leads blind, conclude on them, and release what may go out.  Pages and commands call the same workflows."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from recognizance.errors import InvalidRequestError
from recognizance.ledger import Concealed, ConcealedList, Value
from recognizance.policy import Reason
from recognizance.records import (
    Transaction,
    authority_uses,
    examinations,
    exclusions,
    leads,
    operators,
    searches,
)
from recognizance.records.examinations import NewFinding
from recognizance.records.leads import LeadLine, LeadRow
from recognizance.review import (
    AGREED,
    DELETED,
    DISPUTED,
    OPEN,
    RELEASED,
    Judged,
    ReviewTerms,
    decided,
    incomplete,
    objection_to_examiner,
    objection_to_releaser,
)
from recognizance.workflows import pictures
from recognizance.workflows.act import Act
from recognizance.workflows.deciding import conclusions_on, decide
from recognizance.workflows.leads_shown import Seen, seen_by, standing_of
from recognizance.workflows.objections import Objection, objections_refused
from recognizance.workflows.place import Workplace, failures_recorded, permit, record
from recognizance.workflows.withholding import line_numbers

KIND = "review"
RELEASE = "release"
OWN = "lead"
RULE = "standing/review"


@dataclass(frozen=True, slots=True)
class Opened:
    """What an examiner looks at: PNG pictures of the probe, and of each candidate by position."""

    seen: Seen
    probe: tuple[bytes, ...] = field(repr=False)
    candidates: Mapping[int, tuple[bytes, ...]] = field(repr=False)


@failures_recorded(KIND)
def queue(place: Workplace, act: Act) -> tuple[list[Seen], int]:
    """List the leads that wait for the caller, oldest first; recorded.

    For an examiner those to examine, for a supervisor those to release, for everybody else their own.
    """
    permitted = permit(place, act, _kind_for(place, act), recorded_as=KIND)
    with place.store.write() as tx:
        rows = _waiting(tx, act)
        entry = record(tx, permitted, {"change": "listed", "leads": len(rows)})
        return [seen_by(place, tx, act, lead) for lead in rows], entry


@failures_recorded(KIND)
def open_review(place: Workplace, act: Act, lead_id: str) -> tuple[Opened, int]:
    """Show the faces of a lead to who examines it, or decides on it; reading the photographs is an act: recorded.

    Raises
    ------
    NotFoundError
    RefusedError
        If the caller may not examine this lead, or it needs no examination any more.
    """
    permitted = permit(place, act, _kind_for(place, act), recorded_as=KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        lead = leads.get(tx, lead_id)
        search = searches.at_entry(tx, lead.entry_index)
        _require_reviewer(tx, act, lead)
        seen = seen_by(place, tx, act, lead)
        named = {candidate.rank: candidate.identifier for candidate in search.candidates}
        probe = pictures.probe_of(tx, search)
        found = {
            line.position: pictures.of_candidate(tx, search.gallery_id, search.searched, identifier)
            for line in leads.lines_of(tx, lead.id)
            if (identifier := named.get(line.rank)) is not None
        }
        entry = record(tx, permitted, {"change": "opened", "lead": lead.id})
    shown = {position: tuple(pictures.cut_out(place, each)) for position, each in found.items()}
    return Opened(seen, tuple(pictures.cut_out(place, probe)), shown), entry


@failures_recorded(KIND)
def conclude(
    place: Workplace, act: Act, lead_id: str, judged: Sequence[Judged], *, stated: bool = False
) -> tuple[Seen, int]:
    """Conclude an examination: once, on every candidate; it and one entry are made durable together.

    With the last of the examiners whom the terms ask for, the lead is agreed or disputed.  Nobody is told of the
    others before they have concluded themselves.

    Parameters
    ----------
    stated : bool
        Whether the examiner makes the statement that the terms ask for.

    Raises
    ------
    NotFoundError
    InvalidRequestError
        If it is not whole, or the statement is missing.
    RefusedError
        If the caller may not examine this lead, or has concluded, or no examination is wanted any more.
    """
    permitted = permit(place, act, KIND)
    with objections_refused(place, permitted), place.store.write() as tx:
        lead = leads.get(tx, lead_id)
        _require_examiner(tx, act, lead)
        terms = ReviewTerms.read(lead.terms)
        if terms.statement and not stated:
            raise InvalidRequestError(f"The examiner has to state: {terms.statement}")
        lines = leads.lines_of(tx, lead.id)
        if problem := incomplete(judged, [line.position for line in lines]):
            raise InvalidRequestError(problem, "`recognizance review open` writes a form with all candidates.")
        findings = _findings(tx, lead, lines, judged)
        entry = record(
            tx,
            permitted,
            {"change": "concluded", "lead": lead.id},
            [
                Concealed("statement", terms.statement),
                ConcealedList(
                    "conclusions",
                    [({"position": each.position, "conclusion": each.conclusion}, each.slot) for each in findings],
                ),
            ],
        )
        authority_uses.add_derived(tx, lead.entry_index, entry)
        examinations.add(tx, lead.id, act.operator, entry, findings, at=permitted.time)
        state = _state(tx, lead, lines, terms)
        if state != OPEN:
            leads.move(tx, lead.id, OPEN, state, at=permitted.time)
        return seen_by(place, tx, act, leads.get(tx, lead.id)), entry


@failures_recorded(RELEASE)
def release(
    place: Workplace,
    act: Act,
    lead_id: str,
    positions: Collection[int],
    reason: str,
    *,
    not_this_person: Collection[int] = (),
) -> tuple[Seen, int]:
    """Release all, some or none of the candidates to who searched, for good; it and one entry are durable together.

    Those on whom all examiners agree that it is the same person can be released, and where they disagree those whom
    the supervisor decides on, with a reason.  Who is not this person for the case is remembered, and not released for
    it again.

    Raises
    ------
    NotFoundError
    InvalidRequestError
        If a candidate cannot be released, or a reason is missing.
    RefusedError
        If the caller searched or examined, the examiners have not concluded, or it is released.
    """
    permitted = permit(place, act, RELEASE)
    with objections_refused(place, permitted), place.store.write() as tx:
        lead = leads.get(tx, lead_id)
        _require_releaser(tx, act, lead)
        if lead.state == DISPUTED and not reason.strip():
            raise InvalidRequestError("The examiners disagree, so the decision needs a reason.", "Give one: --reason.")
        lines = leads.lines_of(tx, lead.id)
        search = searches.at_entry(tx, lead.entry_index)
        decisions = decide(tx, lead, search, lines, positions, not_this_person)
        if not leads.release(
            tx, lead.id, decisions, reason, before=(AGREED, DISPUTED), by=act.operator, at=permitted.time
        ):
            raise Objection(Reason(RULE, "The review is released already.", "A release is final."))
        excluded = [position for position, decision in decisions.items() if decision == leads.NOT_THIS_PERSON]
        if lead.case_id is not None:
            exclusions.remember(tx, lead.case_id, lead.id, search.searched, line_numbers(lines, excluded))
        listed: list[tuple[Value, int | None]] = [
            ({"position": position, "decision": decision}, None) for position, decision in sorted(decisions.items())
        ]
        entry = record(
            tx,
            permitted,
            {"change": "released", "lead": lead.id},
            [Concealed("reason", reason), ConcealedList("decisions", listed)],
        )
        authority_uses.add_derived(tx, lead.entry_index, entry)
        return seen_by(place, tx, act, leads.get(tx, lead.id)), entry


@failures_recorded(KIND)
def show(place: Workplace, act: Act, lead_id: str) -> tuple[Seen, int]:
    """Show how a lead stands, as far as the caller may see it; recorded.

    Raises
    ------
    NotFoundError
    RefusedError
        If it is somebody else's, and the caller neither examines nor releases.
    """
    with place.store.read() as tx:
        own = leads.get(tx, lead_id).operator == act.operator
    permitted = permit(place, act, OWN if own else _kind_for(place, act, reviewers_only=True), recorded_as=KIND)
    with place.store.write() as tx:
        lead = leads.get(tx, lead_id)
        entry = record(tx, permitted, {"change": "shown", "lead": lead.id})
        return seen_by(place, tx, act, lead), entry


def _kind_for(place: Workplace, act: Act, *, reviewers_only: bool = False) -> str:
    with place.store.read() as tx:
        roles = operators.get(tx, act.operator).roles
    if "examiner" in roles:
        return KIND
    return RELEASE if "supervisor" in roles or reviewers_only else OWN


def _waiting(tx: Transaction, act: Act) -> list[LeadRow]:
    roles = operators.get(tx, act.operator).roles
    found: list[LeadRow] = []
    if "examiner" in roles:
        done = examinations.leads_of(tx, act.operator)
        rows = [lead for lead in leads.list_all(tx, [OPEN]) if lead.id not in done]
        found += [lead for lead in rows if not objection_to_examiner(standing_of(tx, act, lead))]
    if "supervisor" in roles:
        rows = leads.list_all(tx, [AGREED, DISPUTED])
        found += [lead for lead in rows if not objection_to_releaser(standing_of(tx, act, lead))]
    if not roles & {"examiner", "supervisor"}:
        found += leads.of_operator(tx, act.operator)
    return sorted(found, key=lambda lead: (lead.made_at, lead.id))


def _require_reviewer(tx: Transaction, act: Act, lead: LeadRow) -> None:
    """Object to who may neither examine nor release: only those two look at the photographs."""
    if lead.state in (AGREED, DISPUTED) and "supervisor" in operators.get(tx, act.operator).roles:
        _require_releaser(tx, act, lead)
    else:
        _require_examiner(tx, act, lead)


def _require_something_left(lead: LeadRow) -> None:
    if lead.state == DELETED:
        told = "The search was made under an emergency that was not ratified: what it found is deleted."
        raise Objection(Reason(RULE, told, "Nothing is left to review."))


def _require_examiner(tx: Transaction, act: Act, lead: LeadRow) -> None:
    _require_something_left(lead)
    standing = standing_of(tx, act, lead)
    if objection := objection_to_examiner(standing):
        raise Objection(Reason(RULE, objection, "Another examiner can."))
    if standing.examined:
        raise Objection(Reason(RULE, "You have concluded on this lead.", "A conclusion is final."))
    if lead.state != OPEN:
        raise Objection(Reason(RULE, "This lead needs no further examination."))
    if "examiner" not in standing.roles:
        raise Objection(Reason(RULE, "The examiners have not concluded yet.", "It is yours once they have."))


def _require_releaser(tx: Transaction, act: Act, lead: LeadRow) -> None:
    _require_something_left(lead)
    if objection := objection_to_releaser(standing_of(tx, act, lead)):
        raise Objection(Reason(RULE, objection, "Another supervisor can."))
    if lead.state == OPEN:
        raise Objection(Reason(RULE, "The examiners have not concluded yet.", "It is yours once they have."))
    if lead.state == RELEASED:
        raise Objection(Reason(RULE, "The review is released already.", "A release is final."))


def _findings(tx: Transaction, lead: LeadRow, lines: Sequence[LeadLine], judged: Sequence[Judged]) -> list[NewFinding]:
    search = searches.at_entry(tx, lead.entry_index)
    named = {candidate.rank: candidate.identifier for candidate in search.candidates}
    ranks = {line.position: line.rank for line in lines}
    return [
        NewFinding(
            each.position,
            each.conclusion,
            json.dumps({"components": [asdict(one) for one in each.components], "note": each.note}),
            pictures.slot_of(tx, search, named.get(ranks[each.position])),
        )
        for each in sorted(judged, key=lambda one: one.position)
    ]


def _state(tx: Transaction, lead: LeadRow, lines: Sequence[LeadLine], terms: ReviewTerms) -> str:
    made = examinations.of_lead(tx, lead.id)
    return decided(conclusions_on(made, lines), examinations=len(made), wanted=terms.examiners)
