"""Section 1: a classifier and embedders of the same classes meet classes nobody taught them."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.decision.fusion import fuse_persons
from training.datasets.base import ImageSet
from training.evaluate.embedding import embed
from training.evaluate.identification import OpenSet, Rows, unit_rows
from training.loss_tables import LossConfig
from training.losses.softmax import SoftmaxClassifier
from training.report.curves import det_curves, roc_curves
from training.report.page import table
from training.report.rates import FPIR, Rates, known_or_not, percent, rates
from training.report.studies import (
    LECUN,
    SOFTMAX,
    SUPERVISED,
    Studies,
    Subject,
    Trained,
    untrained,
)
from training.report.style import DISSIMILAR, PALETTE, SIMILAR, panels, save

_NETWORKS: dict[str, tuple[LossConfig, bool]] = {
    "classifier (cross-entropy)": (SOFTMAX, False),
    "contrastive (LeCun)": (LECUN, True),
    "supervised contrastive": (SUPERVISED, True),
}
_TURNED = "supervised contrastive, turned digits too"


def section(studies: Studies, out: Path) -> str:
    """Train, measure, draw, and say it."""
    closed, opened, dets, rocs = [], [], {}, {}
    for name, subject in (("MNIST", studies.digits), ("Omniglot", studies.characters)):
        trained = {
            title: studies.run(subject, loss, normalise=normalise, longer=_longer(loss, name))
            for title, (loss, normalise) in _NETWORKS.items()
        }
        if name == "MNIST":
            trained[_TURNED] = studies.run(subject, SUPERVISED, turns=2)
        known = {title: _known(run, subject) for title, run in trained.items()}
        closed += [[name, title, *_closed_cells(found)] for title, found in known.items()]
        new = _unseen(trained, subject)
        opened += [[name, *cells] for cells in _open_rows(new)]
        dets[f"{name}, unseen classes"] = {title: found.first for title, found in new.items()}
        rocs[f"{name}, unseen classes"] = {title: found.pairs for title, found in new.items()}
        if name == "MNIST":
            _draw_scores(known, out / "1-scores.png")
            digits = (known, new)
        else:
            characters = (known, new)
    det_curves(dets, out / "1-det.png")
    roc_curves(rocs, out / "1-roc.png")
    return "\n\n".join([
        "## 1. Closed set against open set",
        _INTRODUCTION,
        "**Known or not?** Probes are other images of the classes learned (they ought to be named) "
        "and images of the unseen classes (they ought not to be). The classifier's score is its "
        "largest softmax probability; the embedders enrol every class learned with its training "
        "images and score the cosine to the nearest centroid.",
        table(["data", "network", "N", "right class (closed set)", "DIR at FPIR 1 %"], closed),
        "![scores of known and unknown digits](1-scores.png)",
        _said_of_known(digits[0], characters[0]),
        "**Who is it, then?** Now the unseen classes are enrolled with three images each (a third "
        "of them stays out and plays the strangers), and nobody is retrained. Means over 20 draws "
        "of who is enrolled with which images.",
        table(
            ["data", "what is compared", "can name a new class", "N", "rank-1", "EER of pairs",
             "DIR at FPIR 10 %", "DIR at FPIR 1 %"], opened,
        ),
        "![DET](1-det.png)",
        "![ROC](1-roc.png)",
        _said_of_new(digits[1], characters[1]),
    ])  # fmt: skip


_INTRODUCTION = """\
Three networks of the same shape learn the same classes with the same images (MNIST: the digits 0
to 6; Omniglot: 80 % of the characters). One is a classifier: cross-entropy on one output a class.
Two are embedders: they learn only which images belong together. Then images of classes arrive that
none of them was taught (7, 8 and 9; the other 20 % of the characters). Two questions are asked of
everyone. (On Omniglot the classifier learns four times as long as the others: with an output for
each of hundreds of characters, and 16 drawings of each, it needs it.)"""


def _longer(loss: LossConfig, name: str) -> int:
    return 4 if loss is SOFTMAX and name == "Omniglot" else 1


def _known(run: Trained, subject: Subject) -> OpenSet:
    """Held-out images of the classes learned against images of the unseen ones."""
    known, unseen = (embed(run.model, x.images) for x in (subject.known, subject.prepared.unseen))
    if isinstance(run.objective.head, SoftmaxClassifier):
        scores = [_log_probabilities(run.objective.head, z) for z in (known, unseen)]
    else:
        train = subject.prepared.train
        rows = unit_rows(embed(run.model, train.images))
        templates = fuse_persons(rows, train.labels).vectors
        scores = [(unit_rows(z) @ templates.T).astype(np.float64) for z in (known, unseen)]
    return known_or_not(scores[0], subject.known.labels, scores[1], subject.prepared.unseen.labels)


def _log_probabilities(head: SoftmaxClassifier, z: Rows) -> NDArray[np.float64]:
    with torch.no_grad():
        logits: NDArray[Any] = head.logits(torch.from_numpy(z)).double().log_softmax(1).numpy()
    return logits


def _closed_cells(found: OpenSet) -> list[str]:
    return [str(found.size), percent(found.rank1), percent(found.dir_at(FPIR))]


def _unseen(trained: dict[str, Trained], subject: Subject) -> dict[str, Rates]:
    """Rates on the unseen classes: by pixels, by an untrained network, by each network."""
    unseen = subject.prepared.unseen
    compared = {
        "raw pixels": _pixels(unseen),
        "untrained network": embed(untrained(subject), unseen.images),
        "classifier's features": embed(trained["classifier (cross-entropy)"].model, unseen.images),
        **{t: embed(r.model, unseen.images) for t, r in trained.items() if "classifier" not in t},
    }
    return {title: rates(z, unseen) for title, z in compared.items()}


def _pixels(data: ImageSet) -> Rows:
    rows: Rows = data.images.reshape(len(data), -1).astype(np.float32)
    return rows


def _open_rows(new: dict[str, Rates]) -> list[list[str]]:
    none = ["classifier's outputs", "no: it has no output for it", "", "0 %", "", "0 %", "0 %"]
    return [
        none,
        *[
            [title, "by enrolling it", str(x.persons), percent(x.rank1), percent(x.eer),
             percent(x.dir_10), percent(x.dir)]
            for title, x in new.items()
        ],
    ]  # fmt: skip


def _draw_scores(known: dict[str, OpenSet], path: Path) -> None:
    """Draw a classifier's certainty of digits that it knows and of digits that it never saw."""
    titles = ("classifier (cross-entropy)", "supervised contrastive")
    figure, plots = panels(2, width=5.2, height=3.6)
    for axes, title in zip(plots, titles, strict=True):
        found = known[title]
        mated, strangers = found.mated.astype(np.float64), found.strangers.astype(np.float64)
        if title == titles[0]:
            mated, strangers = np.exp(mated), np.exp(strangers)
        edges = np.linspace(min(mated.min(), strangers.min()), 1, 41)
        for values, colour, name in (
            (mated, SIMILAR, "digits 0-6, learned"),
            (strangers, DISSIMILAR, "digits 7-9, never seen"),
        ):
            share = np.full(len(values), 1 / len(values))
            axes.hist(values, edges.tolist(), weights=share, color=colour, alpha=0.6, label=name)
        axes.set(title=title, ylabel="share of the images", yscale="log", ylim=(1e-4, 1.2))
        axes.legend(loc="upper left")
    plots[0].set_xlabel("probability of the most likely class")
    plots[1].set_xlabel("cosine to the nearest class")
    threshold = np.exp(known[titles[0]].threshold(FPIR)), known[titles[1]].threshold(FPIR)
    for axes, at in zip(plots, threshold, strict=True):
        axes.axvline(min(float(at), 1), color=PALETTE[-1], linewidth=1, linestyle=":")
    save(figure, path)


