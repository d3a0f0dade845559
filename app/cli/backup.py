"""``kith backup``, ``kith restore`` and ``kith import``: what the database holds, as one file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from app.bundles.manifest import read_manifest
from app.cli.databases import erased, existing_database
from app.cli.progress import count_progress
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.logging import configure_logging
from app.core.terminal import say
from app.errors import BundleError
from app.maintenance.archive import Progress, opened_archive
from app.maintenance.backup import backup as write_backup
from app.maintenance.manifest import CollectionEntry
from app.maintenance.restore import import_collection
from app.maintenance.restore import restore as restore_everything
from app.replication.snapshot import snapshot_files
from app.settings import Settings, load_settings
from migrations import upgrade

_File = Annotated[Path, typer.Argument(help="The backup.", exists=True, dir_okay=False)]


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.", dir_okay=False)],
    *,
    collection: Annotated[
        str | None, typer.Option(help="Only this collection, without any keys.")
    ] = None,
) -> None:
    """Write all data of the database to one file; also while a service runs."""
    settings = _settings()
    with existing_database(settings) as database:
        manifest = write_backup(
            database,
            file,
            collection_id=collection,
            made_at=SystemClock().now(),
            progress=_bar("Backing up"),
        )
    say(
        f"{file}: {_counted(manifest.collections)}. It holds biometric data: keep it as you keep "
        "keys."
    )


def restore(
    file: _File,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace all data that the database holds now.")
    ] = False,
) -> None:
    """Restore a whole backup into an empty database; all of it or nothing."""
    settings = _settings()
    with opened_archive(file, _bar("Verifying")) as archive, _made(settings) as database:
        restore_everything(database, archive, replace=replace, progress=_bar("Restoring"))
        manifest = archive.manifest
    for snapshot in snapshot_files(settings.data_dir / "index").values():
        snapshot.unlink(missing_ok=True)  # of people who may be here no more
    say(f"Restored: {_counted(manifest.collections)}.")
    _tell_of_other_models(settings, manifest.collections)


def import_(
    file: _File,
    *,
    collection: Annotated[
        str | None, typer.Option(help="The collection, if the backup has several.")
    ] = None,
    as_: Annotated[
        str | None, typer.Option("--as", help="The collection's id in this database.")
    ] = None,
) -> None:
    """Import one collection of a backup into a database; all of it or nothing."""
    settings = _settings()
    with opened_archive(file, _bar("Verifying")) as archive, _made(settings) as database:
        there = import_collection(
            database,
            archive,
            collection_id=collection,
            new_id=as_,
            progress=_bar("Importing"),
        )
    say(f"The collection {there.id!r} is there: persons {there.persons}, faces {there.faces}.")
    _tell_of_other_models(settings, [there])


def _settings() -> Settings:
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    return settings


def _bar(title: str) -> Progress:
    return partial(count_progress, title)


@contextmanager
def _made(settings: Settings) -> Iterator[Database]:
    """The database with the current schema; it is created if missing."""
    database = Database(settings.database)
    try:
        upgrade(database)
        with erased(database):
            yield database
    finally:
        database.close()


def _counted(collections: Sequence[CollectionEntry]) -> str:
    persons = sum(each.persons for each in collections)
    faces = sum(each.faces for each in collections)
    return f"collections {len(collections):,}, persons {persons:,}, faces {faces:,}"


def _tell_of_other_models(settings: Settings, collections: Sequence[CollectionEntry]) -> None:
    """Warn of restored collections of another model, which the configured one cannot search."""
    try:
        folder = settings.bundle_dir
        configured = read_manifest(folder).contract_id
    except BundleError as error:
        say(f"There is no model bundle to compare contract ids with: {error.detail}")
        return
    for each in collections:
        if each.contract_id != configured:
            say(
                f"{each.id!r} holds templates of {each.contract_id}; the bundle in "
                f"{folder} is {configured}. Until Kith runs with the former, it "
                "answers contract_mismatch for that collection."
            )
