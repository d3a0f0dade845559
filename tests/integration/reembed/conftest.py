"""Fixtures of a change of model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bootstrap import Container
from app.settings import Settings
from tests.support.fake_bundle import write_fake_bundle
from tests.support.services import enrol, make_collection, running


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another model for the same crops, whose embeddings are even of another length."""
    return write_fake_bundle(tmp_path_factory.mktemp("bundles") / "other", seed=1, dimension=24)


@pytest.fixture
def old(settings: Settings, tmp_path: Path) -> Iterator[Container]:
    """Ada and Bob are at the doors, which keep crops."""
    with running(settings, tmp_path / "old") as container:
        make_collection(container, keep_crops=True, keep_probes=5)
        enrol(container, "ada", 1)
        enrol(container, "bob", 2)
        yield container


@pytest.fixture
def new(old: Container, settings: Settings, other: Path, tmp_path: Path) -> Iterator[Container]:
    """A service of the other model, on the same database."""
    del old
    with running(settings.model_copy(update={"model": other}), tmp_path / "new") as container:
        yield container
