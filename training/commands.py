"""Train, evaluate, calibrate, export, report."""

import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from app.core.terminal import complain, flush_output, prepare_streams, status_of
from app.errors import AppError
from training.distributed import joined, world
from training.errors import TrainingError
from training.finish import calibrate_run, evaluate_run, export_run
from training.prepare import material, prepare, write_split
from training.run import Run, kept_run, open_run
from training.run_file import load_config
from training.train import train as run_loop

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Folder = Annotated[Path, typer.Argument(help="Folder of a run, as train's --out named it.")]
Bundle = Annotated[Path | None, typer.Option(help="The bundle's folder; OUT/bundle by default.")]
Data = Annotated[
    Path | None,
    typer.Option(
        envvar="KITH_TRAINING_DATA",
        help="Folder of training data: a data.path that is relative lies in it. Default: the "
        "working directory.",
    ),
]


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="TOML file of the run, see training/runs/.")],
    out: Annotated[Path, typer.Option(help="Folder for checkpoints, metrics and the bundle.")],
    data: Data = None,
) -> None:
    """Train, or go on where a killed run stopped; then evaluate and export to OUT/bundle.

    Uses CUDA where there is a device. Several processes or machines:
    torchrun --nproc-per-node 2 -m training train RUN.toml --out OUT
    """
    planned = load_config(config)
    with joined():
        prepared = prepare(planned.data, _checked(data))
        if world()[0] == 0:
            write_split(prepared, out)
        for line in prepared.data.skipped:
            typer.echo(f"skipped {line}")
        made = material(planned, prepared)
        run_loop(planned, made, out)
        if world()[0] == 0:
            run = kept_run(out, planned, prepared, made.model)
            _evaluated(run, out)
            _exported(run, out, None)


@app.command()
def evaluate(out: Folder, data: Data = None) -> None:
    """Measure the weights that were kept on the run's unseen identities.

    1:1 (ROC, EER, TAR at FAR, ten folds), 1:N closed set (CMC) and open set (DET, DIR), with
    intervals that count people: OUT/metrics.json, OUT/evaluation.md and .html, and their plots.
    """
    _evaluated(open_run(out, _checked(data)), out)


@app.command()
def calibrate(out: Folder, bundle: Bundle = None, data: Data = None) -> None:
    """Calibrate the bundle again on the run's unseen identities; its models stay as they are.

    Writes the impostor tail (how often a stranger is as similar, for 1:N) by the service's own
    code, and the threshold and slope on the distance of two images (for 1:1).
    """
    run = open_run(out, _checked(data))
    typer.echo(f"wrote {calibrate_run(run, out, bundle=bundle)}")


@app.command()
def export(out: Folder, bundle: Bundle = None, data: Data = None) -> None:
    """Write the weights that were kept as a bundle that the service loads (KITH_MODEL=BUNDLE).

    The graph is ONNX with a free batch and rows of unit length. torch and onnxruntime must agree on
    unseen samples to 1e-4. Manifest, calibration and model card are written with it.
    """
    _exported(open_run(out, _checked(data)), out, bundle)


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="Folder for report.md, report.html and the plots.")],
    mnist: Annotated[Path, typer.Option(help="Folder of MNIST's idx files.")],
    omniglot: Annotated[Path, typer.Option(help="Omniglot's npz file, or its folder.")],
    runs: Annotated[
        Path, typer.Option(help="Folder of the study runs; a report that was stopped goes on.")
    ] = Path("data/runs/report"),
    section: Annotated[
        list[int] | None, typer.Option(help="Make only this section; can be repeated.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, max=10_000, help="Epochs of a study run.")] = 20,
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, help="Seeds of the table that compares losses.")
    ] = 3,
) -> None:
    """Train the study runs, and write why open-set identification is metric learning.

    1: closed set against open set. 2: the feature map. 3: Ls and Ld against D. 4: equilibrium.
    5: distances before and after. 6: distances and losses compared.
    """
    from training.report.build import SECTIONS, build_report
    from training.report.studies import Studies

    wanted = sorted(set(section or SECTIONS))
    if unknown := [number for number in wanted if number not in SECTIONS]:
        raise TrainingError(f"The report has sections 1 to {len(SECTIONS)}, and no {unknown[0]}.")
    given = {"out": out, "mnist": mnist, "omniglot": omniglot, "epochs": epochs, "seeds": seeds}
    options = [str(part) for name, value in given.items() for part in (f"--{name}", value)]
    command = shlex.join(["python", "-m", "training", "report", *options])
    studies = Studies(runs, mnist=mnist, omniglot=omniglot, epochs=epochs)
    build_report(out, studies, sections=wanted, seeds=seeds, command=command)
    typer.echo(f"wrote {out}/report.md and {out}/report.html")


def _checked(data: Path | None) -> Path | None:
    if data is not None and not data.is_dir():
        raise TrainingError(f"--data (KITH_TRAINING_DATA) is {data}, which is no folder.")
    return data


def _evaluated(run: Run, out: Path) -> None:
    for line in (*evaluate_run(run, out).lines(), f"wrote {out / 'evaluation.html'}"):
        typer.echo(line)


def _exported(run: Run, out: Path, bundle: Path | None) -> None:
    written, difference = export_run(run, out, bundle=bundle)
    typer.echo(f"wrote {written} (torch and ONNX differ by {difference:.1e})")


def main() -> None:
    """Run a command; what went wrong is one line on standard error and exit status 1."""
    prepare_streams()
    try:
        status = status_of(app)
    except (TrainingError, AppError, OSError) as error:
        complain(error if isinstance(error, OSError) else AppError(str(error)), of="training")
        with suppress(OSError):
            flush_output()
        status = 1
    sys.exit(status)
