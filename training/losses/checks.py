"""Arguments of losses: a wrong one is a ``ValueError`` with its name and value, not a NaN later.

Shapes and plain numbers only; to look at the values of a tensor would wait for the accelerator.
"""

import math

from torch import Tensor


def check_above_zero(**numbers: float) -> None:
    """``ValueError`` unless each is finite and above 0.

    >>> check_above_zero(temperature=0.1)
    >>> check_above_zero(temperature=0.0)
    Traceback (most recent call last):
    ...
    ValueError: temperature is 0.0; it must be a finite number above 0.
    """
    for name, number in numbers.items():
        if not (math.isfinite(number) and number > 0):
            raise ValueError(f"{name} is {number}; it must be a finite number above 0.")


def check_classes(classes: int, dimension: int) -> None:
    """``ValueError`` unless there are two classes and one number an embedding at least."""
    if classes < 2 or dimension < 1:
        raise ValueError(
            f"{classes} classes and {dimension} numbers an embedding; it must be 2 and 1 at least."
        )


def check_rows(z: Tensor, labels: Tensor) -> None:
    """``ValueError`` unless ``z`` is (B, d) and ``labels`` (B,)."""
    if z.ndim != 2 or labels.shape != z.shape[:1]:
        raise ValueError(
            f"z is {tuple(z.shape)} and labels {tuple(labels.shape)}; they must be (B, d) and (B,)."
        )


def check_same_shape(**tensors: Tensor) -> None:
    """``ValueError`` unless all tensors have one shape."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if len(set(shapes.values())) > 1:
        said = " and ".join(f"{name} is {shape}" for name, shape in shapes.items())
        raise ValueError(f"{said}; they must have one shape.")
