"""Keys at the edge."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from app.auth.principal import Scope
from app.core.ids import ID_PATTERN

CollectionId = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


class NewKey(BaseModel, extra="forbid"):
    """A key to make."""

    name: str | None = Field(None, max_length=256)
    scopes: list[Scope] = Field(min_length=1, max_length=4)
    collections: list[CollectionId] | None = Field(
        None, min_length=1, max_length=1000, description="Null: every collection."
    )


class KeyView(BaseModel):
    """A key without its secret."""

    id: str
    name: str | None
    scopes: list[Scope]
    collections: list[str] | None
    created_at: datetime


class NewKeyView(KeyView):
    """A key just made, with its secret, which is shown this once."""

    key: str
