"""`recognizance policy try`: what a pack would have said of the searches on record."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode
from recognizance.cli.terminal import count, output, progress, show_warning, table

_COUNTED = ("Judged", "Unknown", "Allowed", "Referred", "Refused", "Raised", "Lost")
_Day = "%Y-%m-%d"


def try_pack(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(metavar="ID", help="The pack's id, on or not.")],
    since: Annotated[datetime | None, typer.Option(formats=[_Day], help="From this day on, UTC: YYYY-MM-DD.")] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=[_Day], help="Up to this day's end, UTC: YYYY-MM-DD.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Try a pack on the searches on record: what it would have allowed, referred and refused, had it been enforced.

    Searches that were refused when they were asked for are not among them: they were not made.
    """
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    asked: dict[str, Any] = {"Pack": pack}
    if since is not None:
        asked["Since"] = since.replace(tzinfo=UTC)
    if until is not None:
        asked["Until"] = until.replace(tzinfo=UTC) + timedelta(days=1) - timedelta(microseconds=1)
    counts: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    with connect(context.obj) as connection:
        page = connection.native.try_pack(**asked)
        digest = page["Digest"]
        with progress("Trying", page["Total"], "decision") as advance:
            while True:
                counts.update({name: page[name] for name in _COUNTED})
                rules.update({each["Rule"]: each["Searches"] for each in page["Rules"]})
                advance(page["Judged"] + page["Unknown"])
                if "Next" not in page:
                    break
                page = connection.native.try_pack(**asked, After=page["Next"])
    if as_json:
        print_json(
            {
                "format": "recognizance-try-1",
                "pack": pack,
                "digest": digest,
                "since": asked["Since"].isoformat() if since else None,
                "until": asked["Until"].isoformat() if until else None,
                **{name.lower(): counts[name] for name in _COUNTED},
                "rules": [{"rule": rule, "searches": number} for rule, number in rules.most_common()],
            }
        )
        return ExitCode.OK
    _show(pack, counts, rules)
    return ExitCode.OK


def _show(pack: str, counts: Counter[str], rules: Counter[str]) -> None:
    console = output()
    console.print(
        f"Of {count(counts['Judged'], 'search', 'searches')} on record, {pack} would have allowed "
        f"{counts['Allowed']:,}, referred {counts['Referred']:,} to reviewers and refused {counts['Refused']:,}.",
        soft_wrap=True,
    )
    if counts["Raised"]:
        console.print(
            f"In {counts['Raised']:,} the threshold would have been raised or the list cut; {counts['Lost']:,} that "
            "found somebody would have found nobody.",
            soft_wrap=True,
        )
    if rules:
        rows = table("rule", "searches", right=("searches",))
        for rule, number in rules.most_common():
            rows.add_row(Text(rule, style="bold"), f"{number:,}")
        console.print(rows)
    if counts["Unknown"]:
        show_warning(
            f"{count(counts['Unknown'], 'search', 'searches')} could not be judged: an earlier version made them, "
            "which did not keep what rules ask for."
        )
