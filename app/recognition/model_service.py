"""Describes the running bundle and its calibration."""

import structlog

from app.bundles.bundle import Bundle
from app.inference.choice import Chosen
from app.recognition.schemas.models import ModelList, ModelView

_log = structlog.get_logger()


class ModelService:
    """Describes the bundle that is loaded."""

    def __init__(self, bundle: Bundle, chosen: Chosen) -> None:
        self._bundle, self._chosen = bundle, chosen
        manifest = bundle.manifest
        self._view = ModelView(
            name=manifest.name,
            version=manifest.version,
            contract_id=manifest.contract_id,
            manifest_sha256=bundle.manifest_sha256,
            licence=manifest.licence,
            dimension=manifest.dimension,
            sample="image" if manifest.detector is None else "face",
            provider=chosen.way.provider,
            precision=chosen.way.precision,
            self_check=chosen.cosine,
            milliseconds=dict(chosen.milliseconds),
            calibration=dict(bundle.calibration.evidence),
        )

    def tell(self) -> None:
        """Log which bundle it is, how it is computed, and what an operator should do about it."""
        _log.info(
            "bundle.loaded",
            folder=str(self._bundle.folder),
            contract_id=self._view.contract_id,
            manifest_sha256=self._view.manifest_sha256,
        )
        _log.info(
            "provider.chosen",
            provider=self._view.provider,
            precision=self._view.precision,
            self_check=self._view.self_check,
            milliseconds=self._view.milliseconds,
        )
        for name, warning in self._bundle.warnings.items():
            _log.warning(f"bundle.{name}", what=warning)

    def list(self) -> ModelList:
        """The one bundle."""
        return ModelList(items=[self._view])
