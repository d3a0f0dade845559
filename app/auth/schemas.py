"""The request and response bodies of the routes of keys."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.auth.principal import Scope
from app.web.fields import BodyFields, Id, Instant, Label, Whole

MOST_A_MINUTE = 1_000_000


class NewKey(BodyFields):
    """A key to make."""

    name: Label | None = None
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(min_length=1, max_length=4)
    collections: list[Id] | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="Existing collections that the key is for; null: all, also later ones.",
    )
    expires_at: Instant | None = Field(
        None, description="The key is refused from then on; null: it does not expire."
    )
    rate: Whole | None = Field(
        None,
        ge=1,
        le=MOST_A_MINUTE,
        description="Requests a minute, of each replica; more get 429. Null: any number.",
    )


class KeyView(BaseModel):
    """A key without its secret. ``collections`` are those of its collections that are still there;
    ``last_used_at`` is at most a minute late, and null where the key was never used.
    """

    id: str
    name: str | None
    scopes: list[Scope]
    collections: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    rate: int | None
    created_at: datetime


class NewKeyView(KeyView):
    """A key just made, with its secret, which is shown this once."""

    key: str


class RepeatedKeyView(KeyView):
    """The same, repeated under its ``Idempotency-Key``: the secret itself is stored nowhere.

    Revoke the key and make another if the first answer was lost.
    """

    key: None
