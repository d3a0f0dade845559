"""What comes after the loop: the best weights measured, calibrated and exported."""

import json
from pathlib import Path

import numpy as np

from training import checkpoint
from training.backbones.embedder import Embedder
from training.calibrate import calibrate
from training.card import model_card
from training.config import RunConfig, parse
from training.errors import TrainingError
from training.evaluate.embedding import embed
from training.evaluate.suite import Measured, measure
from training.export import Export, export
from training.prepare import Prepared, build_model, prepare

_UNKNOWN = "unknown"


def trained(out: Path) -> tuple[RunConfig, Embedder, Prepared]:
    """The best weights of the run in ``out`` with its configuration and data."""
    found = checkpoint.load(out, "best")
    if found is None:
        raise TrainingError(f"{out} holds no finished epoch of a run.")
    tensors, _, table = found
    config = parse(RunConfig, table, where=str(out / "best.json"))
    prepared = prepare(config.data)
    model = build_model(config.model, channels=prepared.data.images.shape[-1])
    model.load_state_dict(tensors["model"])
    return config, model, prepared


def evaluate_run(out: Path) -> Measured:
    """Measure the best weights; writes ``metrics.json``."""
    _, model, prepared = trained(out)
    measured, _, _ = measure(embed(model, prepared.unseen.images), prepared.unseen)
    (out / "metrics.json").write_text(json.dumps(measured.to_dict(), indent=1), encoding="utf-8")
    return measured


def export_run(out: Path, *, bundle: Path | None = None) -> tuple[Path, float]:
    """Write ``out``/bundle (or ``bundle``); returns it and the parity.

    The contract id hashes the model file, which the calibration's evidence names; so the bundle is
    written once to learn the id and once more with it.
    """
    config, model, prepared = trained(out)
    target = bundle or out / "bundle"
    z = embed(model, prepared.unseen.images)
    again = embed(model, np.ascontiguousarray(prepared.unseen.images[:, :, ::-1]))
    measured, _, _ = measure(z, prepared.unseen)
    faces = config.data.kind == "faces"
    what = Export(
        name=config.name,
        licence="Apache-2.0",
        dimension=config.model.dimension,
        preprocessing=prepared.preprocessing,
        face_bundle=Path(config.data.face_bundle) if faces else None,
        card=model_card(config, prepared, measured),
    )
    contract = _UNKNOWN
    for _ in range(2):
        calibration = calibrate(
            z, again, prepared.unseen,
            contract_id=contract, source=f"{config.data.kind}, held out", seed=config.seed,
        )  # fmt: skip
        written, difference = export(
            model, target, what=what, samples=prepared.unseen.images, calibration=calibration
        )
        contract = written.manifest.contract_id
    return target, difference
