"""The services for operators that have no route of the API."""

from dataclasses import dataclass

from app.maintenance.backup import BackupService


@dataclass(frozen=True, kw_only=True)
class MaintenanceServices:
    """The services that keep the data safe."""

    backups: BackupService
