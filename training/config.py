"""One TOML file is one run. An unknown key, a wrong type or a missing file is one clear line."""

import dataclasses
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from training.errors import TrainingError
from training.mining import Mining
from training.transforms import Augment

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where images come from and which identities are held out.

    ``unseen`` is a share of the identities, or the names of those to hold out for the figures;
    ``validation`` likewise, of what is left, for judging epochs and settings (0: nothing is judged
    and the last epoch is kept). With ``by_name`` the share ``unseen`` follows from the identities'
    names alone, whoever else the folder holds. ``path`` is needed by all kinds but digits. ``size``
    is the side in px at which the network sees them. Of each identity to learn, the first ``turns``
    quarter turns (1..4) count as identities of their own.
    """

    kind: Literal["digits", "mnist", "omniglot", "folder", "faces"] = "digits"
    path: str = ""
    cache: str = ""
    unseen: float | tuple[str, ...] = 0.3
    validation: float | tuple[str, ...] = 0.0
    split_seed: int = 1
    by_name: bool = False
    size: int = 28
    turns: int = 1
    face_bundle: str = "data/models/face"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """``width`` is channels of the small network and a factor of the compact one.

    ``adapt`` begins with the embedder of ``bundle``: see training.backbones.graph for ``learn``,
    ``rank`` and ``light``.
    """

    kind: Literal["small", "compact", "adapt"] = "small"
    dimension: int = 64
    width: float = 32
    normalise: bool = True
    bundle: str = ""
    learn: Literal["head", "small", "whole"] = "small"
    rank: int = 8
    light: float = 0.0


@dataclass(frozen=True, slots=True)
class LossConfig:
    """``kind`` names the main term; the weights add the others beside it."""

    kind: Literal[
        "contrastive", "margin-on-both", "inverse-distance",
        "supervised", "arcface", "sphereface", "softmax", "none",
    ] = "contrastive"  # fmt: skip
    distance: Literal["euclidean", "manhattan", "cosine", "angular"] = "euclidean"
    margin: float = 1.0
    slack: float = 0.5
    scale: float = 16.0
    temperature: float = 0.1
    mining: Mining = "all"
    weight: float = 1.0
    point: float = 0.0
    relation: float = 0.0
    gallery: float = 0.0
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class SamplerConfig:
    """P ``identities`` x K ``images`` a batch, and ``extra`` more drawn from anywhere.

    With ``kind`` "pairs" the P x K images are Siamese pairs, half of them similar, and a pair loss
    compares the two of each pair only. An epoch has at least ``steps`` batches; with few identities
    one round is too short for one.
    """

    kind: Literal["identities", "pairs"] = "identities"
    identities: int = 16
    images: int = 4
    extra: int = 0
    steps: int = 0
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class TeacherConfig:
    """Distillation: the bundle to copy and how many views of the training images it is asked."""

    bundle: str = ""
    moved: int = 2
    blends: int = 20000


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How long and how fast."""

    epochs: int = 10
    rate: float = 2e-3
    weight_decay: float = 1e-4
    warmup: float = 0.05
    patience: int = 0
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 2
    validate_every: int = 1


@dataclass(frozen=True, slots=True)
class RunConfig:
    """A whole run."""

    name: str
    seed: int = 1
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    augment: Augment = field(default_factory=Augment)
    train: TrainConfig = field(default_factory=TrainConfig)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the checkpoint's JSON."""
        return dataclasses.asdict(self)


def load_config(path: Path) -> RunConfig:
    """Read a run; raises TrainingError with the file, the key and what would be right."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TrainingError(f"There is no run file {path}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path} is not TOML: {error}.") from None
    return parse(RunConfig, table, where=str(path))


def parse(kind: type[T], table: dict[str, Any], *, where: str) -> T:
    """A table as the dataclass ``kind``; strict about keys and types."""
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(table) - set(hints))
    if unknown:
        raise TrainingError(
            f"{where}: unknown key {unknown[0]!r}; known here are {', '.join(sorted(hints))}."
        )
    if kind is RunConfig and "name" not in table:
        raise TrainingError(f"{where}: a run needs a name.")
    return kind(**{k: _value(hints[k], v, where=f"{where}: {k}") for k, v in table.items()})


def _value(hint: Any, value: object, *, where: str) -> Any:  # noqa: ANN401 - TOML's values
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return parse(typing.cast("type[Any]", hint), value, where=where)
    if typing.get_origin(hint) is Literal:
        if value not in typing.get_args(hint):
            raise TrainingError(
                f"{where} is {value!r}; it can be {', '.join(map(str, typing.get_args(hint)))}."
            )
        return value
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if typing.get_origin(option) is tuple and isinstance(value, list | tuple):
            return tuple(str(x) for x in value)
        if option in (int, str, bool) and type(value) is option:
            return value
    raise TrainingError(f"{where} is {value!r}, which is not {_said(hint)}.")


def _said(hint: object) -> str:
    return str(getattr(hint, "__name__", hint)).replace("tuple[str, ...]", "a list of names")
