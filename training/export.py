"""A trained embedder as a bundle that the service loads: ONNX, parity, calibration, model card."""

import logging
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch

from app.bundles.bundle import Bundle
from app.bundles.manifest import MODEL_CARD, made_manifest, model_entry
from app.bundles.writing import ModelFile, write_bundle
from app.decision.calibration import Calibration
from app.decision.calibration_file import to_json
from app.vision.preprocess import Preprocessing, to_blob
from training.backbones.embedder import Embedder
from training.backbones.graph import GraphEmbedder
from training.datasets.base import Images
from training.errors import TrainingError

# A contract id -> the calibration that names it.
Calibrated = Callable[[str], Calibration]
PARITY = 1e-4
_OPSET = 18
_SAMPLES = 64


@dataclass(frozen=True, slots=True)
class Export:
    """The description of a bundle: its name, its input, its licence."""

    name: str
    licence: str
    dimension: int
    preprocessing: Preprocessing
    face_bundle: Path | None
    card: str


def to_onnx(model: Embedder, sample: torch.Tensor, path: Path) -> None:
    """Write blob (batch, C, H, W) -> unit rows (batch, d); the batch is free."""
    if isinstance(model.backbone, GraphEmbedder):
        model.backbone.write(path)
        return
    batch = torch.export.Dim("batch", min=1, max=1024)
    tail = model.cpu().eval().tail().eval()
    with warnings.catch_warnings():
        # The exporter speaks of its own internals to its own developers.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            tail,
            (sample,),
            str(path),
            input_names=["image"],
            output_names=["embedding"],
            opset_version=_OPSET,
            dynamo=True,
            external_data=False,
            dynamic_shapes=({0: batch},),
            verbose=False,
        )
    _without_origin(path)


def _without_origin(path: Path) -> None:
    """Take out where each node comes from: the exporter writes paths of this machine into it."""
    model = onnx.load(str(path))
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.initializer,
                 *graph.input, *graph.output):  # fmt: skip
        del part.metadata_props[:]
    onnx.save(model, str(path))


def parity(model: Embedder, path: Path, blob: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """Largest |difference| between torch and onnxruntime over ``blob``, one by one and together."""
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = model.eval().tail()(torch.from_numpy(blob)).numpy()
    together = session.run(None, {"image": blob})[0]
    alone = np.concatenate([session.run(None, {"image": row[None]})[0] for row in blob])
    return float(max(np.abs(together - expected).max(), np.abs(alone - expected).max()))


def export(
    model: Embedder, out: Path, *, what: Export, samples: Images, calibrated: Calibrated
) -> tuple[Bundle, float]:
    """Write the bundle ``out``; returns it and the parity on ``samples`` (n, H, W, C)."""
    crops = [np.repeat(x, 3, axis=2) if x.shape[2] == 1 else x for x in samples[:_SAMPLES]]
    blob = to_blob(crops, what.preprocessing)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "embedder.onnx"
        to_onnx(model, torch.from_numpy(blob[:2]), path)
        difference = parity(model, path, blob)
        if not difference <= PARITY:
            raise TrainingError(
                f"The exported graph differs from torch by {difference:.2g} (> {PARITY:g})."
            )
        models, face = {"embedder.onnx": ModelFile(path, what.licence)}, None
        if what.face_bundle is not None:
            face = Bundle.load(what.face_bundle)
            licence = face.manifest.files["detector.onnx"].licence
            models["detector.onnx"] = ModelFile(face.folder / "detector.onnx", licence)
        description = _description(what, face)
        bundle = write_bundle(
            out,
            description,
            models=models,
            calibration=to_json(calibrated(_contract(description, models))),
            model_card=what.card + f"\nTorch and ONNX differ by at most {difference:.1e}.\n",
        )
    return bundle, difference


def recalibrate(folder: Path, calibrated: Calibrated) -> Bundle:
    """Write the bundle ``folder`` again with the same models and another calibration."""
    bundle = Bundle.load(folder)
    manifest = bundle.manifest
    return write_bundle(
        folder,
        manifest.model_dump(exclude={"files", "contract_id"}),
        models={
            name: ModelFile(folder / name, entry.licence, entry.role)
            for name, entry in manifest.models.items()
        },
        calibration=to_json(calibrated(manifest.contract_id)),
        model_card=(folder / MODEL_CARD).read_text(encoding="utf-8"),
    )


def _contract(description: dict[str, Any], models: dict[str, ModelFile]) -> str:
    """The id that these models will have, which their calibration names."""
    files = {name: model_entry(each.file, licence=each.licence) for name, each in models.items()}
    return made_manifest(description, files).contract_id


def _description(what: Export, face: Bundle | None) -> dict[str, Any]:
    detector = None if face is None or face.manifest.detector is None else face.manifest.detector
    return {
        "name": what.name,
        "version": "1",
        "licence": what.licence,
        "dimension": what.dimension,
        "preprocessing": _preprocessing(what.preprocessing),
        "alignment": None if face is None else face.manifest.alignment,
        "detector": None if detector is None else detector.model_dump(),
    }


def _preprocessing(how: Preprocessing) -> dict[str, Any]:
    """The table of the manifest: width and height as one size."""
    table = asdict(how)
    return {"size": (table.pop("width"), table.pop("height")), **table}
