"""Make and check the people of the demo, who do not exist; see `python -m microface.demo.make_people --help`."""

from pathlib import Path
from typing import Annotated

import typer

from microface.console import console, table
from microface.demo.cast import PEOPLE
from microface.demo.maker.audition import Audition, Jury, Standards
from microface.demo.maker.check import Claim, Seen, apart, teacher_claims
from microface.demo.maker.folder import PICTURES, people_in, write_people
from microface.demo.maker.heads import Heads, collect
from microface.demo.maker.model import FaceModel, fit
from microface.demo.maker.named import named_photos
from microface.demo.maker.person import Casting
from microface.demo.maker.picture import Variety
from microface.demo.maker.seemly import DRAWN, SEED, seemly
from microface.errors import UserError
from microface.photos.crop import TEACHER_VIEW
from microface.photos.teacher import Teacher

DISTINCT, HEADS = 1.3, 4000
NAMES = ("Arlo", "Brisa", "Corin", "Dovie", "Elric")

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
Photos = Annotated[Path, typer.Option(help="Folder with the .parquet files of research photos.")]
TeacherFile = Annotated[Path, typer.Option("--teacher", help="The teacher, an .onnx file.")]
Faces = Annotated[Path, typer.Option(help="Data set that `microface prepare` made of these photos with this teacher.")]
Work = Annotated[Path, typer.Option(help="Keeps heads and model between runs.")]
People = Annotated[Path, typer.Option(help="Folder of the people.")]


@app.command()
def build(
    photos: Photos,
    teacher: TeacherFile,
    faces: Faces,
    work: Work = Path("build/people"),
    people: People = PEOPLE,
    seed: int = SEED,
) -> None:
    """Fit the face model, draw people until ten of them are easy to tell apart, write their pictures."""
    work.mkdir(parents=True, exist_ok=True)
    model = _model(photos, work)
    jury = Jury(Teacher(teacher), named_photos(faces, teacher), Standards())
    audition = Audition(model, Casting(model, DISTINCT), Variety(), seed, PICTURES)
    cast, tally = audition.choose(jury, DRAWN, seemly(seed))
    rows = [(count, reason) for reason, count in sorted(tally.thrown_away.items())]
    console.print(
        table(f"{tally.drawn} people drawn, {sum(tally.thrown_away.values())} thrown away", ("", "why"), rows)
    )
    if len(cast) < len(PICTURES):
        raise UserError(f"seed {seed}", "gave too few people who are told apart", "try another seed")
    write_people(cast, NAMES, people)
    console.print("kept: " + ", ".join(f"person {person.number}" for person in cast))


@app.command()
def check(
    teacher: TeacherFile,
    faces: Annotated[
        Path | None, typer.Option(help="Data set of research photos: also check the distance to its people.")
    ] = None,
    network: Annotated[str | None, typer.Option(help="Also check that this shipped network tells them apart.")] = None,
    people: People = PEOPLE,
) -> None:
    """Measure on the committed pictures what they must fulfil; exit code 1 when something does not hold."""
    seen = Seen.look(people_in(people))
    claims = [seen.one_face_each()]
    if claims[0].holds:
        named = None if faces is None else named_photos(faces, teacher)
        vectors = seen.vectors(TEACHER_VIEW, Teacher(teacher).embed)
        claims += [*teacher_claims(vectors, named), apart(vectors, "teacher")]
        claims += [] if network is None else [_network_claim(seen, network)]
    rows = [(claim.says, f"{claim.worst:.3f}", "holds" if claim.holds else "BROKEN") for claim in claims]
    console.print(table("The made-up people", ("claim", "worst", ""), rows))
    raise typer.Exit(0 if all(claim.holds for claim in claims) else 1)


def _network_claim(seen: Seen, network: str) -> Claim:
    from microface.evaluate.engines import open_engine

    engine = open_engine("integer", network)
    return apart(seen.vectors(engine.preprocess, engine.centred), network)


def _model(photos: Path, work: Path) -> FaceModel:
    path = work / "model.npz"
    if not path.exists():
        if not (work / "heads.json").exists():
            collect(photos).save(work)
        fit(Heads.load(work), HEADS).save(path)
    return FaceModel.load(path)


if __name__ == "__main__":
    try:
        app()
    except UserError as error:
        console.print(str(error))
        raise SystemExit(2) from error
