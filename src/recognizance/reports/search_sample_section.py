"""What a page on searches says of what was searched, and on whom."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recognizance.reports.markup import facts, section
from recognizance.reports.sample_section import digest_told, digests_folded, failure_told
from recognizance.reports.wording import count, text


def search_sample_section(
    report: Mapping[str, Any], people: Sequence[tuple[str, str]], files: Sequence[tuple[str, str]], said: str
) -> str:
    """Set the section on gallery and probes: sizes, failures, provenance, licence and digests.

    Parameters
    ----------
    people : sequence of (name, HTML)
        What else was counted of the sample.
    files : sequence of (name, digest)
        Lists that were used besides the labels.
    said : str
        How failures are counted (HTML).
    """
    sample, service = report["sample"], report["service"]
    told = [
        ("Sample", text(sample.get("description"))),
        ("Licence", text(sample.get("licence"))),
        *_side("Gallery", sample["gallery"]),
        *_side("Searched for", sample["probes"]),
        *people,
        ("In both, the very same file", count(sample.get("probes_also_in_gallery"))),
        ("Engine", text(service.get("engine"))),
        ("Model", text(service.get("model"))),
    ]
    digests = [("Photographs", digest_told(sample.get("photographs_sha256")))]
    if sample.get("labels_file"):
        digests.append((f"Labels: {sample['labels_file']}", digest_told(sample.get("labels_sha256"))))
    digests += [(name, digest_told(digest)) for name, digest in files]
    digests += [(f"Model: {name}", digest_told(held)) for name, held in (service.get("model_sha256") or {}).items()]
    if service.get("calibration"):
        digests.append(("Calibration", digest_told(service["calibration"])))
    return section(
        "measured",
        "What was measured, and on whom",
        f"{facts(told)}<p>{said}</p>\n{digests_folded(digests)}",
    )


def _side(name: str, side: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    people = f", {count(side['subjects'])} people" if side.get("subjects") is not None else ""
    yield name, f"{count(side['photographs'])} photographs{people}; {count(side['used'])} could be used"
    failures = side.get("failures") or {}
    for key, said in (("no_face", "no face found"), ("unreadable", "not readable"), ("other", "failed otherwise")):
        if key in failures and (key != "other" or failures[key]["errors"]):
            yield f"{name}: {said}", failure_told(failures[key])
