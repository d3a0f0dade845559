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
from generator.postman import collection
from generator.problems import problems

PACKAGE: Final = Path(__file__).parents[1] / "kith_client"
POSTMAN: Final = Path(__file__).parents[2] / "postman" / "kith.postman_collection.json"


def written(document: dict[str, Any], folder: Path) -> list[Path]:
    """Write the modules into ``folder``, remove other modules from the folders that are wholly
    written, and return the paths.
    """
    sources = {**models(document), **operations(document), "problems.py": problems(document)}
    files = {folder / name: source for name, source in sources.items()}
    for file, source in files.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(source, encoding="utf-8")
    for within in {file.parent for file in files} - {folder}:
        for former in set(within.glob("*.py")) - files.keys():
            former.unlink()
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["check", "--select=F401,I", "--fix"], ["format", "--line-length=100"]):
        subprocess.run([ruff, *command, "--quiet", "--isolated", *files], check=True)  # noqa: S603
    return sorted(files)


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
    document = served()
    written(document, PACKAGE)
    POSTMAN.write_text(collection(document), encoding="utf-8")
