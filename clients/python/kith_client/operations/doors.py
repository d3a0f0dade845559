"""Doors. Written by ``make client`` from the service's OpenAPI document."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.images import Image
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import (
    BlockField,
    CredentialField,
    DoorDecisionView,
    DoorReason,
    DoorView,
    FramesField,
    HealthTaken,
    LoggedDecision,
)


class DoorsRoutes:
    """A method for each route of ``doors``."""

    @method
    def create_door(
        self,
        collection_id: str,
        *,
        idempotency_key: str | None = None,
        id: str | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
        zone_id: str | Unset | None = UNSET,
        mode: Literal["advise", "verify", "decide"] | Unset = UNSET,
        direction: Literal["in", "out"] | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        locked_down: bool | Unset = UNSET,
        ref: Mapping[str, Any] | Unset = UNSET,
        grant_ttl_ms: int | Unset = UNSET,
        cooldown_ms: int | Unset = UNSET,
        exclusive_ms: int | Unset = UNSET,
        frames: FramesField | Unset = UNSET,
        second_face: Literal["ignore", "refuse"] | Unset = UNSET,
        liveness: str | Unset = UNSET,
        unknown_after_ms: int | Unset = UNSET,
        block_after: BlockField | Unset = UNSET,
        reveal: Sequence[Literal["card", "user_id", "email"]] | Unset = UNSET,
    ) -> Call[DoorView]:
        """Make a door.

        collection_id: Id of the collection.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        id: Id to give to it, in its collection; null: one is made.
        name: A name for people; null: none.
        zone_id: The zone that the door is in; null: none.
        mode: `advise`: the access control system decides; `verify`: the same, with a card
            number or id of the person; `decide`: Kith's rules decide.
        direction: The way that its camera looks at.
        enabled: Off: nothing is granted here.
        locked_down: Whether Kith stops granting here.
        ref: Names that other systems have for the door, at most 32.
        grant_ttl_ms: Milliseconds for which a grant holds.
        cooldown_ms: Milliseconds after a grant in which the person gets no new one here.
        exclusive_ms: Milliseconds after a grant at another door in which the person gets none
            here; 0: no time.
        frames: How many frames, and how new.
        second_face: With a second face at least 0.7 times as wide as the first: `ignore` it, or
            `refuse` (`multiple_faces`).
        liveness: `off`: nothing looks whether the face is of somebody living.
        unknown_after_ms: Milliseconds for which unknown faces are seen before their event is
            made; one event a visit. The answer is `denied` at once.
        block_after: When suspected spoofs block the door.
        reveal: Types of credentials whose values the answer of a grant has: it says to every
            key of this door what opens others.
        """
        return call(
            DoorView,
            "POST",
            f"/v1/collections/{part(collection_id)}/doors",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "id": id,
                "name": name,
                "zone_id": zone_id,
                "mode": mode,
                "direction": direction,
                "enabled": enabled,
                "locked_down": locked_down,
                "ref": ref,
                "grant_ttl_ms": grant_ttl_ms,
                "cooldown_ms": cooldown_ms,
                "exclusive_ms": exclusive_ms,
                "frames": frames,
                "second_face": second_face,
                "liveness": liveness,
                "unknown_after_ms": unknown_after_ms,
                "block_after": block_after,
                "reveal": reveal,
            },
        )

    @listing
    def list_doors(
        self, collection_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[DoorView]]:
        """The doors of a collection, oldest first.

        collection_id: Id of the collection.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[DoorView],
            "GET",
            f"/v1/collections/{part(collection_id)}/doors",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def get_door(self, collection_id: str, door_id: str) -> Call[DoorView]:
        """One door; its `ETag` is for `If-Match`.

        collection_id: Id of the collection.
        door_id: Id of the door.
        """
        return call(DoorView, "GET", f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}")

    @method
    def update_door(
        self,
        collection_id: str,
        door_id: str,
        *,
        if_match: str | int,
        name: str | Unset | None = UNSET,
        zone_id: str | Unset | None = UNSET,
        mode: Literal["advise", "verify", "decide"] | Unset = UNSET,
        direction: Literal["in", "out"] | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        locked_down: bool | Unset = UNSET,
        ref: Mapping[str, Any] | Unset = UNSET,
        grant_ttl_ms: int | Unset = UNSET,
        cooldown_ms: int | Unset = UNSET,
        exclusive_ms: int | Unset = UNSET,
        frames: FramesField | Unset = UNSET,
        second_face: Literal["ignore", "refuse"] | Unset = UNSET,
        liveness: str | Unset = UNSET,
        unknown_after_ms: int | Unset = UNSET,
        block_after: BlockField | Unset = UNSET,
        reveal: Sequence[Literal["card", "user_id", "email"]] | Unset = UNSET,
    ) -> Call[DoorView]:
        """Change what the body names; it holds from the next decision on.

        collection_id: Id of the collection.
        door_id: Id of the door.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        name: A name for people; null: none.
        zone_id: The zone that the door is in; null: none.
        mode: `advise`: the access control system decides; `verify`: the same, with a card
            number or id of the person; `decide`: Kith's rules decide.
        direction: The way that its camera looks at.
        enabled: Off: nothing is granted here.
        locked_down: Whether Kith stops granting here.
        ref: Names that other systems have for the door, at most 32.
        grant_ttl_ms: Milliseconds for which a grant holds.
        cooldown_ms: Milliseconds after a grant in which the person gets no new one here.
        exclusive_ms: Milliseconds after a grant at another door in which the person gets none
            here; 0: no time.
        frames: How many frames, and how new.
        second_face: With a second face at least 0.7 times as wide as the first: `ignore` it, or
            `refuse` (`multiple_faces`).
        liveness: `off`: nothing looks whether the face is of somebody living.
        unknown_after_ms: Milliseconds for which unknown faces are seen before their event is
            made; one event a visit. The answer is `denied` at once.
        block_after: When suspected spoofs block the door.
        reveal: Types of credentials whose values the answer of a grant has: it says to every
            key of this door what opens others.
        """
        return call(
            DoorView,
            "PATCH",
            f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}",
            headers={"If-Match": if_match},
            body={
                "name": name,
                "zone_id": zone_id,
                "mode": mode,
                "direction": direction,
                "enabled": enabled,
                "locked_down": locked_down,
                "ref": ref,
                "grant_ttl_ms": grant_ttl_ms,
                "cooldown_ms": cooldown_ms,
                "exclusive_ms": exclusive_ms,
                "frames": frames,
                "second_face": second_face,
                "liveness": liveness,
                "unknown_after_ms": unknown_after_ms,
                "block_after": block_after,
                "reveal": reveal,
            },
        )

    @method
    def delete_door(self, collection_id: str, door_id: str, *, if_match: str | int) -> Call[None]:
        """Delete a door that nothing names any more.

        collection_id: Id of the collection.
        door_id: Id of the door.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}",
            headers={"If-Match": if_match},
        )

    @method
    def decide_at_door(
        self,
        door_id: str,
        images: Iterable[Image],
        *,
        captured_at: Sequence[datetime | str] | Unset | None = UNSET,
        person_id: str | Unset | None = UNSET,
        credential: CredentialField | Unset | None = UNSET,
        session: str | Unset | None = UNSET,
        dry_run: bool | Unset = UNSET,
    ) -> Call[DoorDecisionView]:
        """Decide whether the person in 1 to 8 frames may pass the door now. Open for `granted`
        alone: every other answer, error and silence is a denial.

        door_id: Id of the door.
        images: The images: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        captured_at: When each frame was taken, as RFC 3339 with an offset, one for each of
            `images` in their order. Null: all were taken as the request arrived.
        person_id: In mode `verify`: the person that the face is claimed to be of.
        credential: In mode `verify`: the credential that was presented instead.
        session: An id that the client makes for one visit. Frames may then come one request at
            a time, within 3 seconds and the door's `max_age_ms`, and the answer is `pending`
            until there are enough.
        dry_run: Decide, and neither remember a grant nor make an event. No lock may act on it:
            `valid_until` is null.
        """
        return call(
            DoorDecisionView,
            "POST",
            f"/v1/doors/{part(door_id)}/decisions",
            body={
                "captured_at": captured_at,
                "person_id": person_id,
                "credential": credential,
                "session": session,
                "dry_run": dry_run,
            },
            files={"images": images},
            once=True,
        )

    @listing
    def list_decisions(
        self,
        door_id: str,
        *,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        person: str | None = None,
        reason: DoorReason | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[LoggedDecision]]:
        """The decisions of a door, the oldest first; one that went on within a visit once.

        door_id: Id of the door.
        from_: Only what was decided then or later.
        to: Only what was decided before.
        person: Only decisions that name this person.
        reason: Only decisions for this reason.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[LoggedDecision],
            "GET",
            f"/v1/doors/{part(door_id)}/decisions",
            query={
                "from": from_,
                "to": to,
                "person": person,
                "reason": reason,
                "limit": limit,
                "cursor": cursor,
            },
        )

    @method
    def list_decisions_csv(
        self,
        door_id: str,
        *,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        person: str | None = None,
        reason: DoorReason | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[str]:
        """The decisions of a door, the oldest first; one that went on within a visit once.

        door_id: Id of the door.
        from_: Only what was decided then or later.
        to: Only what was decided before.
        person: Only decisions that name this person.
        reason: Only decisions for this reason.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            str,
            "GET",
            f"/v1/doors/{part(door_id)}/decisions",
            query={
                "format": "csv",
                "from": from_,
                "to": to,
                "person": person,
                "reason": reason,
                "limit": limit,
                "cursor": cursor,
            },
        )

    @method
    def report_health(
        self,
        door_id: str,
        *,
        state: Literal["ok", "no_picture", "stale_pictures"],
        detail: str | Unset | None = UNSET,
    ) -> Call[HealthTaken]:
        """Say how the client of the door is, again and again: a door that stops saying so is
        `silent`. A change is an event, `door.health`; nothing else is recorded.

        door_id: Id of the door.
        state: `ok`; `no_picture`: its camera gives none; `stale_pictures`: they come, and are
            too old when they are decided on.
        detail: A word that says more, such as `camera_lost`; never a person.
        """
        return call(
            HealthTaken,
            "POST",
            f"/v1/doors/{part(door_id)}/health",
            body={"state": state, "detail": detail},
            once=True,
        )

    @listing
    def list_decisions_of_collection(
        self,
        collection_id: str,
        door_id: str,
        *,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        person: str | None = None,
        reason: DoorReason | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[LoggedDecision]]:
        """The same for a door of this collection, and for one that was deleted too.

        collection_id: Id of the collection.
        door_id: Id of the door.
        from_: Only what was decided then or later.
        to: Only what was decided before.
        person: Only decisions that name this person.
        reason: Only decisions for this reason.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[LoggedDecision],
            "GET",
            f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}/decisions",
            query={
                "from": from_,
                "to": to,
                "person": person,
                "reason": reason,
                "limit": limit,
                "cursor": cursor,
            },
        )

    @method
    def list_decisions_of_collection_csv(
        self,
        collection_id: str,
        door_id: str,
        *,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        person: str | None = None,
        reason: DoorReason | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[str]:
        """The same for a door of this collection, and for one that was deleted too.

        collection_id: Id of the collection.
        door_id: Id of the door.
        from_: Only what was decided then or later.
        to: Only what was decided before.
        person: Only decisions that name this person.
        reason: Only decisions for this reason.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            str,
            "GET",
            f"/v1/collections/{part(collection_id)}/doors/{part(door_id)}/decisions",
            query={
                "format": "csv",
                "from": from_,
                "to": to,
                "person": person,
                "reason": reason,
                "limit": limit,
                "cursor": cursor,
            },
        )
