"""The licence of Kith and the notices of others are stated, and are in its packages."""

import hashlib
import json
import re
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUNDLES = ROOT / "app" / "bundles"
LICENCE = (ROOT / "LICENSE").read_text(encoding="utf-8")
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_the_licence_is_apache_2_word_by_word() -> None:
    """The digest is that of the text that the Apache Software Foundation publishes."""
    digest = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert hashlib.sha256(LICENCE.encode()).hexdigest() == digest


_PERMISSIVE = re.compile(r"\b(MIT|BSD|Apache|ISC|PSF|0BSD|Zlib|CC0)")


def test_the_notice_names_just_the_packages_that_ask_for_more_than_to_be_named() -> None:
    locked = (ROOT / "requirements" / "serve.txt").read_text(encoding="utf-8")
    packages = set(re.findall(r"^([a-z0-9._-]+)==", locked, re.MULTILINE))
    there = {each.name.lower().replace("_", "-"): each for each in metadata.distributions()}
    asking = {name for name in packages & set(there) if not _PERMISSIVE.search(terms(there[name]))}
    (sentence,) = re.findall(r"but for (.*?\))\.", " ".join(NOTICE.split()))
    named = set(re.findall(r"([a-z0-9-]+) \(", sentence))
    assert {name.removesuffix("-binary") for name in asking} == named


def terms(package: metadata.Distribution) -> str:
    """The licence in the package's own metadata."""
    known = package.metadata.json
    stated = str(known.get("license_expression") or known.get("license") or "")
    return " ".join([stated, *(each for each in known.get("classifier", []) if "License" in each)])


@pytest.mark.parametrize("name", ["LICENSE", "NOTICE"])
def test_it_is_in_the_wheel(wheel: zipfile.ZipFile, name: str) -> None:
    (inside,) = (each for each in wheel.namelist() if each.endswith(f".dist-info/licenses/{name}"))
    assert wheel.read(inside).decode() == (ROOT / name).read_text(encoding="utf-8")


def test_the_wheel_states_it(wheel: zipfile.ZipFile) -> None:
    (inside,) = (each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
    lines = wheel.read(inside).decode().splitlines()
    stated = {"License-Expression: Apache-2.0", "License-File: LICENSE", "License-File: NOTICE"}
    assert stated <= set(lines)


def test_the_bundles_and_the_recipes_are_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    data = {
        file for file in BUNDLES.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    }
    assert {str(file.relative_to(ROOT)) for file in data} <= set(wheel.namelist())
    assert {"embedder.onnx", "adaptation.npz", "recipe.json"} <= {file.name for file in data}


@pytest.mark.parametrize("name", ["LICENSE", "NOTICE"])
def test_it_is_in_the_image(name: str) -> None:
    """The image installs what its build copies, so that pip puts both next to the package."""
    copied = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
    (line,) = (each for each in copied.splitlines() if each.startswith("COPY pyproject.toml"))
    assert name in line.split()
    assert f"!{name}" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_the_notice_names_every_model_that_is_fetched() -> None:
    recipe = json.loads((BUNDLES / "recipes" / "sface" / "recipe.json").read_text("utf-8"))
    for source in recipe["sources"].values():
        assert source["file"] in NOTICE
        title = {"MIT": "MIT License", "Apache-2.0": "Apache License"}[source["licence"]]
        assert title in NOTICE


def test_the_notice_names_every_model_and_weight_that_is_kept() -> None:
    kept = [*BUNDLES.rglob("*.onnx"), *BUNDLES.rglob("*.npz")]
    assert len(kept) >= 3
    for file in kept:
        assert str(file.relative_to(ROOT)) in NOTICE


def test_every_detector_carries_the_terms_it_is_under() -> None:
    terms = "The above copyright notice and this permission notice shall be included in all copies"
    assert terms in " ".join(NOTICE.split())
    for card in BUNDLES.rglob("MODEL_CARD.md"):
        assert terms.lower()[4:] in " ".join(card.read_text("utf-8").split()).lower(), card
