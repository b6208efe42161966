"""What a verification report's page says of what was measured, and on whom."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.reports.markup import facts, folded, section, table
from recognizance.reports.wording import ABSENT, count, in_how_many, rate_of, text


def sample_section(report: Mapping[str, Any]) -> str:
    """Set the section on the sample: sizes, failures, provenance, licence and digests."""
    sample, service = report["sample"], report["service"]
    failures = sample.get("failures") or {}
    rows = [
        ("Sample", text(sample.get("description"))),
        ("Licence", text(sample.get("licence"))),
        ("Pairs of one person", count(sample.get("mated"))),
        ("Pairs of strangers", count(sample.get("nonmated"))),
        ("Photographs", count(sample.get("photographs"))),
        ("People", count(sample["subjects"]) if sample.get("subjects") is not None else "not told by the sample"),
        ("No face found", failure_told(failures.get("no_face"))),
        ("Not readable", failure_told(failures.get("unreadable"))),
        ("Engine", text(service.get("engine"))),
        ("Model", text(service.get("model"))),
    ]
    digests = [
        (f"Pairs: {sample['pairs_file']}", digest_told(sample.get("pairs_sha256")))
        if sample.get("pairs_file")
        else ("Pairs", "no list: all photographs with all"),
        *(
            [(f"Labels: {sample['labels_file']}", digest_told(sample.get("labels_sha256")))]
            if sample.get("labels_file")
            else []
        ),
        ("List of photographs", digest_told(sample.get("photographs_sha256"))),
        *((f"Model: {name}", digest_told(told)) for name, told in (service.get("model_sha256") or {}).items()),
        ("Calibration", digest_told(service.get("calibration"))),
    ]
    return section(
        "measured",
        "What was measured, and on whom",
        f"{facts(rows)}<p>A photograph that could not be read or has no face that was found is not left out: its pairs"
        " count as not matching.</p>\n" + _group_sizes(report.get("groups") or ()) + digests_folded(digests),
    )


def digests_folded(digests: Sequence[tuple[str, str]]) -> str:
    """Set digests by what they are of, as `facts` (HTML)."""
    return folded(
        "Digests (SHA-256)",
        "<p>Whoever has the same files can check that these are what was measured.</p>\n" + facts(digests),
    )


def digest_told(told: object) -> str:
    """Set a digest (HTML)."""
    return f"<code>{text(told)}</code>"


def failure_told(proportion: Mapping[str, Any] | None) -> str:
    """Set how many photographs failed (HTML)."""
    if proportion is None:
        return ABSENT
    held = rate_of(proportion)
    if held.measured and held.rate is not None:
        return f"{in_how_many(held.rate)} ({held.of}; {held.bounds})"
    return f'{held.of}: <span class="insufficient">insufficient</span> for a rate; {held.bounds}'


def _group_sizes(groups: Sequence[Mapping[str, Any]]) -> str:
    # The same pairs are looked at from several settings.
    by_attribute = {group["attribute"]: group for group in groups}
    tables = "".join(
        table(
            f"Pairs by {group['attribute']}",
            ("Group", "Same person", "Strangers"),
            ((text(row["group"]), count(row.get("mated")), count(row.get("nonmated"))) for row in group["rows"]),
        )
        for group in by_attribute.values()
        if group.get("rows")
    )
    return folded("How many pairs of each group", tables) if tables else ""
