"""A week's picture has the hours of the schedule, on their days."""

from datetime import UTC, datetime

from app.access.schemas import ScheduleView
from app.console.weeks import ROW, Bar, week_of

WEEK = [
    {"days": ["mon", "sun"], "start": "07:30", "end": "12:00"},
    {"days": ["mon"], "start": "13:00", "end": "24:00"},
]


def test_a_day_has_a_bar_for_each_of_its_hours() -> None:
    now = datetime(2027, 1, 4, tzinfo=UTC)
    schedule = ScheduleView.model_validate(
        {
            "id": "s",
            "name": None,
            "collection_id": "c",
            "revision": 1,
            "time_zone": "UTC",
            "week": WEEK,
            "special_days": [],
            "created_at": now,
            "updated_at": now,
        }
    )
    week = week_of(schedule, "de")
    assert week.bars == [Bar(0, 450, 270), Bar(0, 780, 660), Bar(6 * ROW, 450, 270)]
    assert [each.name for each in week.days][:2] == ["Mo.", "Di."]
    assert [each.hours for each in week.days][:2] == ["07:30\u201312:00, 13:00\u201324:00", ""]
