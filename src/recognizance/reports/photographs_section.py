"""What a page on single faces says of what was measured, and on whom."""

from collections.abc import Mapping
from typing import Any

from recognizance.reports.markup import facts, section
from recognizance.reports.sample_section import digest_told, digests_folded, failure_told
from recognizance.reports.wording import count, text

_NAMED = {"engine": "Engine", "model": "Model"}
_DIGESTS = ("model_sha256", "calibration")


def photographs_section(report: Mapping[str, Any], others: Mapping[str, object]) -> str:
    """Set the section on the sample: sizes, failures, provenance, licence and digests.

    Parameters
    ----------
    report : mapping
        "sample" and "service".
    others : mapping
        Further counts, by what they are (text).
    """
    sample, service = report["sample"], report["service"]
    failures = sample["failures"]
    people = sample.get("subjects")
    rows = [
        ("Sample", text(sample.get("description"))),
        ("Licence", text(sample.get("licence"))),
        ("Photographs", count(sample.get("photographs"))),
        ("People", count(people) if people is not None else "not told by the labels; each photograph counts as one"),
        *((said, count(number)) for said, number in others.items()),
        ("No face found", failure_told(failures.get("no_face"))),
        ("Not readable", failure_told(failures.get("unreadable"))),
        *(
            (_NAMED.get(key, key.replace("_", " ").capitalize()), text(told))
            for key, told in service.items()
            if key not in _DIGESTS
        ),
    ]
    digests = [
        (f"Labels: {sample.get('labels_file')}", digest_told(sample.get("labels_sha256"))),
        ("List of photographs", digest_told(sample.get("photographs_sha256"))),
        *((f"Model: {name}", digest_told(told)) for name, told in (service.get("model_sha256") or {}).items()),
        *([("Calibration", digest_told(service["calibration"]))] if "calibration" in service else []),
    ]
    return section(
        "measured",
        "What was measured, and on whom",
        facts(rows) + digests_folded(digests),
    )
