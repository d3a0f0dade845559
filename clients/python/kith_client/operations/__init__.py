"""A method for each route. Written by ``make client`` from the service's OpenAPI document."""

from kith_client.operations.actions import ActionsRoutes
from kith_client.operations.audit import AuditRoutes
from kith_client.operations.collections import CollectionsRoutes
from kith_client.operations.doors import DoorsRoutes
from kith_client.operations.events import EventsRoutes
from kith_client.operations.groups import GroupsRoutes
from kith_client.operations.keys import KeysRoutes
from kith_client.operations.monitoring import MonitoringRoutes
from kith_client.operations.persons import PersonsRoutes
from kith_client.operations.recognition import RecognitionRoutes
from kith_client.operations.rules import RulesRoutes
from kith_client.operations.schedules import SchedulesRoutes
from kith_client.operations.webhooks import WebhooksRoutes
from kith_client.operations.zones import ZonesRoutes


class Operations(
    CollectionsRoutes,
    PersonsRoutes,
    RecognitionRoutes,
    DoorsRoutes,
    ZonesRoutes,
    GroupsRoutes,
    SchedulesRoutes,
    RulesRoutes,
    ActionsRoutes,
    KeysRoutes,
    AuditRoutes,
    EventsRoutes,
    WebhooksRoutes,
    MonitoringRoutes,
):
    """Each method gives the call that it is; a client runs it."""
