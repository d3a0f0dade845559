"""Keys at the edge."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.auth.principal import Scope
from app.web.fields import Id, Label


class NewKey(BaseModel, extra="forbid"):
    """A key to make."""

    name: Label | None = None
    scopes: list[Scope] = Field(min_length=1, max_length=4)
    collections: list[Id] | None = Field(
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


class RepeatedKeyView(KeyView):
    """The same, repeated under its ``Idempotency-Key``: the secret itself is stored nowhere.

    Revoke the key and make another if the first answer was lost.
    """

    key: None
