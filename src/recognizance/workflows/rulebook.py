"""The rules in force, ready to decide: as the record has them, whatever the folders of packs hold by now."""

import logging
import threading
from dataclasses import dataclass, replace

from recognizance.ledger import Value
from recognizance.policy import (
    Allowed,
    Applied,
    BrokenPack,
    Judgement,
    Pack,
    PackText,
    Reason,
    Referred,
    Refused,
    RequestFacts,
    ResultFacts,
    judge,
    judge_result,
    policy_digest,
    read_or_refuse,
)
from recognizance.policy.floors import thousandths
from recognizance.policy.packs import demands_of_packs, strictest
from recognizance.records import RecordStore, Transaction, policies
from recognizance.records.policies import ENFORCE, OBSERVE, EnabledPack, PolicyRow
from recognizance.workflows.rules_logged import remember, rules_by_log

_log = logging.getLogger(__name__)

NOT_KEPT = "The record has not kept which rules are in force as they were."

NOT_AS_LOGGED = Reason(
    "standing/rules-as-logged",
    "The rules in force on record are not those that the log says were put in force last, so nothing is permitted.",
    "Two persons can put rules in force again: `recognizance policy enable ID --request`, or `policy mode observe "
    "--request`. Tell those who oversee the log: somebody has written to the database past the server.",
)

NOTHING_ON = PolicyRow(0, policy_digest(OBSERVE, ()), OBSERVE, (), None, None)
"""A new installation."""

DECISIONS = {Allowed: "allowed", Referred: "referred", Refused: "refused"}


@dataclass(frozen=True, slots=True)
class InForce:
    """Rules in force, and the packs that are on, as read.

    ``as_logged`` is False where the log says that others are in force: nothing is permitted by these.
    """

    row: PolicyRow
    packs: tuple[Pack | BrokenPack, ...]
    as_logged: bool = True

    @property
    def binds(self) -> bool:
        """Whether what the packs say is done, and not only recorded."""
        return self.row.mode == ENFORCE

    def rule(self, facts: RequestFacts) -> "Ruling":
        """Judge a request.  Where nothing binds and no pack is on, nothing is said against it."""
        if not self.as_logged:
            judgement = Judgement(Refused((NOT_AS_LOGGED,)), Applied(facts.threshold_percent, facts.candidates_max))
        elif not self.packs and not self.binds:
            judgement = Judgement(Allowed(()), Applied(facts.threshold_percent, facts.candidates_max))
        else:
            judgement = judge(self.packs, facts)
        return Ruling(self, facts, judgement)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules in force say of one act.

    ``result`` is None until the act has one.
    """

    by: InForce
    facts: RequestFacts
    judgement: Judgement
    result: ResultFacts | None = None

    @property
    def threshold_percent(self) -> float | None:
        """The threshold that holds: floors count where the packs bind."""
        return self.judgement.applied.threshold_percent if self.by.binds else self.facts.threshold_percent

    @property
    def candidates_max(self) -> int | None:
        """The limit that holds, as `threshold_percent` does."""
        return self.judgement.applied.candidates_max if self.by.binds else self.facts.candidates_max

    @property
    def decision(self) -> str:
        """What the packs say, whether or not it binds: ``allowed``, ``referred`` or ``refused``."""
        return DECISIONS[type(self.judgement.decision)]

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that say so, and the floors that were applied."""
        reasons = (*self.judgement.decision.reasons, *self.judgement.applied.raised)
        return tuple(dict.fromkeys(reason.rule for reason in reasons))

    @property
    def referral(self) -> tuple[Reason, ...]:
        """Why the result has to be reviewed before it is released; empty if it need not."""
        if self.by.binds and isinstance(self.judgement.decision, Referred):
            return self.judgement.decision.reasons
        return ()

    @property
    def refusal(self) -> tuple[Reason, ...]:
        """Why the act must not be done; empty if it may."""
        if self.by.binds and isinstance(self.judgement.decision, Refused):
            return self.judgement.decision.reasons
        return ()

    def with_result(self, result: ResultFacts) -> "Ruling":
        """Judge again, now that the result is there; it can only become stricter.

        What is withheld is not: which rules are named, and where, must not depend on what was found.
        """
        before = self.judgement
        if not self.by.packs or (before.review is not None and before.review.withhold):
            return replace(self, result=result)
        after = judge_result(self.by.packs, self.facts, before.applied, result)
        # What permits an act is named once: consent to its release adds nothing.
        both = [before.decision] if isinstance(after.decision, Allowed) else [before.decision, after.decision]
        by_pack = {
            name: strictest([decision, after.by_pack[name]]) if name in after.by_pack else decision
            for name, decision in before.by_pack.items()
        }
        review = demands_of_packs([pack for pack in self.by.packs if isinstance(pack, Pack)], by_pack)
        judgement = Judgement(strictest(both), before.applied, review, by_pack)
        return replace(self, judgement=judgement, result=result)

    def details(self) -> dict[str, Value]:
        """Say it for an entry.  Where the packs bind, the entry's own decision and rules are theirs."""
        found: dict[str, Value] = {"mode": self.by.row.mode, "policy": self.by.row.digest}
        if self.facts.threshold_percent is not None:
            found["threshold_percent_thousandths"] = thousandths(self.facts.threshold_percent)
            found["threshold_applied_percent_thousandths"] = thousandths(self.threshold_percent)
        if self.facts.candidates_max is not None:
            found["limit"], found["limit_applied"] = self.facts.candidates_max, self.candidates_max
        if self.by.packs and not self.by.binds:
            found["observed"], found["observed_rules"] = self.decision, list(self.rules)
        return found


