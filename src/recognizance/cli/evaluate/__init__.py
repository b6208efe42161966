"""`recognizance evaluate`."""

import typer

from recognizance.cli.evaluate.compare import compare
from recognizance.cli.evaluate.verify import verify

app = typer.Typer(help="Measure how well faces are told apart, on photographs whose truth is known.")


@app.callback()
def evaluate() -> None:
    """Measure how well faces are told apart, on photographs whose truth is known."""


app.command("verify")(verify)
app.command("compare")(compare)
