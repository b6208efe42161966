"""`recognizance review`: what searches found, examined by two people before anybody acts on it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.errors import ExitCode, MisuseError
from recognizance.cli.terminal import count, output, table
from recognizance.cli.threshold_rates import rates_document, rates_told

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Reviews: examine what a search found, without knowing what others conclude, and release what may go out.",
)

FORM = "examination.json"
"""What `open` writes for the examiner to fill in, and `conclude` reads."""

_FORM_FORMAT = "recognizance-examination-1"

_Id = Annotated[str, typer.Argument(metavar="ID", help="The review's id.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


@app.command()
def queue(context: typer.Context, as_json: _Json = False) -> int:
    """List the reviews that wait for you: to examine, or to release; or how those of your own searches stand."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        found = connection.native.list_reviews()["Reviews"]
    if as_json:
        print_json({"format": "recognizance-reviews-1", "reviews": [_document(row) for row in found]})
        return ExitCode.OK
    rows = table("review", "made", "state", "gallery", "candidates", right=("candidates",))
    for row in found:
        shown = str(len(row["Candidates"])) if row["Candidates"] else "–"
        rows.add_row(
            row["ReviewId"], f"{row['MadeAt'].astimezone():%Y-%m-%d %H:%M}", row["State"], row["Gallery"], shown
        )
    output().print(rows)
    return ExitCode.OK


@app.command("open")
def open_review(
    context: typer.Context,
    identifier: _Id,
    out: Annotated[Path, typer.Option(help="A folder for the pictures and the form; made if it is not there.")],
    as_json: _Json = False,
) -> int:
    """Write the faces of probe and candidates as PNG into a folder, with a form to fill in; looking is recorded."""
    from recognizance.cli.answers import print_json
    from recognizance.cli.connection import connect

    _make_folder(out)
    with connect(context.obj) as connection:
        answer = connection.native.open_review(ReviewId=identifier)
    written = [_write(out / f"probe{_nth(number)}.png", data) for number, data in enumerate(answer["Probe"])]
    for candidate in answer["Candidates"]:
        for number, data in enumerate(candidate["Pictures"]):
            written.append(_write(out / f"candidate-{candidate['Position']:02d}{_nth(number)}.png", data))
    review = answer["Review"]
    if review["State"] == "open":
        written.append(_write_form(out / FORM, review))
    if as_json:
        print_json({"format": "recognizance-review-1", **_document(review), "files": [str(path) for path in written]})
        return ExitCode.OK
    console = output()
    console.print(Text(f"Wrote {count(len(written), 'file')} to {out}."), soft_wrap=True)
    empty = [str(each["Position"]) for each in answer["Candidates"] if not each["Pictures"]]
    if empty:
        console.print(f"There is no picture of candidate {', '.join(empty)}: not kept, or erased.", soft_wrap=True)
    if not answer["Probe"]:
        console.print("There is no picture of the probe: not kept, or erased.", soft_wrap=True)
    console.print(Text(_rates_told(review)))
    if review["State"] == "open":
        if review["Statement"]:
            console.print(Text(f"By concluding you state: {review['Statement']}"), soft_wrap=True)
        console.print(f"Fill in {out / FORM}, then:", soft_wrap=True)
        console.print(f"  {context.obj.command(f'review conclude {identifier} --form {out / FORM}')}", soft_wrap=True)
    return ExitCode.OK


@app.command()
def conclude(
    context: typer.Context,
    identifier: _Id,
    form: Annotated[Path, typer.Option(help="The form that `review open` wrote, filled in.")],
    stated: Annotated[
        bool, typer.Option("--stated", help="Make the statement that the rules ask for; it is shown by `review open`.")
    ] = False,
    as_json: _Json = False,
) -> int:
    """Conclude an examination, for good: on every candidate, component by component."""
    from recognizance.cli.connection import connect

    found = _read_form(form, identifier)
    with connect(context.obj) as connection:
        review = connection.native.conclude_review(ReviewId=identifier, Findings=found, Stated=stated)["Review"]
    return _told(review, f"Concluded on the review {identifier}.", as_json)


@app.command()
def release(
    context: typer.Context,
    identifier: _Id,
    candidate: Annotated[
        list[int] | None, typer.Option(help="A candidate to release, by its number; repeatable.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Release nobody.")] = False,
    not_this_person: Annotated[
        list[int] | None, typer.Option(help="A candidate who is not the person, also on later searches; repeatable.")
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why; needed where the examiners disagree.  Committed to in the log.")
    ] = "",
    as_json: _Json = False,
) -> int:
    """Release candidates to who searched, for good: all, some or none."""
    from recognizance.cli.connection import connect

    if bool(candidate) == none:
        raise MisuseError("Say who is released.", "Give --candidate for each of them, or --none.")
    with connect(context.obj) as connection:
        review = connection.native.release_review(
            ReviewId=identifier, Positions=candidate or [], NotThisPerson=not_this_person or [], Reason=reason
        )["Review"]
    return _told(review, f"Released {count(len(candidate or []), 'candidate')} of the review {identifier}.", as_json)


