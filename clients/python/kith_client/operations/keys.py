"""Keys. Written by ``make client`` from the service's OpenAPI document."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import KeyView, NewKeyView, RepeatedKeyView, Scope


class KeysRoutes:
    """A method for each route of ``keys``."""

    @method
    def create_key(
        self,
        *,
        scopes: Sequence[Scope],
        idempotency_key: str | None = None,
        name: str | Unset | None = UNSET,
        collections: Sequence[str] | Unset | None = UNSET,
        doors: Sequence[str] | Unset | None = UNSET,
        expires_at: datetime | str | Unset | None = UNSET,
        rate: int | Unset | None = UNSET,
        unknown: Literal["nearest", "empty"] | Unset | None = UNSET,
    ) -> Call[NewKeyView | RepeatedKeyView]:
        """Make a key. Its secret is in this answer and cannot be read again.

        scopes: What the key may do; 1 to 4 scopes.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        name: A name for people; null: none.
        collections: Existing collections that the key is for; null: all, also later ones.
        doors: Existing doors of the one collection in `collections` that a key with the scope
            `door` is for; null for any other key.
        expires_at: The key is refused from then on; null: it does not expire.
        rate: Requests a minute, of each replica; more get 429. Null: any number.
        unknown: What the CompreFace-compatible API answers for a face of nobody: the `nearest`
            person, below 0.5, or an `empty` list. Null: `nearest` for keys with the scope
            `read`, `empty` for others, which see no person who is not identified.
        """
        return call(
            NewKeyView | RepeatedKeyView,
            "POST",
            "/v1/keys",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "name": name,
                "scopes": scopes,
                "collections": collections,
                "doors": doors,
                "expires_at": expires_at,
                "rate": rate,
                "unknown": unknown,
            },
        )

    @listing
    def list_keys(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[KeyView]]:
        """The keys, oldest first, without their secrets.

        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(Page[KeyView], "GET", "/v1/keys", query={"limit": limit, "cursor": cursor})

    @method
    def revoke_key(self, key_id: str) -> Call[None]:
        """Revoke a key: the next request with it is refused. The last unbound admin key that
        does not expire cannot be revoked.

        key_id: Id of the key.
        """
        return call(None, "DELETE", f"/v1/keys/{part(key_id)}")
