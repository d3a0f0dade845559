"""The way from an image to embeddings, and what may be enrolled, with the settings' limits.

The service is built on it, and so are the commands that analyse images without a service.
"""

from app.bundles.bundle import Bundle
from app.core.cores import is_core_free
from app.gallery.bursts import BurstReader
from app.gallery.enrolment import Enroller
from app.inference.analyser import Analyser
from app.inference.choice import Chosen, Wish, choose
from app.inference.inference_slots import InferenceSlots
from app.inference.pipeline import build_pipeline
from app.inference.quality_policy import QualityPolicy
from app.settings import Settings
from app.vision.decode import ImageLimits


def choose_way(bundle: Bundle, settings: Settings) -> Chosen:
    """The way to compute the bundle's embedder that the settings ask for; raises what ``choose``
    raises.
    """
    notes = settings.data_dir / "providers"
    return choose(bundle, Wish(settings.provider, settings.precision, settings.threads, notes))


def build_analyser(bundle: Bundle, settings: Settings) -> Analyser:
    """The way from an image's bytes to embeddings, with the settings' limits."""
    slots = InferenceSlots(settings.threads, settings.queue, wait_seconds=settings.request_seconds)

    def is_alone() -> bool:
        return slots.is_alone() and is_core_free()

    way, has_second = choose_way(bundle, settings), settings.threads > 1
    pipeline = build_pipeline(bundle, way, is_alone if has_second else None)
    limits = ImageLimits(settings.max_image_bytes, settings.max_image_pixels)
    return Analyser(pipeline, slots, limits)


def build_enroller(analyser: Analyser, settings: Settings) -> Enroller:
    """The part that decides which images can be enrolled, with the settings' limits."""
    return Enroller(analyser, quality_policy_of(settings))


def build_burst_reader(
    analyser: Analyser, settings: Settings, *, frames: int, seed: int, real: bool
) -> BurstReader:
    """The part that reads a folder of people as bursts at a door."""
    return BurstReader(
        build_enroller(analyser, settings),
        analyser,
        quality_policy_of(settings),
        ImageLimits(settings.max_image_bytes, settings.max_image_pixels),
        frames=frames,
        seed=seed,
        real=real,
    )


def quality_policy_of(settings: Settings) -> QualityPolicy:
    """The settings that say which faces are identified and which are enrolled."""
    return QualityPolicy(
        min_face_size=settings.min_face_size,
        min_detection_score=settings.min_detection_score,
        min_quality=settings.min_quality,
        max_yaw=settings.max_yaw,
        max_cut_off=settings.max_cut_off,
        min_recognisability=settings.min_recognisability,
    )
