"""`recognizance evaluate false-matches`: the congress test."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.evaluate.folders import GalleryOption, ProbesOption, SearchLabelsOption, photographs_in
from recognizance.cli.evaluate.measured import opened
from recognizance.cli.evaluate.options import (
    NOT_DESCRIBED,
    NOT_STATED,
    GroupByOption,
    LicenceOption,
    OutOption,
    SampleOption,
    groups_wanted,
)
from recognizance.cli.evaluate.shown import INSUFFICIENT, add_rates, gallery_and_probes, rates_table
from recognizance.cli.evaluate.written import leave, replaced, write_rows
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, progress, table

if TYPE_CHECKING:
    from recognizance.workflows.evaluate.adjudication import Adjudication
    from recognizance.workflows.evaluate.hits import Hits
    from recognizance.workflows.evaluate.service import Searched

ADJUDICATE = "adjudicate.csv"
COLUMNS = ("probe", "rank", "candidate", "similarity_percent", "verdict", "known_by", "failure")


def false_matches(
    context: typer.Context,
    gallery: GalleryOption,
    probes: ProbesOption,
    out: OutOption,
    labels: SearchLabelsOption = None,
    known_mates: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file with the columns probe and candidate: photographs known to show one person.",
            dir_okay=False,
            exists=True,
        ),
    ] = None,
    adjudication: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file with the columns probe, candidate and verdict (same or different), by a person who "
            "looked: adjudicate.csv of an earlier report, filled in.",
            dir_okay=False,
            exists=True,
        ),
    ] = None,
    group_by: GroupByOption = None,
    sample: SampleOption = NOT_DESCRIBED,
    licence: LicenceOption = NOT_STATED,
) -> int:
    """Count whom a search takes for somebody in a gallery that they are not in (the congress test).

    The probes are of people who should not be in the gallery.  Should one turn up in it all the same, a candidate is no
    error: candidates whose truth is not known from --labels, --known-mates or --adjudication are counted apart, and
    left in adjudicate.csv for a person to judge.
    """
    from datetime import UTC, datetime

    from recognizance import __version__
    from recognizance.reports.false_matches import false_matches_page
    from recognizance.workflows.evaluate.adjudication import read_adjudication
    from recognizance.workflows.evaluate.document import Told
    from recognizance.workflows.evaluate.false_matches import LIMIT, PERCENTS, report
    from recognizance.workflows.evaluate.hits import judged
    from recognizance.workflows.evaluate.search_trials import read_search_trials

    invocation: Invocation = context.obj
    trials = read_search_trials(photographs_in(gallery), photographs_in(probes), labels)
    known = read_adjudication(trials, known_mates, adjudication)
    groups = groups_wanted(group_by, trials.of_probes)
    _keep_verdicts(out / ADJUDICATE, adjudication)
    out.mkdir(parents=True, exist_ok=True)
    with opened(invocation) as service:
        total = len(trials.gallery.names) + len(trials.probes.names)
        with progress("Searching", total, "photograph") as advance:
            searched = service.search(trials.gallery, trials.probes, limit=LIMIT, percent=PERCENTS[0], progress=advance)
        told = Told(sample, licence, __version__, datetime.now(UTC), service.describe())
        scale = service.scale
    found = judged(trials, searched, known)
    document = report(trials, searched, found, known, scale, groups, told)
    _show(document)
    leave(out, document, false_matches_page(document), COLUMNS, _trials(found, searched))
    left = _leave_adjudication(out / ADJUDICATE, found, known)
    output().print(f"{count(left, 'candidate')} for a person to judge: {ADJUDICATE}.", soft_wrap=True)
    return ExitCode.OK


def _trials(found: "Hits", searched: "Searched") -> Iterator[tuple[object, ...]]:
    for probe in found.probes:
        if not searched.candidates.get(probe):
            yield probe, "", "", "", "", "", searched.probe_failures.get(probe, "")
    for hit in found.all:
        truth = hit.truth
        yield hit.probe, hit.rank, hit.candidate, f"{hit.similarity:.4f}", truth.verdict, truth.source, ""


def _keep_verdicts(path: Path, adjudication: Path | None) -> None:
    """Refuse to write over verdicts that a person gave and that are not read.

    Raises
    ------
    MisuseError
        If there are some.
    TrialListError
        If it cannot be told, as a spreadsheet saved the file in a way of its own.
    """
    from recognizance.workflows.evaluate.trial_list import read_rows

    if not path.exists() or (adjudication and adjudication.samefile(path)):
        return
    rows, _ = read_rows(path, {"verdict"})
    if any(row["verdict"] for _, row in rows):
        raise MisuseError(
            f"{path} has verdicts, and would be written over.",
            f"Name it with --adjudication {path}, or another --out.",
        )


def _leave_adjudication(path: Path, found: "Hits", known: "Adjudication") -> int:
    """Write the candidates that only a person can judge, and all verdicts that were given; count those without."""
    from recognizance.workflows.evaluate.adjudication import ADJUDICATED, OPEN

    left = [hit for hit in found.all if hit.truth.verdict == OPEN or hit.truth.source == ADJUDICATED]
    rows = [
        (hit.probe, hit.candidate, f"{hit.similarity:.4f}", "" if hit.truth.verdict == OPEN else hit.truth.verdict)
        for hit in left
    ]
    listed = {(hit.probe, hit.candidate) for hit in left}
    given = known.adjudicated.verdicts if known.adjudicated else {}
    rows += [(*pair, "", verdict) for pair, verdict in given.items() if pair not in listed]
    with replaced(path) as file:
        write_rows(file, ("probe", "candidate", "similarity", "verdict"), rows)
    return sum(hit.truth.verdict == OPEN for hit in left)


def _show(document: Mapping[str, Any]) -> None:
    console = output()
    gallery_and_probes(document["sample"])
    console.print()
    counts = ("same person", "different", "not adjudicated")
    made = table("similarity", *counts, "expected", title="Candidates by threshold", right=(*counts, "expected"))
    rates = rates_table("similarity", ["falsely matched", "at most"], "Probes with a false candidate")
    for row in document["rates_at_percent"]:
        name = f"{row['percent']} %{' (default)' if row['is_default'] else ''}"
        held, expected = row["candidates"], row["expected"]
        made.add_row(
            name,
            *(f"{held[key]:,}" for key in ("same", "different", "not_adjudicated")),
            f"{expected['candidates']:,.2g}" if expected else "",
        )
        add_rates(rates, name, row["known_false"], row["at_most"])
    console.print(made)
    console.print(rates)
    for group in (group for group in document["groups"] if group["percent"] in (80, 99)):
        title = f"{group['attribute']}, at {group['percent']} %: probes with a false candidate"
        rates = rates_table(group["attribute"], ["falsely matched", "at most"], title)
        for row in group["rows"]:
            add_rates(rates, row["group"], row["known_false"], row["at_most"])
        console.print(rates)
    console.print("At most: if every candidate that is not adjudicated is false.")
    console.print(INSUFFICIENT)
