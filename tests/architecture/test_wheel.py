"""An installation has all that lies among the modules: templates, bundles, recipes, migrations."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support.pages import ROOT, kept_files

_RENDER = """
import app.pages.renderer as renderer
from app.evaluation.report import page
from app.pages.chart import Axis, Chart
print(renderer.__file__)
chart = Chart(Axis("x", 0, 1), Axis("y", 0, 1), label="none")
print(page._PAGES.render("report/charts.html", det=chart, thresholds=chart, similarities=chart))
"""


def test_the_wheel_has_every_file_of_its_packages(wheel: zipfile.ZipFile) -> None:
    kept = {str(file.relative_to(ROOT)) for file in kept_files()}
    packaged = {name for name in kept if name.startswith(("app/", "migrations/"))}
    assert {name for name in packaged if name.endswith((".html", ".css"))}
    assert packaged - {*wheel.namelist()} == set()


def test_pages_are_made_from_the_wheels_templates(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    command = [sys.executable, "-c", _RENDER]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    used, page = done.stdout.split("\n", 1)
    assert Path(used).is_relative_to(tmp_path)
    assert page.count('<svg class="chart"') == 3
