"""The examples of the client's pages run as they are printed, at a real service."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import ImageEnhance
from standardwebhooks import Webhook

from kith_client import Kith
from kith_client.doors import _Door
from tests.integration.test_examples import hopper
from tests.support.cameras import astronaut, jpeg
from tests.support.pages import ROOT
from tests.support.server import ADMIN_KEY, ServerProcess

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def examples(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory, face_bundle: Path) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path_factory.mktemp("faces"), face_bundle).start()
    yield running
    running.kill()


@pytest.fixture
def at_home(faces: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the photos that the pages name, and the variables that they name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KITH_URL", faces.url)
    monkeypatch.setenv("KITH_KEY", ADMIN_KEY)
    photo = astronaut()
    for number in (1, 2, 3):
        turned = ImageEnhance.Brightness(photo.rotate(4 * number)).enhance(1.1 - number / 10)
        Path(f"ada-{number}.jpg").write_bytes(jpeg(turned))
    for name in ("somebody.jpg", "grace.jpg"):
        Path(name).write_bytes(jpeg(hopper()))
    for folder in ("frames", "photos/Grace Hopper"):
        Path(folder).mkdir(parents=True)
    for number in range(5):
        lit = ImageEnhance.Brightness(photo).enhance(0.8 + number / 25)
        Path(f"frames/{number}.jpg").write_bytes(jpeg(lit))
    Path("photos/Grace Hopper/1.jpg").write_bytes(
        jpeg(ImageEnhance.Brightness(hopper()).enhance(1.1))
    )
    defaults: Any = _Door.__init__.__kwdefaults__
    for name in ("max_age", "timeout"):  # on a busy machine frames are older before they are sent
        monkeypatch.setitem(defaults, name, 30)
    return tmp_path


def test_the_readme_of_the_client_runs_and_has_ten_lines(
    at_home: Path, faces: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = examples("clients/python/README.md")
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    address = "http://127.0.0.1:8000"
    assert address in example
    exec(example.replace(address, faces.url), {"key": ADMIN_KEY})  # noqa: S102
    assert capsys.readouterr().out.splitlines() == [
        "ada-3.jpg identified ada",
        "somebody.jpg unknown None",
    ]
    with Kith() as kith:
        kith.delete_collection("hq", force=True)


def test_the_page_on_the_client_runs(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"secret": SECRET}
    said: list[str] = []
    for example in examples("docs/client.md"):
        exec(example, names)  # noqa: S102
        said.append(capsys.readouterr().out)
    first, people, awaited, failed, many, door, events = (each for each in said if each)
    assert first == "1 []\nada\n"
    assert people == "ada Ada\n"
    assert awaited.startswith("['identified', 'identified']\n['ada'")
    assert "already" in failed
    assert many == "created Grace-Hopper-b2278a963678b908 1 0\ncreated\n"
    assert door == "open for ada\ngranted: granted ada\n"
    assert events.startswith("person.created ")
    hook(names)


def hook(names: dict[str, Any]) -> None:
    """The receiver that the page makes takes what Kith signs, and nothing else."""
    body, now = '{"id": "evt-1", "type": "of.the.future"}', datetime.now(UTC)
    headers = {
        "webhook-id": "evt-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("evt-1", now, body),
    }
    with TestClient(names["app"]) as client:
        assert client.post("/kith", content=body, headers=headers).status_code == 204
        assert client.post("/kith", content=body + " ", headers=headers).status_code == 401
