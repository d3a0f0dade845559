"""Convolution blocks shared by the backbones, and batch normalisation over all processes."""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn import functional


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation whose statistics are those of the *whole* batch, however many share it.

    With one process it is ``nn.BatchNorm2d``. torch's SyncBatchNorm does this on CUDA only; here
    gloo on the CPU must give the same result as one process, and a test holds it to that.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's own name
        """(B, C, H, W) -> the same shape."""
        if not (self.training and dist.is_initialized() and dist.get_world_size() > 1):
            return super().forward(input)
        mean = _averaged(input.mean(dim=(0, 2, 3)))
        centred = input - mean.view(1, -1, 1, 1)
        variance = _averaged((centred**2).mean(dim=(0, 2, 3)))
        self._remember(mean.detach(), variance.detach(), input.numel() // input.shape[1])
        scale = (self.weight * torch.rsqrt(variance + self.eps)).view(1, -1, 1, 1)
        out: Tensor = centred * scale + self.bias.view(1, -1, 1, 1)
        return out

    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        assert self.running_mean is not None  # noqa: S101 - always tracked here
        assert self.running_var is not None  # noqa: S101
        assert self.num_batches_tracked is not None  # noqa: S101
        self.num_batches_tracked.add_(1)
        count *= dist.get_world_size()
        momentum = self.momentum or 0.1
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * count / max(1, count - 1), momentum)


def _averaged(values: Tensor) -> Tensor:
    total: Tensor = all_reduce(values)  # type: ignore[no-untyped-call]
    return total / dist.get_world_size()


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation and, where asked, a rectifier."""

    def __init__(
        self,
        inside: int,
        outside: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        groups: int = 1,
        padding: int | None = None,
        rectify: bool = True,
    ) -> None:
        pad = kernel // 2 if padding is None else padding
        conv = nn.Conv2d(inside, outside, kernel, stride, pad, groups=groups, bias=False)
        super().__init__(conv, BatchNorm(outside), *([nn.ReLU(inplace=True)] if rectify else []))


def unit(z: Tensor) -> Tensor:
    """Rows of length one."""
    return functional.normalize(z, dim=1)
