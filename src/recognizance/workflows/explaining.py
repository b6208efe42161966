"""Explain decisions: of a situation that is only thought of, and of what was decided."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.policy import BrokenPack, Pack, Reason, RequestFacts, read_facts, spell_facts
from recognizance.policy.facts import BIOMETRIC, KNOWN_VALUES
from recognizance.records import Transaction, galleries, searches
from recognizance.workflows.act import Act
from recognizance.workflows.pack_folders import usable
from recognizance.workflows.place import Workplace, failures_recorded, permit, record
from recognizance.workflows.policies import READING
from recognizance.workflows.rulebook import DECISIONS, NOTHING_ON, InForce, Ruling
from recognizance.workflows.withholding import withheld_entries

REPLAYING = "replay"
"""The act of looking into what others did, for which standing is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A request that is only thought of; see `RequestFacts`.

    What of the operator is None is as it is for who asks.
    """

    operation: str
    roles: frozenset[str] | None = None
    agency: str | None = None
    training: str | None = None
    training_kind: str | None = None
    in_session: bool = False
    purpose: str | None = None
    purpose_basis: str | None = None
    offence: str | None = None
    case: str | None = None
    authority_kind: str | None = None
    authority_state: str = "none"
    source: str = "unstated"
    edits: frozenset[str] | None = None
    gallery: str | None = None
    threshold_percent: float | None = None
    candidates_max: int | None = None
    targets: int = 0
    attributes: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and why.

    Attributes
    ----------
    decision : str
        What the packs say: ``allowed``, ``referred`` or ``refused``; of an entry, what came of the act.
    binds : bool
        Whether it was done, and not only recorded.
    reasons : tuple of Reason
        The rules that decided; ``raised`` the floors that were applied.
    ruling : Ruling or None
        What each pack says, where the facts are known.
    search, entry : str and int, or None
        What it was recorded with.
    """

    decision: str
    mode: str
    policy: str
    binds: bool
    reasons: tuple[Reason, ...]
    raised: tuple[Reason, ...] = ()
    ruling: Ruling | None = None
    search: str | None = None
    entry: int | None = None

    @property
    def by_pack(self) -> dict[str, tuple[str, tuple[Reason, ...]]]:
        """What each pack says, and its reasons, by its id."""
        if self.ruling is None:
            return {}
        judged = self.ruling.judgement.by_pack
        return {name: (DECISIONS[type(decision)], decision.reasons) for name, decision in judged.items()}

    @property
    def facts(self) -> str | None:
        """What was decided on, as JSON; None if it is not known."""
        if self.ruling is None:
            return None
        return json.dumps(spell_facts(self.ruling.facts, self.ruling.result), sort_keys=True)


@failures_recorded(READING)
def explain_situation(
    place: Workplace, act: Act, situation: Situation, pack: str | None = None
) -> tuple[Explanation, int]:
    """Say what the rules in force, or one pack, would say of a request now; recorded.  Nothing is done.

    Parameters
    ----------
    pack : str, optional
        The pack to ask, on or not, instead of those that are on; it is asked as if it were enforced.

    Raises
    ------
    InvalidRequestError
        If packs are not asked about such acts, or a fact cannot be as said.
    NotFoundError, PackError
    """
    permitted = permit(place, act, READING)
    if situation.operation not in BIOMETRIC:
        acts = ", ".join(sorted(BIOMETRIC))
        raise InvalidRequestError(
            f"Rule packs are not asked about the act {situation.operation!r}.", f"Name one of {acts}."
        )
    for name, words in KNOWN_VALUES.items():
        value = getattr(situation, name)
        if value is not None and value not in words:
            raise InvalidRequestError(f"{value!r} is no {name.replace('_', ' ')}.", f"Name one of {', '.join(words)}.")
    in_force = place.rulebook.in_force() if pack is None else alone(usable(place.packs.find(pack)))
    ruling = in_force.rule(_facts(place, act, situation, permitted.time))
    with place.store.write() as tx:
        entry = record(tx, permitted, {"explained": "situation", "policy": in_force.row.digest})
    return _explained(ruling), entry


