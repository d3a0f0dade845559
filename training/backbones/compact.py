"""A compact face network for aligned 112 px crops: MobileFaceNet's ideas, cut for one CPU core.

Inverted bottlenecks of depthwise separable convolutions and a global depthwise convolution in
place of average pooling, so that the corners of a face need not weigh as much as its middle (Chen
et al., MobileFaceNets, arXiv:1804.07573). Two departures, both measured on a CPU: the stem goes to
28 px at once, because the 56 px stage costs most time and few parameters; and rectifiers instead
of PReLU, for which onnxruntime has no kernel in its blocked layout and reorders around each.
"""

from torch import Tensor, nn

from training.backbones.layers import ConvBlock

# (channels at width 1, blocks, expansion) of the stages at 28, 14 and 7 px.
_STAGES = ((32, 2, 2), (128, 5, 2), (192, 3, 2))


class Bottleneck(nn.Module):
    """Expand, filter each channel, contract; added to its input where the shape is kept."""

    def __init__(self, inside: int, outside: int, *, expansion: int, stride: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.adds = stride == 1 and inside == outside
        self.body = nn.Sequential(
            ConvBlock(inside, wide, kernel=1),
            ConvBlock(wide, wide, stride=stride, groups=wide),
            ConvBlock(wide, outside, kernel=1, rectify=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inside, H, W) -> (B, outside, H / stride, W / stride)."""
        out: Tensor = self.body(x)
        return x + out if self.adds else out


class CompactFaceNet(nn.Module):
    """(B, 3, 112, 112) -> (B, dimension)."""

    def __init__(self, dimension: int, *, width: float = 1.0, head: int = 512) -> None:
        super().__init__()
        stages = [(8 * round(c * width / 8), n, t) for c, n, t in _STAGES]
        inside = stages[0][0]
        blocks: list[nn.Module] = [ConvBlock(3, inside // 2, stride=2)]
        blocks.append(ConvBlock(inside // 2, inside, stride=2))
        for stage, (channels, count, expansion) in enumerate(stages):
            for block in range(count):
                stride = 2 if stage > 0 and block == 0 else 1
                blocks.append(Bottleneck(inside, channels, expansion=expansion, stride=stride))
                inside = channels
        self.features = nn.Sequential(*blocks, ConvBlock(inside, head, kernel=1))
        self.pool = ConvBlock(head, head, kernel=7, groups=head, padding=0, rectify=False)
        self.project = nn.Linear(head, dimension, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings, not normalised."""
        out: Tensor = self.project(self.pool(self.features(images)).flatten(1))
        return out
