"""The request and response bodies of doors, zones, groups, schedules and rules.

A patch changes what it names. Answers have no defaults.
"""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field, model_validator

from app.access.fields import (
    MOST_OF_WEEK,
    MOST_SPECIAL_DAYS,
    Revision,
    SpecialDaysField,
    TimeZone,
    WeeklyField,
)
from app.web.fields import BodyFields, CreatedAt, Id, Instant, Label, UpdatedAt

_CALENDAR = 16 * 1024
"""Characters: as JSON they fit into a body, however they are escaped."""


class Named(BodyFields):
    """The field that all of them have."""

    name: Label | None = Field(None, description="A name for people; null: none.")


class OwnId(BodyFields):
    """The id of something to make."""

    id: Id | None = Field(
        None, description="Id to give to it, in its collection; null: one is made."
    )


class PolicyView(BaseModel):
    """The fields that all answers have."""

    id: str = Field(description="Its id in the collection.")
    collection_id: str = Field(description="Id of the collection.")
    name: str | None = Field(description="Its name for people; null: none.")
    revision: Revision
    created_at: CreatedAt
    updated_at: UpdatedAt


class ZonePatch(Named):
    """Changes to a zone."""

    locked_down: bool = Field(
        default=False, description="Whether Kith stops granting at every door of the zone."
    )


class NewZone(ZonePatch, OwnId):
    """A zone to make."""


class ZoneView(PolicyView):
    """A part of the site."""

    locked_down: bool = Field(description="Whether Kith grants at none of its doors.")


class GroupPatch(Named):
    """Changes to a group."""


class NewGroup(GroupPatch, OwnId):
    """A group to make; members come by their own routes."""


class GroupView(PolicyView):
    """Persons who may pass the same doors at the same times."""


class MembershipFields(BodyFields):
    """When a membership counts."""

    valid_from: Instant | None = Field(None, description="It does not count before; null: always.")
    valid_until: Instant | None = Field(
        None, description="It does not count from then on; null: it does not end."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_from must be before valid_until")
        return self


class MemberView(BaseModel):
    """A person in a group."""

    group_id: str = Field(description="Id of the group.")
    person_id: str = Field(description="Id of the person.")
    valid_from: datetime | None = Field(description="It does not count before, UTC; null: always.")
    valid_until: datetime | None = Field(
        description="It does not count from then on, UTC; null: it does not end."
    )


class SchedulePatch(Named):
    """Changes to a schedule."""

    time_zone: TimeZone = Field(default_factory=str)
    week: list[WeeklyField] = Field(
        [], max_length=MOST_OF_WEEK, description="Hours of the week; overlapping ones are a union."
    )
    week_icalendar: str | None = Field(
        None,
        max_length=_CALENDAR,
        description="The week as iCalendar instead, in the subset of ONVIF: events that recur "
        "`WEEKLY`, in local time.",
    )
    special_days: list[SpecialDaysField] = Field(
        [],
        max_length=MOST_SPECIAL_DAYS,
        description="Days that replace the week; several on one day are a union.",
    )
    special_days_icalendar: str | None = Field(
        None,
        max_length=_CALENDAR,
        description="Further special days, closed, as iCalendar: whole days that do not recur. In "
        "a patch they join those of `special_days`, or without it those that there are.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_week(cls, values: Any) -> Any:  # noqa: ANN401 - whatever the client sent
        both = ("week", "week_icalendar")
        if isinstance(values, dict) and all(values.get(name) is not None for name in both):
            raise ValueError("send week or week_icalendar, and not both")
        return values


class NewSchedule(SchedulePatch, OwnId):
    """A schedule to make. Without hours it is never open."""

    time_zone: TimeZone


class ScheduleView(PolicyView):
    """When a rule grants: hours on the wall clock of a time zone."""

    time_zone: str = Field(description="A time zone of the IANA database.")
    week: list[WeeklyField] = Field(description="Hours of the week.")
    special_days: list[SpecialDaysField] = Field(description="Days that replace the week.")


class RulePatch(Named):
    """Changes to a rule, which is for a door or a zone; one that is null gives way to the other."""

    group_id: Id = Field(default_factory=str, description="The group that may pass.")
    door_id: Id | None = Field(None, description="The door that it may pass; null: see `zone_id`.")
    zone_id: Id | None = Field(
        None, description="The zone whose every door it may pass; null: see `door_id`."
    )
    schedule_id: Id = Field(default_factory=str, description="The schedule that says when.")


class NewRule(RulePatch, OwnId):
    """A rule to make, for a door or for a zone."""

    group_id: Id = Field(description="The group that may pass.")
    schedule_id: Id = Field(description="The schedule that says when.")


class RuleView(PolicyView):
    """A group may pass a door, or every door of a zone, while a schedule is open."""

    group_id: str = Field(description="The group that may pass.")
    door_id: str | None = Field(description="The door; null where the rule is for a zone.")
    zone_id: str | None = Field(description="The zone; null where the rule is for a door.")
    schedule_id: str = Field(description="The schedule that says when.")
