"""``kith schema``: the form of events, for authors of clients."""

import json
from typing import Annotated

import typer

from app.channels.document import document
from app.channels.schemas import schema_of
from app.mqtt.names import Names
from app.settings import load_settings


def schema(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="[TYPE]", help="A type of event, such as `door.decision`."),
    ] = None,
) -> None:
    """Print the JSON Schema of a type of event; without one the AsyncAPI document of all channels,
    as the service of these settings has it.
    """
    settings = load_settings()
    names = Names.by(settings.mqtt_prefix, settings.mqtt_discovery)
    found = document(names, root=settings.root_path) if kind is None else schema_of(kind)
    typer.echo(json.dumps(found, indent=2))
