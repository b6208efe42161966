"""Try a pack: what it would have said of the searches on record."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from recognizance.ledger import Value
from recognizance.policy import Allowed, Pack, Refused, read_facts
from recognizance.records import decided_searches, policies
from recognizance.records.decided_searches import DecidedSearch
from recognizance.records.policies import ENFORCE
from recognizance.workflows.act import Act
from recognizance.workflows.explaining import REPLAYING, alone
from recognizance.workflows.pack_folders import usable
from recognizance.workflows.place import Workplace, failures_recorded, permit, record

PAGE = 2_000
"""How many searches are judged for one answer: about a second's work."""


@dataclass(slots=True)
class Tried:
    """What a pack would have said of some searches.

    Attributes
    ----------
    digest : str
        Of the pack.
    total : int or None
        How many searches there are from the first page on; None on later pages.
    judged : int
        How many were judged; ``unknown`` more could not be: they are from before what they were decided on was kept.
    decisions : Counter
        By ``allowed``, ``referred`` and ``refused``.
    rules : Counter
        How often each rule refers or refuses, or raised a threshold, by its id.
    raised : int
        In how many searches the threshold would have been raised, or the list cut.
    lost : int
        How many had candidates, and would have had none: their best is below the floor.
    next_entry : int or None
        After which entry to go on; None at the end.
    """

    digest: str
    total: int | None = None
    judged: int = 0
    unknown: int = 0
    raised: int = 0
    lost: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    next_entry: int | None = None


@failures_recorded("replay")
def try_pack(
    place: Workplace,
    act: Act,
    identifier: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after_entry: int | None = None,
) -> tuple[Tried, int]:
    """Judge the next searches on record by a pack of a folder, as if it had been enforced by itself; recorded.

    What was found counts as it was found; of a search whose best candidate is below a floor, nothing would have been.

    Parameters
    ----------
    since, until : datetime, optional
        Of which time; both are included.
    after_entry : int, optional
        `Tried.next_entry` of the page before; None for the first.

    Raises
    ------
    NotFoundError, PackError
    """
    permitted = permit(place, act, REPLAYING)
    pack = usable(place.packs.find(identifier))
    with place.store.read() as tx:
        start = -1 if after_entry is None else after_entry
        page = decided_searches.list_page(tx, after_entry=start, limit=PAGE, since=since, until=until)
        binding = {row.digest for row in policies.list_all(tx) if row.mode == ENFORCE}
        total = decided_searches.count(tx, since=since, until=until) if after_entry is None else None
    tried = judge_again(pack, page, binding)
    tried.total = total
    tried.next_entry = page[-1].entry_index if len(page) == PAGE else None
    details: dict[str, Value] = {"pack": pack.id, "pack_digest": pack.digest, "searches": len(page)}
    with place.store.write() as tx:
        return tried, record(tx, permitted, details)


def judge_again(pack: Pack, page: Iterable[DecidedSearch], binding: Collection[str]) -> Tried:
    """Judge searches by a pack.

    Parameters
    ----------
    binding : collection of str
        Digests of rules that were enforced.  What was referred under them may be withheld, so that what it found does
        not count: nobody learns it by trying packs.
    """
    rules = alone(pack)
    tried = Tried(pack.digest)
    for search in page:
        if search.facts is None:
            tried.unknown += 1
            continue
        facts, result = read_facts(search.facts)
        if search.decision == "referred" and search.policy in binding:
            result = None
        ruling = rules.rule(facts)
        applied, decision = ruling.judgement.applied, ruling.judgement.decision
        if result is not None and _is_below(result.best_percent, applied.threshold_percent):
            tried.lost += 1
            result = replace(result, candidates=0, best_percent=None)
        if result is not None and not isinstance(decision, Refused):
            ruling = ruling.with_result(result)
            decision = ruling.judgement.decision
        tried.judged += 1
        tried.decisions[ruling.decision] += 1
        tried.raised += bool(applied.raised)
        named = (*applied.raised, *(() if isinstance(decision, Allowed) else decision.reasons))
        tried.rules.update(reason.rule for reason in named)
    return tried


def _is_below(percent: float | None, floor: float | None) -> bool:
    return percent is not None and floor is not None and percent < floor
