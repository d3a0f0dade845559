"""A package of this repository, built as an installation gets it."""

import subprocess
import sys
import zipfile
from pathlib import Path


def wheel_of(project: Path, folder: Path) -> zipfile.ZipFile:
    """The wheel of the project in the folder ``project``, written to ``folder``."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=project, check=True, capture_output=True, timeout=120)
    (file,) = folder.glob("*.whl")
    return zipfile.ZipFile(file)
