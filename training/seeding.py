"""One seed for every generator that a run draws from."""

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Initial weights come from torch's global generator; the rest is seeded anyway."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
