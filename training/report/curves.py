"""Curves of error rates: ROC, DET and CMC, one function each; numbers in, a PNG out."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from training.evaluate.identification import OpenSet
from training.evaluate.verification import Verification
from training.report.style import DASHES, PALETTE, panels, save

_LEAST = 1e-3


def roc_curves(groups: Mapping[str, Mapping[str, Verification]], path: Path) -> None:
    """Verification, a plot a group: 1 - FNMR against FMR (logarithmic); dotted, FNMR = FMR."""
    figure, plots = panels(len(groups), width=5.2, height=5.0)
    for axes, (title, found) in zip(plots, groups.items(), strict=True):
        for (name, pairs), colour, dash in zip(found.items(), PALETTE, DASHES, strict=False):
            fmr, tmr = pairs.roc()
            label = f"{name} (EER {pairs.eer:.1%})"
            axes.plot(np.maximum(fmr, _LEAST), tmr, color=colour, linestyle=dash, label=label)
        rates = np.geomspace(_LEAST, 1, 100)
        axes.plot(rates, 1 - rates, color="grey", linewidth=0.8, linestyle=":")
        axes.set(
            xscale="log", xlim=(_LEAST, 1), ylim=(0, 1.01), title=f"{title}: ROC",
            xlabel="FMR: impostor pairs accepted", ylabel="1 - FNMR: mated pairs accepted",
        )  # fmt: skip
        _percent(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16))
    save(figure, path)


def det_curves(groups: Mapping[str, Mapping[str, OpenSet]], path: Path) -> None:
    """Open set, a plot a group: FNIR against FPIR, both logarithmic; dotted, FPIR 1 %."""
    figure, plots = panels(len(groups), width=5.2, height=5.0)
    for axes, (title, results) in zip(plots, groups.items(), strict=True):
        lowest = 1.0
        for (name, result), colour, dash in zip(results.items(), PALETTE, DASHES, strict=False):
            fpir, fnir = result.det()
            fnir = np.maximum(fnir, _LEAST)
            lowest = min(lowest, float(fnir.min()))
            label = f"{name} (N = {result.size})"
            axes.plot(fpir, fnir, color=colour, linestyle=dash, label=label)
        axes.axvline(0.01, color="grey", linewidth=0.8, linestyle=":")
        least = min(1 / len(result.strangers) for result in results.values())
        axes.set(
            xscale="log", yscale="log", title=f"{title}: DET",
            xlabel="FPIR: strangers named", ylabel="FNIR: enrolled not named",
            xlim=(max(_LEAST, least), 1), ylim=(lowest / 1.5, 1.15),
        )  # fmt: skip
        _percent(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16))
    save(figure, path)


def cmc_curve(title: str, result: OpenSet, path: Path) -> None:
    """Closed set: share of probes whose own identity is among the first k."""
    figure, (axes,) = panels(1, width=5.4, height=4.2)
    curve = result.cmc(min(20, result.size))
    axes.plot(np.arange(1, len(curve) + 1), curve, color=PALETTE[0], marker="o", markersize=4)
    axes.set(
        title=f"{title}: CMC", xlabel=f"rank k (N = {result.size})",
        ylabel="own identity among the first k", xlim=(0.5, len(curve) + 0.5),
    )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    save(figure, path)


def _percent(axes: Axes) -> None:
    short = FuncFormatter(lambda x, _: f"{100 * x:.4g} %")
    axes.xaxis.set_major_formatter(short)
    axes.yaxis.set_major_formatter(short)
