"""The learning rate over a run: a short climb, then half a cosine down to zero."""

import math


def rate_at(step: int, *, total: int, peak: float, warmup: float) -> float:
    """Rate of ``step`` (0-based) of ``total``; ``warmup`` is the share of steps that climb."""
    climb = max(1, round(total * warmup))
    if step < climb:
        return peak * (step + 1) / climb
    share = (step - climb) / max(1, total - climb)
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