NOTHING_IN_FORCE = InForce(NOTHING_ON, ())


class Rulebook:
    """Reads the rules in force from the record, and keeps packs parsed by their digests.

    The record is asked for each act, so that a change counts for every server at once.
    """

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: tuple[tuple[int, str] | None, InForce] | None = None
        self._parsed: dict[str, Pack] = {}

    def in_force(self) -> InForce:
        """Give the rules in force now."""
        with self._store.read() as tx:
            return self.in_force_in(tx)

    def in_force_in(self, tx: Transaction) -> InForce:
        """Give the rules in force as a transaction sees them."""
        newest = policies.newest(tx)
        kept = self._kept
        if kept is None or kept[0] != newest:
            kept = self._kept = (newest, self._read_newest(tx, newest, rules_by_log(tx)))
        return kept[1]

    def look(self) -> bool:
        """Hold the rules in force against the log, whatever was read before; return whether they are those it names.

        What the log says is kept, so that the next look reads no further back.
        """
        with self._store.write() as tx:
            newest, logged = policies.newest(tx), rules_by_log(tx)
            remember(tx, logged)
            in_force = self._read_newest(tx, newest, logged)
        self._kept = newest, in_force
        if not in_force.as_logged:
            _log.error("%s %s", NOT_AS_LOGGED.explanation, NOT_AS_LOGGED.remedy)
        return in_force.as_logged

    def _read_newest(self, tx: Transaction, newest: tuple[int, str] | None, logged: str | None) -> InForce:
        found = NOTHING_IN_FORCE if newest is None else self.read(tx, policies.get(tx, newest[0]))
        if logged == (None if newest is None else newest[1]):
            return found
        return InForce(replace(found.row, mode=ENFORCE), found.packs, as_logged=False)

    def read(self, tx: Transaction, row: PolicyRow) -> InForce:
        """Read rules as they were in force once.

        Where the record has not kept which packs were on, or whether they bound, nothing is permitted by them.
        """
        if policy_digest(row.mode, ((pack.id, pack.digest) for pack in row.packs)) != row.digest:
            broken = tuple(BrokenPack(pack.id, pack.digest, (NOT_KEPT,)) for pack in row.packs)
            return InForce(replace(row, mode=ENFORCE), broken)
        return InForce(row, tuple(self._pack(tx, pack) for pack in row.packs))

    def then(self, tx: Transaction, digest: str) -> InForce:
        """Give the rules that a search or an entry names.

        Raises
        ------
        NotFoundError
        """
        return self.read(tx, NOTHING_ON if digest == NOTHING_ON.digest else policies.by_digest(tx, digest))

    def _pack(self, tx: Transaction, pack: EnabledPack) -> Pack | BrokenPack:
        with self._lock:
            known: Pack | BrokenPack | None = self._parsed.get(pack.digest)
            if known is None:
                known = _read(tx, pack)
                if isinstance(known, Pack):
                    self._parsed[pack.digest] = known
        return known


def _read(tx: Transaction, pack: EnabledPack) -> Pack | BrokenPack:
    kept = policies.text_of(tx, pack.digest)
    text = None if kept is None else PackText(kept.description, kept.rules)
    if text is None or text.digest != pack.digest:
        return BrokenPack(pack.id, pack.digest, ("The record has not kept what they say as it was.",))
    return read_or_refuse(pack.id, text)
