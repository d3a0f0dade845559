"""The request and response bodies of the routes of keys."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from app.auth.principal import Scope, Unknown
from app.web.fields import WHOLE, BodyFields, CreatedAt, Id, Instant, Label

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
    doors: list[Id] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Existing doors of the one collection in `collections` that a key with the "
        "scope `door` is for; null for any other key.",
    )
    expires_at: Instant | None = Field(
        None, description="The key is refused from then on; null: it does not expire."
    )
    rate: Annotated[int, Field(ge=1, le=MOST_A_MINUTE), WHOLE] | None = Field(
        None,
        description="Requests a minute, of each replica; more get 429. Null: any number.",
    )
    unknown: Unknown | None = Field(
        None,
        description="What the CompreFace-compatible API answers for a face of nobody: the "
        "`nearest` person, below 0.5, or an `empty` list. Null: `nearest` for keys with the scope "
        "`read`, `empty` for others, which see no person who is not identified.",
    )

    @model_validator(mode="after")
    def _doors_are_for_doors(self) -> Self:
        if Scope.DOOR not in self.scopes:
            if self.doors is not None:
                raise ValueError("doors are for keys with the scope door, and no other")
            return self
        if set(self.scopes) != {Scope.DOOR}:
            raise ValueError("a key with the scope door has no other scope")
        if self.doors is None or self.collections is None or len(self.collections) != 1:
            raise ValueError("a key with the scope door names its doors, and their one collection")
        return self


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
    doors: list[str] | None = Field(
        description="Doors that the key is for, as far as they still exist; null: it has not the "
        "scope `door`."
    )
    expires_at: datetime | None = Field(
        description="The key is refused from then on, UTC; null: it does not expire."
    )
    last_used_at: datetime | None = Field(
        description="Time of the last use, UTC, up to a minute late; null: never used."
    )
    rate: int | None = Field(description="Requests a minute, of each replica; null: any number.")
    unknown: Unknown | None = Field(
        description="What the CompreFace-compatible API answers for a face of nobody; null: by the "
        "scopes."
    )
    created_at: CreatedAt


class NewKeyView(KeyView):
    """A key just made, with its secret, which is shown this once."""

    key: str = Field(description="The secret; shown this once.")


class RepeatedKeyView(KeyView):
    """The same, repeated under its ``Idempotency-Key``: the secret itself is stored nowhere.

    Revoke the key and make another if the first answer was lost.
    """

    key: None = Field(description="Always null: the secret was in the first answer alone.")
