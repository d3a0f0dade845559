"""Finds the faces in the bytes of an image; each has its embedding, or the reasons for none."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from app.core.attendance import check_client
from app.inference.embedder import Embeddings
from app.inference.inference_slots import Admitted, InferenceSlots
from app.inference.pipeline import Pipeline, Sample, Scene
from app.inference.quality_policy import Refuse, refuse_none
from app.inference.spare_cores import SpareCores
from app.inference.subject import Select, Selection
from app.reasons import NoSubject, SampleReason
from app.vision.decode import ImageLimits
from app.vision.picture import Picture
from app.vision.types import AlignedCrop


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent on each step of an image."""

    decode: float
    detect: float
    embed: float


@dataclass(frozen=True, slots=True)
class Examined:
    """One selected sample: the ``reasons`` for which it is refused, or its ``embedding`` (d,).

    ``embedding`` is None where there are reasons, and where no embedding was asked for.
    """

    sample: Sample
    reasons: tuple[SampleReason, ...]
    embedding: Embeddings | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """The selected ``faces`` of an upright image of ``width`` x ``height`` pixels.

    ``found`` and ``missing`` are those of the ``Selection``. ``turned_degrees`` says by how much
    the image was turned clockwise to be upright, in addition to what its file says.
    """

    width: int
    height: int
    found: int
    missing: NoSubject | None
    faces: tuple[Examined, ...]
    timings: Timings
    turned_degrees: int = 0


class Analyse(Protocol):
    """Examines one image of a request."""

    def __call__(
        self, data: bytes, select: Select, refuse: Refuse = refuse_none, *, least: int = 0
    ) -> Analysis:
        """The selected faces of the image; each face that ``refuse`` accepts is embedded. Faces
        smaller than ``least`` pixels need not be found.
        """
        ...


class Analyser:
    """Decodes, detects and embeds within the slots and the limits. Thread-safe."""

    def __init__(self, pipeline: Pipeline, slots: InferenceSlots, limits: ImageLimits) -> None:
        self.pipeline = pipeline
        self._slots = slots
        self._spare = SpareCores(slots)
        self.limits = limits

    def analyse(
        self,
        data: bytes,
        select: Select,
        refuse: Refuse = refuse_none,
        *,
        embed: bool = True,
        least: int = 0,
    ) -> Analysis:
        """Examine the one image of a request, without embeddings where ``embed`` is False. Faces
        that are smaller than ``least`` pixels need not be found, which saves time.

        Raises what ``batch`` and its function raise.
        """
        with self._slots.admit() as admitted:
            return self._analyse(admitted, data, select, refuse, embed=embed, least=least)

    @contextmanager
    def batch(self, images: int, *, upright: bool = False) -> Iterator[Analyse]:
        """Give a function that examines one of the ``images`` images of a request. Where
        ``upright``, an image whose faces are not upright is turned by quarter turns.

        ``Overloaded`` when too many images wait. The function raises what ``decode_image`` raises,
        ``Overloaded`` when its turn does not come in time, and ``ClientGone`` when the client has
        gone away.
        """
        with self._slots.admit(images) as admitted:
            yield partial(self._analyse, admitted, upright=upright)

    def _analyse(
        self,
        admitted: Admitted,
        data: bytes,
        select: Select,
        refuse: Refuse = refuse_none,
        *,
        embed: bool = True,
        upright: bool = False,
        least: int = 0,
    ) -> Analysis:
        with admitted.turn():
            started = time.perf_counter()
            picture = self.pipeline.decode(data, self.limits, least=least)
            decoded = time.perf_counter()
            check_client()
            scene = self._scene(picture, least, upright=upright)
            detected = time.perf_counter()
            selection = select(scene)
            check_client()
            faces = self._examined(selection, refuse, embed=embed)
            embedded = time.perf_counter()
        timings = Timings(
            (decoded - started) * 1e3, (detected - decoded) * 1e3, (embedded - detected) * 1e3
        )
        return Analysis(
            scene.width,
            scene.height,
            selection.found,
            selection.missing,
            faces,
            timings,
            scene.turned_degrees,
        )

    def _scene(self, picture: Picture, least: int, *, upright: bool) -> Scene:
        found = self.pipeline.find(picture, least=least)
        degrees = self.pipeline.degrees_to_upright(picture, found) if upright else 0
        if degrees:
            picture = picture.turned(degrees)
            found = self.pipeline.find(picture, least=least)
        return Scene(picture.width, picture.height, found, degrees)

    def _examined(
        self, selection: Selection, refuse: Refuse, *, embed: bool
    ) -> tuple[Examined, ...]:
        """Each selected sample; the accepted ones are embedded, on spare cores as well, and checked
        again with what their embedding says of them.
        """
        checked = [(sample, tuple(refuse(sample))) for sample in selection.samples]
        accepted = [row for row, (_, reasons) in enumerate(checked) if embed and not reasons]
        rows = self._spare.each(self._embedding, [checked[row][0].crop for row in accepted])
        embeddings = dict(zip(accepted, rows, strict=True))
        return tuple(
            self._seen(sample, embeddings[row], refuse)
            if row in embeddings
            else Examined(sample, reasons, None)
            for row, (sample, reasons) in enumerate(checked)
        )

    def _embedding(self, crop: AlignedCrop) -> Embeddings:
        row: Embeddings = self.pipeline.embed([crop])[0]
        return row

    def _seen(self, sample: Sample, embedding: Embeddings, refuse: Refuse) -> Examined:
        sample = self.pipeline.recognised(sample, embedding)
        reasons = tuple(refuse(sample))
        return Examined(sample, reasons, None if reasons else embedding)
