"""``python -m training``: train, evaluate, calibrate, export, report."""

from pathlib import Path
from typing import Annotated

import typer
from rich import print as say

from app.errors import AppError
from training.config import load_config
from training.distributed import joined, world
from training.errors import TrainingError
from training.finish import evaluate_run, export_run
from training.prepare import material, prepare, write_split
from training.train import train as run_loop

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Run = Annotated[Path, typer.Argument(help="Folder of a run, as --out named it.")]


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="TOML file of the run, see training/runs/.")],
    out: Annotated[Path, typer.Option(help="Folder for checkpoints, metrics and the bundle.")],
) -> None:
    """Train, or go on where a killed run stopped; ends with OUT/bundle.

    Several processes: torchrun --nproc-per-node 2 -m training train RUN.toml --out OUT
    """
    run = load_config(config)
    with joined():
        prepared = prepare(run.data)
        if world()[0] == 0:
            write_split(prepared, out)
        for line in prepared.data.skipped:
            say(f"skipped {line}")
        run_loop(run, material(run, prepared), out)
        if world()[0] == 0:
            _finish(out, None)


@app.command()
def evaluate(out: Run) -> None:
    """Measure the best weights of a run on its unseen identities."""
    say(*evaluate_run(out).lines(), sep="\n")


@app.command()
def calibrate(out: Run) -> None:
    """Make the bundle's calibration anew (impostor tail and pair threshold) and write it again."""
    _finish(out, None)


@app.command()
def export(
    out: Run,
    bundle: Annotated[Path | None, typer.Option(help="Where to; OUT/bundle by default.")] = None,
) -> None:
    """Write the best weights as a bundle and check that ONNX and torch agree."""
    _finish(out, bundle)


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="Folder for the report and its plots.")],
    mnist: Annotated[Path, typer.Option(help="Folder of MNIST's idx files.")],
    omniglot: Annotated[Path, typer.Option(help="Omniglot's npz file.")],
    epochs: Annotated[int, typer.Option(help="Epochs of each study run.")] = 12,
    seeds: Annotated[int, typer.Option(help="Seeds of the table that compares losses.")] = 3,
) -> None:
    """Train the study runs and write the figures and tables of the report."""
    from training.report.build import build_report

    build_report(out, mnist=mnist, omniglot=omniglot, epochs=epochs, seeds=seeds)
    say(f"wrote {out}/report.md")


def _finish(out: Path, bundle: Path | None) -> None:
    measured = evaluate_run(out)
    written, difference = export_run(out, bundle=bundle)
    say(*measured.lines(), sep="\n")
    say(f"wrote {written} (torch and ONNX differ by {difference:.1e})")


def main() -> None:
    """Run a command; what went wrong is one line on standard error and exit status 1."""
    try:
        app()
    except (TrainingError, AppError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
