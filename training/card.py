"""The model card of an exported bundle: what it learned from, what it is worth, where it ends."""

from pathlib import Path

from app.bundles.manifest import MODEL_CARD
from training.config import RunConfig
from training.evaluate.suite import Measured
from training.prepare import Prepared


def model_card(config: RunConfig, prepared: Prepared, measured: Measured) -> str:
    """Markdown; every number in it is of identities never trained on."""
    unseen, train = prepared.unseen, prepared.train
    return "\n".join(
        [
            f"# {config.name}",
            "",
            f"Trained by `python -m training train` with seed {config.seed}; loss: "
            f"{config.loss.kind}, dimension {config.model.dimension}.",
            "",
            "## Data",
            f"{config.data.kind}: {len(train)} images of {len(train.identities)} identities to "
            f"learn from; {len(unseen)} images of {len(unseen.identities)} others to measure on. "
            f"{len(prepared.data.skipped)} files were skipped.",
            "",
            "## Measured on the identities that were held out",
            *measured.lines(),
            "",
            "## One person or two",
            "`pair_threshold` in calibration.json (and `learned_threshold`, where it was learned "
            "with the embedder): two samples at distance D are of one identity with probability "
            "1 / (1 + exp(-slope (threshold - D))); D is 1 - cosine, or what `distance` names.",
            "",
            "## Limits",
            f"{_chosen(prepared)} The identities measured on also made the calibration and the "
            "threshold on pairs. Samples unlike the data above (other cameras, other writing) were "
            "not measured; calibrate on your own before relying on a stated rate.",
            "",
            *(_detector(Path(config.data.face_bundle)) if config.data.kind == "faces" else []),
        ]
    )


def _chosen(prepared: Prepared) -> str:
    if prepared.validation is None:
        return "The last epoch was kept; nothing was chosen on the identities measured on."
    count = len(prepared.validation.identities)
    return f"The best epoch was chosen on {count} more identities, which are not measured on."


def _detector(face_bundle: Path) -> list[str]:
    """The licence of the detector, from the card of the bundle that the detector comes from."""
    file = face_bundle / MODEL_CARD
    card = file.read_text(encoding="utf-8") if file.is_file() else ""
    return [*(x + "\n" for x in card.split("\n\n") if x.startswith("**Licence of the detector"))]
