"""A compact face network for aligned 112 px crops, cut for the CPU that trains it and runs it.

MobileFaceNet's ideas (Chen et al., arXiv:1804.07573): depthwise separable convolutions, and a
global depthwise convolution in place of average pooling, so that the corners of a face need not
weigh as much as its middle. What differs was measured, forwards and backwards, on one core:

- The stem strides by 3: the stages work at 19, 10 and 5 px, in half the time of 28, 14 and 7.
  Detail is not what is short: SFace finds 97.6 % of faces reduced to 28 px, 99.4 % of whole ones.
- A block filters its few channels before it widens (ConvNeXt, Liu et al., arXiv:2201.03545) and
  normalises once; normalising the wide middle costs as much as multiplying it does.
- Strides are dense convolutions: torch has no fast backward of a strided depthwise one.
- Global depthwise pooling is a product and a sum, for the same reason.
- Rectifiers instead of PReLU, for which onnxruntime has no kernel in its blocked layout.
"""

import torch
from torch import Tensor, nn

from training.backbones.layers import BatchNorm, ConvBlock, unit

# (channels at width 1, blocks) of the stages at 19, 10 and 5 px.
_STAGES = ((32, 1), (112, 6), (192, 2))
_STEM, _LAST_SIDE = 16, 5


class Separable(nn.Module):
    """Filter each channel, widen, rectify, contract; added to its input, and nothing at first."""

    def __init__(self, channels: int, *, expansion: int = 2) -> None:
        super().__init__()
        self.filter = ConvBlock(channels, channels, groups=channels, rectify=False)
        self.widen = nn.Conv2d(channels, channels * expansion, 1)
        self.contract = nn.Conv2d(channels * expansion, channels, 1)
        nn.init.zeros_(self.contract.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> the same shape."""
        out: Tensor = self.contract(self.widen(self.filter(x)).relu_())
        return x + out


class GlobalDepthwise(nn.Module):
    """One learned weight for each channel and place: (B, C, side, side) -> (B, C, 1, 1)."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, side, side), 1 / side**2))
        self.norm = BatchNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """The weighted sum over all places, normalised."""
        out: Tensor = self.norm((x * self.weight).sum(dim=(2, 3), keepdim=True))
        return out


class CompactFaceNet(nn.Module):
    """(B, 3, 112, 112) -> (B, dimension).

    In use it looks twice, at the face and at its mirror image: 96.6 % of pairs of people never
    seen are classified correctly instead of 96.0, for twice 1.1 ms. In training it looks once.
    """

    def __init__(self, dimension: int, *, width: float = 1.0, head: int = 384) -> None:
        super().__init__()
        blocks: list[nn.Module] = [ConvBlock(3, _STEM, kernel=5, stride=3)]
        inside = _STEM
        for stage, (channels, count) in enumerate(_STAGES):
            outside = 8 * round(channels * width / 8)
            kernel = 2 if stage == len(_STAGES) - 1 else 3
            blocks.append(
                ConvBlock(inside, outside, kernel=kernel, stride=2, padding=kernel // 3,
                          rectify=stage == 0)
            )  # fmt: skip
            blocks += [Separable(outside) for _ in range(count)]
            inside = outside
        self.features = nn.Sequential(*blocks, ConvBlock(inside, head, kernel=1))
        self.pool = GlobalDepthwise(head, _LAST_SIDE)
        self.project = nn.Linear(head, dimension, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings, not normalised."""
        if self.training:
            return self._seen(images)
        both = unit(self._seen(torch.cat([images, images.flip(-1)])))
        return both.reshape(2, -1, both.shape[1]).sum(dim=0)

    def _seen(self, images: Tensor) -> Tensor:
        out: Tensor = self.project(self.pool(self.features(images)).flatten(1))
        return out
