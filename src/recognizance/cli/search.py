"""`recognizance search`."""

from pathlib import Path
from typing import Annotated

import typer

from recognizance.cli.enrol import Quality
from recognizance.cli.errors import ExitCode, about
from recognizance.cli.invocation import Invocation
from recognizance.cli.terminal import output


def search(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG; its largest face is searched.")],
    gallery: Annotated[str, typer.Option("--gallery", "-g", help="The gallery to search.")],
    threshold: Annotated[
        float, typer.Option(min=0, max=100, help="The least similarity in percent; 80 is one stranger in 100,000.")
    ] = 80.0,
    limit: Annotated[int, typer.Option(min=1, max=4096, help="List this many candidates at most.")] = 20,
    quality: Annotated[
        Quality, typer.Option(case_sensitive=False, help="Refuse a face below this quality.")
    ] = Quality.NONE,
    subjects: Annotated[
        list[str] | None, typer.Option("--subject", help="Compare only with this subject's references; repeatable.")
    ] = None,
    face_ids: Annotated[
        list[str] | None, typer.Option("--face-id", help="Compare only with this reference; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> int:
    """Search a gallery for the largest face of a photograph: ranked candidates, and what their scores mean."""
    from recognizance.cli.answers import print_json, search_document, show_candidates
    from recognizance.cli.connection import connect
    from recognizance.cli.items import read_photograph

    invocation: Invocation = context.obj
    data = read_photograph(photo, invocation.settings())
    with connect(invocation) as connection, about(photo):
        answer = connection.native.search_gallery(
            Gallery=gallery,
            Photograph=data,
            ThresholdPercent=threshold,
            CandidatesMax=limit,
            Quality=quality.value,
            **({"Subjects": subjects} if subjects else {}),
            **({"FaceIds": face_ids} if face_ids else {}),
        )
    if as_json:
        print_json(search_document(answer, gallery, str(photo)))
    else:
        show_candidates(output(), answer)
        if answer.get("ReviewId"):
            how = "released by" if answer["Reviewed"] else "not reviewed yet; they go to"
            output().print(f"These candidates are {how} the review {answer['ReviewId']}.", soft_wrap=True)
        if not answer.get("Face"):
            output().print(
                f"No face of {photo} passes --quality {quality.value}, so none was searched.", soft_wrap=True
            )
    return ExitCode.OK
