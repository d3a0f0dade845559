"""``kith keys``: list, make and revoke keys on the machine itself, also where no key is left."""

import json
import re
from datetime import timedelta
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from app.auth.principal import Scope, Unknown
from app.auth.schemas import NewKey, NewKeyView
from app.auth.service import KeyService
from app.cli.databases import existing_database
from app.cli.key_table import show_table
from app.cli.words import OPTIONS
from app.core.clock import SystemClock
from app.core.db import Database
from app.core.logging import configure_logging
from app.core.terminal import say
from app.errors import InvalidRequest, StartError
from app.receipts.keeping import keep_nothing
from app.settings import Settings, load_settings

cli = typer.Typer(
    help="List, make and revoke keys, also while a service runs.", no_args_is_help=True
)
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


@cli.command("list")
def list_(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each key as one line of JSON.")
    ] = False,
) -> None:
    """List every key with its scopes, its end and its last use; never a secret."""
    settings = _settings()
    with existing_database(settings) as database:
        found = _service(database, settings).every()
    if as_json:
        for key in found:
            typer.echo(json.dumps(key.model_dump(mode="json"), ensure_ascii=True))
    else:
        show_table(found)


@cli.command()
def create(
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope", "--scopes", help=f"{', '.join(Scope)}; may be repeated, or with commas."
        ),
    ],
    collection: Annotated[
        list[str] | None,
        typer.Option(
            "--collection",
            "--collections",
            help="Bind the key to this collection; may be repeated, or with commas.",
        ),
    ] = None,
    door: Annotated[
        list[str] | None,
        typer.Option(
            "--door",
            "--doors",
            help="Bind the key to this door of its collection; may be repeated, or with commas.",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the key is for.")] = None,
    expires: Annotated[
        str | None,
        typer.Option(help="A time such as 2027-01-31T00:00:00Z, or 90d, 12h, 30m from now."),
    ] = None,
    rate: Annotated[int | None, typer.Option(help="Requests a minute, of each replica.")] = None,
    unknown: Annotated[
        Unknown | None,
        typer.Option(
            help="What the CompreFace-compatible API answers for a face of nobody: the nearest "
            "person, below 0.5, or an empty list; default: nearest with the scope read."
        ),
    ] = None,
) -> None:
    """Make a key; its secret is printed once, alone on standard output."""
    settings = _settings()
    new = _new(
        name=name,
        scopes=_split(scope),
        collections=_split(collection) if collection else None,
        doors=_split(door) if door else None,
        expires_at=None if expires is None else _instant(expires),
        rate=rate,
        unknown=unknown,
    )
    with existing_database(settings) as database:
        made = _service(database, settings).create(new, keep_nothing, hand_over=_print_secret)
    say(f"Made the key {made.id}. It was shown this once: Kith keeps its hash alone.")


@cli.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `list` shows it.")],
) -> None:
    """Revoke a key: the next request with it is refused."""
    settings = _settings()
    with existing_database(settings) as database:
        _service(database, settings).revoke(key_id)
    say(f"Revoked {key_id}.")


def _print_secret(made: NewKeyView) -> None:
    try:
        typer.echo(made.key)
    except OSError as error:
        raise StartError(
            f"{error.strerror}. Nobody would ever see the key, so none was made."
        ) from None


def _settings() -> Settings:
    settings = load_settings()
    configure_logging("WARNING", settings.log_format)
    return settings


def _service(database: Database, settings: Settings) -> KeyService:
    admin_key = settings.admin_key.get_secret_value() if settings.admin_key else None
    return KeyService(database, SystemClock(), admin_key=admin_key)


def _split(given: list[str]) -> list[str]:
    return [part.strip() for each in given for part in each.split(",") if part.strip()]


def _instant(text: str) -> str:
    """The instant after a duration such as ``30d``; other texts are left to the schema."""
    if found := re.fullmatch(r"([0-9]{1,6})([dhm])", text):
        span = timedelta(**{_UNITS[found[2]]: int(found[1])})
        return (SystemClock().now() + span).isoformat()
    return text


def _new(**fields: object) -> NewKey:
    try:
        return NewKey.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        why = str(first["msg"]).removeprefix("Value error, ")
        if not first["loc"]:
            raise InvalidRequest(f"The key is not usable: {why}.") from None
        field = str(first["loc"][0])
        option = OPTIONS.get(field, f"--{field}")
        if field == "expires_at":
            why += ", or 90d, 12h or 30m from now"
        raise InvalidRequest(
            f"{option} is not usable: {why} (given: {first['input']!r})."
        ) from None
