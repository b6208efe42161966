"""What a decision by rule packs costs, beside the search that it decides; and how long trying a pack takes.

    python benchmarks/policy.py [--packs FOLDER] [--rounds 300] [--searches 100000] [--json FILE]

Bars: with three packs on, a decision takes less than 3 ms (median) and less than 5 % of a search by photograph; trying
a pack on 100,000 recorded searches takes under 5 minutes.  With every pack on a decision is measured too.

A decision is all that rule packs add to a search: reading which rules are in force, judging the request, and judging
again with the result.  Decisions take turns with whole searches of one server's workplace, over a small gallery and
photographs of LFW's size, so that a busy neighbour slows both alike; the searches hold a decision too.  Packs are those
that are shipped, unless ``--packs`` names a folder.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

import ledger_cost
import ledger_processes
import samples
from pipeline import make_photographs
from recognizance import bootstrap
from recognizance.biometrics import QualityLevel
from recognizance.ledger import Entry
from recognizance.policy import Pack, RequestFacts, ResultFacts, policy_digest, spell_facts
from recognizance.records import galleries, policies, references, searches
from recognizance.records.policies import ENFORCE, OBSERVE, EnabledPack
from recognizance.settings import Settings, read_settings
from recognizance.workflows import first_start
from recognizance.workflows.act import Act
from recognizance.workflows.bench.material import unit_rows
from recognizance.workflows.place import Workplace
from recognizance.workflows.rulebook import Rulebook
from recognizance.workflows.search import REFERENCES, search_by_photograph

GALLERY, SIZE = "people", 1_000
BAR_DECISION_MS, BAR_SHARE, BAR_TRY_S = 3.0, 0.05, 300.0
FEW = 3
AT_ONCE = 1_000


def facts(number: int = 0) -> RequestFacts:
    """Make a request that most packs permit."""
    return RequestFacts(
        operator="ada",
        roles=frozenset({"investigator"}),
        active=True,
        operation="search",
        time=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        training="current",
        in_session=True,
        gallery=GALLERY,
        threshold_percent=float(80 + number % 20),
        purpose="theft",
        purpose_basis="statute",
        case="2026-17",
        case_open=True,
        offence="stalking",
        authority_kind="warrant",
        authority_state="valid",
        source="still",
        edits=frozenset(),
        candidates_max=20,
    )


def switch_on(place: Workplace, packs: list[Pack], mode: str = OBSERVE) -> None:
    """Put packs in force."""
    now = datetime.now(UTC)
    with place.store.write() as tx:
        for pack in packs:
            policies.keep_text(tx, pack.digest, pack.id, pack.text.description, pack.text.rules)
        on = [EnabledPack(pack.id, pack.digest, now, "ada") for pack in packs]
        digest = policy_digest(mode, ((pack.id, pack.digest) for pack in packs))
        policies.put(tx, digest=digest, mode=mode, packs=on, since=now, set_by="ada")
        place.ledger.append(tx, Entry("policy", now, "ada", "allowed", (), {"policy": digest}))


def decide(rulebook: Rulebook) -> None:
    """Decide a search as the workflow does."""
    rulebook.in_force().rule(facts()).with_result(ResultFacts(3, 97.0, 60.0, 70.0, 120.0, SIZE))


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds that something takes, and those that this thread worked for it."""
    began, worked = time.perf_counter(), time.thread_time()
    work()
    return (time.perf_counter() - began) * 1e3, (time.thread_time() - worked) * 1e3


def furnish(place: Workplace, dimension: int) -> None:
    """Make a small gallery."""
    now, dice = datetime.now(UTC), np.random.default_rng(1)
    with place.store.write() as tx:
        row = galleries.create(
            tx,
            GALLERY,
            model=place.engine.model,
            calibration=place.calibration.digest,
            keep_photographs=False,
            created_at=now,
        )
        references.add_many(
            tx, row.id, [ledger_cost.reference(vector, now) for vector in unit_rows(dice, SIZE, dimension)]
        )


