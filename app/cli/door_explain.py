"""``kith door explain``: which rule decides at a door, for whom, at which time."""

from datetime import datetime

import typer
from rich.table import Column, Table
from sqlalchemy.orm import Session

from app.auth.principal import INSIDE
from app.cli.databases import existing_database
from app.core.clock import SystemClock
from app.core.logging import configure_logging
from app.core.terminal import plain_console
from app.doors.door_repository import FoundDoor, find_door
from app.doors.explain import Explained, ExplainedRule
from app.doors.questions import explained_at
from app.errors import Conflict, InvalidRequest, NotFound
from app.gallery.repository import get_collection
from app.reasons import DoorReason
from app.settings import load_settings


def explain_door(door: str, person: str | None, at: str | None, collection: str | None) -> None:
    """Print it, and exit with code 3 where the door denies; ``door.explain`` has the options."""
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    instant = SystemClock().now() if at is None else instant_of("--at", at)
    with existing_database(settings) as database, database.read() as session:
        found = named_door(session, door, collection)
        explained = explained_at(session, found, person, at=instant)
    _show(found, explained, person, instant)
    raise typer.Exit(0 if explained.decision.valid_until is not None else 3)


def named_door(session: Session, door_id: str, collection_id: str | None) -> FoundDoor:
    """The door that options name; ``NotFound`` or ``InvalidRequest`` where it is not clear."""
    caller = INSIDE
    if collection_id is not None:
        caller = INSIDE.bound_to(get_collection(session, collection_id).key)
    try:
        return find_door(session, caller, door_id)
    except NotFound:
        raise NotFound(f"There is no door {door_id!r}; `--collection` names where.") from None
    except Conflict:
        raise InvalidRequest(
            f"Several collections have a door {door_id!r}: say which with --collection."
        ) from None


def instant_of(option: str, text: str) -> datetime:
    """The time that an option has; ``InvalidRequest`` where it is none, or has no offset."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InvalidRequest(
            f"{option} is not usable: a time with an offset is needed, such as "
            f"2027-01-31T08:00:00+01:00 (given: {text!r})."
        )
    return instant


def _show(door: FoundDoor, explained: Explained, person: str | None, at: datetime) -> None:
    out, decision = plain_console(), explained.decision
    who = "An unknown face" if person is None else person
    by = ""
    if decision.rule is not None:
        by = f", by the rule {decision.rule} (schedule {decision.schedule})"
    why = "" if decision.reason is DoorReason.GRANTED else f", {decision.reason}"
    out.print(
        f"{who} at {door.id} ({door.collection_id}, mode {door.mode}) at {at.isoformat()}: "
        f"{decision.answer}{why}{by}.",
        soft_wrap=True,
    )
    if decision.fault is not None:
        out.print(f"What cannot be read: {decision.fault}.", soft_wrap=True)
    table = Table(
        *(Column(name, overflow="fold") for name in ("rule", "for", "group", "schedule", "open"))
    )
    for each in explained.rules:
        table.add_row(*_cells(each))
    out.print(table if explained.rules else "There is no rule for this door.")
    out.print("Cooldown and blocks are of the present, and left out here.", soft_wrap=True)


def _cells(each: ExplainedRule) -> list[str]:
    rule = each.rule
    place = f"door {rule.door}" if rule.door is not None else f"zone {rule.zone}"
    member = {True: " (in it)", False: " (not in it)", None: ""}[each.is_member]
    is_open = {True: "yes", False: "no", None: "cannot be read"}[each.is_open]
    return [rule.id, place, f"{rule.group}{member}", rule.schedule, is_open]
