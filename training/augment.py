"""Training images as another camera might have seen them: how often each degradation strikes, and
the geometry.
"""

import math
from typing import Annotated

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor
from torch.nn import functional

from training.ranges import STRICT, Share
from training.transforms import (
    Degradation,
    darkness,
    defocus,
    jpeg,
    light,
    low_resolution,
    mirror,
    motion,
    noise,
    occlusion,
    uniform,
)


@dataclass(frozen=True, slots=True, config=STRICT)
class Augment:
    """The probability (0..1) of each degradation of a training image; geometry has its own units:
    ``degrees``, ``scale`` as a share of the size (below 1), ``shift`` as a share of the side.
    """

    flip: Share = 0.0
    degrees: Annotated[float, Field(ge=0, le=180, allow_inf_nan=False)] = 0.0
    scale: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = 0.0
    shift: Share = 0.0
    light: Share = 0.0
    blur: Share = 0.0
    motion: Share = 0.0
    low_resolution: Share = 0.0
    jpeg: Share = 0.0
    darkness: Share = 0.0
    noise: Share = 0.0
    occlusion: Share = 0.0


def affine(images: Tensor, generator: Generator, augment: Augment) -> Tensor:
    """Turn by up to ``degrees``, scale by 1 +- ``scale``, move by ``shift`` of the side."""
    count = len(images)
    angle = uniform(-1, 1, count, generator) * math.radians(augment.degrees)
    zoom = 1 + uniform(-1, 1, count, generator) * augment.scale
    move = 2 * augment.shift * uniform(-1, 1, 2 * count, generator).reshape(count, 2)
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    theta = torch.stack([cos, -sin, move[:, 0], sin, cos, move[:, 1]], dim=1).reshape(count, 2, 3)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


# In the order in which a camera meets them: the scene, the lens, the sensor, the file.
STRIKES: tuple[tuple[str, Degradation], ...] = (
    ("flip", mirror),
    ("occlusion", occlusion),
    ("light", light),
    ("blur", defocus),
    ("motion", motion),
    ("low_resolution", low_resolution),
    ("darkness", darkness),
    ("noise", noise),
    ("jpeg", jpeg),
)


def strike(
    images: Tensor, generator: Generator, *, degrade: Degradation, probability: float
) -> Tensor:
    """Apply ``degrade`` to each sample with ``probability``."""
    hit = torch.rand(len(images), generator=generator) < probability
    if not bool(hit.any()):
        return images
    out = images.clone()
    out[hit] = degrade(images[hit], generator)
    return out


def augmented(images: Tensor, generator: Generator, augment: Augment) -> Tensor:
    """The batch as another camera might have seen it (B, C, H, W), 0..255."""
    if augment.degrees or augment.scale or augment.shift:
        images = affine(images, generator, augment)
    for name, degrade in STRIKES:
        probability = getattr(augment, name)
        if probability:
            images = strike(images, generator, degrade=degrade, probability=probability)
    return images
