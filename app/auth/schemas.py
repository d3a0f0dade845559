"""The request and response bodies of the routes of keys."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.auth.principal import Scope
from app.web.fields import BodyFields, CreatedAt, Id, Instant, Label, Whole

MOST_A_MINUTE = 1_000_000


class NewKey(BodyFields):
    """A key to make."""

    name: Label | None = Field(None, description="A name for people; null: none.")
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(
        min_length=1, max_length=4, description="What the key may do; 1 to 4 scopes."
    )
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

    id: str = Field(description="Id of the key, which is no secret.")
    name: str | None = Field(description="Its name for people; null: none.")
    scopes: list[Scope] = Field(description="What the key may do.")
    collections: list[str] | None = Field(
        description="Collections that the key is for, as far as they still exist; null: all."
    )
    expires_at: datetime | None = Field(
        description="The key is refused from then on, UTC; null: it does not expire."
    )
    last_used_at: datetime | None = Field(
        description="Time of the last use, UTC, up to a minute late; null: never used."
    )
    rate: int | None = Field(description="Requests a minute, of each replica; null: any number.")
    created_at: CreatedAt


class NewKeyView(KeyView):
    """A key just made, with its secret, which is shown this once."""

    key: str = Field(description="The secret; shown this once.")


class RepeatedKeyView(KeyView):
    """The same, repeated under its ``Idempotency-Key``: the secret itself is stored nowhere.

    Revoke the key and make another if the first answer was lost.
    """

    key: None = Field(description="Always null: the secret was in the first answer alone.")
