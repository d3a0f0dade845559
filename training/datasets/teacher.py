"""Views of training images and what a teacher says of each: the material of distillation.

A teacher's embedding of *any* input says something about the function to be copied, so views need
no label: besides each image and its mirror image there are moved and re-lit ones, and blends of
two faces, which lie between people. Made once with onnxruntime and kept in ``.npy`` files; asking
the teacher inside the loop would cost more than the student's own training step.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from torch import Generator, Tensor

from training.datasets.base import ImageSet
from training.transforms import Augment, affine, light, strike

_MOVED = Augment(degrees=6, scale=0.06, shift=0.03)
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class TeacherBank:
    """``images`` (m, H, W, 3), ``embeddings`` (m, d) unit rows, ``labels`` (m,), -1: nobody."""

    images: NDArray[np.uint8]
    embeddings: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def _moved(images: Tensor, generator: Generator) -> Tensor:
    flipped = torch.rand(len(images), generator=generator) < 0.5
    images = torch.where(flipped.view(-1, 1, 1, 1), images.flip(-1), images)
    return strike(affine(images, generator, _MOVED), generator, degrade=light, probability=0.5)


def _blended(images: Tensor, others: Tensor, generator: Generator) -> Tensor:
    """Blends of two faces: even mixtures, or one half of each with a soft seam."""
    count, _, height, width = images.shape
    share = 0.3 + 0.4 * torch.rand(count, generator=generator).view(-1, 1, 1, 1)
    slope = torch.sigmoid((torch.arange(width) - width / 2) / 6).view(1, 1, 1, width)
    rise = torch.sigmoid((torch.arange(height) - 0.55 * height) / 6).view(1, 1, height, 1)
    kind = torch.randint(0, 4, (count,), generator=generator).view(-1, 1, 1, 1)
    mask = torch.where(kind == 0, slope, torch.where(kind == 1, rise, share))
    return mask * images + (1 - mask) * others


def _views(
    data: ImageSet, *, moved: int, blends: int, seed: int
) -> list[tuple[str, NDArray[np.int64]]]:
    """What to make, in order: (kind, rows of ``data``)."""
    rng = np.random.default_rng(seed)
    every = np.arange(len(data))
    drawn = rng.integers(0, len(data), blends)
    return [("as is", every), ("mirror", every), *[("moved", every)] * moved, ("blend", drawn)]


def _make(kind: str, rows: NDArray[np.int64], data: ImageSet, generator: Generator) -> Tensor:
    images = torch.from_numpy(data.images[rows]).permute(0, 3, 1, 2).float()
    if kind == "mirror":
        return images.flip(-1)
    if kind == "moved":
        return _moved(images, generator)
    if kind == "blend":
        partner = torch.randint(0, len(data), (len(rows),), generator=generator).numpy()
        others = torch.from_numpy(data.images[partner]).permute(0, 3, 1, 2).float()
        return _blended(_moved(images, generator), _moved(others, generator), generator)
    return images


def build_bank(
    folder: Path,
    data: ImageSet,
    *,
    teacher: ort.InferenceSession,
    moved: int,
    blends: int,
    seed: int,
) -> TeacherBank:
    """Make (or reopen) the bank of ``data`` under ``folder``.

    ``teacher`` takes (B, 3, H, W) RGB 0..255 and gives (B, d) unit rows. Reopened only where the
    number of images, the choices and the seed are the same.
    """
    key = {"images": len(data), "moved": moved, "blends": blends, "seed": seed}
    done = folder / "bank.json"
    if not (done.is_file() and json.loads(done.read_text()) == key):
        folder.mkdir(parents=True, exist_ok=True)
        _fill(
            folder,
            data,
            teacher=teacher,
            plan=_views(data, moved=moved, blends=blends, seed=seed),
            seed=seed,
        )
        done.write_text(json.dumps(key))
    return TeacherBank(
        np.load(folder / "images.npy", mmap_mode="r"),
        np.load(folder / "embeddings.npy"),
        np.load(folder / "labels.npy"),
    )


def _fill(
    folder: Path,
    data: ImageSet,
    *,
    teacher: ort.InferenceSession,
    plan: list[tuple[str, NDArray[np.int64]]],
    seed: int,
) -> None:
    generator = Generator().manual_seed(seed)
    total = sum(len(rows) for _, rows in plan)
    images = np.lib.format.open_memmap(
        folder / "images.npy", "w+", dtype=np.uint8, shape=(total, *data.images.shape[1:])
    )
    name = teacher.get_inputs()[0].name
    embeddings, labels, filled = [], [], 0
    with Progress() as progress:
        task = progress.add_task("teacher's views", total=total)
        for kind, rows in plan:
            for start in range(0, len(rows), _CHUNK):
                chunk = rows[start : start + _CHUNK]
                views = _make(kind, chunk, data, generator).round().clamp(0, 255)
                images[filled : filled + len(chunk)] = views.to(torch.uint8).permute(0, 2, 3, 1)
                filled += len(chunk)
                embeddings += [teacher.run(None, {name: view[None].numpy()})[0] for view in views]
                labels.append(np.full(len(chunk), -1) if kind == "blend" else data.labels[chunk])
                progress.advance(task, len(chunk))
    images.flush()
    np.save(folder / "embeddings.npy", np.concatenate(embeddings).astype(np.float32))
    np.save(folder / "labels.npy", np.concatenate(labels).astype(np.int64))
