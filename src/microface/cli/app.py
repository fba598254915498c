"""The application: every verb under its name, in the order of the data's way."""

import typer

from microface.cli import evaluate, people, presence
from microface.cli.bench import bench
from microface.cli.build import build
from microface.cli.choose import choose
from microface.cli.compare import compare
from microface.cli.demo import demo
from microface.cli.emulate import emulate
from microface.cli.enroll import enroll
from microface.cli.exporting import export_network
from microface.cli.identify import identify_photos
from microface.cli.importing import import_network
from microface.cli.models import models
from microface.cli.nets import nets
from microface.cli.plan import plan
from microface.cli.prepare import prepare
from microface.cli.quantize import quantize
from microface.cli.recrop import recrop
from microface.cli.slim import slim
from microface.cli.targets import targets
from microface.cli.train import train
from microface.cli.views import views

app = typer.Typer(
    name="microface",
    help="From photos of people to a microcontroller that recognises them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command("demo")(demo)
app.command("prepare")(prepare)
app.command("recrop")(recrop)
app.command("slim")(slim)
app.command("views")(views)
app.command("train")(train)
app.command("compare")(compare)
app.add_typer(presence.app, name="presence")
app.command("quantize")(quantize)
app.command("import")(import_network)
app.command("export")(export_network)
app.command("plan")(plan)
app.command("choose")(choose)
app.command("build")(build)
app.command("emulate")(emulate)
app.command("enroll")(enroll)
app.add_typer(people.app, name="people")
app.command("identify")(identify_photos)
app.add_typer(evaluate.app, name="evaluate")
app.command("bench")(bench)
app.command("models")(models)
app.command("nets")(nets)
app.command("targets")(targets)
