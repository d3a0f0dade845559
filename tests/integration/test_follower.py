"""Services on one database: who is asked nothing follows all the same, and starts where it was."""

import re
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from structlog.testing import capture_logs

from app.bootstrap import Container
from app.gallery import repository
from app.gallery.models import Face
from app.recognition.schemas.identification import IdentifyOptions
from app.replication import follower as room
from app.replication.history import begin_epoch
from app.replication.snapshot import Snapshots
from app.settings import Settings
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection, near, running
from tests.support.waiting import wait_for


def revision(container: Container) -> int | None:
    (replica,) = container.follower.replicas.there().values() or [None]
    return None if replica is None else replica.revision


def metrics(container: Container) -> str:
    return container.services.metrics.exposition().decode()


@pytest.mark.on_postgresql
def test_who_is_asked_nothing_follows_as_soon_as_it_hears(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_POLL_SECONDS", 3600)  # by the notification alone
    with ExitStack() as both:
        asked = both.enter_context(running(settings, tmp_path / "a"))
        idle = both.enter_context(running(settings, tmp_path / "b"))
        make_collection(asked)
        enrol(asked, "ada", 1)
        wait_for(lambda: revision(idle) == 1)
        enrol(asked, "bob", 2)
        wait_for(lambda: revision(idle) == 2)
        assert near(idle, 1) == {"ada", "bob"}


@pytest.mark.both_databases
def test_without_a_notification_it_follows_at_its_next_poll(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_POLL_SECONDS", 0.1)
    monkeypatch.setattr("app.core.notifications.notify", lambda session: None)
    with ExitStack() as both:
        asked = both.enter_context(running(settings, tmp_path / "a"))
        idle = both.enter_context(running(settings, tmp_path / "b"))
        make_collection(asked)
        enrol(asked, "ada", 1)
        wait_for(lambda: revision(idle) == 1)


@pytest.mark.both_databases
def test_a_collection_that_another_deleted_leaves_memory_and_disk(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_POLL_SECONDS", 0.1)
    with ExitStack() as both:
        asked = both.enter_context(running(settings, tmp_path / "a"))
        idle = both.enter_context(running(settings, tmp_path / "b"))
        make_collection(asked)
        enrol(asked, "ada", 1)
        wait_for(lambda: revision(idle) == 1)
        idle.follower.replicas.keep()
        assert any((tmp_path / "b" / "index").iterdir())
        wait_for(lambda: 'kith_replica_lag_revisions{collection="doors"} 0.0' in metrics(idle))
        states = set(re.findall(r'kith_replica_state{.*"(\w+)"} 1.0', metrics(idle)))
        assert states == {"ready"}
        assert metrics(idle).count("kith_replica_state{") == 5
        collections = asked.services.collections
        collections.delete("doors", force=True)
        wait_for(lambda: not idle.follower.replicas.there())
        wait_for(lambda: not any((tmp_path / "b" / "index").iterdir()))
        assert '"doors"' not in metrics(idle)


@pytest.mark.both_databases
def test_a_start_takes_up_the_snapshot_of_the_last_stop(settings: Settings, tmp_path: Path) -> None:
    with running(settings, tmp_path / "a") as first:
        make_collection(first)
        enrol(first, "ada", 1)
        assert near(first, 1) == {"ada"}
    (file,) = (tmp_path / "a" / "index").iterdir()
    before = file.read_bytes()
    with running(settings, tmp_path / "a") as again:
        assert revision(again) == 1
        assert near(again, 1) == {"ada"}
    assert file.read_bytes() == before


def test_snapshots_are_written_while_it_runs(settings: Settings, tmp_path: Path) -> None:
    often = settings.model_copy(update={"snapshot_seconds": 0.01})
    with running(often, tmp_path / "a") as running_one:
        make_collection(running_one)
        enrol(running_one, "ada", 1)
        assert near(running_one, 1) == {"ada"}
        wait_for(lambda: any((tmp_path / "a" / "index").glob("*.snapshot")))


def test_a_collection_deleted_while_its_snapshot_is_written_leaves_no_file(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(settings, tmp_path / "a") as container:
        make_collection(container)
        enrol(container, "ada", 1)
        assert near(container, 1) == {"ada"}
        write = Snapshots._write

        def delete_and_write(*given: Any) -> None:  # noqa: ANN401
            container.services.collections.delete("doors", force=True)
            write(*given)

        monkeypatch.setattr(Snapshots, "_write", delete_and_write)
        container.jobs.run("snapshots")
        assert not any((tmp_path / "a" / "index").iterdir())


def test_where_no_snapshot_can_be_written_all_else_goes_on(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index").write_text("a file where the folder would be")
    with running(settings, tmp_path / "a") as container:
        make_collection(container)
        enrol(container, "ada", 1)
        assert near(container, 1) == {"ada"}


def test_a_gallery_that_cannot_be_read_stops_neither_the_start_nor_the_others(
    settings: Settings, tmp_path: Path
) -> None:
    with running(settings, tmp_path / "a") as first:
        make_collection(first, "doors")
        make_collection(first, "gates")
        enrol(first, "ada", 1)
        with first.database.write() as session:
            session.execute(update(Face).values(embedding=b"odd"))
    shutil.rmtree(tmp_path / "a" / "index", ignore_errors=True)
    with running(settings, tmp_path / "a") as again:
        there = again.follower.replicas.there().values()
        assert sorted(str(each.revision) for each in there) == ["0", "None"]
        states = {name: each.state.value for name, each in again.follower.statuses().items()}
        assert states == {"doors": "failed", "gates": "ready"}


def test_a_fault_that_nobody_foresaw_ends_no_following(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision that is no number: somebody changed it in the database."""
    monkeypatch.setattr(room, "_POLL_SECONDS", 0.1)
    monkeypatch.setattr(room, "_AGAIN_SECONDS", 0.1)
    lasting = settings.model_copy(update={"stale_ok_seconds": 60.0})
    with ExitStack() as both, capture_logs() as logs:
        asked = both.enter_context(running(settings, tmp_path / "a"))
        idle = both.enter_context(running(lasting, tmp_path / "b"))
        make_collection(asked)
        _set_revision(asked, "what")
        wait_for(lambda: any(each["event"] == "follower.failed" for each in logs))
        _set_revision(asked, 0)
        enrol(asked, "ada", 1)
        wait_for(lambda: revision(idle) == 1)


def test_a_gallery_that_is_being_read_holds_up_no_other(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request reads it, for longer than the poll waits."""
    monkeypatch.setattr(room, "_POLL_SECONDS", 0.1)
    monkeypatch.setattr(room, "_AGAIN_SECONDS", 0.1)
    with ExitStack() as both:
        asked = both.enter_context(running(settings, tmp_path / "a"))
        idle = both.enter_context(running(settings, tmp_path / "b"))
        for name in ("doors", "gates"):
            make_collection(asked, name)
        wait_for(lambda: len(idle.follower.statuses()) == 2)
        monkeypatch.setattr("app.replication.replica.CATCH_UP_SECONDS", 0.1)
        first, second = (each for _, each in sorted(idle.follower.replicas.there().items()))
        with first._turns:
            first._turns.wait_for(lambda: not first._following)
            first._following = True
        enrol(asked, "ada", 1, "doors")
        enrol(asked, "bob", 2, "gates")
        wait_for(lambda: second.revision == 1)
        assert first.revision == 0
        first._following = False
        wait_for(lambda: first.revision == 1)


def _set_revision(container: Container, value: object) -> None:
    with container.database.write() as session:
        session.execute(text("UPDATE positions SET revision = :value"), {"value": value})


@pytest.mark.both_databases
def test_an_identification_keeps_the_replica_that_a_new_epoch_brought(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Repair and restore begin an epoch while services hold the collection as it was."""
    monkeypatch.setattr(room, "_POLL_SECONDS", 0.1)
    with running(settings, tmp_path / "a") as container:
        make_collection(container, "hq")
        enrol(container, "ada", 1, "hq")
        assert identified(container, 1) == ["ada"]
        replicas = container.follower.replicas
        (key,) = replicas.there()
        with container.database.write() as session:
            begin_epoch(session, key)
            epoch = repository.get_collection(session, "hq").epoch
        wait_for(
            lambda: (made := replicas.made(key, epoch)) is not None and made.revision is not None
        )
        built = replicas.made(key, epoch)
        container.follower.stop()
        assert identified(container, 1) == ["ada"]
        assert replicas.made(key, epoch) is built


def identified(container: Container, somebody: int) -> list[str | None]:
    answer = container.services.identification.identify(
        "hq", picture(somebody), IdentifyOptions(), request_id="req-1"
    )
    return [face.winner.person.id if face.winner else None for face in answer.faces]
