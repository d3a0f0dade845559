"""Schedules. Written by ``make client`` from the service's OpenAPI document."""

from collections.abc import Sequence

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import ScheduleView, SpecialDaysField, WeeklyField


class SchedulesRoutes:
    """A method for each route of ``schedules``."""

    @method
    def create_schedule(
        self,
        collection_id: str,
        *,
        time_zone: str,
        idempotency_key: str | None = None,
        id: str | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
        week: Sequence[WeeklyField] | Unset = UNSET,
        week_icalendar: str | Unset | None = UNSET,
        special_days: Sequence[SpecialDaysField] | Unset = UNSET,
        special_days_icalendar: str | Unset | None = UNSET,
    ) -> Call[ScheduleView]:
        """Make a schedule.

        collection_id: Id of the collection.
        time_zone: A time zone of the IANA database, such as `Europe/Berlin`.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        id: Id to give to it, in its collection; null: one is made.
        name: A name for people; null: none.
        week: Hours of the week; overlapping ones are a union.
        week_icalendar: The week as iCalendar instead, in the subset of ONVIF: events that recur
            `WEEKLY`, in local time.
        special_days: Days that replace the week; several on one day are a union.
        special_days_icalendar: Further special days, closed, as iCalendar: whole days that do
            not recur. In a patch they join those of `special_days`, or without it those that
            there are.
        """
        return call(
            ScheduleView,
            "POST",
            f"/v1/collections/{part(collection_id)}/schedules",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "id": id,
                "name": name,
                "time_zone": time_zone,
                "week": week,
                "week_icalendar": week_icalendar,
                "special_days": special_days,
                "special_days_icalendar": special_days_icalendar,
            },
        )

    @listing
    def list_schedules(
        self, collection_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[ScheduleView]]:
        """The schedules of a collection, oldest first.

        collection_id: Id of the collection.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[ScheduleView],
            "GET",
            f"/v1/collections/{part(collection_id)}/schedules",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def get_schedule(self, collection_id: str, schedule_id: str) -> Call[ScheduleView]:
        """One schedule; its `ETag` is for `If-Match`.

        collection_id: Id of the collection.
        schedule_id: Id of the schedule.
        """
        return call(
            ScheduleView,
            "GET",
            f"/v1/collections/{part(collection_id)}/schedules/{part(schedule_id)}",
        )

    @method
    def update_schedule(
        self,
        collection_id: str,
        schedule_id: str,
        *,
        if_match: str | int,
        name: str | Unset | None = UNSET,
        time_zone: str | Unset = UNSET,
        week: Sequence[WeeklyField] | Unset = UNSET,
        week_icalendar: str | Unset | None = UNSET,
        special_days: Sequence[SpecialDaysField] | Unset = UNSET,
        special_days_icalendar: str | Unset | None = UNSET,
    ) -> Call[ScheduleView]:
        """Change what the body names; it holds from the next decision on.

        collection_id: Id of the collection.
        schedule_id: Id of the schedule.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        name: A name for people; null: none.
        time_zone: A time zone of the IANA database, such as `Europe/Berlin`.
        week: Hours of the week; overlapping ones are a union.
        week_icalendar: The week as iCalendar instead, in the subset of ONVIF: events that recur
            `WEEKLY`, in local time.
        special_days: Days that replace the week; several on one day are a union.
        special_days_icalendar: Further special days, closed, as iCalendar: whole days that do
            not recur. In a patch they join those of `special_days`, or without it those that
            there are.
        """
        return call(
            ScheduleView,
            "PATCH",
            f"/v1/collections/{part(collection_id)}/schedules/{part(schedule_id)}",
            headers={"If-Match": if_match},
            body={
                "name": name,
                "time_zone": time_zone,
                "week": week,
                "week_icalendar": week_icalendar,
                "special_days": special_days,
                "special_days_icalendar": special_days_icalendar,
            },
        )

    @method
    def delete_schedule(
        self, collection_id: str, schedule_id: str, *, if_match: str | int
    ) -> Call[None]:
        """Delete a schedule that nothing names any more.

        collection_id: Id of the collection.
        schedule_id: Id of the schedule.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/schedules/{part(schedule_id)}",
            headers={"If-Match": if_match},
        )
