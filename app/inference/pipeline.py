"""Finds the samples in an image and embeds them, as the bundle says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.bundles.bundle import Bundle
from app.inference.detector import Detection, YuNet
from app.inference.embedder import Embedder, Embeddings, OnnxEmbedder
from app.inference.upright import degrees_to_upright
from app.vision.align import align_face, cut_off
from app.vision.preprocess import fit_whole
from app.vision.quality import measure_quality
from app.vision.types import AlignedCrop, Box, Landmarks, Quality, RgbImage


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
    ``turned_degrees`` says by how much it was turned clockwise to be upright, besides what its file
    says.
    """

    width: int
    height: int
    samples: list[Sample]
    turned_degrees: int = 0


class Pipeline:
    """Detector, alignment and embedder of one bundle. Thread-safe."""

    def __init__(self, bundle: Bundle, detector: YuNet | None, embedder: Embedder) -> None:
        self.bundle = bundle
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

    def find(self, image: RgbImage) -> list[Sample]:
        """Every sample of ``image``, largest first."""
        if self._detector is None:
            whole = Box(0, 0, image.shape[1], image.shape[0])
            return [Sample(whole, None, 1.0, None, fit_whole(image, self._preprocessing))]
        return [_sample(image, found) for found in self._detector.detect(image)]

    def degrees_to_upright(self, image: RgbImage, found: Sequence[Sample]) -> int:
        """By how many degrees, 0, 90, 180 or 270, ``image``, in which these samples were found, is
        to be turned clockwise so that its faces are upright; 0 where the whole image is the sample.
        """
        if self._detector is None:
            return 0
        best = max((sample.detection_score for sample in found), default=0.0)
        return degrees_to_upright(image, best, self._detector.best_score)

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


def build_pipeline(bundle: Bundle) -> Pipeline:
    """Load the models of ``bundle`` and build its pipeline."""
    settings, detector = bundle.manifest.detector, None
    if settings is not None and bundle.detector is not None:
        detector = YuNet(
            bundle.detector,
            score_threshold=settings.score_threshold,
            nms_threshold=settings.nms_threshold,
        )
    return Pipeline(bundle, detector, OnnxEmbedder(bundle))


def _sample(image: RgbImage, found: Detection) -> Sample:
    crop = align_face(image, found.landmarks)
    quality = measure_quality(found.box, found.landmarks, crop)
    outside = cut_off(found.landmarks, image.shape[1], image.shape[0])
    return Sample(found.box, found.landmarks, found.score, quality, crop, outside)
