"""Labelled images in memory, and splits that never share an identity.

It knows no file format; the loaders in this package do.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ImageSet:
    """Images (n, H, W, C) of 0..255 with C = 1 (grey) or 3 (RGB), and what each one shows.

    ``labels`` (n,) index into ``identities``; ``names`` say where each image came from;
    ``skipped`` lists the files that could not be read, with the reason.
    """

    images: Images
    labels: Labels
    identities: tuple[str, ...]
    names: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.integer[Any]] | NDArray[np.bool_]) -> "ImageSet":
        """The images of ``rows`` (indices or mask); labels keep their meaning."""
        chosen = np.arange(len(self))[rows]
        names = tuple(self.names[int(i)] for i in chosen)
        return ImageSet(self.images[chosen], self.labels[chosen], self.identities, names)

    def relabelled(self) -> "ImageSet":
        """The same images with labels 0..k-1 for the k identities that are present."""
        present, labels = np.unique(self.labels, return_inverse=True)
        identities = tuple(self.identities[int(i)] for i in present)
        return ImageSet(self.images, labels.astype(np.int64), identities, self.names, self.skipped)


@dataclass(frozen=True, slots=True)
class Split:
    """Identities to learn from and identities never seen in training; no identity is in both."""

    train: tuple[str, ...]
    unseen: tuple[str, ...]

    def apply(self, data: ImageSet) -> tuple[ImageSet, ImageSet]:
        """(train, unseen), each relabelled from 0."""
        held = np.isin(np.asarray(data.identities)[data.labels], self.unseen)
        return data.take(~held).relabelled(), data.take(held).relabelled()


def split_identities(identities: tuple[str, ...], *, unseen: float, seed: int) -> Split:
    """Hold out the share ``unseen`` (0..1) of the identities, at least two on either side."""
    count = round(len(identities) * unseen)
    if count < 2 or len(identities) - count < 2:
        raise TrainingError(
            f"{len(identities)} identities cannot be split: {unseen:.0%} unseen leaves "
            f"{len(identities) - count} to learn from and {count} to test on; both need two."
        )
    order = np.random.default_rng(seed).permutation(len(identities))
    held = {int(i) for i in order[:count]}
    return Split(
        train=tuple(x for i, x in enumerate(identities) if i not in held),
        unseen=tuple(x for i, x in enumerate(identities) if i in held),
    )


def number_of(identity: str) -> float:
    """A number of 0..1 that is the identity's name's for good: SHA-256, its first 32 bits."""
    return int(hashlib.sha256(identity.encode()).hexdigest()[:8], 16) / 2**32


def split_by_name(identities: tuple[str, ...], *, unseen: float) -> Split:
    """Hold out the identities whose number is below ``unseen``. More images or people move nobody
    to the other side.
    """
    held = {x for x in identities if number_of(x) < unseen}
    if len(held) < 2 or len(identities) - len(held) < 2:
        raise TrainingError(
            f"{len(identities)} identities cannot be split by name: of {unseen:.0%} unseen come "
            f"{len(identities) - len(held)} to learn from, {len(held)} to test on; both need two."
        )
    return Split(
        train=tuple(x for x in identities if x not in held),
        unseen=tuple(x for x in identities if x in held),
    )


def split_named(identities: tuple[str, ...], *, unseen: tuple[str, ...]) -> Split:
    """Hold out the identities named, such as the digits 7, 8 and 9."""
    missing = sorted(set(unseen) - set(identities))
    if missing:
        raise TrainingError(f"The data has no identity named {', '.join(missing)}.")
    return Split(train=tuple(x for x in identities if x not in unseen), unseen=unseen)


def turned(data: ImageSet, turns: int) -> ImageSet:
    """Each identity as it is and turned by 90, 180, ... degrees, as ``turns`` identities (1..4).

    More classes teach more about unseen ones (Santoro et al., arXiv:1605.06065, do so
    for Omniglot). An identity that looks the same after a turn would be set against itself: a 0
    turned by 180 degrees is a 0, so digits take two turns and characters four.
    """
    if not 1 <= turns <= 4:
        raise TrainingError(f"data.turns is {turns}; an image has 1 to 4 quarter turns.")
    if turns == 1:
        return data
    images = [np.rot90(data.images, k, axes=(1, 2)) for k in range(turns)]
    labels = [data.labels + k * len(data.identities) for k in range(turns)]
    identities = tuple(f"{x}@{90 * k}" for k in range(turns) for x in data.identities)
    return ImageSet(np.concatenate(images), np.concatenate(labels), identities, data.names * turns)
