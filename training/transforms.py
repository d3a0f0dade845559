"""Degradations by cameras and hands, as seeded operations on batches.

Images are float tensors (B, C, H, W) in 0..255. Every operation draws from the generator that it
is given and from nothing else, so a batch is a function of (seed, epoch, step) and a resumed run
sees the same pixels. An operation that strikes only some samples takes and returns the whole batch.
"""

import io
import math
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import functional

Degradation = Callable[[Tensor, Generator], Tensor]


def uniform(low: float, high: float, count: int, generator: Generator) -> Tensor:
    """``count`` draws from [low, high)."""
    return low + (high - low) * torch.rand(count, generator=generator)


def reshaped(images: Tensor, generator: Generator) -> Tensor:
    """Features moved against each other, smoothly, by up to 4 % of the side: another person's."""
    count, _, height, width = images.shape
    coarse = 0.08 * (2 * torch.rand((count, 2, 5, 5), generator=generator) - 1)
    offsets = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    still = torch.eye(2, 3).expand(count, 2, 3)
    grid = functional.affine_grid(still, list(images.shape), align_corners=False)
    return functional.grid_sample(
        images, grid + offsets.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
    )


def mirror(images: Tensor, generator: Generator) -> Tensor:
    """Left becomes right."""
    del generator
    return images.flip(-1)


def light(images: Tensor, generator: Generator) -> Tensor:
    """Another exposure: gamma 0.6..1.6 and contrast 0.7..1.3 about the mean."""
    count = len(images)
    gamma = uniform(math.log(0.6), math.log(1.6), count, generator).exp().view(-1, 1, 1, 1)
    contrast = uniform(0.7, 1.3, count, generator).view(-1, 1, 1, 1)
    curved = 255 * (images.clamp(0, 255) / 255) ** gamma
    mean = curved.mean(dim=(1, 2, 3), keepdim=True)
    return (mean + contrast * (curved - mean)).clamp(0, 255)


def _filtered(images: Tensor, kernels: Tensor) -> Tensor:
    """Each image (B, C, H, W) filtered by its own kernel (B, k, k)."""
    batch, channels, height, width = images.shape
    size = kernels.shape[-1]
    weight = kernels.repeat_interleave(channels, dim=0).unsqueeze(1)
    padded = functional.pad(images, [size // 2] * 4, mode="replicate")
    flat = padded.reshape(1, batch * channels, *padded.shape[2:])
    return functional.conv2d(flat, weight, groups=batch * channels).view(
        batch, channels, height, width
    )


def defocus(images: Tensor, generator: Generator) -> Tensor:
    """Gaussian blur of standard deviation 0.5..2.5 px."""
    sigma = uniform(0.5, 2.5, len(images), generator).view(-1, 1)
    offset = torch.arange(-6, 7, dtype=torch.float32)
    line = functional.normalize(torch.exp(-(offset**2) / (2 * sigma**2)), p=1, dim=1)
    return _filtered(images, line[:, :, None] * line[:, None, :])


def motion_kernel(length: int, *, vertical: bool = False) -> Tensor:
    """A line of ``length`` px (odd) in a square kernel."""
    kernel = torch.zeros(length, length)
    kernel[length // 2] = 1 / length
    return kernel.T.contiguous() if vertical else kernel


def motion(images: Tensor, generator: Generator) -> Tensor:
    """Motion blur of 3..11 px, across or down."""
    kernels = torch.zeros(len(images), 11, 11)
    for kernel in kernels:
        length = 2 * int(torch.randint(1, 6, (1,), generator=generator)) + 1
        vertical = bool(torch.rand(1, generator=generator) < 0.3)
        edge = (11 - length) // 2
        kernel[edge : 11 - edge, edge : 11 - edge] = motion_kernel(length, vertical=vertical)
    return _filtered(images, kernels)


def reduced(images: Tensor, side: int) -> Tensor:
    """Images seen at ``side`` px and enlarged again: what a distant camera gives."""
    small = functional.interpolate(images, size=(side, side), mode="area")
    return functional.interpolate(
        small, size=images.shape[-2:], mode="bilinear", align_corners=False
    )


def low_resolution(images: Tensor, generator: Generator) -> Tensor:
    """A face of 16 % to 50 % of the crop's side (18..56 px of 112)."""
    shares = uniform(0.16, 0.5, len(images), generator)
    sides = [max(4, round(float(share) * images.shape[-1])) for share in shares]
    return torch.cat([reduced(images[i : i + 1], side) for i, side in enumerate(sides)])


def compressed(image: Tensor, quality: int) -> Tensor:
    """One image (C, H, W) through a real JPEG encoder at ``quality`` (1..95)."""
    pixels = image.round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(buffer, format="JPEG", quality=quality)
    decoded = np.asarray(Image.open(buffer), dtype=np.float32)
    return torch.from_numpy(decoded.reshape(pixels.shape).copy()).permute(2, 0, 1)


def jpeg(images: Tensor, generator: Generator) -> Tensor:
    """JPEG of quality 12..60."""
    qualities = torch.randint(12, 61, (len(images),), generator=generator)
    return torch.stack([compressed(x, int(q)) for x, q in zip(images, qualities, strict=True)])


def darkness(images: Tensor, generator: Generator) -> Tensor:
    """8 % to 50 % of the light, with the sensor noise that comes with it (sigma 1..6 of 255)."""
    gain = uniform(math.log(0.08), math.log(0.5), len(images), generator).exp().view(-1, 1, 1, 1)
    return _noisy(images * gain, uniform(1, 6, len(images), generator), generator)


def noise(images: Tensor, generator: Generator) -> Tensor:
    """Gaussian sensor noise of sigma 2..15 of 255."""
    return _noisy(images, uniform(2, 15, len(images), generator), generator)


def _noisy(images: Tensor, sigma: Tensor, generator: Generator) -> Tensor:
    drawn = torch.randn(images.shape, generator=generator) * sigma.view(-1, 1, 1, 1)
    return (images + drawn).clamp(0, 255).round()


def occlusion(images: Tensor, generator: Generator) -> Tensor:
    """A flat patch: half the time the lower part (mask, scarf), else a rectangle anywhere."""
    out = images.clone()
    height, width = images.shape[-2:]
    for image in out:
        draw = torch.rand(6, generator=generator)
        shade = 255 * draw[0]
        if draw[1] < 0.5:
            image[:, int(height * (0.5 + 0.25 * draw[2])) :] = shade
        else:
            tall, wide = int(height * (0.2 + 0.3 * draw[2])), int(width * (0.2 + 0.3 * draw[3]))
            top, left = int((height - tall) * draw[4]), int((width - wide) * draw[5])
            image[:, top : top + tall, left : left + wide] = shade
    return out
