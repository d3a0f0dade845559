"""After the loop: a run with its kept weights is measured, calibrated and exported."""

import json
from pathlib import Path

from app.bundles.adaptation import write_changes
from app.core.files import write_whole
from app.decision.calibration import Calibration
from training.backbones.graph import GraphEmbedder
from training.calibrate import calibrate
from training.card import model_card
from training.evaluate.suite import Measured
from training.export import Calibrated, Export, export, recalibrate
from training.prepare import preprocessing_of
from training.report.evaluation import write_evaluation
from training.run import Run

ADAPTATION = "adaptation.npz"


def evaluate_run(run: Run, out: Path) -> Measured:
    """Measure ``run``; writes ``metrics.json``, ``evaluation.md`` and ``.html``, and plots."""
    measured, identified, pairs = run.measured
    write_whole(out / "metrics.json", json.dumps(measured.to_dict(), indent=1))
    write_evaluation(
        out,
        config=run.config,
        prepared=run.prepared,
        measured=measured,
        identified=identified,
        pairs=pairs,
    )
    return measured


def export_run(run: Run, out: Path, *, bundle: Path | None = None) -> tuple[Path, float]:
    """Write ``out``/bundle (or ``bundle``); returns it and the parity of torch and ONNX.

    An adaptation is also written by itself, as ``out``/adaptation.npz: small, where its bundle is
    as large as the model that it began with.
    """
    target = bundle or out / "bundle"
    if isinstance(run.model.backbone, GraphEmbedder):
        write_changes(out / ADAPTATION, run.model.backbone.changes())
    data = run.config.data
    what = Export(
        name=run.config.name,
        licence="Apache-2.0",
        dimension=run.config.model.dimension,
        preprocessing=preprocessing_of(run.config, run.prepared),
        face_bundle=Path(data.face_bundle) if data.kind == "faces" else None,
        card=model_card(run.config, run.prepared, run.measured[0]),
    )
    samples = run.prepared.unseen.images
    _, difference = export(
        run.model, target, what=what, samples=samples, calibrated=_calibrated(run)
    )
    return target, difference


def calibrate_run(run: Run, out: Path, *, bundle: Path | None = None) -> Path:
    """Calibrate ``out``/bundle (or ``bundle``) once more; its models stay as they are."""
    target = bundle or out / "bundle"
    recalibrate(target, _calibrated(run))
    return target


def _calibrated(run: Run) -> Calibrated:
    """The calibration on the unseen identities, as a function of the contract id."""

    def calibrated(contract: str) -> Calibration:
        return calibrate(
            run.embeddings, run.again, run.prepared.unseen,
            contract_id=contract, source=f"{run.config.data.kind}, held out",
            seed=run.config.seed, learned=run.threshold,
        )  # fmt: skip

    return calibrated
