"""The doors in ``examples/`` at a real service, with faces in the public domain."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.cbook import get_sample_data
from PIL import Image, ImageEnhance

from tests.support.cameras import WebCam, astronaut, jpeg, webcam
from tests.support.needed import lacking
from tests.support.server import ADMIN_KEY, ServerProcess

PATIENT = {"max_age_ms": 30_000}
"""On a busy machine the service takes longer than a door would wait."""
EXAMPLES = Path(__file__).parents[2] / "examples"
CLIENT = EXAMPLES.parent / "clients" / "python"
DOORS = ("door.py", "door.sh")
COMMANDS = {"door.py": [sys.executable], "door.sh": ["sh"], "enroll.py": [sys.executable]}


def seen(photo: Image.Image) -> list[bytes]:
    """Pictures as a camera takes them of somebody for a while: no two are the same."""
    brightness = ImageEnhance.Brightness(photo)
    return [jpeg(brightness.enhance(0.8 + number / 50)) for number in range(12)]


def hopper() -> Image.Image:
    """Grace Hopper, by the United States Navy, in the public domain."""
    with Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))) as image:
        return image.convert("RGB")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, face_bundle: Path) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path_factory.mktemp("site"), face_bundle).start()
    with running.client() as admin:
        made = [
            admin.post("/collections", json={"id": "hq"}),
            admin.post("/collections/hq/doors", json={"id": "front", "frames": PATIENT}),
            admin.post(
                "/collections/hq/persons",
                data={"id": "eileen"},
                files={"images": jpeg(astronaut())},
            ),
        ]
    assert [each.status_code for each in made] == [201] * 3, made[-1].text
    yield running
    running.kill()


@pytest.fixture
def camera() -> Iterator[WebCam]:
    with webcam() as found:
        yield found


def run(example: str, *arguments: str, key: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("curl") is None and example.endswith(".sh"):
        lacking("curl is not installed")
    command = [*COMMANDS[example], str(EXAMPLES / example), *arguments]
    return subprocess.run(
        command,
        env=os.environ | {"KITH_KEY": key, "PYTHONPATH": str(CLIENT)},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize("example", DOORS)
def test_it_lets_in_who_is_known_and_nobody_else(
    site: ServerProcess, camera: WebCam, example: str
) -> None:
    with site.client() as admin:
        new: dict[str, Any] = {"scopes": ["door"], "collections": ["hq"], "doors": ["front"]}
        key = admin.post("/keys", json=new).json()["key"]
    at = (site.url, "front", f"{camera.url}/latest.jpg")
    camera.pictures = seen(astronaut())
    granted = run(example, *at, key=key)
    assert granted.returncode == 0, granted.stderr
    assert "granted" in granted.stdout
    assert "eileen" in granted.stdout
    camera.pictures = seen(hopper())
    denied = run(example, *at, key=key)
    assert denied.returncode == 1, denied.stderr
    assert "unknown_person" in denied.stdout
    assert "eileen" not in denied.stdout


@pytest.mark.parametrize("example", DOORS)
def test_whatever_fails_leaves_the_door_shut(
    site: ServerProcess, camera: WebCam, example: str
) -> None:
    camera.pictures = seen(astronaut())
    picture = f"{camera.url}/latest.jpg"
    for url, door, source in (
        (site.url, "front", picture),  # the key is wrong
        ("http://127.0.0.1:9", "front", picture),
        (site.url, "front", f"{camera.url}/nowhere"),
    ):
        ended = run(example, url, door, source, key="kith_wrong")
        assert ended.returncode != 0
        assert "granted" not in ended.stdout
        assert "kith_wrong" not in ended.stdout + ended.stderr


def test_a_folder_is_enrolled_and_says_what_was_refused(
    site: ServerProcess, tmp_path: Path
) -> None:
    (tmp_path / "Grace Hopper").mkdir()
    (tmp_path / "Grace Hopper" / "1.jpg").write_bytes(jpeg(hopper()))
    (tmp_path / "Grace Hopper" / "2.jpg").write_bytes(b"no image")
    with site.client() as admin:
        assert admin.post("/collections", json={"id": "folder"}).status_code == 201
    ran = run("enroll.py", site.url, "folder", str(tmp_path), key=ADMIN_KEY)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("created Grace Hopper 1 new")
    assert "refused: 2.jpg" in ran.stdout


def test_a_door_in_python_has_fifteen_lines() -> None:
    source = (EXAMPLES / "door.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in source[1:] if line.strip()]) <= 15
