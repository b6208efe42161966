"""docs/rekognition.md names every operation once, in the right list, and every error code."""

import re
from collections import Counter
from pathlib import Path

from recognizance.rekognition.operations import OPERATIONS
from recognizance.settings import Settings
from recognizance.wire import ERROR_TABLE
from rekognition.raw import MODEL

PAGE = (Path(__file__).parents[2] / "docs" / "rekognition.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)}


def listed(section: str) -> Counter[str]:
    """Find the operations that a section lists: first in a table's row, or anywhere in a list's line."""
    found = re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
    entries = re.findall(r"^(?:- |  ).*$", section, flags=re.MULTILINE)
    found += [name for entry in entries for name in re.findall(r"`(\w+)`", entry)]
    return Counter(found)


def test_every_operation_is_in_exactly_one_list() -> None:
    offered, absent = listed(SECTIONS["Offered"]), listed(SECTIONS["Not offered"])
    assert set(offered) == set(OPERATIONS)
    assert set(absent) == set(MODEL.operation_names) - set(OPERATIONS)
    assert max((offered + absent).values()) == 1


def test_every_error_code_is_in_the_table() -> None:
    codes = {code for code, _ in ERROR_TABLE.values()}
    faults = (Path(__file__).parents[2] / "src" / "recognizance" / "wire" / "faults.py").read_text(encoding="utf-8")
    codes |= set(re.findall(r'"(\w+Exception)"', faults))
    table = SECTIONS["What is refused, and how"]
    assert {code for code in codes if f"{code}" not in table} == set()


def test_limits_are_the_settings() -> None:
    for name in ("image_bytes_max", "image_pixels_max", "s3_object_bytes_max"):
        assert f"{Settings.model_fields[name].default:,}" in SECTIONS["Photographs"]
