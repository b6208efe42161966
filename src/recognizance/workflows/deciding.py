"""What becomes of each candidate when a supervisor releases a lead."""

from collections.abc import Collection, Sequence

from recognizance.errors import InvalidRequestError
from recognizance.records import Transaction, examinations, leads
from recognizance.records.examinations import ExaminationRow
from recognizance.records.leads import LeadLine, LeadRow
from recognizance.records.searches import SearchRecord
from recognizance.review import Direction, agree


def conclusions_on(made: Sequence[ExaminationRow], lines: Sequence[LeadLine]) -> dict[int, list[str]]:
    """Give what each examiner concluded, by position of the candidate."""
    return {
        line.position: [one.conclusion for each in made for one in each.findings if one.position == line.position]
        for line in lines
    }


def decide(
    tx: Transaction,
    lead: LeadRow,
    search: SearchRecord,
    lines: Sequence[LeadLine],
    positions: Collection[int],
    not_this_person: Collection[int],
) -> dict[int, str]:
    """Decide on each candidate, or say why one cannot be released."""
    concluded = conclusions_on(examinations.of_lead(tx, lead.id), lines)
    there = {candidate.rank for candidate in search.candidates if candidate.identifier is not None}
    known = {line.position for line in lines}
    unknown = sorted((set(positions) | set(not_this_person)) - known)
    if unknown:
        raise InvalidRequestError(f"There is no candidate {unknown[0]} in the review {lead.id}.")
    both = sorted(set(positions) & set(not_this_person))
    if both:
        raise InvalidRequestError(f"Candidate {both[0]} cannot be released and not be this person.")
    decisions: dict[int, str] = {}
    for line in lines:
        points = agree(concluded[line.position])
        if points is Direction.DIFFERENT or line.position in not_this_person:
            decisions[line.position] = leads.NOT_THIS_PERSON
        else:
            decisions[line.position] = leads.RELEASED if line.position in positions else leads.WITHHELD
        if line.position not in positions:
            continue
        why = _kept_back(line, points, is_there=line.rank in there)
        if why:
            raise InvalidRequestError(f"Candidate {line.position} cannot be released: {why}")
    return decisions


def _kept_back(line: LeadLine, points: Direction | None, *, is_there: bool) -> str:
    if line.excluded_by is not None:
        return f"for this case it is not this person, by the review {line.excluded_by}."
    if not is_there:
        return "it was erased."
    if points is Direction.DIFFERENT:
        return "the examiners agree that it is another person."
    if points is Direction.NONE:
        return "the examiners agree that nothing can be said of it."
    return ""
