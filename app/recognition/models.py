"""What this service runs: the bundle, and what it was calibrated with."""

from app.inference.bundle import Bundle
from app.inference.session import PRECISION, PROVIDER
from app.recognition.schemas import ModelList, ModelView


class ModelService:
    """Describes the bundle that is loaded."""

    def __init__(self, bundle: Bundle) -> None:
        manifest = bundle.manifest
        self._view = ModelView(
            name=manifest.name,
            version=manifest.version,
            contract_id=manifest.contract_id,
            licence=manifest.licence,
            dimension=manifest.dimension,
            sample="image" if manifest.detector is None else "face",
            provider=PROVIDER,
            precision=PRECISION,
            calibration=dict(bundle.calibration.evidence),
        )

    def list(self) -> ModelList:
        """The one bundle."""
        return ModelList(items=[self._view])
