"""Collections. Written by ``make client`` from the service's OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Literal

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import CollectionView, LookalikePair, OddFace


class CollectionsRoutes:
    """A method for each route of ``collections``."""

    @method
    def create_collection(
        self,
        *,
        idempotency_key: str | None = None,
        name: str | Unset | None = UNSET,
        target_fpir: float | Unset = UNSET,
        target_fmr: float | Unset = UNSET,
        max_faces_per_person: int | Unset = UNSET,
        lookalikes: Literal["off", "warn", "refuse"] | Unset = UNSET,
        unlike: Literal["off", "warn", "refuse"] | Unset = UNSET,
        keep_probes: int | Unset = UNSET,
        keep_crops: bool | Unset = UNSET,
        show_candidates: bool | Unset = UNSET,
        min_face_size: int | Unset = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        id: str | Unset | None = UNSET,
    ) -> Call[CollectionView]:
        """Make a collection. `target_fpir` is the rate at which strangers may be named.

        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        name: A name for people; null: none.
        target_fpir: False-positive identification rate: how often a stranger may be named.
        target_fmr: False-match rate of a 1:1 verification.
        max_faces_per_person: Most faces that a person may have.
        lookalikes: Treatment of an image that looks like another enrolled person.
        unlike: Treatment of an image that is unlike the person's other faces.
        keep_probes: Number of the latest unknown faces whose embeddings are kept; never images.
        keep_crops: Whether the aligned crop of each newly enrolled face is kept (112 x 112
            pixels, never answered), so that another model can embed it. Off deletes those kept.
        show_candidates: Whether keys without the scope `read` get candidates and exact
            similarities; never names. Off: the decision, the person, and steps of 0.05.
        min_face_size: Smallest face, px, that is compared with the people of this collection,
            by `identify`, `verify` and its doors, where that is more than `KITH_MIN_FACE_SIZE`.
            Smaller ones need not be found, which saves time.
        metadata: The client's own data, at most 16 KiB of JSON; null: empty.
        id: Id to give to the collection; null: one is made.
        """
        return call(
            CollectionView,
            "POST",
            "/v1/collections",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "name": name,
                "target_fpir": target_fpir,
                "target_fmr": target_fmr,
                "max_faces_per_person": max_faces_per_person,
                "lookalikes": lookalikes,
                "unlike": unlike,
                "keep_probes": keep_probes,
                "keep_crops": keep_crops,
                "show_candidates": show_candidates,
                "min_face_size": min_face_size,
                "metadata": metadata,
                "id": id,
            },
        )

    @listing
    def list_collections(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[CollectionView]]:
        """The collections that the key reaches, oldest first.

        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[CollectionView], "GET", "/v1/collections", query={"limit": limit, "cursor": cursor}
        )

    @method
    def get_collection(self, collection_id: str) -> Call[CollectionView]:
        """One collection.

        collection_id: Id of the collection.
        """
        return call(CollectionView, "GET", f"/v1/collections/{part(collection_id)}")

    @method
    def update_collection(
        self,
        collection_id: str,
        *,
        name: str | Unset | None = UNSET,
        target_fpir: float | Unset = UNSET,
        target_fmr: float | Unset = UNSET,
        max_faces_per_person: int | Unset = UNSET,
        lookalikes: Literal["off", "warn", "refuse"] | Unset = UNSET,
        unlike: Literal["off", "warn", "refuse"] | Unset = UNSET,
        keep_probes: int | Unset = UNSET,
        keep_crops: bool | Unset = UNSET,
        show_candidates: bool | Unset = UNSET,
        min_face_size: int | Unset = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
    ) -> Call[CollectionView]:
        """Change what the body names; a new `target_fpir` holds from the next request on.

        collection_id: Id of the collection.
        name: A name for people; null: none.
        target_fpir: False-positive identification rate: how often a stranger may be named.
        target_fmr: False-match rate of a 1:1 verification.
        max_faces_per_person: Most faces that a person may have.
        lookalikes: Treatment of an image that looks like another enrolled person.
        unlike: Treatment of an image that is unlike the person's other faces.
        keep_probes: Number of the latest unknown faces whose embeddings are kept; never images.
        keep_crops: Whether the aligned crop of each newly enrolled face is kept (112 x 112
            pixels, never answered), so that another model can embed it. Off deletes those kept.
        show_candidates: Whether keys without the scope `read` get candidates and exact
            similarities; never names. Off: the decision, the person, and steps of 0.05.
        min_face_size: Smallest face, px, that is compared with the people of this collection,
            by `identify`, `verify` and its doors, where that is more than `KITH_MIN_FACE_SIZE`.
            Smaller ones need not be found, which saves time.
        metadata: The client's own data, at most 16 KiB of JSON; null: empty.
        """
        return call(
            CollectionView,
            "PATCH",
            f"/v1/collections/{part(collection_id)}",
            body={
                "name": name,
                "target_fpir": target_fpir,
                "target_fmr": target_fmr,
                "max_faces_per_person": max_faces_per_person,
                "lookalikes": lookalikes,
                "unlike": unlike,
                "keep_probes": keep_probes,
                "keep_crops": keep_crops,
                "show_candidates": show_candidates,
                "min_face_size": min_face_size,
                "metadata": metadata,
            },
        )

    @method
    def delete_collection(self, collection_id: str, *, force: bool | None = None) -> Call[None]:
        """Delete a collection; one that has persons, doors or rules needs `?force=true`.

        collection_id: Id of the collection.
        force: Also with everything in it.
        """
        return call(
            None, "DELETE", f"/v1/collections/{part(collection_id)}", query={"force": force}
        )

    @listing
    def list_lookalikes(
        self,
        collection_id: str,
        *,
        dismissed: bool | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[LookalikePair]]:
        """Pairs of persons who could be confused, or are one person under two names, nearest
        first. It covers all enrolled persons, valid now or not, and finds the 10,000 nearest
        pairs at most. Pairs that an operator dismissed as two people are left out. After a
        change between two pages, a pair may come twice or be missed. In a large collection the
        report is made in the background; until then the answer is `not_ready` (503). It may
        lack changes of the last ten minutes, one for every 100 persons. Removed persons are
        never in it.

        collection_id: Id of the collection.
        dismissed: In place of the others, the pairs that were dismissed.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[LookalikePair],
            "GET",
            f"/v1/collections/{part(collection_id)}/lookalikes",
            query={"dismissed": dismissed, "limit": limit, "cursor": cursor},
        )

    @listing
    def list_odd_faces(
        self, collection_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[OddFace]]:
        """Faces that are as unlike their person's other faces as a stranger's, the most unlike
        first. It covers the faces of all enrolled persons, valid now or not, whatever the
        collection's `unlike` is, and lists the 10,000 most unlike at most. `near` says whom
        Kith would name for such a face instead. Where no more than half of a person's faces
        belong together, all are listed. After a change between two pages, a face may come twice
        or be missed. It is made and kept as the report of lookalikes. Removed faces are never
        in it.

        collection_id: Id of the collection.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[OddFace],
            "GET",
            f"/v1/collections/{part(collection_id)}/odd-faces",
            query={"limit": limit, "cursor": cursor},
        )
