"""`recognizance compare` and `recognizance detect`: photographs without a gallery."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from recognizance.cli.enrol import REASONS
from recognizance.cli.errors import ExitCode, MisuseError, about
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import count, output, percent, strangers, table


def compare(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="A", help="A JPEG or PNG; its largest face is compared …")],
    target: Annotated[Path, typer.Argument(metavar="B", help="… with every face of this one.")],
    threshold: Annotated[
        float, typer.Option(min=0, max=100, help="The least similarity in percent; 80 is one stranger in 100,000.")
    ] = 80.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Compare the largest face of photograph A with every face of photograph B."""
    from recognizance.cli import answers
    from recognizance.cli.connection import connect
    from recognizance.cli.items import read_photograph

    invocation: Invocation = context.obj
    settings = invocation.settings()
    first, second = read_photograph(source, settings), read_photograph(target, settings)
    with connect(invocation) as connection, about(source, target):
        answer = connection.native.compare_photographs(Source=first, Target=second, ThresholdPercent=threshold)
    if as_json:
        answers.print_json(
            {
                "format": "recognizance-compare-1",
                "source": str(source),
                "target": str(target),
                "entry": answers.entry_of(answer),
                "threshold_percent": answer["ThresholdPercent"],
                "threshold_score": answer["ThresholdScore"],
                "source_face": answers.face_document(answer["SourceFace"]),
                "matches": [answers.compared_document(row) for row in answer["Matches"]],
                "unmatched": [answers.compared_document(row) for row in answer["Unmatched"]],
            }
        )
        return ExitCode.OK
    _show_compared(answer, answer["ThresholdPercent"], answers.LEAD)
    return ExitCode.OK


def detect(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    draw: Annotated[
        Path | None, typer.Option(help="Write the photograph with boxes and landmarks into this JPEG or PNG file.")
    ] = None,
    attributes: Annotated[
        bool, typer.Option("--attributes", help="Estimate how old each person looks, and whether male or female.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Find the faces of a photograph, the largest first."""
    from recognizance.cli import answers
    from recognizance.cli.connection import connect
    from recognizance.cli.drawing import draw_faces, require_drawable, upright_size
    from recognizance.cli.items import read_photograph

    invocation: Invocation = context.obj
    settings = invocation.settings()
    data = read_photograph(photo, settings)
    if draw is not None:
        require_drawable(draw)
        if draw.exists() and photo.exists() and draw.samefile(photo):
            raise MisuseError("--draw would overwrite the photograph.", "Name another file.")
    with connect(invocation) as connection, about(photo):
        answer = connection.native.detect_faces(Photograph=data, Attributes=attributes)
    faces = answer["Faces"]
    width, height = upright_size(data)
    if draw is not None:
        draw_faces(data, faces, draw, pixels_max=settings.image_pixels_max)
    if as_json:
        answers.print_json(
            {
                "format": "recognizance-detect-1",
                "photograph": str(photo),
                "entry": answers.entry_of(answer),
                "width_px": width,
                "height_px": height,
                "faces": [answers.face_document(face) for face in faces],
            }
        )
        return ExitCode.OK
    _show_faces(faces, width, height)
    if draw is not None:
        output().print(f"Drawn into {draw}.", soft_wrap=True)
    return ExitCode.OK


def _show_compared(answer: Mapping[str, Any], threshold: float, lead: str) -> None:
    console = output()
    rows = table(
        "face of B (left, top)", "similarity", "score", "strangers who reach this", "", right=("similarity", "score")
    )
    compared = [*((row, True) for row in answer["Matches"]), *((row, False) for row in answer["Unmatched"])]
    for row, above in compared:
        box = row["Face"]["Box"]
        rows.add_row(
            f"{box['Left']:.0%}, {box['Top']:.0%}",
            Text(percent(row["SimilarityPercent"]), style="bold" if above else ""),
            f"{row['Score']:.3f}",
            strangers(row["FalseMatchRate"]),
            Text("at or above the threshold", style="green") if above else Text("below the threshold", style="dim"),
        )
    if compared:
        console.print(rows)
    else:
        console.print("There is no face in B to compare with.", style="bold")
    console.print(f"Threshold {percent(threshold)} (score {answer['ThresholdScore']:.3f}).")
    if answer["Matches"]:
        console.print(lead.replace("candidate", "match"), style="bold")


def _show_faces(faces: list[dict[str, Any]], width: int, height: int) -> None:
    console = output()
    console.print(f"{count(len(faces), 'face')} in {width} × {height} pixels.", style="bold")
    if not faces:
        return
    estimated = ("looks", "aged") if "Gender" in faces[0] else ()
    rows = table(
        "face",
        "left, top",
        "size",
        "confidence",
        "roll, yaw, pitch",
        "bright",
        "sharp",
        *estimated,
        "good enough to enrol",
    )
    for number, face in enumerate(faces, 1):
        box, pose, quality = face["Box"], face["Pose"], face["Quality"]
        lacking = " and ".join(REASONS.get(reason, reason) for reason in face["Shortcomings"])
        rows.add_row(
            str(number),
            f"{box['Left'] * width:.0f}, {box['Top'] * height:.0f}",
            f"{box['Width'] * width:.0f} × {box['Height'] * height:.0f}",
            percent(100 * face["Confidence"]),
            f"{pose['Roll']:.0f}°, {pose['Yaw']:.0f}°, {pose['Pitch']:.0f}°",
            f"{quality['Brightness']:.0f}",
            f"{quality['Sharpness']:.0f}",
            *_estimates(face),
            Text(lacking, style="yellow") if lacking else Text("yes", style="green"),
        )
    console.print(rows)


def _estimates(face: Mapping[str, Any]) -> tuple[str, ...]:
    """Write what was estimated of a face; nothing if nothing was."""
    if "Gender" not in face:
        return ()
    gender, ages = face["Gender"], face["AgeRange"]
    return f"{gender['Value'].lower()}, {percent(gender['ConfidencePercent'])}", f"{ages['Low']}–{ages['High']}"
