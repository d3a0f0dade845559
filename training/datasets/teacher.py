"""Views of training images and what a teacher says of each: the material of distillation.

A teacher's embedding of *any* input says something about the function to be copied, so views need
no label: each image, its mirror image, moved and re-lit ones, and blends of two reshaped faces,
which are people who do not exist. Made once with onnxruntime and kept in
``.npy`` files; asking the teacher inside the loop would cost more than the student's own step.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import Generator, Tensor

from app.core.files import write_whole
from training.augment import Augment, affine, strike
from training.datasets.base import ImageSet
from training.transforms import light, reshaped, uniform

_MOVED = Augment(degrees=6, scale=0.06, shift=0.03)
_CHUNK = 64
_Chunk = tuple[int, str, NDArray[np.int64]]
"""The first row of a chunk of views in the bank, their kind, and the rows of the data they show."""


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


def _somebody_else(images: Tensor, generator: Generator) -> Tensor:
    return reshaped(_moved(images, generator), generator)


def _blended(images: Tensor, others: Tensor, generator: Generator) -> Tensor:
    """Blends of two faces: even mixtures, or one half of each with a soft seam."""
    count, _, height, width = images.shape
    share = uniform(0.3, 0.7, count, generator).view(-1, 1, 1, 1)
    across = uniform(0.35, 0.65, count, generator).view(-1, 1, 1, 1) * width
    down = uniform(0.4, 0.7, count, generator).view(-1, 1, 1, 1) * height
    slope = torch.sigmoid((torch.arange(width).view(1, 1, 1, -1) - across) / 6)
    rise = torch.sigmoid((torch.arange(height).view(1, 1, -1, 1) - down) / 6)
    kind = torch.randint(0, 4, (count,), generator=generator).view(-1, 1, 1, 1)
    mask = torch.where(kind == 0, slope, torch.where(kind == 1, rise, share))
    return mask * images + (1 - mask) * others


def _chunks(data: ImageSet, *, moved: int, blends: int, seed: int) -> Iterator[_Chunk]:
    every = np.arange(len(data))
    drawn = np.random.default_rng(seed).integers(0, len(data), blends)
    start = 0
    for kind, rows in [("as is", every), ("mirror", every), *[("moved", every)] * moved,
                       ("blend", drawn)]:  # fmt: skip
        for first in range(0, len(rows), _CHUNK):
            chunk = rows[first : first + _CHUNK]
            yield start, kind, chunk
            start += len(chunk)


def _pixels(data: ImageSet, rows: NDArray[np.int64]) -> Tensor:
    return torch.from_numpy(data.images[rows]).permute(0, 3, 1, 2).float()


def _make(kind: str, rows: NDArray[np.int64], data: ImageSet, generator: Generator) -> Tensor:
    images = _pixels(data, rows)
    if kind == "mirror":
        images = images.flip(-1)
    elif kind == "moved":
        images = _moved(images, generator)
    elif kind == "blend":
        partner = torch.randint(0, len(data), (len(rows),), generator=generator).numpy()
        images, others = (_somebody_else(x, generator) for x in (images, _pixels(data, partner)))
        images = _blended(images, others, generator)
    return images.round().clamp(0, 255)


def build_bank(
    folder: Path,
    data: ImageSet,
    *,
    teacher: ort.InferenceSession,
    moved: int,
    blends: int,
    seed: int,
    threads: int = 1,
) -> TeacherBank:
    """Make (or reopen) the bank of ``data`` under ``folder``.

    ``teacher`` takes (B, 3, H, W) RGB 0..255 and gives (B, d) unit rows; ``threads`` ask it at
    once and do not change what is made. Reopened only where the number of images, the choices and
    the seed are the same.
    """
    key = {"images": len(data), "moved": moved, "blends": blends, "seed": seed}
    done = folder / "bank.json"
    if not (done.is_file() and json.loads(done.read_text()) == key):
        folder.mkdir(parents=True, exist_ok=True)
        done.unlink(missing_ok=True)  # of another bank, whose files are now written over
        chunks = list(_chunks(data, moved=moved, blends=blends, seed=seed))
        _fill(folder, data, teacher=teacher, chunks=chunks, seed=seed, threads=threads)
        write_whole(done, json.dumps(key))
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
    chunks: list[_Chunk],
    seed: int,
    threads: int,
) -> None:
    total = sum(len(rows) for _, _, rows in chunks)
    images = np.lib.format.open_memmap(
        folder / "images.npy", "w+", dtype=np.uint8, shape=(total, *data.images.shape[1:])
    )
    name = teacher.get_inputs()[0].name

    def asked(chunk: _Chunk) -> NDArray[np.float32]:
        start, kind, rows = chunk
        generator = Generator().manual_seed(hash((seed, start)) % 2**62)
        views = _make(kind, rows, data, generator)
        images[start : start + len(rows)] = views.to(torch.uint8).permute(0, 2, 3, 1)
        return np.concatenate([teacher.run(None, {name: view[None].numpy()})[0] for view in views])

    with ThreadPoolExecutor(threads) as pool:
        embeddings = list(track(pool.map(asked, chunks), "teacher's views", total=len(chunks)))
    labels = [np.full(len(rows), -1) if kind == "blend" else data.labels[rows]
              for _, kind, rows in chunks]  # fmt: skip
    images.flush()
    np.save(folder / "embeddings.npy", np.concatenate(embeddings).astype(np.float32))
    np.save(folder / "labels.npy", np.concatenate(labels).astype(np.int64))
