"""The whole that is trained and exported: preprocessing, backbone, unit length."""

import torch
from torch import Tensor, nn

from training.backbones.layers import unit


class Embedder(nn.Module):
    """Pixels (B, C, H, W) of 0..255 to embeddings (B, d).

    ``normalise`` puts rows on the unit sphere; the study runs of plain Euclidean losses switch it
    off. ``blob`` = (x - mean) x scale is computed by the service, as the manifest says, so the
    exported graph starts behind it (see :meth:`tail`).
    """

    def __init__(
        self, backbone: nn.Module, *, mean: float, scale: float, normalise: bool = True
    ) -> None:
        super().__init__()
        self.backbone, self.mean, self.scale, self.normalise = backbone, mean, scale, normalise

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings of pixels."""
        z: Tensor = self.backbone((images - self.mean) * self.scale)
        return unit(z) if self.normalise else z

    def tail(self) -> nn.Module:
        """The part that is exported: blob (B, C, H, W) -> unit rows (B, d)."""
        return _UnitTail(self.backbone)


class _UnitTail(nn.Module):
    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, blob: Tensor) -> Tensor:
        return unit(self.backbone(blob))


def channels_last(model: nn.Module) -> nn.Module:
    """Weights in the layout in which the CPU's and the GPU's convolutions are fastest."""
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
