"""``kith persons``: who is enrolled, by a running service."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Column, Table

from app.cli.asking import HERE, Service, Url, checked, key_of
from app.core.names import printable
from app.core.terminal import plain_console, say

cli = typer.Typer(
    help="List, show and erase the people of a collection, by a running service with a key.",
    no_args_is_help=True,
)
_PAGE: Final = 500
_MOST_SHOWN: Final = 1000

_Collection = Annotated[str, typer.Option(help="The collection.")]
_PersonId = Annotated[str, typer.Argument(help="The person's id.")]
_Reader = Annotated[
    Path | None,
    typer.Option(
        "--key-file", help="File with a key of scope read; default: KITH_KEY.", dir_okay=False
    ),
]
_Writer = Annotated[
    Path | None,
    typer.Option(
        "--key-file", help="File with a key of scope enroll; default: KITH_KEY.", dir_okay=False
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print each person as one line of JSON.")]


@cli.command("list")
def list_(
    *,
    collection: _Collection,
    name: Annotated[str | None, typer.Option(help="Only those of exactly this name.")] = None,
    external_id: Annotated[
        str | None, typer.Option(help="Only the one of exactly this external id.")
    ] = None,
    url: Url = HERE,
    key_file: _Reader = None,
    as_json: _Json = False,
) -> None:
    """List who is enrolled, the oldest first."""
    checked("collection", collection)
    wanted = {"name": name, "external_id": external_id}
    with Service(url, key_of(key_file, "read")) as service:
        found = _pages(service, f"/collections/{collection}/persons", wanted)
        if as_json:
            for person in found:
                typer.echo(json.dumps(person, ensure_ascii=True))
        else:
            _show(found)


@cli.command()
def show(
    person_id: _PersonId,
    *,
    collection: _Collection,
    url: Url = HERE,
    key_file: _Reader = None,
    as_json: _Json = False,
) -> None:
    """Show one person and their faces."""
    path = _path(collection, person_id)
    with Service(url, key_of(key_file, "read")) as service:
        person = service.ask("GET", path, wants="id")
        faces = list(_pages(service, f"{path}/faces", {}))
    if as_json:
        typer.echo(json.dumps({**person, "faces": faces}, ensure_ascii=True))
        return
    out = plain_console()
    for field, value in person.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        out.print(f"{field}: {printable(shown)}", soft_wrap=True)
    table = Table("face", "enrolled", "quality", "face, px")
    for each in faces:
        quality = each["quality"]
        measured = (f"{quality['score']:.2f}", f"{quality['face_size']}") if quality else ("", "")
        table.add_row(f"{each['id']}", each["created_at"], *measured)
    out.print(table if faces else "No face is enrolled.")


@cli.command()
def erase(
    person_id: _PersonId, *, collection: _Collection, url: Url = HERE, key_file: _Writer = None
) -> None:
    """Erase a person with all their faces: from then on no answer names them."""
    path = _path(collection, person_id)
    with Service(url, key_of(key_file, "enroll")) as service:
        person = service.ask("GET", path, wants="id")
        service.ask("DELETE", path, wants=None)
    faces = person["face_count"]
    say(printable(f"Erased {person['id']} ({person['name'] or 'no name'}), faces {faces:,}."))


def _path(collection: str, person_id: str) -> str:
    where = f"/collections/{checked('collection', collection)}"
    return f"{where}/persons/{checked('person', person_id)}"


def _pages(service: Service, path: str, wanted: dict[str, str | None]) -> Iterator[dict[str, Any]]:
    """Every item of a list, page by page."""
    asked = {name: value for name, value in wanted.items() if value is not None}
    asked["limit"] = str(_PAGE)
    while True:
        page = service.ask("GET", path, wants="items", params=asked)
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        asked["cursor"] = page["next_cursor"]


def _show(found: Iterator[dict[str, Any]]) -> None:
    table = Table(Column("id", no_wrap=True), "name", "external id", "faces", "valid", "doors")
    out, count = plain_console(), 0
    for count, person in enumerate(found, 1):
        if count > _MOST_SHOWN:
            break
        texts = (printable(person[each] or "") for each in ("id", "name", "external_id"))
        doors = "suspended" if person["suspended"] else ""
        table.add_row(*texts, f"{person['face_count']:,}", _validity(person), doors)
    out.print(table if count else "There is no such person.")
    if count > _MOST_SHOWN:
        out.print(f"There are more than {_MOST_SHOWN:,}: name one, or use --json.")


def _validity(person: dict[str, Any]) -> str:
    start, end = person["valid_from"], person["valid_until"]
    bounds = ([f"from {start}"] if start else []) + ([f"until {end}"] if end else [])
    return "\n".join(bounds) or "always"
