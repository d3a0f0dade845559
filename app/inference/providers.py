"""The ways to compute an embedder: which there are, what each needs, and how each is opened.

A way is a provider and a precision. ``cpu`` (onnxruntime) is the reference: every calibration and
every published figure was made by it. The detector has no other way: it has many input shapes, each
of which OpenVINO compiles at its first use, when a run takes 19 ms instead of 2. So the crops are
the same to the bit, and only the embedder has to be checked.
"""

import mmap
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from app.errors import BundleError, SettingsError
from app.inference.by_openvino import has_bf16, open_openvino
from app.inference.session import open_session
from app.vision.preprocess import Blob

Run = Callable[[Blob], NDArray[np.float32]]
"""Gives the rows (n, d) of a blob. Thread-safe."""

_CUDA: Final = "CUDAExecutionProvider"
_QUANTISED: Final = b"QuantizeLinear"
"""The name of the operators by which numbers enter the integer part of a graph."""


class Provider(StrEnum):
    """The library, and the part of the machine, that computes."""

    CPU = "cpu"
    OPENVINO = "openvino"
    CUDA = "cuda"


class Precision(StrEnum):
    """The number format of the products; ``int8`` is that of an embedder that was quantised."""

    FP32 = "fp32"
    BF16 = "bf16"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class Way:
    """A provider and the precision in which it computes."""

    provider: Provider
    precision: Precision

    def __str__(self) -> str:
        return f"{self.provider} {self.precision}"


def reference_way(embedder: Path) -> Way:
    """The way by which the contract's embeddings are defined: the file as it is, by the CPU."""
    with embedder.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        quantised = whole.find(_QUANTISED) >= 0
    return Way(Provider.CPU, Precision.INT8 if quantised else Precision.FP32)


def possible(reference: Way, provider: str, precision: str) -> list[Way]:
    """The ways that this machine has for what KITH_PROVIDER and KITH_PRECISION ask for, the
    reference first; ``SettingsError`` where there is none.
    """
    asked = list(Provider) if provider == "auto" else [Provider(provider)]
    ways, lacking = list[Way](), dict[Provider, str]()
    for each in asked:
        try:
            ways += _ways_of(each, reference)
        except SettingsError as error:
            lacking[each] = error.detail
    if not ways:
        raise SettingsError(f"KITH_PROVIDER is {provider!r}, but {lacking[Provider(provider)]}")
    wanted = [way for way in ways if precision in ("auto", way.precision)]
    if not wanted:
        why = lacking.get(Provider.OPENVINO, "")
        raise SettingsError(_no_way(precision, reference, ways, why))
    return wanted


def others_than_cpu() -> bool:
    """Whether another provider than ``cpu`` is installed; none is loaded for that."""
    return any(not _why_missing(each) for each in Provider if each is not Provider.CPU)


def _why_missing(provider: Provider) -> str:
    if provider is Provider.OPENVINO and find_spec("openvino") is None:
        return (
            "OpenVINO is not installed: `pip install kith[openvino]`, or build the image with the "
            "argument OPENVINO=1."
        )
    if provider is Provider.CUDA and _CUDA not in ort.get_available_providers():
        return (
            "this onnxruntime cannot use a graphics card: install onnxruntime-gpu in place of "
            "onnxruntime, with the CUDA that its release needs."
        )
    return ""


def _ways_of(provider: Provider, reference: Way) -> list[Way]:
    if why := _why_missing(provider):
        raise SettingsError(why)
    ways = [Way(provider, reference.precision)]
    if provider is Provider.OPENVINO and reference.precision is Precision.FP32 and has_bf16():
        ways.append(Way(provider, Precision.BF16))
    return ways


def _no_way(precision: str, reference: Way, ways: list[Way], lacking: str) -> str:
    if Precision.INT8 in (precision, reference.precision):
        return (
            f"KITH_PRECISION is {precision!r}, but the bundle's embedder computes in "
            f"{reference.precision}: int8 is that of an embedder which was quantised, and of no "
            "other. Leave KITH_PRECISION at 'auto', or name such a bundle with KITH_MODEL."
        )
    there = ", ".join(map(str, ways))
    return (
        f"KITH_PRECISION is {precision!r}, but this machine has {there} alone: {precision} needs "
        f"the provider openvino and a CPU with AVX512_BF16 or AMX. {lacking}".rstrip()
    )


def open_way(embedder: Path, way: Way, *, threads: int) -> Run:
    """Load ``embedder`` to be run by ``threads`` threads at once; ``BundleError`` where that
    cannot be done.
    """
    if way.provider is Provider.OPENVINO:
        return open_openvino(embedder, precision=way.precision, threads=threads)
    session = _on_cuda(embedder) if way.provider is Provider.CUDA else open_session(embedder)
    return partial(by_session, session)


def by_session(session: ort.InferenceSession, blob: Blob) -> NDArray[np.float32]:
    """The rows (n, d) of a blob."""
    rows: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: blob})[0]
    return rows


def _on_cuda(embedder: Path) -> ort.InferenceSession:
    """A session on the graphics card. Products are of 32 bits, not of the card's shorter format."""
    session = open_session(embedder, [(_CUDA, {"use_tf32": "0"}), "CPUExecutionProvider"])
    if session.get_providers()[0] != _CUDA:  # onnxruntime then says so in its log alone
        raise BundleError(
            "onnxruntime found no graphics card that it can use, or not the CUDA and cuDNN of its "
            "release: `nvidia-smi` shows the card."
        )
    return session
