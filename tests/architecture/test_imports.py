"""Imports point down only, and the service needs nothing of training."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "app").rglob("*.py"))


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_imports_point_down_only() -> None:
    checked = lint(ROOT)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 broken" in checked.stdout


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("core/ids.py", "import app.settings"),
        ("index/flat.py", "import app.gallery.models"),
        ("recognition/matches.py", "import app.replication.replica"),
        ("decision/fusion.py", "import app.core.ids"),
        ("vision/types.py", "import onnxruntime"),
        ("evaluation/rates.py", "import jinja2"),
        ("recognition/search.py", "import scipy"),
        ("gallery/person_service.py", "import app.web.problems"),
        ("index/flat.py", "import app.decision.numbers"),
    ],
)
def test_an_import_that_nothing_allows_is_noticed(
    tmp_path: Path, module: str, statement: str
) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "tests" / "architecture", tmp_path / "tests" / "architecture")
    with (tmp_path / "app" / module).open("a") as file:
        file.write(f"\n{statement}\n")
    checked = lint(tmp_path)
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "BROKEN" in checked.stdout


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_service_runs_without_training_tests_and_bench(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not imported & {"training", "tests", "bench"}


def test_http_errors_are_raised_nowhere_but_in_web() -> None:
    """Rooms raise domain errors; the edge maps them."""
    for module in MODULES:
        if re.search(r"(?<!http\.client\.)HTTPException", module.read_text(encoding="utf-8")):
            assert "web" in module.parts, module
