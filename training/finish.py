"""What comes after the loop: the weights that were kept are measured, calibrated and exported."""

import json
from pathlib import Path

from app.bundles.adaptation import write_changes
from app.core.files import write_whole
from app.decision.calibration import Calibration
from app.vision.again import seen_again
from training import checkpoint
from training.backbones.embedder import Embedder
from training.backbones.graph import GraphEmbedder
from training.calibrate import calibrate
from training.card import model_card
from training.config import LossConfig, RunConfig, parse
from training.errors import TrainingError
from training.evaluate.embedding import embed
from training.evaluate.suite import Measured, measure
from training.export import Calibrated, Export, export, recalibrate
from training.losses.threshold import LearnedThreshold, PairThreshold
from training.prepare import Prepared, build_model, prepare, preprocessing_of
from training.report.evaluation import write_evaluation

ADAPTATION = "adaptation.npz"


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
    if isinstance(model.backbone, GraphEmbedder):
        model.backbone.round_as_written()
    return config, model, prepared


def evaluate_run(out: Path) -> Measured:
    """Measure the best weights; writes ``metrics.json`` and ``evaluation.md``, ``.html``, plots."""
    config, model, prepared = trained(out)
    found = measure(embed(model, prepared.unseen.images), prepared.unseen)
    measured, identified, pairs = found
    write_whole(out / "metrics.json", json.dumps(measured.to_dict(), indent=1))
    write_evaluation(
        out, config=config, prepared=prepared, measured=measured, identified=identified, pairs=pairs
    )
    return measured


def export_run(out: Path, *, bundle: Path | None = None) -> tuple[Path, float]:
    """Write ``out``/bundle (or ``bundle``); returns it and the parity.

    An adaptation is also written by itself, as ``out``/adaptation.npz: small, where its bundle is
    as large as the model that it began with.
    """
    config, model, prepared = trained(out)
    target = bundle or out / "bundle"
    calibrated, measured = _calibrated(out, config, model, prepared)
    faces = config.data.kind == "faces"
    if isinstance(model.backbone, GraphEmbedder):
        write_changes(out / ADAPTATION, model.backbone.changes())
    what = Export(
        name=config.name,
        licence="Apache-2.0",
        dimension=config.model.dimension,
        preprocessing=preprocessing_of(config, prepared),
        face_bundle=Path(config.data.face_bundle) if faces else None,
        card=model_card(config, prepared, measured),
    )
    _, difference = export(
        model, target, what=what, samples=prepared.unseen.images, calibrated=calibrated
    )
    return target, difference


def calibrate_run(out: Path, *, bundle: Path | None = None) -> Path:
    """Calibrate ``out``/bundle (or ``bundle``) anew; its models stay as they are."""
    target = bundle or out / "bundle"
    calibrated, _ = _calibrated(out, *trained(out))
    recalibrate(target, calibrated)
    return target


def _calibrated(
    out: Path, config: RunConfig, model: Embedder, prepared: Prepared
) -> tuple[Calibrated, Measured]:
    """How the unseen identities calibrate a bundle of this run, and what is measured on them."""
    unseen, faces = prepared.unseen, config.data.kind == "faces"
    z = embed(model, unseen.images)
    again = embed(model, seen_again(unseen.images, face=faces))

    def calibrated(contract: str) -> Calibration:
        return calibrate(
            z, again, unseen,
            contract_id=contract, source=f"{config.data.kind}, held out", seed=config.seed,
            learned=_learned_threshold(out, config.loss),
        )  # fmt: skip

    return calibrated, measure(z, unseen)[0]


def _learned_threshold(out: Path, loss: LossConfig) -> PairThreshold | None:
    """The threshold that learned with the embedder, where the run had one."""
    found = checkpoint.load(out, "best")
    if not loss.threshold or found is None:
        return None
    head = LearnedThreshold()
    tensors = found[0]["objective"]
    head.load_state_dict({key: tensors[f"threshold.{key}"] for key in head.state_dict()})
    return head.value(loss.distance)
