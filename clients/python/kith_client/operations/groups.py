"""Groups. Written by ``make client`` from the service's OpenAPI document."""

from datetime import datetime

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import GroupView, MemberView


class GroupsRoutes:
    """A method for each route of ``groups``."""

    @method
    def create_group(
        self,
        collection_id: str,
        *,
        idempotency_key: str | None = None,
        id: str | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
    ) -> Call[GroupView]:
        """Make a group.

        collection_id: Id of the collection.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        id: Id to give to it, in its collection; null: one is made.
        name: A name for people; null: none.
        """
        return call(
            GroupView,
            "POST",
            f"/v1/collections/{part(collection_id)}/groups",
            headers={"Idempotency-Key": idempotency_key},
            body={"id": id, "name": name},
        )

    @listing
    def list_groups(
        self, collection_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[GroupView]]:
        """The groups of a collection, oldest first.

        collection_id: Id of the collection.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[GroupView],
            "GET",
            f"/v1/collections/{part(collection_id)}/groups",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def get_group(self, collection_id: str, group_id: str) -> Call[GroupView]:
        """One group; its `ETag` is for `If-Match`.

        collection_id: Id of the collection.
        group_id: Id of the group.
        """
        return call(
            GroupView, "GET", f"/v1/collections/{part(collection_id)}/groups/{part(group_id)}"
        )

    @method
    def update_group(
        self,
        collection_id: str,
        group_id: str,
        *,
        if_match: str | int,
        name: str | Unset | None = UNSET,
    ) -> Call[GroupView]:
        """Change what the body names; it holds from the next decision on.

        collection_id: Id of the collection.
        group_id: Id of the group.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        name: A name for people; null: none.
        """
        return call(
            GroupView,
            "PATCH",
            f"/v1/collections/{part(collection_id)}/groups/{part(group_id)}",
            headers={"If-Match": if_match},
            body={"name": name},
        )

    @method
    def delete_group(self, collection_id: str, group_id: str, *, if_match: str | int) -> Call[None]:
        """Delete a group that nothing names any more.

        collection_id: Id of the collection.
        group_id: Id of the group.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/groups/{part(group_id)}",
            headers={"If-Match": if_match},
        )

    @listing
    def list_members(
        self,
        collection_id: str,
        group_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[MemberView]]:
        """The members of a group, valid now or not, oldest first.

        collection_id: Id of the collection.
        group_id: Id of the group.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[MemberView],
            "GET",
            f"/v1/collections/{part(collection_id)}/groups/{part(group_id)}/members",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def put_member(
        self,
        collection_id: str,
        group_id: str,
        person_id: str,
        *,
        valid_from: datetime | str | Unset | None = UNSET,
        valid_until: datetime | str | Unset | None = UNSET,
    ) -> Call[MemberView]:
        """Put a person into a group, or change when that counts; a field left out is null.

        collection_id: Id of the collection.
        group_id: Id of the group.
        person_id: Id of the person.
        valid_from: It does not count before; null: always.
        valid_until: It does not count from then on; null: it does not end.
        """
        return call(
            MemberView,
            "PUT",
            f"/v1/collections/{part(collection_id)}/groups/{part(group_id)}/members/{part(person_id)}",
            body={"valid_from": valid_from, "valid_until": valid_until},
        )

    @method
    def delete_member(self, collection_id: str, group_id: str, person_id: str) -> Call[None]:
        """Take a person out of a group, from the next decision on.

        collection_id: Id of the collection.
        group_id: Id of the group.
        person_id: Id of the person.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/groups/{part(group_id)}/members/{part(person_id)}",
        )
