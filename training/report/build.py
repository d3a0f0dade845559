"""The report from beginning to end: each section trains what it needs and returns its Markdown."""

from pathlib import Path

import numpy as np
import torch
from rich.progress import track

from training.backbones.embedder import Embedder
from training.config import LossConfig
from training.datasets import mnist as mnist_files
from training.datasets import omniglot as omniglot_file
from training.datasets.base import ImageSet, split_identities, split_named
from training.evaluate.embedding import embed
from training.evaluate.episodes import one_shot
from training.evaluate.identification import identify, make_protocol
from training.evaluate.structure import distance_matrix, neighbourhoods, pair_means
from training.evaluate.verification import verify
from training.report import figures
from training.report.studies import (
    MNIST_SAMPLER,
    OMNIGLOT_SAMPLER,
    Study,
    Watch,
    fresh,
    open_set,
    run,
)  # fmt: skip

SEEN = tuple("0123456")
UNSEEN = tuple("789")
CONTRASTIVE = LossConfig(kind="contrastive", distance="euclidean", margin=1.0)
SUPERVISED = LossConfig(kind="supervised", temperature=0.1)
SOFTMAX = LossConfig(kind="softmax")
_SHOWN = 60


class Data:
    """The two data sets of the report, split once."""

    def __init__(self, mnist: Path, omniglot: Path) -> None:
        self.digits = mnist_files.load(mnist, 28)
        split = split_named(self.digits.identities, unseen=UNSEEN)
        self.digits_train, self.digits_unseen = split.apply(self.digits)
        characters = omniglot_file.load(omniglot, 28)
        names = split_identities(characters.identities, unseen=0.2, seed=1)
        self.characters_train, self.characters_unseen = names.apply(characters)


def build_report(out: Path, *, mnist: Path, omniglot: Path, epochs: int, seeds: int) -> None:
    """Write ``report.md`` and its figures to ``out``."""
    torch.set_num_threads(2)
    out.mkdir(parents=True, exist_ok=True)
    data = Data(mnist, omniglot)
    command = (
        f"python -m training report --out {out} --mnist {mnist} --omniglot {omniglot} "
        f"--epochs {epochs} --seeds {seeds}"
    )
    sections = [
        "# Why open-set identification is metric learning",
        f"Made by `{command}`; seeds 1 to {seeds} in section 6, seed 1 elsewhere. Every rate is on "
        "classes that the network never saw, unless said otherwise.",
        closed_against_open(data, out, epochs),
        feature_map(data, out, epochs),
        loss_shapes(out),
        equilibrium(data, out, epochs),
        structure(data, out, epochs),
        comparison(data, epochs, seeds),
    ]
    (out / "report.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")


def closed_against_open(data: Data, out: Path, epochs: int) -> str:
    """Section 1: a classifier and an embedder of the same classes meet new ones."""
    lines, results, rocs = [], {}, {}
    sets = {
        "MNIST": (data.digits_train, data.digits_unseen, MNIST_SAMPLER),
        "Omniglot": (data.characters_train, data.characters_unseen, OMNIGLOT_SAMPLER),
    }
    for name, (train, unseen, sampler) in sets.items():
        for title, loss in (("cross-entropy's features", SOFTMAX), ("contrastive", CONTRASTIVE)):
            study = Study(loss, dimension=64, normalise=loss is not SOFTMAX, epochs=epochs, seed=1)
            model, objective = run(study, train, sampler)
            own = _closed_accuracy(model, objective, train) if loss is SOFTMAX else "none needed"
            rate, rank1, z = open_set(model, unseen)
            protocol = make_protocol(unseen.labels, enrol=3, persons=180, seed=7)
            results[f"{name}, {title}"] = identify(z, z, unseen.labels, protocol)
            rocs[f"{name}, {title}"] = verify(z, unseen.labels, pairs=6000, seed=7).roc()
            outputs = "0 %: no output of it means them" if loss is SOFTMAX else "by enrolling them"
            lines.append(f"| {name} | {title} | {own} | {outputs} | {rank1:.1%} | {rate:.1%} |")
    figures.det_curves(results, out / "1-det.png")
    figures.cmc_curves(results, out / "1-cmc.png")
    figures.roc_curves(rocs, out / "1-roc.png")
    return "\n".join(
        [
            "## 1. Closed set against open set",
            "Both networks learn the same classes (MNIST 0-6; 80 % of the characters). Then unseen "
            "ones arrive (7-9; the other 20 %), and nobody retrains. A third of the unseen classes "
            "is not enrolled and plays the strangers.",
            "",
            "| data | network | accuracy of its classifier on its own classes | names new classes "
            "| rank-1 | DIR at FPIR 1 % |",
            "| --- | --- | --- | --- | --- | --- |",
            *lines,
            "",
            "A classifier answers with one of its own classes whatever it is shown. Its features "
            "are taken as an embedding here; they were asked to be separable by planes, not to be "
            "near each other.",
            "",
            "![DET](1-det.png) ![CMC](1-cmc.png) ![ROC](1-roc.png)",
        ]
    )


