"""``kith evaluate door``: what is decided of bursts of frames, measured on a folder of people."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from app.analysis import build_analyser, build_burst_reader
from app.bundles.bundle import Bundle
from app.cli.evaluate import folder_for
from app.cli.left_out import left_out_lines, people_in
from app.cli.progress import count_progress
from app.core.clock import SystemClock
from app.core.files import write_whole
from app.core.interrupts import held_back
from app.core.logging import configure_logging
from app.core.names import printable
from app.core.terminal import plain_console, say
from app.decision.burst import MOST_FRAMES
from app.errors import InvalidRequest
from app.evaluation.bursts import Bursts, DoorEvaluation, evaluate_bursts
from app.evaluation.document import Source, as_json
from app.evaluation.rates import Rate
from app.evaluation.report.page import RULE_NAMES, VERDICTS, door_html
from app.gallery.bursts import BurstReader
from app.inference.walk import Photo
from app.pages.words import between, percent, tally
from app.settings import Settings, load_settings

_PEOPLE: Final = 1000
_FEWEST: Final = 2


def evaluate_door(
    folder: Annotated[
        Path, typer.Argument(help="Photos, one folder a person.", exists=True, file_okay=False)
    ],
    *,
    frames: Annotated[int, typer.Option(help=f"Frames of a burst, 1 to {MOST_FRAMES}.")] = 5,
    people: Annotated[
        int, typer.Option(help="The most people to measure on, drawn by chance.")
    ] = _PEOPLE,
    real: Annotated[
        bool,
        typer.Option("--real", help="Frames are other photos of the person, not views of one."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed draws other people and views.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the report. Default: evaluation-DATE-TIME.", file_okay=False),
    ] = None,
) -> None:
    """Measure what a door decides of several frames: strangers named, and people found."""
    _check(frames, people, seed)
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    bundle = Bundle.load(settings.bundle_dir)
    now = SystemClock().now().astimezone()
    with folder_for(out or Path(f"evaluation-{now:%Y%m%d-%H%M%S}")) as report:
        found = people_in(folder)
        source = Source(
            kind="folder",
            name=printable(folder.resolve().name),
            made_at=now,
            kith=version("kith"),
            model=f"{bundle.manifest.name} {bundle.manifest.version}",
            contract_id=bundle.manifest.contract_id,
            left_out=found.counts,
        )
        analyser = build_analyser(bundle, settings)
        reader = build_burst_reader(analyser, settings, frames=frames, seed=seed, real=real)
        bursts = _read(reader, found.photos, people, settings)
        with count_progress("Deciding", len(bursts.people) - bursts.unseen) as step:
            measured = evaluate_bursts(
                bursts, bundle.calibration, frames=frames, seed=seed, done=step
            )
        numbers, page = as_json(source, measured), door_html(source, measured)
        with held_back():  # they are of one evaluation
            write_whole(report / "report.json", numbers)
            write_whole(report / "report.html", page)
    _summarise(measured)
    for line in left_out_lines(source.left_out):
        say(line)
    say(f"The report is {report / 'report.html'}; report.json holds its numbers.")


def _check(frames: int, people: int, seed: int) -> None:
    if not 1 <= frames <= MOST_FRAMES:
        raise InvalidRequest(f"--frames must be 1 to {MOST_FRAMES}; {frames} is not.")
    if people < _FEWEST:
        raise InvalidRequest(f"--people must be {_FEWEST} or more; {people} is not.")
    if seed < 0:
        raise InvalidRequest(f"--seed must be 0 or more; {seed} is not.")


def _read(reader: BurstReader, photos: list[Photo], most: int, settings: Settings) -> Bursts:
    total = min(most, len({photo.person for photo in photos}))
    with count_progress("Examining", total) as step:
        return reader.read(photos, most=most, threads=settings.threads, done=step)


def _summarise(measured: DoorEvaluation) -> None:
    one, other = measured.galleries
    table = Table(
        "target",
        "decided by",
        "strangers named (FPIR)",
        "people found (TPIR)",
        title=(
            f"{measured.people:,} people, {one:,} and {other:,} enrolled in turn; "
            f"{measured.frames} frames a burst"
        ),
    )
    for point in measured.operating_points:
        for result in point.rules:
            first = result.rule == "mean"
            table.add_row(
                percent(point.target) if first else "",
                RULE_NAMES[result.rule],
                f"{_cell(result.fpir)}\n{VERDICTS[result.verdict]}",
                _cell(result.tpir),
                end_section=result is point.rules[-1],
            )
    plain_console().print(table)


def _cell(rate: Rate) -> str:
    return f"{percent(rate.rate)}, {tally(rate)}\n95 % interval {between(rate.low, rate.high)}"
