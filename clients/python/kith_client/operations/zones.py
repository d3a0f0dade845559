"""Zones. Written by ``make client`` from the service's OpenAPI document."""

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import ZoneView


class ZonesRoutes:
    """A method for each route of ``zones``."""

    @method
    def create_zone(
        self,
        collection_id: str,
        *,
        idempotency_key: str | None = None,
        id: str | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
        locked_down: bool | Unset = UNSET,
    ) -> Call[ZoneView]:
        """Make a zone.

        collection_id: Id of the collection.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        id: Id to give to it, in its collection; null: one is made.
        name: A name for people; null: none.
        locked_down: Whether Kith stops granting at every door of the zone.
        """
        return call(
            ZoneView,
            "POST",
            f"/v1/collections/{part(collection_id)}/zones",
            headers={"Idempotency-Key": idempotency_key},
            body={"id": id, "name": name, "locked_down": locked_down},
        )

    @listing
    def list_zones(
        self, collection_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[ZoneView]]:
        """The zones of a collection, oldest first.

        collection_id: Id of the collection.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[ZoneView],
            "GET",
            f"/v1/collections/{part(collection_id)}/zones",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def get_zone(self, collection_id: str, zone_id: str) -> Call[ZoneView]:
        """One zone; its `ETag` is for `If-Match`.

        collection_id: Id of the collection.
        zone_id: Id of the zone.
        """
        return call(ZoneView, "GET", f"/v1/collections/{part(collection_id)}/zones/{part(zone_id)}")

    @method
    def update_zone(
        self,
        collection_id: str,
        zone_id: str,
        *,
        if_match: str | int,
        name: str | Unset | None = UNSET,
        locked_down: bool | Unset = UNSET,
    ) -> Call[ZoneView]:
        """Change what the body names; it holds from the next decision on.

        collection_id: Id of the collection.
        zone_id: Id of the zone.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        name: A name for people; null: none.
        locked_down: Whether Kith stops granting at every door of the zone.
        """
        return call(
            ZoneView,
            "PATCH",
            f"/v1/collections/{part(collection_id)}/zones/{part(zone_id)}",
            headers={"If-Match": if_match},
            body={"name": name, "locked_down": locked_down},
        )

    @method
    def delete_zone(self, collection_id: str, zone_id: str, *, if_match: str | int) -> Call[None]:
        """Delete a zone that nothing names any more.

        collection_id: Id of the collection.
        zone_id: Id of the zone.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/zones/{part(zone_id)}",
            headers={"If-Match": if_match},
        )
