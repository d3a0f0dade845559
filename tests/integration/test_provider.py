"""A service whose embedder OpenVINO computes, and one whose provider is not there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.db import Database
from migrations import upgrade
from tests.support.server import ServerProcess


def test_a_service_says_which_provider_computes(tmp_path: Path, fake_bundle: Path) -> None:
    wish = {"KITH_PROVIDER": "openvino", "KITH_PRECISION": "fp32"}  # auto: by what the CPU has
    server = ServerProcess(tmp_path, fake_bundle, **wish).start()
    try:
        with server.client() as client:
            (model,) = client.get("/models").json()["items"]
    finally:
        server.kill()
    assert (model["provider"], model["precision"]) == ("openvino", "fp32")
    assert model["self_check"] >= 0.999
    (note,) = (tmp_path / "providers").glob("*.json")
    assert note.stat().st_mode & 0o077 == 0
    assert "provider.chosen" in server.log.read_text()


def test_a_provider_that_is_not_there_ends_the_start_with_what_to_install(
    tmp_path: Path, fake_bundle: Path
) -> None:
    server = ServerProcess(tmp_path, fake_bundle, KITH_PROVIDER="cuda")
    server.launch()
    assert server.wait() != 0
    assert "install onnxruntime-gpu" in server.log.read_text()


def test_check_says_which_provider_computes_and_what_it_lacks(
    kith: Callable[..., str], fake_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(Database(tmp_path / "kith.db"))
    assert "Embeddings are computed by cpu fp32." in kith(tmp_path, fake_bundle, "check")
    monkeypatch.setenv("KITH_PROVIDER", "cuda")
    said = kith(tmp_path, fake_bundle, "check")
    assert "KITH_PROVIDER" in said
    assert said.endswith("[1]")
