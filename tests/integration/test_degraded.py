"""The adapted SFace as a choice, for the probes it was made for: a worse camera, people never
seen."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.bundles.bundle import Bundle
from app.bundles.pull import pull
from app.bundles.recipe import CAMERAS, PLAIN
from app.inference.embedder import OnnxEmbedder
from app.inference.folders import photos_in
from app.inference.pipeline import build_pipeline
from app.vision.decode import ImageLimits, decode_image
from bench.degraded import FPIR
from bench.degraded_views import CLEAN, seen
from bench.openset_data import central_face, never_trained_on
from tests.support.published import published_models
from training.evaluate.identification import Protocol, identify

_PERSONS, _ENROLLED, _MATED, _STRANGERS = 40, 3, 2, 200
_VIEWS = ("20 px", "15 % light + noise")
_LIMITS = ImageLimits(10 << 20, 40_000_000)
Labels = NDArray[np.int64]


@pytest.mark.data
def test_of_the_degraded_probes_plain_sface_misses_a_third_is_found(
    photos: Path, tmp_path: Path
) -> None:
    source = published_models(tmp_path)["embedder.onnx"].parent
    plain, adapted = (
        pull(tmp_path / recipe.name, source=source, recipe=recipe) for recipe in (PLAIN, CAMERAS)
    )
    crops, labels = _faces(plain, photos / "lfw-devtrain")
    before, after = (_rates(each, crops, labels) for each in (plain, adapted))
    assert after[CLEAN] <= before[CLEAN] + 1 / (_PERSONS * _MATED)
    missed = [sum(rates[view] for view in _VIEWS) for rates in (before, after)]
    assert missed[1] <= missed[0] * 2 / 3, (before, after)


def _faces(bundle: Bundle, folder: Path) -> tuple[list[NDArray[np.uint8]], Labels]:
    """Five photos of each of some people, then one of each of many others; who is on each."""
    people: dict[str, list[Path]] = {}
    for photo in photos_in(folder):
        if never_trained_on(photo.person):
            people.setdefault(photo.person, []).append(photo.file)
    many = [files for files in people.values() if len(files) >= _ENROLLED + _MATED][:_PERSONS]
    one = [files for files in people.values() if len(files) == 1][:_STRANGERS]
    chosen = [files[: _ENROLLED + _MATED] for files in many] + one
    pipeline = build_pipeline(bundle)
    faces = [
        central_face(pipeline, decode_image(file.read_bytes(), _LIMITS))
        for files in chosen
        for file in files
    ]
    found = [face.crop for face in faces if face is not None]
    assert len(found) == len(faces) == _PERSONS * (_ENROLLED + _MATED) + _STRANGERS
    return found, np.repeat(np.arange(len(chosen)), [len(files) for files in chosen])


def _rates(bundle: Bundle, crops: list[NDArray[np.uint8]], labels: Labels) -> dict[str, float]:
    """FNIR of each view at the stated FPIR."""
    rows = np.arange(len(labels))
    place = rows % (_ENROLLED + _MATED)
    enrolled = labels < _PERSONS
    protocol = Protocol(
        rows[enrolled & (place < _ENROLLED)], rows[enrolled & (place >= _ENROLLED)], rows[~enrolled]
    )
    embedder = OnnxEmbedder(bundle)
    clean = embedder.embed(crops)
    rates = {CLEAN: identify(clean, clean, labels, protocol).fnir_at(FPIR)}
    probes = np.concatenate([protocol.mated, protocol.strangers]).tolist()
    for view in _VIEWS:
        z = np.zeros_like(clean)
        z[probes] = embedder.embed([seen(crops[row], row, view) for row in probes])
        rates[view] = identify(clean, z, labels, protocol).fnir_at(FPIR)
    return rates
