"""Fixtures that more than one room's tests need."""

import gc
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from fastapi.testclient import TestClient

from app.bootstrap import build
from app.core import notifications
from app.settings import Settings
from tests.support.client import client_of
from tests.support.compiled import sharing_what_is_compiled
from tests.support.databases import KINDS, migrated_database, new_database
from tests.support.fake_bundle import write_fake_bundle
from tests.support.reading import reading_once, unchanging
from tests.support.server import ADMIN_KEY, ServerProcess

# A busy machine is no failure: pytest's own limit ends what hangs.
hypothesis.settings.register_profile("kith", deadline=None)
hypothesis.settings.load_profile("kith")
# A client in this process has an answer once it is whole. Servers of their own do not get this.
os.environ["KITH_STREAM_SECONDS"] = "1"
# What is measured at the first start depends on the machine; tests of that ask for it.
os.environ["KITH_PROVIDER"] = "cpu"

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process compiles all of Kith again

_ROOT = Path(__file__).parent.parent
_DOWNLOADED = {"face_bundle", "photos"}
"""Fixtures of what ``make model`` downloads, and of photographs."""


@pytest.fixture(scope="session")
def photos() -> Path:
    """The folder of photographs to test with, named by KITH_TEST_DATA."""
    named = os.environ.get("KITH_TEST_DATA", "")
    if not named and not os.environ.get("CI"):
        pytest.skip("KITH_TEST_DATA names no folder of photographs")
    folder = (_ROOT / named).resolve()
    assert (folder / "lfw-devtrain").is_dir(), f"KITH_TEST_DATA={named!r} has no lfw-devtrain"
    return folder


@pytest.fixture(scope="session")
def face_bundle() -> Path:
    """The ``face`` bundle, as ``make model`` put it."""
    folder = Path(os.environ.get("KITH_TEST_BUNDLE", _ROOT / "data" / "models" / "face"))
    assert (folder / "manifest.json").is_file(), f"{folder} has no bundle; run `make model`"
    return unchanging(folder)


@pytest.fixture(scope="session")
def fake_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny real bundle whose sample is the whole image."""
    return unchanging(write_fake_bundle(tmp_path_factory.mktemp("bundles") / "fake"))


@pytest.fixture(scope="session", autouse=True)
def soon_stopped() -> Iterator[None]:
    """On PostgreSQL a service in this process ends without the half second that it may wait."""
    with pytest.MonkeyPatch.context() as during:
        during.setattr(notifications, "_WAKE_CHECK_SECONDS", 0.02)
        yield


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    """The SQL that one test's service compiled, and the bundle that it read, serve the next."""
    with sharing_what_is_compiled(), reading_once():
        yield


@pytest.fixture(autouse=True)
def logs_of_its_own() -> Iterator[None]:
    """Logging is the process's: what a service or a command sets does not stay for other tests."""
    yield
    root = logging.getLogger()
    for handler in [each for each in root.handlers if type(each).__module__ == "app.core.logging"]:
        root.removeHandler(handler)
    root.setLevel(logging.WARNING)
    structlog.reset_defaults()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--without-model``, for ``make check``."""
    parser.addoption(
        "--without-model",
        action="store_true",
        help="leave out every test that needs the face bundle or photographs",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under ``--without-model``: what a test needs says whether it runs, and no list of names."""
    if not config.getoption("--without-model"):
        return
    left_out = [item for item in items if _DOWNLOADED & set(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """Exclude loaded modules from garbage collection, which saves a tenth of all CPU time, and look
    for garbage less often than Python does by itself, which saves a fortieth.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 20, 20)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On SQLite, unless the test is marked for another database or for both."""
    if "database_kind" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker
        both = marked("both_databases") and not marked("on_sqlite")
        wanted = KINDS if both else KINDS[:1]
        metafunc.parametrize("database_kind", KINDS[1:] if marked("on_postgresql") else wanted)


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """A database of its own, with the newest schema and nothing in it."""
    with migrated_database(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def empty_database_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """A database of its own, without a schema."""
    with new_database(database_kind, tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def read_settings(fake_bundle: Path) -> Settings:
    """The environment's settings, read once: a tenth of a service's cost."""
    return Settings(model=fake_bundle, admin_key=ADMIN_KEY)


@pytest.fixture
def settings(tmp_path: Path, read_settings: Settings, database_url: str) -> Settings:
    """Settings of a service of its own, on the tiny bundle."""
    own = {"data_dir": tmp_path / "data", "database_url": database_url}
    return read_settings.model_copy(update=own)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """The whole service in this process, asked with the admin key."""
    with client_of(build(settings)) as client:
        yield client


@pytest.fixture
def server(tmp_path: Path, fake_bundle: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts real servers, and ends them with the test."""
    started: list[ServerProcess] = []

    def start(bundle: Path = fake_bundle, **settings: str) -> ServerProcess:
        data = tmp_path / f"server-{len(started)}"
        started.append(ServerProcess(data, bundle, **settings))
        return started[-1].start()

    yield start
    for each in started:
        each.kill()
        if each.log.exists():  # a disk of the test's own has gone with it
            print(each.log.read_text(errors="replace"))  # noqa: T201 - shown where a test failed
