"""The two models as they were published, for tests that hold Kith's own against them."""

import shutil
from pathlib import Path
from typing import Final

from app.bundles.plan import read_plan
from app.bundles.recipe import PLAIN
from app.bundles.sources import fetch_sources
from app.settings import Settings

_CACHE: Final = Path(__file__).parents[2] / "data" / "cache" / "published"


def published_models(temporary: Path) -> dict[str, Path]:
    """``detector.onnx`` and ``embedder.onnx`` to the published files; fetched once, then kept."""
    plan = read_plan(PLAIN).steps
    source = _CACHE if _CACHE.is_dir() else Settings().model_source
    fetched = fetch_sources(plan, temporary, source=source, progress=lambda *_: None)
    if not _CACHE.is_dir():
        _CACHE.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(fetched["detector.onnx"].parent, _CACHE)
    return fetched
