"""The Python client follows from the service's OpenAPI document, and stands alone."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import PACKAGE, served, written
from tests.support.wheels import wheel_of

ROOT = Path(__file__).parents[2]
PROJECT = PACKAGE.parent
CHANGED = "the client is behind the service: run `make client` and commit what it writes"


@pytest.fixture(scope="module")
def document(fake_bundle: Path) -> dict[str, Any]:
    return served(fake_bundle)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return wheel_of(PROJECT, tmp_path_factory.mktemp("client-wheel"))


def test_what_is_written_is_what_the_service_says(document: dict[str, Any], tmp_path: Path) -> None:
    names = {made.relative_to(tmp_path) for made in written(document, tmp_path)}
    for name in names:
        assert (tmp_path / name).read_text("utf-8") == (PACKAGE / name).read_text("utf-8"), CHANGED
    folders = {name.parent for name in names} - {Path()}
    assert len(folders) > 1
    there = {file.relative_to(PACKAGE) for each in folders for file in (PACKAGE / each).iterdir()}
    assert {each for each in there if each.suffix} == {
        each for each in names if each.parent in folders
    }, CHANGED


def test_what_no_tag_has_any_more_is_removed(document: dict[str, Any], tmp_path: Path) -> None:
    written(document, tmp_path)
    former = tmp_path / "operations" / "former.py"
    former.touch()
    written(document, tmp_path)
    assert not former.exists()


def test_a_route_that_the_client_lacks_is_noticed(document: dict[str, Any], tmp_path: Path) -> None:
    more = {**document["paths"], "/v1/new": document["paths"]["/v1/models"]}
    written({**document, "paths": more}, tmp_path)
    made = (tmp_path / "operations" / "recognition.py").read_text("utf-8")
    assert '"/v1/new"' in made
    assert made != (PACKAGE / "operations" / "recognition.py").read_text("utf-8")


def test_it_imports_what_its_project_names_and_nothing_of_the_service() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [each for named in project["optional-dependencies"].values() for each in named]
    named = {each.partition(">")[0] for each in [*project["dependencies"], *extras]}
    modules = {"pillow": "PIL"}
    known = {modules.get(each, each) for each in named} | {"kith_client", "numpy"}
    imported = {
        (node.module or "" if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported - known <= sys.stdlib_module_names
    assert "httpx" in imported


def test_the_wheel_has_the_package_its_types_and_its_licence(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    names = {name for name in wheel.namelist() if ".dist-info" not in name}
    assert names == {
        each.relative_to(PROJECT).as_posix()
        for each in [*PACKAGE.rglob("*.py"), PACKAGE / "py.typed"]
    }
    (licence,) = (each for each in wheel.namelist() if each.endswith("licenses/LICENSE"))
    assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()
    wheel.extractall(tmp_path)
    program = "import kith_client, sys; print(kith_client.__file__, *sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    where, *loaded = found.stdout.split()
    assert Path(where).is_relative_to(tmp_path)
    assert not {"app", "numpy", "PIL", "standardwebhooks", "pydantic"} & set(loaded)
