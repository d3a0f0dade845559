"""Builds the services of who may pass where and when."""

from typing import TypedDict

from app.access import kinds
from app.access.door_schemas import DoorView
from app.access.members import MembershipService
from app.access.models import Door, Group, Rule, Schedule, Zone
from app.access.policy_service import PolicyService
from app.access.schemas import GroupView, RuleView, ScheduleView, ZoneView
from app.access.sync_service import SyncService
from app.core.clock import Clock
from app.core.db import Database


class Access(TypedDict):
    """The fields of ``AccessServices``."""

    doors: PolicyService[Door, DoorView]
    zones: PolicyService[Zone, ZoneView]
    groups: PolicyService[Group, GroupView]
    schedules: PolicyService[Schedule, ScheduleView]
    rules: PolicyService[Rule, RuleView]
    members: MembershipService
    sync: SyncService


def build_access(database: Database, clock: Clock, *, sync_lines: int) -> Access:
    """All of them; a sync takes at most ``sync_lines`` people."""
    return Access(
        doors=PolicyService(database, clock, kinds.DOORS),
        zones=PolicyService(database, clock, kinds.ZONES),
        groups=PolicyService(database, clock, kinds.GROUPS),
        schedules=PolicyService(database, clock, kinds.SCHEDULES),
        rules=PolicyService(database, clock, kinds.RULES),
        members=MembershipService(database, clock),
        sync=SyncService(database, clock, most_lines=sync_lines),
    )
