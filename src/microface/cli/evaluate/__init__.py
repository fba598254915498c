"""`microface evaluate`: how well a network recognises, on data sets with an official protocol or on your own."""

import typer

from microface.cli.evaluate.card import card
from microface.cli.evaluate.compare import compare_all
from microface.cli.evaluate.conditions import conditions
from microface.cli.evaluate.groups import groups
from microface.cli.evaluate.identification import identification
from microface.cli.evaluate.lfw import lfw
from microface.cli.evaluate.open_set import open_set
from microface.cli.evaluate.report import report
from microface.cli.evaluate.roc import roc
from microface.cli.evaluate.visits import visits

app = typer.Typer(help="Measure recognition on the integer network, a float one or the teacher.", no_args_is_help=True)
app.command("lfw")(lfw)
app.command("identification")(identification)
app.command("open-set")(open_set)
app.command("conditions")(conditions)
app.command("groups")(groups)
app.command("visits")(visits)
app.command("roc")(roc)
app.command("all")(compare_all)
app.command("card")(card)
app.command("report")(report)
