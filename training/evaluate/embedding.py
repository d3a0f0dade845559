"""Images to embeddings with a torch model, in evaluation mode, and the live measure of a run."""

import numpy as np
import torch
from torch import nn

from training.datasets.base import Images, ImageSet
from training.evaluate.identification import Rows, identify, make_protocol
from training.evaluate.verification import verify

FPIR = 0.01
_PAIRS, _SEED, _BATCH = 4000, 7, 128


def embed(model: nn.Module, images: Images) -> Rows:
    """(n, H, W, C) uint8 -> (n, d); the model is left in evaluation mode."""
    model.eval()
    device = next(model.parameters()).device
    rows = []
    with torch.no_grad():
        for start in range(0, len(images), _BATCH):
            chunk = torch.from_numpy(np.ascontiguousarray(images[start : start + _BATCH]))
            pixels = chunk.permute(0, 3, 1, 2).float().to(device)
            rows.append(model(pixels.contiguous(memory_format=torch.channels_last)).cpu().numpy())
    return np.concatenate(rows).astype(np.float32)


def open_set_score(model: nn.Module, unseen: ImageSet, *, enrol: int = 3) -> dict[str, float]:
    """DIR at FPIR 1 % ("score"), rank-1, and accuracy over pairs, on unseen identities."""
    z = embed(model, unseen.images)
    protocol = make_protocol(unseen.labels, enrol=enrol, persons=180, seed=_SEED)
    result = identify(z, z, unseen.labels, protocol)
    pairs = verify(z, unseen.labels, pairs=_PAIRS, seed=_SEED)
    return {
        "score": result.dir_at(FPIR),
        "rank1": result.rank1,
        "persons": float(result.size),
        "accuracy": pairs.accuracy(),
    }
