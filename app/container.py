"""The container of all parts that start and stop with the service."""

from dataclasses import dataclass

import structlog

from app.access.services import AccessServices
from app.actions.services import ActionServices
from app.audit.services import AuditServices
from app.auth.services import AuthServices
from app.compreface.services import CompreFaceServices
from app.core.db import Database
from app.core.files import make_all_private, make_private, private_folder, why_no_files_in
from app.core.observers import Observers
from app.doors.services import DoorServices
from app.errors import StartError
from app.gallery.services import GalleryServices
from app.jobs.loop import Jobs
from app.maintenance.services import MaintenanceServices
from app.mqtt.publisher import Publisher
from app.observability.services import OperationsServices
from app.recognition.results import Decision
from app.replication.follower import Follower
from app.settings import Settings
from app.webhooks.services import WebhookServices
from migrations import upgrade

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Services(
    AuthServices,
    GalleryServices,
    AccessServices,
    ActionServices,
    CompreFaceServices,
    DoorServices,
    AuditServices,
    WebhookServices,
    OperationsServices,
    MaintenanceServices,
):
    """Every service of one process, for the routes of every room."""


@dataclass(frozen=True, slots=True)
class Container:
    """The parts of one process; ``open`` starts them and ``close`` stops them."""

    settings: Settings
    database: Database
    follower: Follower
    observers: Observers[Decision]
    jobs: Jobs
    services: Services
    publisher: Publisher | None

    def open(self) -> None:
        """Migrate the database to the current schema and make sure that there is an admin key.

        ``StartError`` where either cannot be done.
        """
        try:
            private = self._prepare_folder()
            upgrade(self.database)
            with self.database.opening():
                self._ensure_admin()
                self.follower.start()
            self.observers.start()
            self.services.sender.start()
            self.services.webhooks.sender.start()
            self.jobs.start()
        except BaseException:
            self.database.close()
            raise
        if not private:
            _log.warning("data.open_to_others", folder=str(self.settings.data_dir))

    def publish(self) -> None:
        """Begin to publish events, where a broker is set: a service does, and no command."""
        if self.publisher is not None:
            self.publisher.start()

    def _prepare_folder(self) -> bool:
        folder = self.settings.data_dir
        try:
            return _make_private(self.settings)
        except OSError as error:
            why = why_no_files_in(folder) or f"{error.strerror}."
            raise StartError(
                f"KITH_DATA_DIR: the folder {str(folder)!r} cannot be used: {why}"
            ) from None

    def _ensure_admin(self) -> None:
        file = self.settings.admin_key_file
        try:
            self.services.keys.ensure_admin(file)
        except OSError as error:
            why = why_no_files_in(file.parent) or f"{error.strerror}."
            raise StartError(
                f"KITH_DATA_DIR: the first admin key cannot be written to {str(file)!r}: {why} Or "
                "set KITH_ADMIN_KEY, and none is made."
            ) from None

    def close(self) -> None:
        """Send the actions that are not late, end the attempts of webhooks, finish the work of the
        observers, write counts and snapshots, publish what is committed, and close the database.
        """
        self.services.sender.stop()
        self.services.webhooks.sender.stop()
        self.observers.stop()
        self.follower.stop()
        self.jobs.stop()
        if self.publisher is not None:  # last, so that it has the events of what the others did
            self.publisher.stop()
        self.database.close()


def _make_private(settings: Settings) -> bool:
    """Let only the owner read the data folder's files; an earlier release let others read them."""
    folder = settings.data_dir
    private_folder(folder)
    mine = [make_private(folder), make_private(settings.admin_key_file)]
    mine += [make_all_private(folder / name) for name in ("index", "models")]
    return all(mine)
