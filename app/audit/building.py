"""Builds the readers of the audit and of events."""

from app.audit.service import AuditService
from app.audit.streams import EventStreams
from app.auth.service import KeyService
from app.core.clock import Clock
from app.core.db import Database
from app.settings import Settings


def build_audit(
    database: Database, clock: Clock, keys: KeyService, settings: Settings
) -> tuple[AuditService, EventStreams]:
    """The reader of the audit and of events, and the streams of events."""
    audit, most, seconds = (
        AuditService(database, clock),
        settings.max_streams,
        settings.stream_seconds,
    )
    return audit, EventStreams(audit.events, keys.authenticate, most=most, seconds=seconds)
