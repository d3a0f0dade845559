"""Actions. Written by ``make client`` from the service's OpenAPI document."""

from collections.abc import Mapping, Sequence
from typing import Literal

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import ActionView, AuthField, ExpectField, ResultView, TlsField


class ActionsRoutes:
    """A method for each route of ``actions``."""

    @listing
    def list_actions(
        self,
        collection_id: str,
        door_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[ActionView]]:
        """The actions of a door, oldest first.

        collection_id: Id of the collection.
        door_id: Id of the door.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[ActionView],
            "GET",
            f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}/actions",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def get_action(self, collection_id: str, door_id: str, action_id: str) -> Call[ActionView]:
        """One action; of its secret the name alone.

        collection_id: Id of the collection.
        door_id: Id of the door.
        action_id: Id of the action, at its door.
        """
        return call(
            ActionView,
            "GET",
            f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}/actions/{part(action_id)}",
        )

    @method
    def put_action(
        self,
        collection_id: str,
        door_id: str,
        action_id: str,
        *,
        kind: Literal["http", "mqtt"],
        url: str,
        name: str | Unset | None = UNSET,
        enabled: bool | Unset = UNSET,
        on: Sequence[str] | Unset = UNSET,
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | Unset = UNSET,
        topic: str | Unset | None = UNSET,
        headers: Mapping[str, str] | Unset = UNSET,
        body: str | Unset | None = UNSET,
        content_type: str | Unset = UNSET,
        expect: ExpectField | Unset | None = UNSET,
        auth: AuthField | Unset = UNSET,
        tls: TlsField | Unset | None = UNSET,
        timeout_ms: int | Unset = UNSET,
    ) -> Call[ActionView]:
        """Make an action, or replace it whole; a field left out has its default.

        collection_id: Id of the collection.
        door_id: Id of the door.
        action_id: Id of the action, at its door.
        kind: What is sent.
        url: `http://` or `https://`, with placeholders after the host alone; or `mqtt://` or
            `mqtts://`, with the host and no more.
        name: A name for people; null: none.
        enabled: Off: it is not sent; a test sends it still.
        on: The decisions that set it off.
        method: The request's method; of `http` alone.
        topic: The message's topic, a template; of `mqtt` alone.
        headers: Headers, at most 16; values are templates.
        body: The body or message, a template; null: none.
        content_type: What the body is. Values are escaped for it, and it must be one of JSON,
            XML, a form, or `text/plain`.
        expect: What the answer must say; null: any status of 200 to 299 is right.
        auth: How the device knows Kith.
        tls: Whom to trust; null: the machine's.
        timeout_ms: Milliseconds for all of it; the end of the grant, where that is sooner.
        """
        return call(
            ActionView,
            "PUT",
            f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}/actions/{part(action_id)}",
            body={
                "name": name,
                "enabled": enabled,
                "on": on,
                "kind": kind,
                "method": method,
                "url": url,
                "topic": topic,
                "headers": headers,
                "body": body,
                "content_type": content_type,
                "expect": expect,
                "auth": auth,
                "tls": tls,
                "timeout_ms": timeout_ms,
            },
        )

    @method
    def delete_action(self, collection_id: str, door_id: str, action_id: str) -> Call[None]:
        """Delete an action; no later grant sets it off.

        collection_id: Id of the collection.
        door_id: Id of the door.
        action_id: Id of the action, at its door.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}/actions/{part(action_id)}",
        )

    @method
    def try_action(self, collection_id: str, door_id: str, action_id: str) -> Call[ResultView]:
        """Send an action now for a person who does not exist: it is real, and may open the
        door. At a door that is disabled or in lock-down it is refused.

        collection_id: Id of the collection.
        door_id: Id of the door.
        action_id: Id of the action, at its door.
        """
        return call(
            ResultView,
            "POST",
            f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}/actions/{part(action_id)}/test",
            once=True,
        )
