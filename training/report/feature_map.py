"""Section 2: two dimensions, so that one can look."""

from pathlib import Path

import numpy as np

from training.datasets.base import Labels
from training.evaluate.embedding import embed
from training.evaluate.identification import Rows
from training.evaluate.structure import pair_means
from training.report.page import table
from training.report.rates import euclidean_pairs, percent
from training.report.studies import LECUN, SOFTMAX, Studies, some
from training.report.style import PALETTE, panels, save

_SHOWN = 2400
_UNSEEN = (7, 8, 9)
_SHADES = ("#000000", "#555555", "#8a8a8a")


def section(studies: Studies, out: Path) -> str:
    """Train both in two dimensions and draw what they made of all ten digits."""
    subject, maps, rows = studies.digits, {}, []
    data = subject.prepared.data
    drawn = some(data, _SHOWN)
    for title, loss in (("contrastive (LeCun)", LECUN), ("cross-entropy", SOFTMAX)):
        run = studies.run(subject, loss, dimension=2, normalise=False, longer=2)
        maps[title] = (embed(run.model, drawn.images), drawn.labels)
        cells = []
        for part in (subject.known, subject.prepared.unseen):
            z = embed(run.model, part.images)
            similar, dissimilar = pair_means(z[:1500], part.labels[:1500])
            cells += [f"{similar / dissimilar:.2f}", percent(euclidean_pairs(z, part.labels).eer)]
        rows.append([title, *cells])
    _draw(maps, out / "2-feature-map.png")
    return "\n\n".join([
        "## 2. The feature map of MNIST in two dimensions",
        "The same network with an embedding of two numbers, learned on the digits 0 to 6 "
        "(coloured dots). The digits 7, 8 and 9 (printed in grey and black) were never shown to "
        "it.",
        "![feature map](2-feature-map.png)",
        table(
            ["loss", "D same / D other, known digits", "EER, known", "D same / D other, unseen",
             "EER, unseen"], rows,
        ),
        "D is the Euclidean distance in the map; the ratio is that of the mean over pairs of the "
        "same digit to the mean over pairs of different ones, so less is better. The contrastive "
        "loss asks for round islands with water between them. Cross-entropy asks only that lines "
        "through the map separate the classes, so its classes are rays: two images of one digit "
        "may lie far apart on the same ray. Either map separates pairs of new digits hardly better "
        "than a coin does (EER 50 %): two numbers, fitted to seven classes, have no room for an "
        "eighth.",
    ])  # fmt: skip


def _draw(maps: dict[str, tuple[Rows, Labels]], path: Path) -> None:
    figure, plots = panels(len(maps), width=5.6, height=5.2)
    for axes, (title, (z, labels)) in zip(plots, maps.items(), strict=True):
        for digit in range(7):
            mine = z[labels == digit]
            axes.scatter(
                mine[:, 0], mine[:, 1], color=PALETTE[digit - 6], s=7, alpha=0.7, linewidths=0
            )
            axes.annotate(
                str(digit), np.median(mine, axis=0), fontsize=15, fontweight="bold",
                ha="center", va="center",
                bbox={"boxstyle": "circle,pad=0.2", "fc": "white", "ec": PALETTE[digit - 6]},
            )  # fmt: skip
        for digit, shade in zip(_UNSEEN, _SHADES, strict=True):
            mine = z[labels == digit][:60]
            axes.scatter(
                mine[:, 0], mine[:, 1], marker=f"${digit}$", s=38, color=shade, linewidths=0.3
            )
        axes.set(title=title, xlabel="first coordinate", ylabel="second coordinate")
        axes.set_aspect("equal", adjustable="datalim")
    save(figure, path)
