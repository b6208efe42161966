"""Reviews of what a search found, before anybody acts on it.  Pure: no I/O, no clock."""

from recognizance.review.components import COMPONENTS, FINDINGS, ComponentFinding
from recognizance.review.conclusions import CONCLUSIONS, Conclusion, Direction
from recognizance.review.examination import Judged, agree, decided, incomplete
from recognizance.review.outcomes import INDEPENDENT_EVIDENCE, OUTCOMES
from recognizance.review.reviewers import Standing, objection_to_examiner, objection_to_releaser
from recognizance.review.states import AGREED, DELETED, DISPUTED, OPEN, RELEASED, UNDECIDED
from recognizance.review.terms import ReviewTerms
from recognizance.review.ways_out import WAYS_OUT, WayOut

__all__ = [
    "AGREED",
    "COMPONENTS",
    "CONCLUSIONS",
    "DELETED",
    "DISPUTED",
    "FINDINGS",
    "INDEPENDENT_EVIDENCE",
    "OPEN",
    "OUTCOMES",
    "RELEASED",
    "UNDECIDED",
    "WAYS_OUT",
    "ComponentFinding",
    "Conclusion",
    "Direction",
    "Judged",
    "ReviewTerms",
    "Standing",
    "WayOut",
    "agree",
    "decided",
    "incomplete",
    "objection_to_examiner",
    "objection_to_releaser",
]
