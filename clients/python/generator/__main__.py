"""``make client``: write what follows from the service's OpenAPI document."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from app.bootstrap import build
from app.main import create_app
from app.settings import Settings
from generator.models import models
from generator.operations import operations
from generator.problems import problems

PACKAGE: Final = Path(__file__).parents[1] / "kith_client"


def written(document: dict[str, Any], folder: Path) -> None:
    """Write the modules into ``folder``."""
    sources = {"models.py": models, "operations.py": operations, "problems.py": problems}
    for name, source in sources.items():
        (folder / name).write_text(source(document), encoding="utf-8")
    paths = [str(folder / name) for name in sources]
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["format", "--line-length=100"], ["check", "--select=F401,I", "--fix"]):
        subprocess.run([ruff, *command, "--quiet", "--isolated", *paths], check=True)  # noqa: S603


def served(bundle: Path = Path("face-mini")) -> dict[str, Any]:
    """The OpenAPI document of the service as it is here; the bundle changes nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), model=bundle, log_level="ERROR")
        container = build(settings)
        try:
            return create_app(settings, container).openapi()
        finally:
            container.close()


if __name__ == "__main__":
    written(served(), PACKAGE)
