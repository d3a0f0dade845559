"""The documentation as a site: every link leads somewhere, and no page loads anything."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from mkdocs.exceptions import PluginError

from tests.support.pages import ROOT, pages


@pytest.fixture(scope="module")
def site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kith_site", ROOT / "docs" / "site.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_it_is_built_strictly_with_every_page(site: ModuleType, tmp_path: Path) -> None:
    """``--strict`` fails where a link or an anchor leads nowhere, or a page is in no section."""
    recipe = re.search(r"^docs: .*\n\t@(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    assert recipe[1].split()[-1] == "--strict"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    for page in pages():
        name = str(page.relative_to(ROOT))
        html = name.removesuffix("README.md") + "index.html"
        if not name.endswith("README.md"):
            html = name.removesuffix(".md") + ".html"
        assert (tmp_path / html).exists() is not name.startswith("tests/"), name


def test_its_sections_have_every_page_of_the_documentation_once(site: ModuleType) -> None:
    listed = [page for section in site.sections().values() for page in section]
    assert len(listed) == len(set(listed))
    ours = {str(page.relative_to(ROOT)) for page in pages()}
    assert {page for page in ours if page.startswith("docs/")} <= set(listed)
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"} <= set(listed)
    assert all(
        len(section) < 20 for name, section in site.sections().items() if name != "Decisions"
    )


@pytest.mark.parametrize(
    "loads",
    [
        '<script src="https://example.com/a.js"></script>',
        '<img alt="" src="//example.com/a.png">',
        '<link rel="stylesheet" href="https://example.com/a.css">',
    ],
)
def test_a_page_that_would_load_something_from_elsewhere_fails(
    site: ModuleType, loads: str
) -> None:
    with pytest.raises(PluginError, match=r"example\.com"):
        site.on_post_page(f"<html>{loads}</html>")
    fine = '<a href="https://example.com">x</a><img src="a.png">'
    assert site.on_post_page(fine) == fine
