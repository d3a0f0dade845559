"""The parts of the service are known, and no more than it needs."""

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = Path(__file__).parents[2]


def _locked(name: str) -> dict[str, set[str]]:
    """The hashes of each package of a lock file."""
    text = (_ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[^\s#]+==)", text, flags=re.MULTILINE)[1:]
    return {
        re.split(r"\[|==", block)[0]: set(re.findall(r"--hash=sha256:([0-9a-f]{64})", block))
        for block in blocks
    }


def test_the_bill_of_materials_names_every_package_of_the_service_with_its_hashes(
    tmp_path: Path,
) -> None:
    makefile = (_ROOT / "Makefile").read_text(encoding="utf-8")
    (arguments,) = re.findall(r"\$\(BIN\)/cyclonedx-py (.*)", makefile)
    bill_file = tmp_path / "kith.cdx.json"
    command = arguments.replace("kith.cdx.json", str(bill_file)).split()
    done = subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", *command],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    bill = json.loads(bill_file.read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "kith"
    found = {
        each["name"]: {
            digest["content"] for where in each["externalReferences"] for digest in where["hashes"]
        }
        for each in bill["components"]
    }
    assert found == _locked("serve")


@pytest.mark.parametrize("name", ["serve", "door", "openvino", "dev"])
def test_lock_files_name_the_extras_that_packages_ask_for(name: str) -> None:
    """Without them pip looks for the newest release, which has no hash here, as soon as there is a
    newer one than the pinned.
    """
    text = (_ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[(.*)\])?==", text, flags=re.MULTILINE))
    installed = [
        each for each in metadata.distributions() if canonicalize_name(each.name) in pinned
    ]
    asked = [Requirement(line) for each in installed for line in each.requires or []]
    missing = {
        str(each)
        for each in asked
        if each.extras and (pin := canonicalize_name(each.name)) in pinned
        if each.marker is None or each.marker.evaluate({"extra": ""})
        if not each.extras <= set(pinned[pin].split(","))
    }
    assert not missing


def test_what_builds_kith_is_no_part_of_it() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    building = {"hatchling", "editables"}
    assert not building & set(_locked("serve"))
    assert building <= set(_locked("build"))
    assert all(_locked("build").values())
    given = {
        re.split(r"[^A-Za-z0-9-]", line)[0]
        for line in (_ROOT / "requirements" / "build.in").read_text("utf-8").splitlines()
        if not line.startswith("#")
    }
    assert given == building
    assert {
        re.split(r"[^a-z]", each)[0] for each in project["build-system"]["requires"]
    } <= building


def test_the_lock_of_what_builds_agrees_with_the_others() -> None:
    """pip is given them together, and each names one version."""

    def versions(name: str) -> dict[str, str]:
        text = (_ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))

    build = versions("build")
    for name in ("serve", "door", "dev"):
        other = versions(name)
        assert {each: other[each] for each in build.keys() & other.keys()} == {
            each: build[each] for each in build.keys() & other.keys()
        }