@failures_recorded(READING)
def explain_search(place: Workplace, act: Act, search: str) -> tuple[Explanation, int]:
    """Say why a search was decided as it was, by the rules as they were then; recorded.

    Operators may ask about their own searches, and are not told what was found; about others', who may replay, and what
    was found only where no review withholds it from them.

    Raises
    ------
    NotFoundError
    """
    with place.store.read() as tx:
        own = searches.get(tx, search).operator == act.operator
    permitted = permit(place, act, READING if own else REPLAYING, recorded_as=READING)
    with place.store.write() as tx:
        found = searches.get(tx, search)
        if found.policy is None or found.facts is None:
            raise NotFoundError(f"The search {search} was made before there were rule packs.")
        in_force = place.rulebook.then(tx, found.policy)
        facts, result = read_facts(found.facts)
        if withheld_entries(tx, act, [found.entry_index]):
            result = None
        ruling = in_force.rule(facts)
        if result is not None:
            ruling = ruling.with_result(result)
        if own:  # it may be withheld from them
            ruling = replace(ruling, result=None)
        explanation = _explained(ruling)
        explanation = replace(
            explanation,
            decision=found.decision or explanation.decision,
            search=found.id,
            entry=found.entry_index,
        )
        return explanation, record(tx, permitted, {"explained": "search", "search": search})


@failures_recorded(READING)
def explain_entry(place: Workplace, act: Act, index: int) -> tuple[Explanation, int]:
    """Say why an act was decided as its entry says; recorded.

    Operators may ask about their own acts; about others', who may replay.

    Raises
    ------
    NotFoundError
    """
    with place.store.read() as tx:
        body = json.loads(place.ledger.entry(tx, index))
        search = searches.id_at(tx, index)
    if search is not None:
        return explain_search(place, act, search)
    permitted = permit(place, act, READING if body["operator"] == act.operator else REPLAYING, recorded_as=READING)
    with place.store.write() as tx:
        entry = record(tx, permitted, {"explained": "entry", "explained_entry": index})
        return replace(_of_entry(place, tx, body), entry=index), entry


def _facts(place: Workplace, act: Act, situation: Situation, now: datetime) -> RequestFacts:
    operator = place.roster.operator(act.operator)
    with place.store.read() as tx:
        number = galleries.find_number(tx, situation.gallery) if situation.gallery is not None else None
    own = {
        "roles": operator.roles_for(number),
        "agency": operator.agency,
        "training": operator.training(now),
        "training_kind": operator.training_kind or "",
    }
    said = {name: value for name, value in asdict(situation).items() if name not in own or value is not None}
    return RequestFacts(**{**own, **said, "operator": operator.id, "active": True, "time": now})


def alone(pack: Pack | BrokenPack) -> InForce:
    """Give rules as if one pack were on by itself, and enforced."""
    return InForce(replace(NOTHING_ON, mode="enforce", digest=pack.digest), (pack,))


def _of_entry(place: Workplace, tx: Transaction, body: dict[str, Any]) -> Explanation:
    details = body["details"]
    # The entry of a change of rules names those that it made.
    digest = details.get("policy", NOTHING_ON.digest)
    in_force = place.rulebook.then(tx, digest)
    observed = details.get("observed")
    return Explanation(
        decision=observed or body["decision"],
        mode=in_force.row.mode,
        policy=digest,
        binds=observed is None,
        reasons=tuple(_worded(in_force.packs, rule) for rule in details.get("observed_rules", body["rules"])),
    )


def _worded(packs: Sequence[Pack | BrokenPack], rule: str) -> Reason:
    """Find the words of a rule; those of the rules that always bind were said when they refused."""
    name, _, part = rule.rpartition("/")
    for pack in packs:
        if isinstance(pack, Pack) and pack.id == name and any(each.id == part for each in pack.worded):
            return pack.reason(part)
    return Reason(rule, "", pack=name)


def _explained(ruling: Ruling) -> Explanation:
    return Explanation(
        decision=ruling.decision,
        mode=ruling.by.row.mode,
        policy=ruling.by.row.digest,
        binds=ruling.by.binds,
        reasons=ruling.judgement.decision.reasons,
        raised=ruling.judgement.applied.raised,
        ruling=ruling,
    )
