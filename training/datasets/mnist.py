"""MNIST's idx files (LeCun, Cortes and Burges), plain or gzipped: whichever lie in the folder."""

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.datasets.base import ImageSet
from training.datasets.whole import fitted
from training.errors import TrainingError


def read_idx(path: Path) -> NDArray[np.uint8]:
    """One idx-ubyte file as an array of its stated shape."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise TrainingError(f"{path} is no idx file of unsigned bytes.")
    count = content[3]
    shape = struct.unpack_from(f">{count}I", content, 4)
    body = np.frombuffer(content, np.uint8, offset=4 + 4 * count)
    if body.size != np.prod(shape):
        raise TrainingError(f"{path} states {shape} and holds {body.size} bytes: it is cut short.")
    return body.reshape(shape)


def load(folder: Path, size: int) -> ImageSet:
    """Every image file of the folder with its labels."""
    parts = sorted(folder.glob("*-images-idx3-ubyte*"))
    if not parts:
        raise TrainingError(f"{folder} holds no *-images-idx3-ubyte file of MNIST.")
    images = np.concatenate([read_idx(part) for part in parts])
    labelled = [part.with_name(part.name.replace("images-idx3", "labels-idx1")) for part in parts]
    labels = np.concatenate([read_idx(part) for part in labelled]).astype(np.int64)
    names = tuple(f"{folder.name}/{i}" for i in range(len(images)))
    return ImageSet(fitted(images, size), labels, tuple("0123456789"), names)
