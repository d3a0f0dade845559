"""From the bytes of an image to its samples and their embeddings, behind the gate."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.inference.embedder import Embeddings
from app.inference.gate import Gate
from app.inference.pipeline import Pipeline, Sample
from app.vision.decode import ImageLimits, decode_image

Choose = Callable[[list[Sample]], Sequence[Sample]]
"""Picks the samples that are worth the embedder's time; it may refuse by raising."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent on each step of an image."""

    decode: float
    detect: float
    embed: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """All ``samples`` found, those ``chosen``, and the chosen ones' ``embeddings`` (n, d)."""

    samples: list[Sample]
    chosen: Sequence[Sample]
    embeddings: Embeddings
    timings: Timings


class Analyser:
    """Decodes, detects and embeds within the gate and the limits. Thread-safe."""

    def __init__(self, pipeline: Pipeline, gate: Gate, limits: ImageLimits) -> None:
        self.pipeline = pipeline
        self._gate = gate
        self._limits = limits

    def analyse(self, data: bytes, choose: Choose) -> Analysis:
        """What is in the image, with the embeddings of whatever ``choose`` picks.

        Raises what ``decode_image`` raises, ``Overloaded`` when too many wait, and whatever
        ``choose`` raises.
        """
        with self._gate.admit():
            started = time.perf_counter()
            image = decode_image(data, self._limits)
            decoded = time.perf_counter()
            samples = self.pipeline.find(image)
            detected = time.perf_counter()
            chosen = choose(samples)
            embeddings = self.pipeline.embed([sample.crop for sample in chosen])
            embedded = time.perf_counter()
        timings = Timings(
            (decoded - started) * 1e3, (detected - decoded) * 1e3, (embedded - detected) * 1e3
        )
        return Analysis(samples, chosen, embeddings, timings)
