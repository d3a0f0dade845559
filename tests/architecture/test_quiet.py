"""onnxruntime is set to send nothing before it loads, in any order of imports."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent.parent
_PACKAGES = ("app", "bench", "tests", "training")


@pytest.mark.parametrize("package", _PACKAGES)
def test_each_package_sets_it_before_anything_else(package: str) -> None:
    program = (
        f"import os, sys, {package}; assert 'onnxruntime' not in sys.modules; "
        "print(os.environ.get('ORT_DISABLE_TELEMETRY'))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "0"},  # it is not for the environment to say
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert said.stdout == "1\n", said.stderr


def test_nothing_outside_of_these_packages_imports_it() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=_ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    importing = {name for name in listed if "onnxruntime" in _imported(_ROOT / name)}
    assert "app/inference/session.py" in importing
    assert {Path(name).parts[0] for name in importing} <= set(_PACKAGES)


def _imported(file: Path) -> set[str]:
    found = set[str]()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_image_says_so_too() -> None:
    assert "ORT_DISABLE_TELEMETRY=1" in (_ROOT / "docker" / "Dockerfile").read_text("utf-8")
