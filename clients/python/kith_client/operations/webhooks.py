"""Webhooks. Written by ``make client`` from the service's OpenAPI document."""

from collections.abc import Sequence
from typing import Literal

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import (
    DeadLetterView,
    PingView,
    ReplayView,
    TlsField,
    WebhookView,
)


class WebhooksRoutes:
    """A method for each route of ``webhooks``."""

    @method
    def create_webhook(
        self,
        *,
        url: str,
        secrets: Sequence[str],
        idempotency_key: str | None = None,
        name: str | Unset | None = UNSET,
        types: Sequence[
            Literal[
                "person.created",
                "person.updated",
                "person.suspended",
                "person.erased",
                "person.merged",
                "key.created",
                "key.revoked",
                "door.lockdown",
                "door.decision",
                "door.action",
                "door.health",
                "audit.anchor",
                "webhook.disabled",
            ]
        ]
        | Unset
        | None = UNSET,
        doors: Sequence[str] | Unset | None = UNSET,
        tls: TlsField | Unset | None = UNSET,
        include: Sequence[str] | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        collection_id: str | Unset | None = UNSET,
    ) -> Call[WebhookView]:
        """Make an endpoint; it gets the events from then on. A bound key names one of its
        collections. Secrets are named, and their values are in no request: docs/webhooks.md.

        url: `http://` or `https://`; private hosts need `KITH_EGRESS_ALLOW`.
        secrets: Names of the secrets that sign: one, or during a rotation two. Each is a
            variable, or in lower case a file in the folder of secrets; its value is
            `whsec_...`.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        name: A name for people; null: none.
        types: The types of events; null: all.
        doors: Ids of doors of the collection: events of these alone; null: of all, and of
            people.
        tls: Whom to trust; null: the machine's.
        include: `name`: events say the name that their person has at the attempt.
        enabled: Off: nothing is sent, and events wait as long as they are kept.
        collection_id: Only the events of this collection; null: of the whole site.
        """
        return call(
            WebhookView,
            "POST",
            "/v1/webhooks",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "name": name,
                "url": url,
                "types": types,
                "doors": doors,
                "secrets": secrets,
                "tls": tls,
                "include": include,
                "enabled": enabled,
                "collection_id": collection_id,
            },
        )

    @listing
    def list_webhooks(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[WebhookView]]:
        """The endpoints, oldest first. A bound key sees those of its collections alone.

        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[WebhookView], "GET", "/v1/webhooks", query={"limit": limit, "cursor": cursor}
        )

    @method
    def get_webhook(self, webhook_id: str) -> Call[WebhookView]:
        """One endpoint; its `ETag` is for `If-Match`.

        webhook_id: Id of the webhook.
        """
        return call(WebhookView, "GET", f"/v1/webhooks/{part(webhook_id)}")

    @method
    def update_webhook(
        self,
        webhook_id: str,
        *,
        if_match: str | int,
        name: str | Unset | None = UNSET,
        url: str | Unset = UNSET,
        types: Sequence[
            Literal[
                "person.created",
                "person.updated",
                "person.suspended",
                "person.erased",
                "person.merged",
                "key.created",
                "key.revoked",
                "door.lockdown",
                "door.decision",
                "door.action",
                "door.health",
                "audit.anchor",
                "webhook.disabled",
            ]
        ]
        | Unset
        | None = UNSET,
        doors: Sequence[str] | Unset | None = UNSET,
        secrets: Sequence[str] | Unset = UNSET,
        tls: TlsField | Unset | None = UNSET,
        include: Sequence[str] | Unset = UNSET,
        enabled: bool | Unset = UNSET,
    ) -> Call[WebhookView]:
        """Change what the body names. What waits for a further attempt is tried at once.

        webhook_id: Id of the webhook.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        name: A name for people; null: none.
        url: `http://` or `https://`; private hosts need `KITH_EGRESS_ALLOW`.
        types: The types of events; null: all.
        doors: Ids of doors of the collection: events of these alone; null: of all, and of
            people.
        secrets: Names of the secrets that sign: one, or during a rotation two. Each is a
            variable, or in lower case a file in the folder of secrets; its value is
            `whsec_...`.
        tls: Whom to trust; null: the machine's.
        include: `name`: events say the name that their person has at the attempt.
        enabled: Off: nothing is sent, and events wait as long as they are kept.
        """
        return call(
            WebhookView,
            "PATCH",
            f"/v1/webhooks/{part(webhook_id)}",
            headers={"If-Match": if_match},
            body={
                "name": name,
                "url": url,
                "types": types,
                "doors": doors,
                "secrets": secrets,
                "tls": tls,
                "include": include,
                "enabled": enabled,
            },
        )

    @method
    def delete_webhook(self, webhook_id: str, *, if_match: str | int) -> Call[None]:
        """Delete an endpoint with its dead letters; nothing more is sent to it.

        webhook_id: Id of the webhook.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        """
        return call(
            None, "DELETE", f"/v1/webhooks/{part(webhook_id)}", headers={"If-Match": if_match}
        )

    @method
    def try_webhook(self, webhook_id: str) -> Call[PingView]:
        """Send a `webhook.ping` event now, also to an endpoint that is off.

        webhook_id: Id of the webhook.
        """
        return call(PingView, "POST", f"/v1/webhooks/{part(webhook_id)}/test", once=True)

    @listing
    def list_dead_letters(
        self, webhook_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[DeadLetterView]]:
        """The events that the endpoint did not take in all attempts, oldest first.

        webhook_id: Id of the webhook.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[DeadLetterView],
            "GET",
            f"/v1/webhooks/{part(webhook_id)}/dead-letters",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def replay_webhook(
        self,
        webhook_id: str,
        *,
        event_id: str | Unset | None = UNSET,
        all: bool | Unset | None = UNSET,
        from_: str | Unset | None = UNSET,
    ) -> Call[ReplayView]:
        """Send again: one dead letter, all of them, or every event `from` one on.

        webhook_id: Id of the webhook.
        event_id: The dead letter of this event.
        all: `true`: all dead letters.
        from_: Every event from that of this id on, delivered or dead, in order.
        """
        return call(
            ReplayView,
            "POST",
            f"/v1/webhooks/{part(webhook_id)}/replay",
            body={"event_id": event_id, "all": all, "from": from_},
            once=True,
        )
