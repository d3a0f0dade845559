"""The field types that collections and persons share at the edge."""

import json
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
)

from app.core.ids import ID_PATTERN
from app.web.fields import Whole

METADATA_BYTES: Final = 16 * 1024

CollectionPath = Annotated[str, Path(alias="collection_id", pattern=ID_PATTERN)]
PersonPath = Annotated[str, Path(alias="person_id", pattern=ID_PATTERN)]


def _as_object(value: Any) -> Any:  # noqa: ANN401 - whatever the client sent
    """Null is none at all."""
    return {} if value is None else value


def _compact(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        text = json.dumps(metadata, allow_nan=False, ensure_ascii=False)
        size = len(text.encode())
    except (ValueError, RecursionError):
        raise ValueError("must hold finite numbers and valid text only") from None
    if size > METADATA_BYTES or "\\u0000" in text:
        raise ValueError(f"must be at most {METADATA_BYTES} bytes of JSON, without U+0000")
    return metadata


Metadata = Annotated[
    dict[str, JsonValue],
    BeforeValidator(_as_object, json_schema_input_type=dict[str, JsonValue] | None),
    AfterValidator(_compact),
]
TargetFpir = Annotated[
    float,
    Field(
        gt=0,
        lt=1,
        description="False-positive identification rate: how often a stranger may be named.",
    ),
]
TargetFmr = Annotated[
    float, Field(gt=0, lt=1, description="False-match rate of a 1:1 verification.")
]
FacesPerPerson = Annotated[Whole, Field(ge=1, le=100)]
