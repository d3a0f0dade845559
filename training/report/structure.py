"""Section 5: the distances of unseen classes before and after, and neighbourhoods of the input."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.evaluate.embedding import embed
from training.evaluate.structure import distance_matrix, neighbourhoods, pair_means
from training.report.page import table
from training.report.studies import SUPERVISED, Studies, some, untrained
from training.report.style import panels, save

_CLASSES, _EACH, _JUDGED, _NEIGHBOURS = 10, 20, 1500, 10


def section(studies: Studies, out: Path) -> str:
    """Distances among drawings of ten unseen characters; trustworthiness of all."""
    subject = studies.characters
    unseen = subject.prepared.unseen
    shown = unseen.take(np.argsort(unseen.labels, kind="stable"))
    shown = shown.take(shown.labels < _CLASSES)
    drawn = some(unseen, _JUDGED)
    models = {
        "before training": untrained(subject),
        "after training": studies.run(subject, SUPERVISED).model,
    }
    matrices, rows, kept, ratio = {}, [], {}, {}
    for title, model in models.items():
        z = embed(model, shown.images)
        matrices[title] = distance_matrix(z)
        similar, dissimilar = pair_means(z, shown.labels)
        kept[title] = neighbourhoods(
            drawn.images, embed(model, drawn.images), neighbours=_NEIGHBOURS
        )
        ratio[title] = dissimilar / similar
        rows.append([
            title, f"{similar:.3f}", f"{dissimilar:.3f}", f"{ratio[title]:.2f}",
            f"{kept[title]:.3f}",
        ])  # fmt: skip
    _draw(matrices, np.bincount(shown.labels), out / "5-distances.png")
    return "\n\n".join([
        "## 5. Unseen classes before and after training",
        f"The drawings of {_CLASSES} characters that were never learned, ordered by character, "
        "under the supervised contrastive embedder of section 6 (seed 1): Euclidean distances of "
        "unit rows, 0 to 2.",
        "![distance matrices](5-distances.png)",
        table(
            ["", "mean D, same character", "mean D, another", "another / same",
             f"trustworthiness ({_NEIGHBOURS} neighbours, {_JUDGED} drawings)"], rows,
        ),
        _said(kept, ratio),
    ])  # fmt: skip


def _draw(
    matrices: Mapping[str, NDArray[np.float64]], counts: NDArray[np.int64], path: Path
) -> None:
    figure, plots = panels(len(matrices), width=5.2, height=4.4)
    edges = np.concatenate([[0], np.cumsum(counts)])
    for axes, (title, matrix) in zip(plots, matrices.items(), strict=True):
        image = axes.imshow(matrix, cmap="cividis", interpolation="nearest")
        for edge in edges[1:-1]:
            axes.axhline(edge - 0.5, color="white", linewidth=0.5)
            axes.axvline(edge - 0.5, color="white", linewidth=0.5)
        ticks = (edges[:-1] + edges[1:] - 1) / 2
        axes.set_xticks(ticks, [str(i + 1) for i in range(len(ticks))])
        axes.set_yticks(ticks, [str(i + 1) for i in range(len(ticks))])
        axes.grid(visible=False)
        axes.tick_params(length=0)
        axes.set(title=title, xlabel="unseen character", ylabel="unseen character")
        figure.colorbar(image, ax=axes, label="distance D", shrink=0.85)
    save(figure, path)


def _said(kept: Mapping[str, float], ratio: Mapping[str, float]) -> str:
    before, after = kept.values()
    first, last = ratio.values()
    lost = "lost" if after < before else "not lost"
    return (
        "The blocks on the diagonal are what open-set identification lives on: drawings of one "
        "character near each other and far from the rest, for characters that had no part in "
        f"training. Before it, another character is {first:.2f} times as far as the same one; "
        f"after it, {last:.2f} times.\n\n"
        "Trustworthiness (Venna and Kaski, 2001; 1 is best) asks whether neighbours in the "
        "embedding were neighbours as pixels. Some of that is "
        f"{lost} by training ({before:.3f} to {after:.3f}), and a loss of it is no fault: two "
        "drawings of a character by different hands share few pixels, and the loss asked for "
        "them to be neighbours all the same."
    )
