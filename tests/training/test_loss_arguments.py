"""Losses name a wrong argument with its value, and their examples are true."""

import doctest
import importlib
import math
import pkgutil
from collections.abc import Callable

import pytest
import torch

from training import losses
from training.losses.arcface import ArcFace
from training.losses.contrastive import LeCun, batch_contrastive, contrastive
from training.losses.distill import point_distillation
from training.losses.inverse_distance import InverseDistance
from training.losses.margin_on_both import MarginOnBoth
from training.losses.softmax import SoftmaxClassifier
from training.losses.sphereface import SphereFace
from training.losses.supervised import supervised_contrastive
from training.losses.threshold import LearnedThreshold, fit_threshold

LABELS = torch.tensor([0, 0, 1, 1, 2, 2, 2, 3])


def test_the_examples_in_the_docstrings_are_true() -> None:
    tried = 0
    for found in pkgutil.iter_modules(losses.__path__, "training.losses."):
        result = doctest.testmod(importlib.import_module(found.name))
        assert result.failed == 0, found.name
        tried += result.attempted
    assert tried >= 10


ONE = torch.zeros(3, 4)
WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "margin": (lambda: LeCun(0.0), "margin is 0.0; it must be a finite number above 0"),
    "nan": (lambda: LeCun(math.nan), "margin is nan"),
    "slack": (lambda: MarginOnBoth(1.0, 1.5), "slack is 1.5; it must be from 0 to the margin"),
    "floor": (lambda: InverseDistance(0.0), "floor is 0.0"),
    "radians": (lambda: ArcFace(4, 6, margin=4.0), "margin is 4.0; it must be at most pi"),
    "scale": (lambda: ArcFace(4, 6, scale=math.inf), "scale is inf"),
    "whole": (lambda: SphereFace(4, 6, m=1.5), "m is 1.5; it must be a whole"),  # type: ignore[arg-type]
    "m": (lambda: SphereFace(4, 6, m=0), "m is 0"),
    "classes": (lambda: SoftmaxClassifier(1, 6), "1 classes"),
    "slope": (lambda: LearnedThreshold(0.5, 0.0), "slope is 0.0"),
    "temperature": (
        lambda: supervised_contrastive(ONE, LABELS[:3], temperature=0.0),
        "temperature is 0.0; it must be a finite number above 0",
    ),
    "labels": (
        lambda: supervised_contrastive(ONE, LABELS),
        r"z is \(3, 4\) and labels \(8,\); they must be",
    ),
    "one row": (lambda: supervised_contrastive(ONE[0], LABELS[:1]), "they must be"),
    "pairs": (
        lambda: contrastive(ONE[0], LABELS, terms=LeCun()),
        r"distance is \(4,\) and y is \(8,\); they must have one shape",
    ),
    "teacher": (lambda: point_distillation(ONE, ONE[:2]), "teacher is .2, 4.; they must have"),
    "square": (lambda: batch_contrastive(ONE, LABELS[:3], terms=LeCun()), r"must be \(B, B\)"),
    "one kind": (
        lambda: fit_threshold(ONE[0].numpy(), LABELS[:4].numpy() * 0, distance="cosine"),
        "All pairs are of one kind",
    ),
}


@pytest.mark.parametrize(("call", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_argument_is_named_with_its_value(call: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
