"""Bundles that are read and checked once a process, and models that are opened once: to do it for
the service of each test is a tenth of what that service costs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest

from app.bundles.bundle import Bundle
from app.inference import self_check, session

_unchanging: set[Path] = set()


def unchanging(folder: Path) -> Path:
    """A bundle that no test changes."""
    _unchanging.add(folder)
    return folder


@contextmanager
def reading_once() -> Iterator[None]:
    """Until the block ends what is ``unchanging`` is read at its first use alone."""
    load, opened = Bundle.load, session.open_session
    loaded_once, opened_once = cache(load), cache(opened)

    def load_once(folder: Path) -> Bundle:
        return loaded_once(folder) if folder in _unchanging else load(folder)

    def open_once(
        model: Path, providers: Sequence[Any] = (), *, threads: int = 1
    ) -> ort.InferenceSession:
        if providers:
            return opened(model, providers, threads=threads)
        known = opened_once if model.parent in _unchanging else opened
        return known(model, threads=threads)

    with pytest.MonkeyPatch.context() as during:
        during.setattr(Bundle, "load", load_once)
        during.setattr("app.inference.choice.reference_crops", cache(self_check.reference_crops))
        for room in ("session", "providers", "detector"):
            during.setattr(f"app.inference.{room}.open_session", open_once)
        yield
