"""The measurements of ``bench.scale``, and their picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

_LEAST_RATIO: Final = 10.0
"""The ratio of the two ends of an axis is at least this: what hardly grows looks so."""


@dataclass(frozen=True, slots=True)
class Started:
    """Measurements of one start: seconds until searches, seconds of CPU until its engine is the one
    for this size, MiB that the replica takes and at most took; milliseconds of a search (wall and
    CPU: p50, p99), of one that compares everybody, and of a person put and removed (wall and CPU).
    """

    seconds: float
    coding: float
    resident: float
    peak: float
    p50: float
    p99: float
    cpu: float
    cpu99: float
    flat: float
    put: float
    put_cpu: float
    removed: float
    removed_cpu: float


def draw(measured: Mapping[int, tuple[Started, Started]], file: Path) -> None:
    """Four panels over the number of people, all in logarithms, into ``file``. ``measured`` are a
    start from SQL and one from a snapshot, by the number of people.
    """
    from_sql = [sql for sql, _ in measured.values()]
    rows = [kept for _, kept in measured.values()]
    panels = {
        "CPU ms of a search": {
            "everybody compared": [each.flat for each in rows],
            "p99": [each.cpu99 for each in rows],
            "p50": [each.cpu for each in rows],
        },
        "CPU ms of a change": {
            "a person put": [each.put_cpu for each in rows],
            "a person removed": [each.removed_cpu for each in rows],
        },
        "MiB of a replica": {
            "at most": [each.peak for each in from_sql],
            "searched": [each.resident for each in rows],
        },
        "seconds until searches": {
            "from SQL": [each.seconds for each in from_sql],
            "from a snapshot": [each.seconds for each in rows],
        },
    }
    figure = Figure(figsize=(9, 6), layout="constrained")
    for axes, (label, lines) in zip(figure.subplots(2, 2).flat, panels.items(), strict=True):
        for name, values in lines.items():
            axes.plot(list(measured), values, "o-", label=name)
        axes.set(xlabel="people", ylabel=label, xscale="log", yscale="log")
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, high / _LEAST_RATIO))
        axes.legend()
        axes.grid(visible=True, alpha=0.3)
    figure.savefig(file, dpi=110, metadata={"Software": None})
