"""What the packs that are on say of a request: each by itself, and all together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recognizance.policy.cedar import ASK, RELEASE, Question, Verdict, put_question
from recognizance.policy.context import NO_RESULT, act_for, request_context, result_context
from recognizance.policy.decision import Allowed, Decision, Reason, Referred, Refused
from recognizance.policy.facts import RequestFacts, ResultFacts
from recognizance.policy.floors import Applied, apply_floors
from recognizance.policy.pack import NOTHING_PERMITS, BrokenPack, Pack, ReviewDemands, undecided

NO_PACK = Reason(
    "standing/no-pack",
    "The rules are enforced, and no rule pack is on, so nothing permits this.",
    "Two persons can switch one on: `recognizance policy enable ID --request`.",
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all packs together say of a request.

    Attributes
    ----------
    decision : Decision
        The strictest, with the reasons of every pack that is as strict.
    applied : Applied
        The threshold and limit that hold.
    review : ReviewDemands or None
        What is to become of a referred result, by the strictest demands of the packs that refer it.
    by_pack : mapping of str to Decision
        What each says alone.
    """

    decision: Decision
    applied: Applied
    review: ReviewDemands | None = None
    by_pack: Mapping[str, Decision] = field(default_factory=dict)


def judge(packs: Sequence[Pack | BrokenPack], facts: RequestFacts) -> Judgement:
    """Decide a request before any biometric work, by its own facts alone.

    Without packs it is refused: nothing permits it.
    """
    sound = [pack for pack in packs if isinstance(pack, Pack)]
    applied = apply_floors(sound, facts)
    questions = _Questions(facts, applied)
    by_pack = {pack.id: _judge_pack(pack, questions, applied) for pack in packs}
    decision = strictest(list(by_pack.values())) if by_pack else Refused((NO_PACK,))
    return Judgement(decision, applied, demands_of_packs(sound, by_pack), by_pack)


def _judge_pack(pack: Pack | BrokenPack, questions: "_Questions", applied: Applied) -> Decision:
    if isinstance(pack, BrokenPack):
        return Refused((undecided(pack.id, " ".join(pack.problems)),))
    too_low = tuple(reason for reason in applied.refused if reason.pack == pack.id)
    may_it_be_done, may_it_go_out = questions.of(pack)
    ask = pack.rules.judge(may_it_be_done)
    if not ask.allowed:
        return Refused((*_reasons(pack, ask), *too_low))
    if too_low:
        return Refused(too_low)
    release = pack.rules.judge(may_it_go_out)
    if release.failure:
        return Refused(_reasons(pack, release))
    if not release.allowed:
        return Referred(_reasons(pack, release))
    return Allowed(_reasons(pack, ask))


def judge_result(
    packs: Sequence[Pack | BrokenPack], facts: RequestFacts, applied: Applied, result: ResultFacts
) -> Judgement:
    """Decide, once the result is there, whether it may go out without a review: Allowed or Referred.

    Packs that withhold are not asked again: by the answer, everybody could tell what was found.  Nor are those that do
    not look at the result: they would say the same.  What cannot be decided is Refused.
    """
    sound = [pack for pack in packs if isinstance(pack, Pack) and pack.rules.reads_result]
    sound = [pack for pack in sound if not pack.about.review.withhold]
    questions = _Questions(facts, applied, result)
    by_pack: dict[str, Decision] = {}
    for pack in sound:
        release = pack.rules.judge(*questions.of(pack))
        reasons = _reasons(pack, release)
        by_pack[pack.id] = (
            Refused(reasons) if release.failure else Allowed(reasons) if release.allowed else Referred(reasons)
        )
    decision = strictest(list(by_pack.values())) if by_pack else Allowed(())
    return Judgement(decision, applied, demands_of_packs(sound, by_pack), by_pack)


class _Questions:
    """The questions about one request, each written once for all packs that it is the same for.

    Without a result: may it be done, and may the result go out?  With one: may it go out?
    """

    def __init__(self, facts: RequestFacts, applied: Applied, result: ResultFacts | None = None) -> None:
        self._facts, self._applied, self._result = facts, applied, result
        self._written: dict[str, list[Question]] = {}

    def of(self, pack: Pack) -> list[Question]:
        """Give the questions for a pack."""
        act = act_for(pack, self._facts)
        if act not in self._written:
            self._written[act] = self._write(request_context(act, self._facts, self._applied))
        return self._written[act]

    def _write(self, context: dict[str, Any]) -> list[Question]:
        concerned = (self._facts.operator, self._facts.gallery or "-")
        if self._result is not None:
            return [put_question(RELEASE, {**context, "result": result_context(self._result)}, *concerned)]
        return [
            put_question(ASK, context, *concerned),
            put_question(RELEASE, {**context, "result": NO_RESULT}, *concerned),
        ]


def strictest(decisions: Sequence[Decision]) -> Decision:
    """Combine decisions: the strictest wins, and all that are as strict are named.

    Without any there is nothing that permits, which is not decided here: the caller has to.
    """
    for kind in (Refused, Referred, Allowed):
        reasons = tuple(reason for each in decisions if isinstance(each, kind) for reason in each.reasons)
        if any(isinstance(each, kind) for each in decisions):
            return kind(reasons)
    raise ValueError("no decision to choose from")


def _reasons(pack: Pack, verdict: Verdict) -> tuple[Reason, ...]:
    if verdict.failure:
        return (undecided(pack.id, verdict.failure),)
    return tuple(pack.reason(name) for name in verdict.rules or (NOTHING_PERMITS,))


def demands_of_packs(packs: Sequence[Pack], by_pack: Mapping[str, Decision]) -> ReviewDemands | None:
    """Combine what the packs that refer ask of a review, by what each says: the strictest of each."""
    demands = [pack.about.review for pack in packs if isinstance(by_pack.get(pack.id), Referred)]
    if not demands:
        return None
    return ReviewDemands(
        withhold=any(each.withhold for each in demands),
        blind=any(each.blind for each in demands),
        hide_similarity=any(each.hide_similarity for each in demands),
        examiners=max(each.examiners for each in demands),
        statement="\n".join(dict.fromkeys(each.statement for each in demands if each.statement)),
        close_on_match_alone=all(each.close_on_match_alone for each in demands),
        targets_max=min((each.targets_max for each in demands if each.targets_max is not None), default=None),
    )
