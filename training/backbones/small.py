"""A small CNN for digits and characters of 28 to 105 px: four convolutions, each halving the side.

The four-block shape is the one that few-shot work on Omniglot settled on (Vinyals et al.,
arXiv:1606.04080; Snell et al., arXiv:1703.05175); strides instead of pooling in the deeper blocks
would lose strokes, so it pools.
"""

from torch import Tensor, nn

from training.backbones.layers import ConvBlock


class SmallCNN(nn.Module):
    """(B, channels, S, S) -> (B, dimension); ``width`` channels a block, twice that at the end."""

    def __init__(self, dimension: int, *, width: int = 32, channels: int = 1) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for inside, outside in ((channels, width), (width, width), (width, 2 * width)):
            blocks += [ConvBlock(inside, outside), nn.MaxPool2d(2, ceil_mode=True)]
        self.features = nn.Sequential(*blocks, ConvBlock(2 * width, 2 * width))
        # Where a stroke lies matters: a 3 x 3 grid is kept, whatever the input's size.
        self.pool = nn.AdaptiveAvgPool2d(3)
        self.project = nn.Linear(9 * 2 * width, dimension)

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings, not normalised."""
        out: Tensor = self.project(self.pool(self.features(images)).flatten(1))
        return out