def _closed_accuracy(model: torch.nn.Module, objective: object, data: ImageSet) -> str:
    head = getattr(objective, "head")  # noqa: B009 - softmax runs have one
    with torch.no_grad():
        best = head.logits(torch.from_numpy(embed(model, data.images))).argmax(dim=1).numpy()
    return f"{(best == data.labels).mean():.1%} (training images)"


def feature_map(data: Data, out: Path, epochs: int) -> str:
    """Section 2: two dimensions, so that one can look."""
    rows = np.random.default_rng(1).choice(len(data.digits), 2500, replace=False)
    shown, maps = data.digits.take(rows), {}
    for title, loss in (("contrastive, D Euclidean", CONTRASTIVE), ("cross-entropy", SOFTMAX)):
        study = Study(loss, dimension=2, normalise=False, epochs=2 * epochs, seed=1)
        model, _ = run(study, data.digits_train, MNIST_SAMPLER)
        maps[title] = (embed(model, shown.images), shown.labels)
    figures.feature_maps(maps, SEEN, out / "2-feature-map.png")
    return (
        "## 2. The 2-D feature map of MNIST\nClasses 0-6 were learned; crosses are 7, 8 and 9, "
        "which were not.\n\n"
        "![feature map](2-feature-map.png)"
    )


def loss_shapes(out: Path) -> str:
    """Section 3: the losses themselves."""
    figures.loss_curves(out / "3-losses.png")
    return (
        "## 3. Ls and Ld against D\nLeCun's pull grows with D; its push ends at the margin. With "
        "a margin on similar pairs nothing gathers a class within it; 1/D never stops pushing.\n\n"
        "![losses](3-losses.png)"
    )


VARIANTS = {
    "LeCun": CONTRASTIVE,
    "margin on both": LossConfig(kind="margin-on-both", margin=1.0, slack=0.5),
    "1/D": LossConfig(kind="inverse-distance"),
}


def equilibrium(data: Data, out: Path, epochs: int) -> str:
    """Section 4: where the forces come to rest, and what that means for unseen classes."""
    rows = np.random.default_rng(1).choice(len(data.digits_train), 600, replace=False)
    shown, history, lines = data.digits_train.take(rows), {}, []
    for title, loss in VARIANTS.items():
        means: list[tuple[float, float]] = []
        study = Study(loss, dimension=16, normalise=False, epochs=2 * epochs, seed=1)
        model, _ = run(
            study, data.digits_train, MNIST_SAMPLER,
            watch=_watched(shown, means),
        )  # fmt: skip
        history[title] = means
        similar, dissimilar = means[-1]
        rate, rank1, z = open_set(model, data.digits_unseen)
        apart = pair_means(z[:1500], data.digits_unseen.labels[:1500])
        lines.append(
            f"| {title} | {similar:.2f} | {dissimilar:.2f} | {apart[0]:.2f} | {apart[1]:.2f} | "
            f"{rank1:.1%} | {rate:.1%} |"
        )
    figures.equilibrium(history, out / "4-equilibrium.png")
    return "\n".join(
        [
            "## 4. Equilibrium",
            "| loss | similar | dissimilar | similar, unseen | dissimilar, unseen | rank-1, unseen "
            "| DIR at FPIR 1 %, unseen |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *lines,
            "",
            "Mean Euclidean D, not normalised, at the end of training; the curves are of 600 "
            "images of the trained classes over the epochs.",
            "",
            "![equilibrium](4-equilibrium.png)",
        ]
    )