def _said_of_known(digits: dict[str, OpenSet], characters: dict[str, OpenSet]) -> str:
    title = "classifier (cross-entropy)"
    sure = float((np.exp(digits[title].strangers) > 0.99).mean())
    return (
        f"The classifier names {percent(digits[title].rank1)} of the digits and "
        f"{percent(characters[title].rank1)} of the drawings right that are of its own classes, "
        "which is what it was trained for. Shown a digit that it has never seen it still answers "
        f"with one of its seven, and is more than 99 % sure in {percent(sure)} of the cases: its "
        'probabilities add up to one over the classes that it knows, so they cannot say "none of '
        'these". As a score to reject strangers by, the largest of them keeps '
        f"{percent(digits[title].dir_at(FPIR))} of the known digits and "
        f"{percent(characters[title].dir_at(FPIR))} of the known characters when one stranger in "
        "a hundred may pass (dotted line); the supervised contrastive embedder keeps "
        f"{percent(digits['supervised contrastive'].dir_at(FPIR))} and "
        f"{percent(characters['supervised contrastive'].dir_at(FPIR))}. Either way the classifier "
        'can only reject: "unknown" is the most that it can say of a new class.'
    )


def _said_of_new(digits: dict[str, Rates], characters: dict[str, Rates]) -> str:
    few, many = (min(x.eer for x in new.values()) for new in (digits, characters))
    plain, turned = digits["supervised contrastive"], digits[_TURNED]
    return "\n\n".join([
        "To name a new class one must compare images with images, and every row but the first of "
        "each data set does that: it is metric learning, whatever the loss was called. The "
        "classifier's last layer is thrown away for it; its features serve as an embedding.",
        f"DIR at FPIR 1 % on the unseen digits, best first: {_ordered(digits)}. On the unseen "
        f"characters: {_ordered(characters)}. The classifier's features had four times the steps "
        "there; section 6 compares the losses at equal steps.",
        "What is learned of *new* classes depends on how many there were to learn from. With "
        f"seven digits the best EER of unseen pairs is {percent(few)}, with hundreds of "
        f"characters {percent(many)}. Seven classes show how these seven differ and little else, "
        "and there the kind of loss decides little: none of the networks deserves trust with a "
        "digit that it was not taught. Counting the digits turned by 90 degrees as seven more "
        f"classes changes the supervised contrastive embedder's EER from {percent(plain.eer)} to "
        f"{percent(turned.eer)}, without one more image.",
    ])  # fmt: skip


def _ordered(new: dict[str, Rates]) -> str:
    order = sorted(new, key=lambda title: -new[title].dir)
    return ", ".join(f"{title} {percent(new[title].dir)}" for title in order)