def measure(settings: Settings, packs: list[Pack], rounds: int) -> dict[str, Any]:
    """Let decisions, with few packs and with all, take turns with searches."""
    photographs = itertools.cycle(make_photographs(20))
    taken: dict[str, list[tuple[float, float]]] = {"search": [], "few": [], "all": []}
    with bootstrap.open_place(settings) as place:
        furnish(place, bootstrap.template_dimension(settings))
        with place.store.read() as tx:
            key = first_start.administrator_key(tx)
        if key is None:
            raise AssertionError("a new record has an administrator")
        act = Act(first_start.ADMINISTRATOR, key.access_key_id, "SearchFacesByImage", "benchmark")

        def search() -> None:
            data = next(photographs)
            search_by_photograph(
                place,
                act,
                GALLERY,
                lambda: (data, 5_242_880),
                among=REFERENCES,
                limit=20,
                threshold_percent=80.0,
                quality=QualityLevel.NONE,
            )

        switch_on(place, packs, ENFORCE)
        everything = Rulebook(place.store)
        decide(everything)
        for number in range(rounds):
            switch_on(place, packs, ENFORCE)
            decide(everything)  # parsed and kept, as in a server that goes on
            taken["all"].append(timed(lambda: decide(everything)))
            switch_on(place, packs[:FEW])
            decide(place.rulebook)
            if not number:
                search()
            taken["few"].append(timed(lambda: decide(place.rulebook)))
            taken["search"].append(timed(search))
    figures: dict[str, Any] = {"packs": len(packs)}
    for name, times in taken.items():
        figures[f"{name}_ms"], figures[f"{name}_cpu_ms"] = (
            statistics.median(each) for each in zip(*times, strict=True)
        )
    return {**figures, "share": figures["few_ms"] / figures["search_ms"]}


def keep_searches(settings: Settings, number: int) -> None:
    """Fill the record with searches."""
    with bootstrap.open_record(settings) as record:
        made = iter(range(number))
        while batch := list(itertools.islice(made, AT_ONCE)):
            with record.store.write() as tx:
                gallery = galleries.get(tx, GALLERY)
                for each in batch:
                    asked = facts(each)
                    found = ResultFacts(1, 80.0 + each % 20, 60.0, 70.0, 120.0, SIZE)
                    entry = record.ledger.append(tx, Entry("search", asked.time, "ada", "allowed", ("standing/role",)))
                    searches.add(
                        tx,
                        searches.SearchRecord(
                            id=str(uuid.uuid4()),
                            entry_index=entry,
                            gallery_id=gallery.id,
                            gallery=GALLERY,
                            operator="ada",
                            operation="SearchFacesByImage",
                            searched="reference",
                            threshold_applied_percent=80.0,
                            threshold_applied_score=0.5,
                            candidates_max=20,
                            references_searched=SIZE,
                            gallery_version=gallery.version,
                            model=gallery.model,
                            calibration=gallery.calibration,
                            at=asked.time,
                            facts=spell_facts(asked, found),
                        ),
                    )


def try_pack(settings: Settings, folder: Path, pack: str) -> float:
    """Try a pack by the command, against a running server; seconds it took."""
    given = {} if settings.packs is None else {"packs": str(settings.packs)}
    command = [sys.executable, "-m", "recognizance", "policy", "try", pack]
    with ledger_processes.serving(settings.home, **given):
        run = ledger_processes.run(command, folder, ledger_processes.environment(settings.home, **given))
    if run.exit_code:
        raise SystemExit(f"the command ended with {run.exit_code}")
    return run.seconds


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=Path)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--searches", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recognizance-bench-") as folder:
        settings = read_settings(home=Path(folder) / "home", packs=options.packs, cache=samples.HOME / "cache")
        settings.home.mkdir(mode=0o700)
        packs = [each.pack for each in bootstrap.pack_folders(settings).list_all() if isinstance(each.pack, Pack)]
        if not packs:
            raise SystemExit("there are no packs: --packs names a folder of some")
        result = measure(settings, packs, options.rounds)
        keep_searches(settings, options.searches)
        result["try_s"] = try_pack(settings, Path(folder), packs[-1].id)
    print(samples.machine())
    for name, number in (("few", FEW), ("all", len(packs))):
        wall, worked = result[f"{name}_ms"], result[f"{name}_cpu_ms"]
        print(f"a decision with {number} packs: {wall:.2f} ms, of them {worked:.2f} ms at work")
    print(
        f"a search by photograph: {result['search_ms']:.1f} ms; {packs[-1].id} tried on {options.searches:,} searches"
    )
    missed = False
    for what, value, bar in (
        (f"milliseconds for a decision with {FEW} packs", result["few_ms"], BAR_DECISION_MS),
        (f"a decision's share of a search, {FEW} packs", result["share"], BAR_SHARE),
        ("seconds for trying a pack", result["try_s"], BAR_TRY_S),
    ):
        missed |= value >= bar
        print(f"{what}: {value:.3f}; the bar is under {bar:g}: {'met' if value < bar else 'MISSED'}")
    samples.write_json(options.json, {"machine": samples.machine(), **result})
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
