"""Rules. Written by ``make client`` from the service's OpenAPI document."""

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import RuleView


class RulesRoutes:
    """A method for each route of ``rules``."""

    @method
    def create_rule(
        self,
        collection_id: str,
        *,
        group_id: str,
        schedule_id: str,
        idempotency_key: str | None = None,
        id: str | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
        door_id: str | Unset | None = UNSET,
        zone_id: str | Unset | None = UNSET,
    ) -> Call[RuleView]:
        """Make a rule.

        collection_id: Id of the collection.
        group_id: The group that may pass.
        schedule_id: The schedule that says when.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        id: Id to give to it, in its collection; null: one is made.
        name: A name for people; null: none.
        door_id: The door that it may pass; null: see `zone_id`.
        zone_id: The zone whose every door it may pass; null: see `door_id`.
        """
        return call(
            RuleView,
            "POST",
            f"/v1/collections/{part(collection_id)}/rules",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "id": id,
                "name": name,
                "group_id": group_id,
                "door_id": door_id,
                "zone_id": zone_id,
                "schedule_id": schedule_id,
            },
        )

    @listing
    def list_rules(
        self, collection_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[RuleView]]:
        """The rules of a collection, oldest first.

        collection_id: Id of the collection.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[RuleView],
            "GET",
            f"/v1/collections/{part(collection_id)}/rules",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def get_rule(self, collection_id: str, rule_id: str) -> Call[RuleView]:
        """One rule; its `ETag` is for `If-Match`.

        collection_id: Id of the collection.
        rule_id: Id of the rule.
        """
        return call(RuleView, "GET", f"/v1/collections/{part(collection_id)}/rules/{part(rule_id)}")

    @method
    def update_rule(
        self,
        collection_id: str,
        rule_id: str,
        *,
        if_match: str | int,
        name: str | Unset | None = UNSET,
        group_id: str | Unset = UNSET,
        door_id: str | Unset | None = UNSET,
        zone_id: str | Unset | None = UNSET,
        schedule_id: str | Unset = UNSET,
    ) -> Call[RuleView]:
        """Change what the body names; it holds from the next decision on.

        collection_id: Id of the collection.
        rule_id: Id of the rule.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        name: A name for people; null: none.
        group_id: The group that may pass.
        door_id: The door that it may pass; null: see `zone_id`.
        zone_id: The zone whose every door it may pass; null: see `door_id`.
        schedule_id: The schedule that says when.
        """
        return call(
            RuleView,
            "PATCH",
            f"/v1/collections/{part(collection_id)}/rules/{part(rule_id)}",
            headers={"If-Match": if_match},
            body={
                "name": name,
                "group_id": group_id,
                "door_id": door_id,
                "zone_id": zone_id,
                "schedule_id": schedule_id,
            },
        )

    @method
    def delete_rule(self, collection_id: str, rule_id: str, *, if_match: str | int) -> Call[None]:
        """Delete a rule that nothing names any more.

        collection_id: Id of the collection.
        rule_id: Id of the rule.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/rules/{part(rule_id)}",
            headers={"If-Match": if_match},
        )