def _watched(shown: ImageSet, kept: list[tuple[float, float]]) -> Watch:
    def watch(_: int, model: Embedder) -> None:
        kept.append(pair_means(embed(model, shown.images), shown.labels))

    return watch


def structure(data: Data, out: Path, epochs: int) -> str:
    """Section 5: the distance matrix of unseen classes before and after; neighbourhoods."""
    unseen = data.characters_unseen
    first = unseen.take(unseen.labels < 8)
    first = first.take(np.argsort(first.labels, kind="stable")[: 8 * 20])
    study = Study(SUPERVISED, dimension=64, normalise=True, epochs=epochs, seed=1)
    before = fresh(study)
    after, _ = run(study, data.characters_train, OMNIGLOT_SAMPLER)
    found, lines = {}, []
    for title, model in (("before training", before), ("after training", after)):
        z = embed(model, first.images)
        found[title] = distance_matrix(z)
        similar, dissimilar = pair_means(z, first.labels)
        kept = neighbourhoods(unseen.images[:1500], embed(model, unseen.images[:1500]))
        lines.append(f"| {title} | {similar:.3f} | {dissimilar:.3f} | {kept:.3f} |")
    figures.matrices(found, out / "5-distances.png")
    return "\n".join(
        [
            "## 5. Unseen classes before and after",
            "Eight unseen characters, 20 drawings each, ordered by character.",
            "",
            "| | mean D, same character | mean D, another | trustworthiness (10 neighbours, 1,500 "
            "drawings) |",
            "| --- | --- | --- | --- |",
            *lines,
            "",
            "![distances](5-distances.png)",
        ]
    )


def comparison(data: Data, epochs: int, seeds: int) -> str:
    """Section 6: distances and losses on unseen characters."""
    losses = {
        "contrastive, Euclidean": CONTRASTIVE,
        "contrastive, Manhattan": LossConfig(distance="manhattan", margin=6.0),
        "contrastive, cosine": LossConfig(distance="cosine", margin=0.5),
        "supervised contrastive": SUPERVISED,
        "angular margin (ArcFace)": LossConfig(kind="arcface", margin=0.3, scale=16),
        "cross-entropy": SOFTMAX,
    }
    lines, unseen = [], data.characters_unseen
    for title, loss in track(losses.items(), "comparing losses"):
        rates = []
        for seed in range(1, seeds + 1):
            normalise = loss.kind != "softmax"
            study = Study(loss, dimension=64, normalise=normalise, epochs=epochs, seed=seed)
            model, _ = run(study, data.characters_train, OMNIGLOT_SAMPLER)
            rate, rank1, z = open_set(model, unseen)
            shot = one_shot(z, unseen.labels, ways=20, episodes=1000, seed=7)
            rates.append((shot, rank1, rate))
        mean, spread = np.mean(rates, axis=0), np.std(rates, axis=0)
        cells = [f"{m:.1%} +- {s:.1%}" for m, s in zip(mean, spread, strict=True)]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(
        [
            "## 6. Distances and losses on unseen characters",
            f"Mean and standard deviation over {seeds} seeds, {epochs} epochs each; the same "
            "network, batches and schedule for all.",
            "",
            "| loss | 20-way 1-shot | rank-1 | DIR at FPIR 1 % |",
            "| --- | --- | --- | --- |",
            *lines,
        ]
    )
