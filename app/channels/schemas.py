"""JSON Schemas of what is sent, made from the types by which it is made."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.errors import NotFound
from app.mqtt.forms import Announcement, DoorState, FlatTwin
from app.trail.events import MODELS

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FORMS: Final[Mapping[str, type[BaseModel]]] = {
    each.__name__: each for each in (FlatTwin, DoorState, Announcement)
}
"""The messages over MQTT that are no events."""
_SENT: Final[Literal["serialization"]] = "serialization"


def schema_of(kind: str) -> Schema:
    """The JSON Schema of a type of event, whole; ``NotFound`` where there is no such type."""
    if kind not in MODELS:
        raise NotFound(f"There is no type of event {kind!r}; there are {', '.join(MODELS)}.")
    return {"$schema": DIALECT, **_of_type(MODELS[kind].model_json_schema(mode=_SENT), kind)}


def schemas() -> Schema:
    """The schemas of all events and messages, and of the models in them, as components of a
    document: by the type of the event or the name of the model.
    """
    models = [(each, _SENT) for each in {**MODELS, **FORMS}.values()]
    _, made = models_json_schema(models, ref_template="#/components/schemas/{model}")
    found: Schema = made["$defs"]
    of_types = {kind: _of_type(found[model.__name__], kind) for kind, model in MODELS.items()}
    for model in set(MODELS.values()):
        del found[model.__name__]
    return of_types | found


def _of_type(schema: Schema, kind: str) -> Schema:
    """The schema of a model, for one of its types alone."""
    its_type = {**schema["properties"]["type"], "const": kind}
    its_type.pop("enum", None)
    return {**schema, "title": kind, "properties": {**schema["properties"], "type": its_type}}
