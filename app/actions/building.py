"""Builds the parts that keep and send the actions of doors."""

from app.actions.calls import Caller
from app.actions.secrets import Secrets
from app.actions.sender import ActionSender, Report
from app.actions.service import ActionService
from app.core.clock import Clock
from app.core.db import Database
from app.egress.allowance import Allowance
from app.egress.dialling import Egress
from app.settings import Settings


def build_actions(
    database: Database, clock: Clock, settings: Settings, report: Report
) -> tuple[ActionService, ActionSender]:
    """Both parts, with the private networks and the folder of secrets that settings name."""
    egress = Egress(Allowance.parse(settings.egress_allow))
    caller = Caller(egress, Secrets(settings.secrets_dir))
    service = ActionService(database, clock, egress, caller)
    return service, ActionSender(service, clock, report)
