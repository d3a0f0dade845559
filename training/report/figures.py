"""The plots, one function each: numbers in, a PNG out."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.datasets.base import Labels
from training.evaluate.identification import OpenSet, Rows
from training.losses.contrastive import LeCun, PairTerms
from training.losses.variants import InverseDistance, MarginOnBoth

mpl.use("Agg")

Curves = Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
VARIANTS: dict[str, PairTerms] = {
    "LeCun": LeCun(1.0),
    "margin on both": MarginOnBoth(1.0, 0.5),
    "1/D": InverseDistance(),
}


def save(figure: Figure, path: Path) -> None:
    """Write without a time stamp, so that the same numbers give the same file."""
    figure.savefig(path, dpi=110, bbox_inches="tight", metadata={"Software": None})


def feature_maps(
    maps: Mapping[str, tuple[Rows, Labels]], seen: tuple[str, ...], path: Path
) -> None:
    """Two-dimensional embeddings side by side; classes beyond ``seen`` are drawn as crosses."""
    figure = Figure(figsize=(6 * len(maps), 5.5))
    for axes, (title, (z, labels)) in zip(
        np.ravel(figure.subplots(1, len(maps))), maps.items(), strict=True
    ):
        for digit in range(10):
            rows, unseen = labels == digit, str(digit) not in seen
            style = {"marker": "x", "s": 18} if unseen else {"marker": ".", "s": 8}
            name = f"{digit} (unseen)" if unseen else str(digit)
            axes.scatter(z[rows, 0], z[rows, 1], color=f"C{digit}", label=name, **style)
        axes.set_title(title)
        axes.legend(fontsize=7, markerscale=1.5)
    save(figure, path)


def loss_curves(path: Path) -> None:
    """L_s and L_d against D for LeCun's loss and the two variants."""
    import torch

    distance = torch.linspace(0.02, 2, 300)
    figure = Figure(figsize=(13, 3.6))
    for axes, (title, terms) in zip(figure.subplots(1, 3), VARIANTS.items(), strict=True):
        axes.plot(distance, terms.similar(distance), label="similar, $L_s$")
        axes.plot(distance, terms.dissimilar(distance), label="dissimilar, $L_d$")
        axes.set(title=title, xlabel="D", ylabel="loss", ylim=(0, 2))
        axes.legend()
    save(figure, path)


def equilibrium(history: Mapping[str, list[tuple[float, float]]], path: Path) -> None:
    """Mean distance of similar and dissimilar unseen pairs over the epochs, one panel a variant."""
    figure = Figure(figsize=(13, 3.6))
    for axes, (title, means) in zip(figure.subplots(1, len(history)), history.items(), strict=True):
        similar, dissimilar = np.array(means).T
        axes.plot(similar, label="similar")
        axes.plot(dissimilar, label="dissimilar")
        axes.set(title=title, xlabel="epoch", ylabel="mean D")
        axes.legend()
    save(figure, path)


def matrices(found: Mapping[str, NDArray[np.float64]], path: Path) -> None:
    """Distance matrices side by side, rows ordered by class; dark is near."""
    figure = Figure(figsize=(5.5 * len(found), 5))
    for axes, (title, matrix) in zip(figure.subplots(1, len(found)), found.items(), strict=True):
        image = axes.imshow(matrix, cmap="viridis")
        axes.set(title=title, xticks=[], yticks=[])
        figure.colorbar(image, ax=axes, shrink=0.8)
    save(figure, path)


def det_curves(results: Mapping[str, OpenSet], path: Path) -> None:
    """FNIR against FPIR, both logarithmic."""
    figure = Figure(figsize=(6, 5))
    axes = figure.subplots()
    for name, result in results.items():
        fpir, fnir = result.det()
        axes.loglog(fpir, np.maximum(fnir, 1e-3), label=f"{name} (N = {result.size})")
    axes.set(xlabel="FPIR", ylabel="FNIR", title="Unseen identities")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    save(figure, path)


def cmc_curves(results: Mapping[str, OpenSet], path: Path) -> None:
    """Closed-set identification rate against rank."""
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    for name, result in results.items():
        curve = result.cmc()
        axes.plot(np.arange(1, len(curve) + 1), curve, marker=".", label=name)
    axes.set(xlabel="rank", ylabel="identification rate")
    axes.legend()
    save(figure, path)


def roc_curves(curves: Curves, path: Path) -> None:
    """1 - FNMR against FMR, FMR logarithmic."""
    figure = Figure(figsize=(6, 5))
    axes = figure.subplots()
    for name, (fmr, tmr) in curves.items():
        axes.semilogx(np.maximum(fmr, 1e-4), tmr, label=name)
    axes.set(xlabel="FMR", ylabel="1 - FNMR")
    axes.legend()
    save(figure, path)
