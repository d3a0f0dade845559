"""From a configuration to what the loop works on; the only file that knows every loader."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from app.bundles.bundle import Bundle
from app.core.files import write_whole
from app.inference.session import open_session
from app.vision.preprocess import Preprocessing
from training.backbones.compact import CompactFaceNet
from training.backbones.embedder import Embedder
from training.backbones.graph import GraphEmbedder
from training.backbones.small import SmallCNN
from training.batches import Batches
from training.config import DataConfig, ModelConfig, RunConfig
from training.datasets import digits, folder, mnist, omniglot
from training.datasets.base import (
    ImageSet,
    Split,
    split_by_name,
    split_identities,
    split_named,
    turned,
)
from training.datasets.teacher import TeacherBank, build_bank
from training.datasets.whole import MEAN, SCALE, grey
from training.errors import TrainingError
from training.evaluate.embedding import open_set_score
from training.material import Material
from training.objective import Objective
from training.seeding import seed_everything

FACE = Preprocessing(
    width=112, height=112, channels="RGB", mean=(MEAN,) * 3, scale=(SCALE,) * 3
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prepared:
    """The data of a run in parts that share no identity, and how the service will preprocess.

    ``train`` is learned from, ``validation`` (where there is one) judges epochs and settings,
    ``unseen`` is measured and decides nothing.
    """

    data: ImageSet
    train: ImageSet
    validation: ImageSet | None
    unseen: ImageSet
    preprocessing: Preprocessing


def load_data(config: DataConfig, root: Path | None = None) -> ImageSet:
    """The images that ``config`` names; a relative path is one below ``root`` (by default the
    working directory), the folder of training data.
    """
    path = (root or Path()) / config.path
    if config.kind != "digits" and not path.exists():
        relative = not Path(config.path).is_absolute()
        hint = (
            " Name the folder that it lies in by --data or KITH_TRAINING_DATA." if relative else ""
        )
        raise TrainingError(f"There is no {path}, which data.path names.{hint}")
    if config.kind == "digits":
        return digits.load(config.size)
    if config.kind == "mnist":
        return mnist.load(path, config.size)
    if config.kind == "omniglot":
        return omniglot.load(path, config.size)
    if config.kind == "folder":
        return folder.load(path, config.size)
    cache = Path(config.cache) / "crops.npz"
    return folder.load_faces(path, Path(config.face_bundle), cache=cache)


def prepare(config: DataConfig, root: Path | None = None) -> Prepared:
    """Load from below ``root``, the folder of training data, and split; no identity is in two
    parts.
    """
    data = load_data(config, root)
    train, unseen = _held_out(data, config).apply(data)
    validation = None
    if config.validation:
        held = _split(train, config.validation, seed=config.split_seed)
        train, validation = held.apply(train)
    preprocessing = FACE if config.kind == "faces" else grey(config.size)
    return Prepared(data, train, validation, unseen, preprocessing)


def _held_out(data: ImageSet, config: DataConfig) -> Split:
    if config.by_name and not isinstance(config.unseen, tuple):
        return split_by_name(data.identities, unseen=config.unseen)
    return _split(data, config.unseen, seed=config.split_seed)


def _split(data: ImageSet, held: float | tuple[str, ...], *, seed: int) -> Split:
    if isinstance(held, tuple):
        return split_named(data.identities, unseen=held)
    return split_identities(data.identities, unseen=held, seed=seed)


def build_model(config: ModelConfig, *, channels: int) -> Embedder:
    """A fresh embedder; its weights come from torch's global generator."""
    if config.kind == "adapt":
        return _adapting(config)
    backbone: nn.Module
    if config.kind == "compact":
        backbone = CompactFaceNet(config.dimension, width=config.width)
    else:
        backbone = SmallCNN(config.dimension, width=round(config.width), channels=channels)
    return Embedder(backbone, mean=MEAN, scale=SCALE, normalise=config.normalise)


def _adapting(config: ModelConfig) -> Embedder:
    """The embedder of a bundle, exactly as it is until something is learned."""
    bundle = Bundle.load(Path(config.bundle))
    how = bundle.manifest.preprocessing.build()
    if bundle.manifest.dimension != config.dimension or len(set(how.mean + how.scale)) > 2:
        raise TrainingError(
            f"{config.bundle} gives {bundle.manifest.dimension} numbers and the run's "
            f"model.dimension is {config.dimension}; they must agree, and all of the bundle's "
            "channels must have one mean and one scale."
        )
    if config.light and set(how.mean + how.scale) != {0.0, 1.0}:
        raise TrainingError(
            f"model.light needs an embedder that takes numbers of 0 to 255, and {config.bundle} "
            "does not. Leave it out."
        )
    backbone = GraphEmbedder(
        bundle.embedder, learn=config.learn, rank=config.rank, light=config.light
    )
    return Embedder(backbone, mean=how.mean[0], scale=how.scale[0])


def preprocessing_of(config: RunConfig, prepared: Prepared) -> Preprocessing:
    """The preprocessing for the manifest: the adapted bundle's own, or the data's."""
    if config.model.kind == "adapt":
        return Bundle.load(Path(config.model.bundle)).manifest.preprocessing.build()
    return prepared.preprocessing


def _gallery(source: TeacherBank | ImageSet, images: int) -> tuple[Tensor, Tensor] | None:
    """The teacher's rows of the images as they are, which come first in the bank."""
    if not isinstance(source, TeacherBank):
        return None
    rows, owners = source.embeddings[:images], source.labels[:images]
    return torch.from_numpy(rows.copy()), torch.from_numpy(owners.copy())


def teacher_bank(config: RunConfig, train: ImageSet) -> TeacherBank:
    """The views that the teacher bundle was asked about, made once and kept in the cache."""
    teacher = open_session(Bundle.load(Path(config.teacher.bundle)).embedder)
    return build_bank(
        Path(config.data.cache) / "bank",
        train,
        teacher=teacher,
        moved=config.teacher.moved,
        blends=config.teacher.blends,
        seed=config.seed,
        threads=config.train.threads,
    )


def material(config: RunConfig, prepared: Prepared) -> Material:
    """Model, objective, batches and the live measure of a run."""
    if config.train.patience and prepared.validation is None:
        raise TrainingError(
            "train.patience stops a run by its validation identities; set data.validation."
        )
    train = turned(prepared.train, config.data.turns)
    source = teacher_bank(config, train) if config.teacher.bundle else train
    seed_everything(config.seed)
    model = build_model(config.model, channels=prepared.data.images.shape[-1])
    return Material(
        model=model,
        objective=Objective(
            config, classes=len(train.identities), gallery=_gallery(source, len(train))
        ),
        batches=Batches(source, config.sampler, augment=config.augment, seed=config.seed),
        validate=lambda trained: open_set_score(trained, prepared.validation or prepared.unseen),
        chooses=prepared.validation is not None,
    )


def write_split(prepared: Prepared, out: Path) -> None:
    """Write the split and the images skipped into the run's folder ``out``.

    ``trained-on.txt`` is a list for ``kith models calibrate --exclude``: how alike people are whom
    training has driven apart says too little of strangers at large.
    """
    out.mkdir(parents=True, exist_ok=True)
    parts = {
        "train": prepared.train.identities,
        "validation": prepared.validation.identities if prepared.validation else (),
        "unseen": prepared.unseen.identities,
        "skipped": prepared.data.skipped,
    }
    write_whole(out / "split.json", json.dumps(parts, indent=1))
    names = "".join(f"{name}\n" for name in prepared.train.identities)
    write_whole(out / "trained-on.txt", names)
