"""What several examinations say together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from recognizance.review.components import ComponentFinding, problem_with
from recognizance.review.conclusions import CONCLUSIONS, Direction, direction
from recognizance.review.states import AGREED, DISPUTED, OPEN


@dataclass(frozen=True, slots=True)
class Judged:
    """One candidate, as one examiner judges it: the components, and what follows from them."""

    position: int
    conclusion: str
    components: tuple[ComponentFinding, ...] = ()
    note: str = ""


def incomplete(judged: Sequence[Judged], positions: Collection[int]) -> str:
    """Say what keeps an examination from being whole; empty if nothing does.

    Every candidate is concluded on, once; components and conclusion are words of ours.
    """
    named = [each.position for each in judged]
    for position in named:
        if position not in positions:
            return f"There is no candidate {position} to examine."
        if named.count(position) > 1:
            return f"Candidate {position} is concluded on twice."
    missing = sorted(set(positions) - set(named))
    if missing:
        told = ", ".join(map(str, missing))
        return f"There is no conclusion on candidate {told}: all are examined before any is concluded on."
    for each in judged:
        if each.conclusion not in CONCLUSIONS:
            return f"{each.conclusion!r} is no conclusion; there are {', '.join(CONCLUSIONS)}."
        if problem := problem_with(list(each.components)):
            return f"Candidate {each.position}: {problem}"
    return ""


def agree(conclusions: Sequence[str]) -> Direction | None:
    """Tell which way all conclusions on one candidate point; None if they do not agree, or there is none."""
    directions = {direction(each) for each in conclusions}
    return directions.pop() if len(directions) == 1 else None


def decided(conclusions: Mapping[int, Sequence[str]], *, examinations: int, wanted: int) -> str:
    """Tell the state of a lead.

    Parameters
    ----------
    conclusions : mapping of int to sequence of str
        By position of the candidate: what each examiner concluded.
    examinations, wanted : int
        How many have concluded, and how many have to.
    """
    if examinations < wanted:
        return OPEN
    return AGREED if all(agree(each) is not None for each in conclusions.values()) else DISPUTED
