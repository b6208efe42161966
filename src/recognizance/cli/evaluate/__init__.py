"""`recognizance evaluate`."""

import typer

from recognizance.cli.evaluate.attributes import attributes
from recognizance.cli.evaluate.compare import compare
from recognizance.cli.evaluate.detection import detection
from recognizance.cli.evaluate.elsewhere import measurable
from recognizance.cli.evaluate.false_matches import false_matches
from recognizance.cli.evaluate.forget import forget
from recognizance.cli.evaluate.gender import gender
from recognizance.cli.evaluate.identify import identify
from recognizance.cli.evaluate.verify import verify

app = typer.Typer(help="Measure how faces are found, described and told apart, on photographs whose truth is known.")


@app.callback()
def evaluate() -> None:
    """Measure how faces are found, described and told apart, on photographs whose truth is known."""


app.command("verify")(measurable(verify))
app.command("identify")(measurable(identify))
app.command("false-matches")(measurable(false_matches))
app.command("gender")(measurable(gender))
app.command("attributes")(measurable(attributes))
app.command("detection")(measurable(detection))
app.command("compare")(compare)
app.command("forget")(measurable(forget))