@app.command()
def show(context: typer.Context, identifier: _Id, as_json: _Json = False) -> int:
    """Show how a review stands, as far as you may see it."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        review = connection.native.show_review(ReviewId=identifier)["Review"]
    return _told(review, "", as_json)


@app.command()
def outcome(
    context: typer.Context,
    identifier: _Id,
    what: Annotated[str, typer.Argument(metavar="OUTCOME", help="What came of it; docs/method/review.md lists them.")],
    note: Annotated[str, typer.Option(help="What else there is to say; sealed, and committed to in the log.")] = "",
) -> int:
    """Record what came of the search that a review is of."""
    from recognizance.cli.connection import connect

    with connect(context.obj) as connection:
        connection.native.record_outcome(Outcome=what, ReviewId=identifier, Note=note)
    output().print(Text(f"Recorded {what} of the review {identifier}."), soft_wrap=True)
    return ExitCode.OK


def _told(review: Mapping[str, Any], done: str, as_json: bool) -> int:
    from recognizance.cli.answers import print_json

    if as_json:
        print_json({"format": "recognizance-review-1", **_document(review)})
        return ExitCode.OK
    console = output()
    if done:
        console.print(Text(done), soft_wrap=True)
    out = review.get("Released")
    told = f"{review['ReviewId']} is {review['State']}" + ("." if out is None else f": {count(out, 'candidate')}.")
    console.print(Text(told), soft_wrap=True)
    if review["Candidates"]:
        rows = table("candidate", "similarity", "concluded", "decision", right=("candidate", "similarity"))
        for line in review["Candidates"]:
            similarity = line.get("SimilarityPercent")
            rows.add_row(
                str(line["Position"]),
                "–" if similarity is None else f"{similarity:.1f} %",
                ", ".join(_conclusions(review, line["Position"])) or "–",
                line.get("Decision") or ("not this person, from before" if line.get("ExcludedBy") else "–"),
            )
        console.print(rows)
    console.print(Text(_rates_told(review)))
    return ExitCode.OK


def _rates_told(review: Mapping[str, Any]) -> str:
    return rates_told(review, review.get("ThresholdAppliedPercent"))


def _conclusions(review: Mapping[str, Any], position: int) -> list[str]:
    return [
        f"{made['Examiner']}: {one['Conclusion']}"
        for made in review["Examinations"]
        for one in made["Findings"]
        if one["Position"] == position
    ]


def _document(row: Mapping[str, Any]) -> dict[str, Any]:
    moments = {name: row.get(key) for name, key in (("concluded_at", "ConcludedAt"), ("released_at", "ReleasedAt"))}
    return {
        "id": row["ReviewId"],
        "state": row["State"],
        "gallery": row["Gallery"],
        "search_id": row.get("SearchId"),
        "operator": row.get("Operator"),
        "made_at": row["MadeAt"].isoformat(),
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
        "released_by": row.get("ReleasedBy"),
        "released": row.get("Released"),
        "reason": row.get("Reason"),
        "rules": list(row["Rules"]),
        "withheld": row["Withheld"],
        "examiners": row["Examiners"],
        "statement": row["Statement"],
        "threshold_applied_percent": row.get("ThresholdAppliedPercent"),
        **rates_document(row),
        "candidates": [
            {
                "candidate": line["Position"],
                "rank": line.get("Rank"),
                "similarity_percent": line.get("SimilarityPercent"),
                "excluded_by": line.get("ExcludedBy"),
                "decision": line.get("Decision"),
            }
            for line in row["Candidates"]
        ],
        "examinations": [examination_document(made) for made in row["Examinations"]],
    }


def examination_document(made: Mapping[str, Any]) -> dict[str, Any]:
    """Describe an examination."""
    return {
        "examiner": made["Examiner"],
        "entry": made["Entry"],
        "concluded_at": made["ConcludedAt"].isoformat(),
        "candidates": [
            {
                "candidate": one["Position"],
                "conclusion": one["Conclusion"],
                "components": {each["Component"]: each["Finding"] for each in one["Components"]},
                "note": one.get("Note"),
            }
            for one in made["Findings"]
        ],
    }


def _write_form(path: Path, review: Mapping[str, Any]) -> Path:
    from recognizance.review import COMPONENTS, CONCLUSIONS, FINDINGS

    form = {
        "format": _FORM_FORMAT,
        "review": review["ReviewId"],
        "threshold": _rates_told(review),
        "findings": list(FINDINGS),
        "conclusions": dict(CONCLUSIONS),
        "candidates": [
            {
                "candidate": line["Position"],
                "components": dict.fromkeys(COMPONENTS, ""),
                "conclusion": "",
                "note": "",
            }
            for line in review["Candidates"]
        ],
    }
    return _write(path, (json.dumps(form, indent=2, ensure_ascii=False) + "\n").encode())


def _read_form(path: Path, review: str) -> list[dict[str, Any]]:
    try:
        form = json.loads(path.read_text(encoding="utf-8"))
        if form["format"] != _FORM_FORMAT or form["review"] != review:
            raise MisuseError(f"{path} is not the form of the review {review}.", "`review open` writes it.")
        return [
            {
                "Position": int(each["candidate"]),
                "Conclusion": str(each["conclusion"]),
                "Components": [
                    {"Component": str(name), "Finding": str(finding)} for name, finding in each["components"].items()
                ],
                "Note": str(each.get("note", "")),
            }
            for each in form["candidates"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MisuseError(f"{path} is not a form that can be read.", "`review open` writes one.") from error


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write(path: Path, data: bytes) -> Path:
    """Write what only its reader is to see."""
    path.touch(mode=0o600)
    path.write_bytes(data)
    return path


def _nth(number: int) -> str:
    return "" if number == 0 else f"-{number + 1}"
