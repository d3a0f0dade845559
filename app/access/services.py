"""The services that the routes of doors use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.access.door_schemas import DoorView
from app.access.members import MembershipService
from app.access.models import Door, Group, Rule, Schedule, Zone
from app.access.policy_service import PolicyService
from app.access.schemas import GroupView, RuleView, ScheduleView, ZoneView
from app.access.sync_service import SyncService
from app.web.services import WebServices, provided


@dataclass(frozen=True, kw_only=True)
class AccessServices(WebServices):
    """The services for doors, zones, groups, schedules and rules."""

    doors: PolicyService[Door, DoorView]
    zones: PolicyService[Zone, ZoneView]
    groups: PolicyService[Group, GroupView]
    schedules: PolicyService[Schedule, ScheduleView]
    rules: PolicyService[Rule, RuleView]
    members: MembershipService
    sync: SyncService


Provided = Annotated[AccessServices, Depends(provided)]
