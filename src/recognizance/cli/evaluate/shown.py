"""Tables of error rates in the terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recognizance.cli.terminal import count, output, table

if TYPE_CHECKING:
    from rich.table import Table

INSUFFICIENT = "* insufficient: fewer than 30 errors, or than 30 right answers, do not measure a rate."


def gallery_and_probes(sample: Mapping[str, Any]) -> None:
    """Say how many photographs there were of both, and how many failed."""
    console = output()
    for side in ("gallery", "probes"):
        held = sample[side]
        failed = held["photographs"] - held["used"]
        people = f" of {held['subjects']:,} people" if "subjects" in held else ""
        console.print(
            f"{side.capitalize()}: {count(held['photographs'], 'photograph')}{people}, {failed:,} of them without a "
            "usable face."
        )
    if sample["probes_also_in_gallery"]:
        console.print(f"{sample['probes_also_in_gallery']:,} probes are the very file of a photograph in the gallery.")


def rates_table(of: str, rates: Sequence[str], title: str) -> "Table":
    """Begin a table with two columns for each rate: what was counted, and the interval."""
    columns = [column for rate in rates for column in (rate, "95 % interval")]
    return table(of, *columns, title=title, right=rates)


def add_rates(made: "Table", name: str, *rates: Mapping[str, Any]) -> None:
    """Add a row of proportions as reports have them."""
    made.add_row(name, *(cell for rate in rates for cell in _cells(rate)))


def _cells(rate: Mapping[str, Any]) -> tuple[str, str]:
    if rate["rate"] is None:
        return "none", ""
    low, high = rate["interval"]
    counted = f"{rate['errors']:,} of {rate['trials']:,}{'' if rate['measured'] else ' *'}"
    return counted, f"{low:.2g} – {high:.2g}"
