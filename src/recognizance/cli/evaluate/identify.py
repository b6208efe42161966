"""`recognizance evaluate identify`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recognizance.cli.errors import ExitCode
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
from recognizance.cli.evaluate.written import leave
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, progress

if TYPE_CHECKING:
    from recognizance.workflows.evaluate.search_trials import SearchTrials
    from recognizance.workflows.evaluate.service import Searched

COLUMNS = (
    "probe",
    "subject",
    "mated",
    "rank",
    "candidate",
    "candidate_subject",
    "mate",
    "similarity_percent",
    "failure",
)


def identify(
    context: typer.Context,
    gallery: GalleryOption,
    probes: ProbesOption,
    out: OutOption,
    labels: SearchLabelsOption = None,
    group_by: GroupByOption = None,
    limit: Annotated[
        int, typer.Option(help="Candidates to ask for: a mate further down is a miss.", min=1, max=4096)
    ] = 20,
    sample: SampleOption = NOT_DESCRIBED,
    licence: LicenceOption = NOT_STATED,
) -> int:
    """Measure the error rates of searching a gallery (1:N), overall and group by group.

    Whom a photograph shows is read from the label `subject`, or else from the folder that it is in: DIR/PERSON/1.jpg.
    People who are in both folders measure the misses; people who are only among the probes, the false positives.
    """
    from datetime import UTC, datetime

    from recognizance import __version__
    from recognizance.reports.identification import identification_page
    from recognizance.workflows.evaluate.document import Told
    from recognizance.workflows.evaluate.identify import report
    from recognizance.workflows.evaluate.search_trials import read_search_trials, subjects

    invocation: Invocation = context.obj
    trials = read_search_trials(photographs_in(gallery), photographs_in(probes), labels)
    for side, known in ((trials.gallery, trials.of_gallery), (trials.probes, trials.of_probes)):
        subjects(side, known)
    groups = groups_wanted(group_by, trials.of_probes)
    out.mkdir(parents=True, exist_ok=True)
    with opened(invocation) as service:
        total = len(trials.gallery.names) + len(trials.probes.names)
        with progress("Searching", total, "photograph") as advance:
            searched = service.search(trials.gallery, trials.probes, limit=limit, percent=0, progress=advance)
        told = Told(sample, licence, __version__, datetime.now(UTC), service.describe())
    document = report(trials, searched, limit, groups, told)
    _show(document)
    leave(out, document, identification_page(document), COLUMNS, _trials(trials, searched))
    return ExitCode.OK


def _trials(trials: "SearchTrials", searched: "Searched") -> Iterator[tuple[object, ...]]:
    from recognizance.workflows.evaluate.search_trials import subjects

    references = subjects(trials.gallery, trials.of_gallery)
    enrolled = set(references.values())
    for probe, subject in subjects(trials.probes, trials.of_probes).items():
        begin = probe, subject, "yes" if subject in enrolled else "no"
        listed = searched.candidates.get(probe, ())
        if not listed:
            yield *begin, "", "", "", "", "", searched.probe_failures.get(probe, "")
        for rank, one in enumerate(listed, 1):
            whom = references[one.photograph]
            mate = "yes" if whom == subject else "no"
            yield *begin, rank, one.photograph, whom, mate, f"{one.similarity:.4f}", ""


def _show(document: Mapping[str, Any]) -> None:
    sample, limit = document["sample"], document["limit"]
    console = output()
    gallery_and_probes(sample)
    probes = sample["probes"]
    console.print(f"{probes['mated']:,} searches for people who are in the gallery, {probes['nonmated']:,} for others.")
    console.print()
    ranks = [(0, "missed at rank 1"), (-1, f"missed among {limit}")] if limit > 1 else [(0, "missed at rank 1")]
    made = rates_table("similarity", ["false positives", *(told for _, told in ranks)], "Error rates by threshold")
    for row in document["rates_at_percent"]:
        add_rates(made, f"{row['percent']} %", row["fpir"], *(row["fnir"][at] for at, _ in ranks))
    console.print(made)
    for group in document["groups"]:
        title = f"{group['attribute']}, at {group['percent']} %"
        made = rates_table(group["attribute"], ["false positives", f"missed among {limit}"], title)
        for row in group["rows"]:
            add_rates(made, row["group"], row["fpir"], row["fnir"])
        console.print(made)
    if document["mates_beyond_limit"]:
        beyond = count(document["mates_beyond_limit"], "search", "searches")
        console.print(f"Without a mate among {limit}, although one is enrolled: {beyond}.  --limit asks for more.")
    console.print(INSUFFICIENT)
