"""Answers to the operations on reviews, on outcomes, and on recorded searches."""

from collections.abc import Mapping
from typing import Any

from recognizance.native import review_shapes as shapes
from recognizance.review import ComponentFinding, Judged
from recognizance.wire import Answer, Call
from recognizance.wire.desk import Desk, act_of, answer
from recognizance.workflows import outcomes, reviewing, searched


def list_reviews(desk: Desk, call: Call) -> Answer:
    """Answer ListReviews."""
    found, entry = reviewing.queue(desk.place, act_of(call))
    return answer({"Reviews": [shapes.review(seen) for seen in found]}, entry)


def open_review(desk: Desk, call: Call) -> Answer:
    """Answer OpenReview."""
    opened, entry = reviewing.open_review(desk.place, act_of(call), call.input["ReviewId"])
    return answer(
        {
            "Review": shapes.review(opened.seen),
            "Probe": list(opened.probe),
            "Candidates": [
                {"Position": line.position, "Pictures": list(opened.candidates.get(line.position, ()))}
                for line in opened.seen.candidates
            ],
        },
        entry,
    )


def conclude_review(desk: Desk, call: Call) -> Answer:
    """Answer ConcludeReview."""
    seen, entry = reviewing.conclude(
        desk.place,
        act_of(call),
        call.input["ReviewId"],
        [_judged(each) for each in call.input["Findings"]],
        stated=call.input.get("Stated", False),
    )
    return answer({"Review": shapes.review(seen)}, entry)


def release_review(desk: Desk, call: Call) -> Answer:
    """Answer ReleaseReview."""
    seen, entry = reviewing.release(
        desk.place,
        act_of(call),
        call.input["ReviewId"],
        call.input["Positions"],
        call.input.get("Reason", ""),
        not_this_person=call.input.get("NotThisPerson", ()),
    )
    return answer({"Review": shapes.review(seen)}, entry)


def show_review(desk: Desk, call: Call) -> Answer:
    """Answer ShowReview."""
    seen, entry = reviewing.show(desk.place, act_of(call), call.input["ReviewId"])
    return answer({"Review": shapes.review(seen)}, entry)


def record_outcome(desk: Desk, call: Call) -> Answer:
    """Answer RecordOutcome."""
    row, entry = outcomes.record_outcome(
        desk.place,
        act_of(call),
        call.input["Outcome"],
        call.input.get("Note", ""),
        case=call.input.get("Case"),
        review=call.input.get("ReviewId"),
    )
    return answer({"Outcome": shapes.outcome(row)}, entry)


def get_search(desk: Desk, call: Call) -> Answer:
    """Answer GetSearch."""
    found, entry = searched.show_search(desk.place, act_of(call), call.input["SearchId"])
    return answer({"Search": shapes.recorded(found)}, entry)


OPERATIONS = {
    "ListReviews": list_reviews,
    "OpenReview": open_review,
    "ConcludeReview": conclude_review,
    "ReleaseReview": release_review,
    "ShowReview": show_review,
    "RecordOutcome": record_outcome,
    "GetSearch": get_search,
}


def _judged(item: Mapping[str, Any]) -> Judged:
    return Judged(
        position=item["Position"],
        conclusion=item["Conclusion"],
        components=tuple(
            ComponentFinding(each["Component"], each["Finding"], each.get("Note", ""))
            for each in item.get("Components", ())
        ),
        note=item.get("Note", ""),
    )
