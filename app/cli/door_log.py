"""``kith door log``: what a door has decided."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.table import Column, Table

from app.cli.databases import existing_database
from app.cli.door_explain import instant_of, named_door
from app.cli.progress import count_progress
from app.core.db import Database
from app.core.files import whole_file
from app.core.logging import configure_logging
from app.core.terminal import plain_console, say
from app.doors.log import DoorLog, LoggedDecision, as_csv
from app.errors import InvalidRequest
from app.reasons import DoorReason
from app.settings import load_settings
from app.trail.door_repository import WantedDecisions, count

_MOST_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class LogOptions:
    """The options of the command, as they came."""

    start: str | None
    end: str | None
    person: str | None
    reason: str | None
    collection: str | None
    csv: Path | None


def show_log(door: str, options: LogOptions) -> None:
    """Print it, or write it to a file; ``door.log`` has the options."""
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    start = None if options.start is None else instant_of("--from", options.start)
    end = None if options.end is None else instant_of("--to", options.end)
    if options.reason is not None and options.reason not in set(DoorReason):
        known = ", ".join(DoorReason)
        raise InvalidRequest(f"--reason: there is no {options.reason!r}; there are {known}.")
    with existing_database(settings) as database:
        with database.read() as session:
            found = named_door(session, door, options.collection)
        wanted = WantedDecisions(
            found.collection_key, found.id, start, end, options.person, options.reason
        )
        if options.csv is None:
            _show(DoorLog(database).all(wanted))
        else:
            _write(database, wanted, options.csv)


def _show(found: Iterator[LoggedDecision]) -> None:
    names = ("time", "decision", "reason", "person", "rule", "event")
    table = Table(*(Column(name, overflow="fold") for name in names))
    count = 0
    for each in found:
        count += 1
        if count > _MOST_SHOWN:
            break
        cells = each.decision, each.reason.value, each.person_id, each.rule_id, each.event_id
        at = each.at.isoformat(timespec="seconds")
        table.add_row(at, *(cell or "" for cell in cells))
    out = plain_console()
    out.print(table if count else "There is no such decision.")
    if count > _MOST_SHOWN:
        out.print(f"There are more than {_MOST_SHOWN:,}: name a time, or use --csv.")


def _write(database: Database, wanted: WantedDecisions, file: Path) -> None:
    with database.read(long_running=True) as session:
        total = count(session, wanted)
    lines = as_csv(DoorLog(database).all(wanted))
    with whole_file(file) as stream, count_progress("decisions", total) as step:
        stream.write(next(lines).encode())
        for line in lines:
            stream.write(line.encode())
            step()
    say(f"{file}: decisions {total:,}. It says who was where: keep it as you keep keys.")
