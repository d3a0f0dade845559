"""Builds the parts that keep endpoints and send events to them."""

from typing import Protocol

from app.actions.secrets import Secrets
from app.core.clock import Clock
from app.core.db import Database
from app.egress.allowance import Allowance
from app.egress.dialling import Egress
from app.settings import Settings
from app.trail.recording import on_events
from app.webhooks.calls import Caller
from app.webhooks.deliveries import Deliveries
from app.webhooks.losses import Losses
from app.webhooks.losses import Report as LossReport
from app.webhooks.sender import Report, WebhookSender
from app.webhooks.service import WebhookService
from app.webhooks.services import Webhooks


class _Report(Report, LossReport, Protocol):
    """Counts attempts, dead letters and lost events."""


def build_webhooks(
    database: Database, clock: Clock, settings: Settings, report: _Report
) -> Webhooks:
    """All parts, with the private networks and the folder of secrets that settings name."""
    egress = Egress(Allowance.parse(settings.egress_allow))
    caller = Caller(egress, Secrets(settings.secrets_dir), clock)
    endpoints = WebhookService(database, clock, egress, caller)
    sender = WebhookSender(Deliveries(database, clock), caller, report)
    on_events(database.sessions, sender.wake)
    return Webhooks(endpoints, sender, Losses(report))
