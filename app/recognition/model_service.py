"""Describes the running bundle and its calibration."""

import structlog

from app.bundles.bundle import Bundle
from app.inference.session import PRECISION, PROVIDER
from app.recognition.schemas.models import ModelList, ModelView

_log = structlog.get_logger()


class ModelService:
    """Describes the bundle that is loaded."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        manifest = bundle.manifest
        self._view = ModelView(
            name=manifest.name,
            version=manifest.version,
            contract_id=manifest.contract_id,
            manifest_sha256=bundle.manifest_sha256,
            licence=manifest.licence,
            dimension=manifest.dimension,
            sample="image" if manifest.detector is None else "face",
            provider=PROVIDER,
            precision=PRECISION,
            calibration=dict(bundle.calibration.evidence),
        )

    def tell(self) -> None:
        """Log which bundle it is, and what an operator should do about it."""
        _log.info(
            "bundle.loaded",
            folder=str(self._bundle.folder),
            contract_id=self._view.contract_id,
            manifest_sha256=self._view.manifest_sha256,
        )
        for name, warning in self._bundle.warnings.items():
            _log.warning(f"bundle.{name}", what=warning)

    def list(self) -> ModelList:
        """The one bundle."""
        return ModelList(items=[self._view])
