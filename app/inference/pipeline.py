"""Finds the samples in an image and embeds them, as the bundle says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from app.bundles.bundle import Bundle
from app.inference.choice import REFERENCE, Chosen, choose
from app.inference.detector import FINEST, Detection, YuNet
from app.inference.embedder import Embedder, Embeddings, OnnxEmbedder
from app.inference.session import IsAlone
from app.inference.upright import degrees_to_upright
from app.vision.align import align_face, cut_off
from app.vision.decode import ImageLimits, decode_picture
from app.vision.picture import Enough, Picture
from app.vision.preprocess import fit_whole
from app.vision.quality import measure_quality
from app.vision.types import AlignedCrop, Box, Landmarks, Quality, RgbImage

_SHARP: Final = 112
"""Size in pixels from which a face is embedded from a shrunk picture as from the whole one."""
_HOPEFUL: Final = _SHARP // 2
"""Least size in pixels of a wanted face in a shrunk picture. Most faces are larger than the least
that is wanted; where one is not, the picture is decoded once more."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One face, or one whole image: its place, its quality and the embedder's input.

    ``landmarks`` and ``quality`` are None where the whole image is the sample. ``cut_off`` is the
    share, 0 to 1, of the aligned face that lies outside of the image.
    """

    box: Box
    landmarks: Landmarks | None
    detection_score: float
    quality: Quality | None
    crop: AlignedCrop
    cut_off: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """All ``samples`` of an upright image of ``width`` x ``height`` pixels, largest first.
    ``turned_degrees`` says by how much it was turned clockwise to be upright, beyond what its file
    says.
    """

    width: int
    height: int
    samples: list[Sample]
    turned_degrees: int = 0


class Pipeline:
    """Detector, alignment and embedder of one bundle. Thread-safe."""

    def __init__(
        self, bundle: Bundle, detector: YuNet | None, embedder: Embedder, chosen: Chosen
    ) -> None:
        self.bundle, self.chosen = bundle, chosen
        self.contract = bundle.manifest.contract
        self._preprocessing = bundle.manifest.preprocessing.build()
        self._detector = detector
        self._embedder = embedder

    @property
    def contract_id(self) -> str:
        """The contract id; embeddings of one id are comparable."""
        return self.contract.id

    @property
    def dimension(self) -> int:
        """The length of an embedding."""
        return self.contract.dimension

    def decode(self, data: bytes, limits: ImageLimits, *, least: int = 0) -> Picture:
        """The picture in ``data``, as large as ``find`` needs it for samples of ``least`` pixels or
        more. Raises what ``decode_image`` raises.
        """
        if self._detector is None:
            return decode_picture(data, limits)
        return decode_picture(data, limits, Enough(FINEST, most=least // _HOPEFUL))

    def find(self, image: RgbImage | Picture, *, least: int = 0) -> list[Sample]:
        """Every sample of ``image`` of ``least`` pixels or more, largest first, and some that are
        smaller.
        """
        picture = Picture.of(image)
        if self._detector is None:
            whole = Box(0, 0, picture.width, picture.height)
            crop = fit_whole(picture.whole(), self._preprocessing)
            return [Sample(whole, None, 1.0, None, crop)]
        found = self._detector.detect(picture, least=least)
        return [_sample(picture, each, least) for each in found]

    def degrees_to_upright(self, picture: Picture, found: Sequence[Sample]) -> int:
        """By how many degrees, 0, 90, 180 or 270, ``picture``, in which these samples were found,
        is to be turned clockwise so that its faces are upright; 0 where all of it is the sample.
        """
        if self._detector is None:
            return 0
        best = max((sample.detection_score for sample in found), default=0.0)
        return degrees_to_upright(picture, best, self._detector.best_score)

    def embed(self, crops: Sequence[AlignedCrop]) -> Embeddings:
        """(n, d) unit rows of ``crops``."""
        return self._embedder.embed(crops)

    def recognised(self, sample: Sample, embedding: Embeddings) -> Sample:
        """The ``sample`` with the recognisability that its ``embedding`` (d,) has, where the bundle
        has learned it and the sample is a face.
        """
        learned = self.bundle.calibration.recognisability
        if learned is None or sample.quality is None:
            return sample
        [found] = learned.of(embedding[None]).tolist()
        return replace(sample, quality=replace(sample.quality, recognisability=found))


def build_pipeline(
    bundle: Bundle, chosen: Chosen | None = None, is_alone: IsAlone | None = None
) -> Pipeline:
    """Load the models of ``bundle`` and build its pipeline, whose embedder is computed in the
    ``chosen`` way, or the reference way. While it ``is_alone``, a run takes a second core.
    """
    settings, detector = bundle.manifest.detector, None
    if settings is not None and bundle.detector is not None:
        detector = YuNet(
            bundle.detector,
            score_threshold=settings.score_threshold,
            nms_threshold=settings.nms_threshold,
            is_alone=is_alone,
        )
    way = chosen or choose(bundle, REFERENCE)
    return Pipeline(bundle, detector, OnnxEmbedder(bundle, way, is_alone), way)


def _sample(picture: Picture, found: Detection, least: int) -> Sample:
    size = min(found.box.width, found.box.height)
    if least <= size < picture.shrunk * _SHARP:
        picture.whole()
    # Landmarks count from the middle of the first pixel.
    landmarks = (found.landmarks + np.float32(0.5)) / picture.shrunk - np.float32(0.5)
    crop = align_face(picture.pixels, landmarks.astype(np.float32))
    quality = measure_quality(found.box, found.landmarks, crop)
    outside = cut_off(found.landmarks, picture.width, picture.height)
    return Sample(found.box, found.landmarks, found.score, quality, crop, outside)
