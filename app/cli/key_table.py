"""The table of ``kith keys list``."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.table import Column, Table

from app.auth.schemas import KeyView
from app.core.names import printable
from app.core.terminal import plain_console


def show_table(found: Sequence[KeyView]) -> None:
    """Print a table that 80 columns hold: below its id is what a key is for, and below the day the
    time.
    """
    whole = max((len(key.id) for key in found), default=0)  # it is what `revoke` takes
    table = Table(Column("id", min_width=whole), "scopes", show_lines=True)
    for heading in ("made", "used", "ends"):
        table.add_column(heading, no_wrap=True)
    for key in found:
        times = (_shown(each) for each in (key.created_at, key.last_used_at, key.expires_at))
        table.add_row("\n".join((key.id, *_uses(key))), "\n".join(key.scopes), *times)
    plain_console().print(table)


def _uses(key: KeyView) -> Iterator[str]:
    if key.name:
        yield printable(key.name)
    if key.collections is not None:
        yield f"collections: {', '.join(key.collections) or 'none is left'}"
    if key.doors is not None:
        yield f"doors: {', '.join(key.doors) or 'none is left'}"
    if key.rate is not None:
        yield f"{key.rate:,} a minute"


def _shown(instant: datetime | None) -> str:
    return "never" if instant is None else f"{instant:%Y-%m-%d\n%H:%M}Z"
