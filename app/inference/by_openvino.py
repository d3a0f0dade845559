"""Runs an embedder by OpenVINO. The package is an extra: nothing of it is loaded until it is asked
for.
"""

import sys
from collections import deque
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import BundleError, SettingsError
from app.vision.preprocess import Blob

_HINTS: Final = {"fp32": "f32", "int8": "f32", "bf16": "bf16"}
"""The format of products of numbers that are not quantised."""


def has_bf16() -> bool:
    """Whether this CPU has products of bfloat16; ``SettingsError`` where OpenVINO does not load."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class _Model:
    """A compiled model. Each run borrows a request, which one thread at a time can use."""

    def __init__(self, compiled: Any) -> None:  # noqa: ANN401 - its types are not exported
        self._compiled = compiled
        self._free: deque[Any] = deque()

    def __call__(self, blob: Blob) -> NDArray[np.float32]:
        try:
            request = self._free.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        try:
            request.infer([blob], share_inputs=True)
            return np.array(request.get_output_tensor(0).data, np.float32)
        finally:
            self._free.append(request)


def open_openvino(embedder: Path, *, precision: str, threads: int) -> _Model:
    """Compile ``embedder`` for ``threads`` runs at once on the CPU, one core each."""
    how = {
        "NUM_STREAMS": threads,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
    }
    core = _core()
    try:
        return _Model(core.compile_model(str(embedder), "CPU", how))
    except Exception as error:  # noqa: BLE001 - OpenVINO raises RuntimeError and types of its own
        raise BundleError(f"{embedder} is no model that OpenVINO can run: {error}") from None


def _core() -> Any:  # noqa: ANN401
    # At its import, OpenVINO sends an event to its maker by this package; without it, it sends
    # none and says nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino

        return openvino.Core()
    except Exception as error:  # noqa: BLE001 - RuntimeError, ImportError and types of its own
        raise SettingsError(f"OpenVINO is installed and cannot be loaded: {error}") from None
