"""Chooses the way to compute the embedder: the fastest that this machine has and that passes the
self-check. It is measured at the first start and written down.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import structlog

from app.bundles.bundle import Bundle
from app.errors import BundleError, SettingsError
from app.inference.notes import Note, Notes, state_of
from app.inference.providers import (
    Precision,
    Provider,
    Run,
    Way,
    open_way,
    others_than_cpu,
    possible,
    reference_way,
)
from app.inference.self_check import (
    LEAST_COSINE,
    Rows,
    checked_rows,
    lowest_cosine,
    reference_crops,
)
from app.vision.preprocess import to_blob

_MEASURED_SECONDS: Final = 2.0
_LEAST_RUNS: Final = 3
_WORTH_MS: Final = 2.0
"""Milliseconds of an embedding by the reference way, below which no other is looked for."""
_GAIN: Final = 0.9
"""Largest share of the reference way's time at which another way is taken: a smaller gain is
noise.
"""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Wish:
    """The provider and precision of KITH_PROVIDER and KITH_PRECISION, the number of ``threads``
    that embed at once, and the folder of the ``notes`` (None: nothing is written).
    """

    provider: str = "cpu"
    precision: str = "auto"
    threads: int = 1
    notes: Path | None = None


REFERENCE: Final = Wish()
"""The reference way, whatever else there is."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The ``way`` that computes. ``cosine`` is the lowest of its self-check, None of the reference
    way; ``milliseconds`` are those of one embedding, by way, where several ways were measured.
    """

    way: Way
    run: Run
    cosine: float | None = None
    milliseconds: Mapping[str, float] = field(default_factory=dict)


def choose(bundle: Bundle, wish: Wish) -> Chosen:
    """The way that ``wish`` asks for; where it allows several, the fastest that passes the
    self-check.

    ``SettingsError`` where the machine has none, ``BundleError`` where none passes or the bundle's
    embedder is not what its manifest says.
    """
    return _Choice(bundle, wish).made()


class _Choice:
    """One choice, of one start."""

    def __init__(self, bundle: Bundle, wish: Wish) -> None:
        self._bundle, self._wish = bundle, wish
        self._how = bundle.manifest.preprocessing.build()
        self._contract = bundle.manifest.contract_id
        self._reference = reference_way(bundle.embedder)
        self._notes = Notes(wish.notes)

    def made(self) -> Chosen:
        wish = self._wish
        if wish.provider == "cpu" or (wish.provider == "auto" and not others_than_cpu()):
            possible(self._reference, wish.provider, wish.precision)  # or it says why not
            return self._by_reference()
        return self._noted() or self._quick() or self._measured_alone()

    def _by_reference(self) -> Chosen:
        chosen = Chosen(self._reference, self._open(self._reference))
        checked_rows(self._bundle, chosen.run, reference_crops(self._how, 1))
        return chosen

    def _open(self, way: Way) -> Run:
        return open_way(self._bundle.embedder, way, threads=self._wish.threads)

    def _noted(self) -> Chosen | None:
        """The choice that is written down, where it still holds."""
        state = state_of(self._wish.provider, self._wish.precision)
        note = self._notes.read(self._contract, state)
        if note is None:
            return None
        try:
            way = Way(Provider(note.provider), Precision(note.precision))
            if way == self._reference:
                run, cosine = self._by_reference().run, None
            else:
                references = np.array(note.references, np.float32)
                run, cosine = self._checked(way, references)
        except (BundleError, SettingsError, ValueError) as error:
            _log.warning("provider.note_refused", contract_id=self._contract, why=str(error))
            return None
        return Chosen(way, run, cosine, note.milliseconds)

    def _quick(self) -> Chosen | None:
        """The reference way where it is so fast that nothing can be gained."""
        if self._wish.provider != "auto" or self._wish.precision not in ("auto", "fp32"):
            return None
        chosen = self._by_reference()
        found = self._milliseconds({chosen.way: chosen}, seconds=0)[str(chosen.way)]
        return chosen if found < _WORTH_MS else None

    def _measured_alone(self) -> Chosen:
        with self._notes.alone():
            return self._noted() or self._measured()

    def _measured(self) -> Chosen:
        reference = Chosen(self._reference, self._open(self._reference))
        crops = reference_crops(self._how)
        references = checked_rows(self._bundle, reference.run, crops)
        ways = possible(self._reference, self._wish.provider, self._wish.precision)
        passed, refused = self._passed(ways, reference, references)
        if not passed:
            raise BundleError(" ".join(refused))
        found = self._milliseconds(passed, _MEASURED_SECONDS) if len(passed) > 1 else {}
        best = passed[_fastest(passed, self._reference, found)]
        note = Note(
            state=state_of(self._wish.provider, self._wish.precision),
            provider=best.way.provider,
            precision=best.way.precision,
            milliseconds=found,
            references=references.tolist(),
        )
        self._notes.write(self._contract, note)
        return Chosen(best.way, best.run, best.cosine, found)

    def _passed(
        self, ways: list[Way], reference: Chosen, references: Rows
    ) -> tuple[dict[Way, Chosen], list[str]]:
        """The ways that pass the self-check, and the fault of each other one."""
        passed, refused = {}, []
        for way in ways:
            if way == self._reference:
                passed[way] = reference
                continue
            try:
                passed[way] = Chosen(way, *self._checked(way, references))
            except (BundleError, SettingsError) as error:
                refused.append(error.detail)
                _log.warning("provider.refused", way=str(way), why=error.detail)
        return passed, refused

    def _checked(self, way: Way, references: Rows) -> tuple[Run, float]:
        """The ``way``, opened, with its lowest cosine; ``BundleError`` where it does not pass."""
        run = self._open(way)
        rows = checked_rows(self._bundle, run, reference_crops(self._how))
        if rows.shape != references.shape:
            raise BundleError(f"The references are {references.shape} and not {rows.shape}.")
        cosine = lowest_cosine(rows, references)
        if not cosine >= LEAST_COSINE:
            raise BundleError(
                f"{way} does not pass the self-check: an embedding has a cosine of {cosine:.5f} to "
                f"that of {self._reference}, and {LEAST_COSINE} is the least. Templates made by "
                "both could not be compared; KITH_PROVIDER=cpu works."
            )
        return run, cosine

    def _milliseconds(self, ways: Mapping[Way, Chosen], seconds: float) -> dict[str, float]:
        """Medians of one embedding; the ways take turns, so that a busy machine slows all."""
        blob = to_blob(reference_crops(self._how, 1), self._how)
        taken: dict[Way, list[float]] = {way: [] for way in ways}
        until, runs = time.monotonic() + seconds, 0
        while runs < _LEAST_RUNS or time.monotonic() < until:
            for way, chosen in ways.items():
                began = time.perf_counter()
                chosen.run(blob)
                taken[way].append((time.perf_counter() - began) * 1e3)
            runs += 1
        return {str(way): round(median(each), 3) for way, each in taken.items()}


def _fastest(ways: Mapping[Way, Chosen], reference: Way, found: Mapping[str, float]) -> Way:
    """The fastest of ``ways``, or the reference way where that is nearly as fast."""
    if len(ways) == 1:
        return next(iter(ways))
    best = min(ways, key=lambda way: found[str(way)])
    if reference in ways and found[str(best)] > _GAIN * found[str(reference)]:
        return reference
    return best
