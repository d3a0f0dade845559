"""The report from beginning to end: its sections, each of which trains what it needs."""

from collections.abc import Callable, Sequence
from pathlib import Path

from training.report import (
    closed_and_open,
    comparison,
    equilibrium,
    feature_map,
    loss_shapes,
    structure,
)
from training.report.page import write_page
from training.report.studies import Studies

SECTIONS = range(1, 7)


def build_report(
    out: Path, studies: Studies, *, sections: Sequence[int], seeds: int, command: str
) -> None:
    """Write ``report.md``, ``report.html`` and the plots of ``sections`` to ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    write: dict[int, Callable[[], str]] = {
        1: lambda: closed_and_open.section(studies, out),
        2: lambda: feature_map.section(studies, out),
        3: lambda: loss_shapes.section(studies, out),
        4: lambda: equilibrium.section(studies, out),
        5: lambda: structure.section(studies, out),
        6: lambda: comparison.section(studies, seeds),
    }
    said = {3: "no seed", 6: f"seeds 1 to {seeds}"}
    text = ["# Why open-set identification is metric learning", _head(command, studies.epochs)]
    for number in sections:
        made = f"`{command} --section {number}`, {said.get(number, 'seed 1')}"
        text += [write[number](), f"*Made by {made}.*"]
    write_page(out, "report", "\n\n".join(text))


def _head(command: str, epochs: int) -> str:
    return (
        f"Made by `{command}` ({epochs} epochs of each study run, twice as many in sections 2 and "
        "4). Every network here is the small CNN of `training/backbones/small.py`, trained by the "
        "loop of `training/train.py`; nothing was chosen on the unseen classes. DIR is the share "
        "of probes of enrolled classes that get the right name where one stranger in a hundred is "
        "given one (FPIR 1 %)."
    )
