"""From the bytes of an image to its samples and their embeddings, behind the gate."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from app.core.attendance import check_client
from app.inference.embedder import Embeddings
from app.inference.gate import Admitted, Gate
from app.inference.pipeline import Pipeline, Sample, Scene
from app.vision.decode import ImageLimits, decode_image

Choose = Callable[[Scene], Sequence[Sample]]
"""Picks the samples that are worth the embedder's time; it may refuse by raising."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent on each step of an image."""

    decode: float
    detect: float
    embed: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """The ``scene``, the samples ``chosen`` of it, and their ``embeddings`` (n, d)."""

    scene: Scene
    chosen: Sequence[Sample]
    embeddings: Embeddings
    timings: Timings


Analyse = Callable[[bytes, Choose], Analysis]
"""What is in one image of a request, with the embeddings of whatever is chosen."""


class Analyser:
    """Decodes, detects and embeds within the gate and the limits. Thread-safe."""

    def __init__(self, pipeline: Pipeline, gate: Gate, limits: ImageLimits) -> None:
        self.pipeline = pipeline
        self._gate = gate
        self._limits = limits

    def analyse(self, data: bytes, choose: Choose) -> Analysis:
        """What is in the one image of a request. Raises what ``batch`` and its function raise."""
        with self.batch(1) as analyse:
            return analyse(data, choose)

    @contextmanager
    def batch(self, images: int) -> Iterator[Analyse]:
        """A function to analyse each of so many images; ``Overloaded`` when too many wait.

        The function raises what ``decode_image`` raises, ``Overloaded`` when no turn comes,
        ``ClientGone`` when nobody waits for the answer any more, and whatever ``choose`` raises.
        """
        with self._gate.admit(images) as admitted:
            yield lambda data, choose: self._analyse(admitted, data, choose)

    def _analyse(self, admitted: Admitted, data: bytes, choose: Choose) -> Analysis:
        with admitted.turn():
            started = time.perf_counter()
            image = decode_image(data, self._limits)
            decoded = time.perf_counter()
            check_client()
            scene = Scene(image.shape[1], image.shape[0], self.pipeline.find(image))
            detected = time.perf_counter()
            chosen = choose(scene)
            check_client()
            embeddings = self.pipeline.embed([sample.crop for sample in chosen])
            embedded = time.perf_counter()
        timings = Timings(
            (decoded - started) * 1e3, (detected - decoded) * 1e3, (embedded - detected) * 1e3
        )
        return Analysis(scene, chosen, embeddings, timings)
