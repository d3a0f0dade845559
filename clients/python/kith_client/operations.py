"""A method for each route. Written by ``make client`` from the service's OpenAPI document."""

# ruff: noqa: A002
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.images import Image
from kith_client.methods import listing, method, streaming
from kith_client.model import Page
from kith_client.models import (
    ActionView,
    AuditRowView,
    AuthField,
    BlockField,
    ClusterReport,
    CollectionView,
    Comparison,
    CredentialField,
    DeadLetterView,
    Detection,
    DistanceMatrix,
    DoorDecisionView,
    DoorReason,
    DoorView,
    EmbeddingView,
    Events,
    ExpectField,
    FacesAdded,
    FaceView,
    FeedbackView,
    FramesField,
    GroupView,
    Health,
    HealthTaken,
    Identification,
    KeyView,
    LoggedDecision,
    LookalikePair,
    MemberView,
    ModelList,
    NewKeyView,
    OddFace,
    PersonAdded,
    PersonView,
    PingView,
    ReadyView,
    RepeatedKeyView,
    ReplayView,
    ResultView,
    RuleView,
    ScheduleView,
    Scope,
    SpecialDaysField,
    SyncLine,
    SyncView,
    ThresholdView,
    TlsField,
    Verification,
    WebhookView,
    WeeklyField,
    ZoneView,
)


class Operations:
    """Each method gives the call that it is; a client runs it."""

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
        self, collection_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[LookalikePair]]:
        """Pairs of persons who could be confused, or are one person under two names, nearest
        first. It covers all enrolled persons, valid now or not, and lists the 10,000 nearest
        pairs at most. After a change between two pages, a pair may come twice or be missed. In
        a large collection the report is made in the background; until then the answer is
        `not_ready` (503). It may lack changes of the last ten minutes, one for every 100
        persons. Removed persons are never in it.

        collection_id: Id of the collection.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[LookalikePair],
            "GET",
            f"/v1/collections/{part(collection_id)}/lookalikes",
            query={"limit": limit, "cursor": cursor},
        )

    @listing
    def list_odd_faces(
        self, collection_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[OddFace]]:
        """Faces that are as unlike their person's other faces as a stranger's, the most unlike
        first. It covers the faces of all enrolled persons, valid now or not, whatever the
        collection's `unlike` is, and lists the 10,000 most unlike at most. `near` says whom
        Kith would name for such a face instead. Where no more than half of a person's faces
        belong together, all are listed. It is made and kept as the report of lookalikes.
        Removed faces are never in it.

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

    @method
    def create_person(
        self,
        collection_id: str,
        *,
        idempotency_key: str | None = None,
        subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset = UNSET,
        name: str | Unset | None = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        valid_from: datetime | str | Unset | None = UNSET,
        valid_until: datetime | str | Unset | None = UNSET,
        suspended: bool | Unset = UNSET,
        credentials: Sequence[CredentialField] | Unset | None = UNSET,
        external_id: str | Unset | None = UNSET,
        id: str | Unset | None = UNSET,
        images: Iterable[Image] | Unset = UNSET,
    ) -> Call[PersonAdded]:
        """Enrol a person, with images or without; `rejected` lists the unusable images with
        reasons.

        collection_id: Id of the collection.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger. Or a box in pixels of the upright image, `x,y,width,height` or an
            object of these: the face that overlaps it most, by an intersection over union of
            0.3 at least, else none (`no_face`). A box is read with one image only.
        name: A name for people, of any number of persons; null: none.
        metadata: The client's own data, at most 16 KiB of JSON; null: empty.
        valid_from: Not named before; null: always.
        valid_until: Not named from then on; null: never.
        suspended: Whether every door denies the person; the faces are kept.
        credentials: All that other systems know the person by, in place of what there is.
            System, type and value together name one person of the collection. Of several of one
            system the first counts where one is needed. Null: none.
        external_id: The client's own id, of one person of the collection only; null: none.
        id: Id to give to the person; null: one is made.
        images: The images: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        """
        return call(
            PersonAdded,
            "POST",
            f"/v1/collections/{part(collection_id)}/persons",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "subject": subject,
                "name": name,
                "metadata": metadata,
                "valid_from": valid_from,
                "valid_until": valid_until,
                "suspended": suspended,
                "credentials": credentials,
                "external_id": external_id,
                "id": id,
            },
            files={"images": images},
        )

    @listing
    def list_persons(
        self,
        collection_id: str,
        *,
        name: str | None = None,
        external_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[PersonView]]:
        """The persons of a collection, oldest first.

        collection_id: Id of the collection.
        name: Exactly this name.
        external_id: Exactly this external id.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[PersonView],
            "GET",
            f"/v1/collections/{part(collection_id)}/persons",
            query={"name": name, "external_id": external_id, "limit": limit, "cursor": cursor},
        )

    @method
    def put_person_by_external_id(
        self,
        collection_id: str,
        external_id: str,
        *,
        name: str | Unset | None = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        valid_from: datetime | str | Unset | None = UNSET,
        valid_until: datetime | str | Unset | None = UNSET,
        suspended: bool | Unset = UNSET,
        credentials: Sequence[CredentialField] | Unset | None = UNSET,
        id: str | Unset | None = UNSET,
    ) -> Call[PersonView]:
        """Change the person of this external id, or make one (201): a field left out stays as
        it is, or empty.

        collection_id: Id of the collection.
        external_id: The person's external id, percent-encoded: `/` is `%2F`.
        name: A name for people, of any number of persons; null: none.
        metadata: The client's own data, at most 16 KiB of JSON; null: empty.
        valid_from: Not named before; null: always.
        valid_until: Not named from then on; null: never.
        suspended: Whether every door denies the person; the faces are kept.
        credentials: All that other systems know the person by, in place of what there is.
            System, type and value together name one person of the collection. Of several of one
            system the first counts where one is needed. Null: none.
        id: Id of the person who is made; of one who is there it must be theirs.
        """
        return call(
            PersonView,
            "PUT",
            f"/v1/collections/{part(collection_id)}/persons/by-external-id/{part(external_id)}",
            body={
                "name": name,
                "metadata": metadata,
                "valid_from": valid_from,
                "valid_until": valid_until,
                "suspended": suspended,
                "credentials": credentials,
                "id": id,
            },
        )

    @method
    def get_person(self, collection_id: str, person_id: str) -> Call[PersonView]:
        """One person.

        collection_id: Id of the collection.
        person_id: Id of the person.
        """
        return call(
            PersonView, "GET", f"/v1/collections/{part(collection_id)}/persons/{part(person_id)}"
        )

    @method
    def update_person(
        self,
        collection_id: str,
        person_id: str,
        *,
        name: str | Unset | None = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        valid_from: datetime | str | Unset | None = UNSET,
        valid_until: datetime | str | Unset | None = UNSET,
        suspended: bool | Unset = UNSET,
        credentials: Sequence[CredentialField] | Unset | None = UNSET,
        external_id: str | Unset | None = UNSET,
    ) -> Call[PersonView]:
        """Change what the body names; null empties a field.

        collection_id: Id of the collection.
        person_id: Id of the person.
        name: A name for people, of any number of persons; null: none.
        metadata: The client's own data, at most 16 KiB of JSON; null: empty.
        valid_from: Not named before; null: always.
        valid_until: Not named from then on; null: never.
        suspended: Whether every door denies the person; the faces are kept.
        credentials: All that other systems know the person by, in place of what there is.
            System, type and value together name one person of the collection. Of several of one
            system the first counts where one is needed. Null: none.
        external_id: The client's own id, of one person of the collection only; null: none.
        """
        return call(
            PersonView,
            "PATCH",
            f"/v1/collections/{part(collection_id)}/persons/{part(person_id)}",
            body={
                "name": name,
                "metadata": metadata,
                "valid_from": valid_from,
                "valid_until": valid_until,
                "suspended": suspended,
                "credentials": credentials,
                "external_id": external_id,
            },
        )

    @method
    def delete_person(self, collection_id: str, person_id: str) -> Call[None]:
        """Remove a person and all their faces. From this answer on, no decision names the
        person.

        collection_id: Id of the collection.
        person_id: Id of the person.
        """
        return call(
            None, "DELETE", f"/v1/collections/{part(collection_id)}/persons/{part(person_id)}"
        )

    @method
    def add_faces(
        self,
        collection_id: str,
        person_id: str,
        images: Iterable[Image],
        *,
        idempotency_key: str | None = None,
        subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset = UNSET,
    ) -> Call[FacesAdded]:
        """Add faces to a person; partial success is success.

        collection_id: Id of the collection.
        person_id: Id of the person.
        images: The images: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger. Or a box in pixels of the upright image, `x,y,width,height` or an
            object of these: the face that overlaps it most, by an intersection over union of
            0.3 at least, else none (`no_face`). A box is read with one image only.
        """
        return call(
            FacesAdded,
            "POST",
            f"/v1/collections/{part(collection_id)}/persons/{part(person_id)}/faces",
            headers={"Idempotency-Key": idempotency_key},
            body={"subject": subject},
            files={"images": images},
        )

    @listing
    def list_faces(
        self,
        collection_id: str,
        person_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[FaceView]]:
        """A person's faces, oldest first.

        collection_id: Id of the collection.
        person_id: Id of the person.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[FaceView],
            "GET",
            f"/v1/collections/{part(collection_id)}/persons/{part(person_id)}/faces",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def delete_face(self, collection_id: str, person_id: str, face_id: int) -> Call[None]:
        """Remove one face. From this answer on, no decision uses it.

        collection_id: Id of the collection.
        person_id: Id of the person.
        face_id: The face's number in its collection.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/persons/{part(person_id)}/faces/{part(face_id)}",
        )

    @method
    def identify(
        self,
        collection_id: str,
        image: Image,
        *,
        max_faces: int | Unset = UNSET,
        min_face_size: int | Unset = UNSET,
        max_candidates: int | Unset = UNSET,
        target_fpir: float | Unset | None = UNSET,
        min_similarity: float | Unset | None = UNSET,
        source: str | Unset | None = UNSET,
    ) -> Call[Identification]:
        """Identify the faces of an image: each is identified, unknown, ambiguous or rejected.

        collection_id: Id of the collection.
        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        max_faces: Most faces that are answered: the largest.
        min_face_size: Pixels of the shorter side of a face's box: smaller ones are not
            answered, nor counted in `faces_found`.
        max_candidates: Most candidates of each face.
        target_fpir: A stricter rate than the collection's, for this request; null: that one.
            For keys that do not get exact values by the bundle's threshold, up to the next step
            of 0.05.
        min_similarity: A least cosine in addition to the threshold; null: the threshold alone.
            For keys that do not get exact values up to the next step of 0.05.
        source: Where the image is from, such as a camera: a label of the metrics.
        """
        return call(
            Identification,
            "POST",
            f"/v1/collections/{part(collection_id)}/identify",
            body={
                "max_faces": max_faces,
                "min_face_size": min_face_size,
                "max_candidates": max_candidates,
                "target_fpir": target_fpir,
                "min_similarity": min_similarity,
                "source": source,
            },
            files={"image": image},
        )

    @method
    def verify(
        self,
        collection_id: str,
        person_id: str,
        image: Image,
        *,
        target_fmr: float | Unset | None = UNSET,
        subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset = UNSET,
    ) -> Call[Verification]:
        """Whether one face of the image, the main one unless `subject` says another, is this
        person.

        collection_id: Id of the collection.
        person_id: Id of the person.
        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        target_fmr: A stricter rate than the collection's; null: the collection's.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger. Or a box in pixels of the upright image, `x,y,width,height` or an
            object of these: the face that overlaps it most, by an intersection over union of
            0.3 at least, else none (`no_face`). A box is read with one image only.
        """
        return call(
            Verification,
            "POST",
            f"/v1/collections/{part(collection_id)}/persons/{part(person_id)}/verify",
            body={"target_fmr": target_fmr, "subject": subject},
            files={"image": image},
        )

    @method
    def compare(
        self,
        source: Image,
        target: Image,
        *,
        target_fmr: float | Unset = UNSET,
        subject: Literal["only", "largest", "central", "main"] | Unset = UNSET,
        source_subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset
        | None = UNSET,
        target_subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset
        | None = UNSET,
    ) -> Call[Comparison]:
        """Whether one face each of two images, the main one unless said otherwise, are one
        person's.

        source: The one image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        target: The other image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        target_fmr: False-match rate of a 1:1 verification.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger.
        source_subject: As `subject`, for the source alone; null: as `subject` says.
        target_subject: As `subject`, for the target alone; null: as `subject` says.
        """
        return call(
            Comparison,
            "POST",
            "/v1/compare",
            body={
                "target_fmr": target_fmr,
                "subject": subject,
                "source_subject": source_subject,
                "target_subject": target_subject,
            },
            files={"source": source, "target": target},
        )

    @method
    def detect(
        self, image: Image, *, max_faces: int | Unset = UNSET, min_face_size: int | Unset = UNSET
    ) -> Call[Detection]:
        """The faces of the image, largest first, without identities.

        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        max_faces: Most faces that are answered: the largest.
        min_face_size: Pixels of the shorter side of a face's box: smaller ones are not
            answered, nor counted in `faces_found`.
        """
        return call(
            Detection,
            "POST",
            "/v1/detect",
            body={"max_faces": max_faces, "min_face_size": min_face_size},
            files={"image": image},
        )

    @method
    def embeddings(
        self,
        image: Image,
        *,
        subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset = UNSET,
    ) -> Call[EmbeddingView]:
        """The embedding of one face, of unit length: biometric data, for administrators.

        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger. Or a box in pixels of the upright image, `x,y,width,height` or an
            object of these: the face that overlaps it most, by an intersection over union of
            0.3 at least, else none (`no_face`). A box is read with one image only.
        """
        return call(
            EmbeddingView,
            "POST",
            "/v1/embeddings",
            body={"subject": subject},
            files={"image": image},
        )

    @method
    def distances(
        self,
        collection_id: str,
        *,
        person_ids: Sequence[str] | Unset | None = UNSET,
        metric: Literal["cosine", "euclidean", "manhattan"] | Unset = UNSET,
        subject: Literal["only", "largest", "central", "main"] | Unset = UNSET,
        images: Iterable[Image] | Unset = UNSET,
    ) -> Call[DistanceMatrix]:
        """The distance matrix of 2 to 64 images, or of persons of the collection.

        collection_id: Id of the collection.
        person_ids: 2 to 64 persons of the collection, instead of images.
        metric: The measure of distance between embeddings of length 1.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger.
        images: The images: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        """
        return call(
            DistanceMatrix,
            "POST",
            f"/v1/collections/{part(collection_id)}/distances",
            body={"person_ids": person_ids, "metric": metric, "subject": subject},
            files={"images": images},
        )

    @method
    def cluster(
        self,
        collection_id: str,
        *,
        stored_probes: bool | Unset = UNSET,
        subject: Literal["only", "largest", "central", "main"] | Unset = UNSET,
        images: Iterable[Image] | Unset = UNSET,
    ) -> Call[ClusterReport]:
        """Group 2 to 64 images, or the stored probes, by person, and say who each person is.
        Two groups are joined where at most `max_fmr` of strangers are as near to each other.

        collection_id: Id of the collection.
        stored_probes: The collection's stored probes.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger.
        images: The images: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        """
        return call(
            ClusterReport,
            "POST",
            f"/v1/collections/{part(collection_id)}/clusters",
            body={"stored_probes": stored_probes, "subject": subject},
            files={"images": images},
        )

    @method
    def give_feedback(
        self,
        collection_id: str,
        *,
        person_id: str,
        verdict: Literal["them", "not_them"],
        idempotency_key: str | None = None,
        probe_id: str | Unset | None = UNSET,
        source: str | Unset | None = UNSET,
        subject: Literal["only", "largest", "central", "main"]
        | str
        | Mapping[str, Any]
        | Unset = UNSET,
        image: Image | Unset = UNSET,
    ) -> Call[FeedbackView]:
        """Report that a face of an identified image is, or is not, of a person. Instead of an
        image, `probe_id` of an identification names a stored probe. The embedding is kept, the
        image is not. A later verdict on the same image replaces the first. A face reported
        `not_them` is never named as that person again; more such reports than the stated rate
        allows raise the threshold. `them` is kept for evaluation.

        collection_id: Id of the collection.
        person_id: The person whom the verdict is about.
        verdict: Whether the face is this person (`them`) or not (`not_them`).
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        probe_id: A stored probe, instead of an image.
        source: Where the image is from, such as a camera.
        subject: Which face of an image is taken. `only`: the largest, but none
            (`multiple_faces`) where another has 0.7 of its width or more. `largest`. `central`:
            the one whose middle is nearest to the image's. `main`: the one that is large and
            near the middle, by its area, which fades to 0 from the middle to the corners. Of
            equals the larger. Or a box in pixels of the upright image, `x,y,width,height` or an
            object of these: the face that overlaps it most, by an intersection over union of
            0.3 at least, else none (`no_face`). A box is read with one image only.
        image: The image: JPEG, PNG, WebP, BMP, GIF (its first frame) or TIFF.
        """
        return call(
            FeedbackView,
            "POST",
            f"/v1/collections/{part(collection_id)}/feedback",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "person_id": person_id,
                "verdict": verdict,
                "probe_id": probe_id,
                "source": source,
                "subject": subject,
            },
            files={"image": image},
        )

    @method
    def threshold(self, collection_id: str) -> Call[ThresholdView]:
        """The present similarity above which strangers are named at a rate of at most
        `target_fpir`. `evidence` has the threshold of the bundle's calibration alone, the
        statistics of the gallery's own people, and a `warning` where the two are far apart.

        collection_id: Id of the collection.
        """
        return call(ThresholdView, "GET", f"/v1/collections/{part(collection_id)}/threshold")

    @method
    def models(self) -> Call[ModelList]:
        """The model bundle that this service runs."""
        return call(ModelList, "GET", "/v1/models")

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
        liveness: Literal["off"] | Unset = UNSET,
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
        liveness: Literal["off"] | Unset = UNSET,
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

    @method
    def create_schedule(
        self,
        collection_id: str,
        *,
        time_zone: str,
        idempotency_key: str | None = None,
        id: str | Unset | None = UNSET,
        name: str | Unset | None = UNSET,
        week: Sequence[WeeklyField] | Unset = UNSET,
        week_icalendar: str | Unset | None = UNSET,
        special_days: Sequence[SpecialDaysField] | Unset = UNSET,
        special_days_icalendar: str | Unset | None = UNSET,
    ) -> Call[ScheduleView]:
        """Make a schedule.

        collection_id: Id of the collection.
        time_zone: A time zone of the IANA database, such as `Europe/Berlin`.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        id: Id to give to it, in its collection; null: one is made.
        name: A name for people; null: none.
        week: Hours of the week; overlapping ones are a union.
        week_icalendar: The week as iCalendar instead, in the subset of ONVIF: events that recur
            `WEEKLY`, in local time.
        special_days: Days that replace the week; several on one day are a union.
        special_days_icalendar: Further special days, closed, as iCalendar: whole days that do
            not recur. In a patch they join those of `special_days`, or without it those that
            there are.
        """
        return call(
            ScheduleView,
            "POST",
            f"/v1/collections/{part(collection_id)}/schedules",
            headers={"Idempotency-Key": idempotency_key},
            body={
                "id": id,
                "name": name,
                "time_zone": time_zone,
                "week": week,
                "week_icalendar": week_icalendar,
                "special_days": special_days,
                "special_days_icalendar": special_days_icalendar,
            },
        )

    @listing
    def list_schedules(
        self, collection_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Call[Page[ScheduleView]]:
        """The schedules of a collection, oldest first.

        collection_id: Id of the collection.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[ScheduleView],
            "GET",
            f"/v1/collections/{part(collection_id)}/schedules",
            query={"limit": limit, "cursor": cursor},
        )

    @method
    def get_schedule(self, collection_id: str, schedule_id: str) -> Call[ScheduleView]:
        """One schedule; its `ETag` is for `If-Match`.

        collection_id: Id of the collection.
        schedule_id: Id of the schedule.
        """
        return call(
            ScheduleView,
            "GET",
            f"/v1/collections/{part(collection_id)}/schedules/{part(schedule_id)}",
        )

    @method
    def update_schedule(
        self,
        collection_id: str,
        schedule_id: str,
        *,
        if_match: str | int,
        name: str | Unset | None = UNSET,
        time_zone: str | Unset = UNSET,
        week: Sequence[WeeklyField] | Unset = UNSET,
        week_icalendar: str | Unset | None = UNSET,
        special_days: Sequence[SpecialDaysField] | Unset = UNSET,
        special_days_icalendar: str | Unset | None = UNSET,
    ) -> Call[ScheduleView]:
        """Change what the body names; it holds from the next decision on.

        collection_id: Id of the collection.
        schedule_id: Id of the schedule.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        name: A name for people; null: none.
        time_zone: A time zone of the IANA database, such as `Europe/Berlin`.
        week: Hours of the week; overlapping ones are a union.
        week_icalendar: The week as iCalendar instead, in the subset of ONVIF: events that recur
            `WEEKLY`, in local time.
        special_days: Days that replace the week; several on one day are a union.
        special_days_icalendar: Further special days, closed, as iCalendar: whole days that do
            not recur. In a patch they join those of `special_days`, or without it those that
            there are.
        """
        return call(
            ScheduleView,
            "PATCH",
            f"/v1/collections/{part(collection_id)}/schedules/{part(schedule_id)}",
            headers={"If-Match": if_match},
            body={
                "name": name,
                "time_zone": time_zone,
                "week": week,
                "week_icalendar": week_icalendar,
                "special_days": special_days,
                "special_days_icalendar": special_days_icalendar,
            },
        )

    @method
    def delete_schedule(
        self, collection_id: str, schedule_id: str, *, if_match: str | int
    ) -> Call[None]:
        """Delete a schedule that nothing names any more.

        collection_id: Id of the collection.
        schedule_id: Id of the schedule.
        if_match: The `ETag` of what was read, as `"17"`; or `*`: whatever there is. Without it
            the answer is 428; where it is another by now, 412. A number is the `revision` of
            what was read.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/schedules/{part(schedule_id)}",
            headers={"If-Match": if_match},
        )

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

    @method
    def sync_persons(
        self,
        collection_id: str,
        lines: Iterable[SyncLine],
        *,
        dry_run: bool | None = None,
        missing: Literal["keep", "suspend"] | None = None,
        max_change: float | None = None,
    ) -> Call[SyncView]:
        """Bring people in line with the file of another system, which has one JSON object a
        line (the schema is that of a line): all of it, or nothing.

        collection_id: Id of the collection.
        lines: One for each person.
        dry_run: Whether to compare alone and change nothing.
        missing: What happens to people with an external id whom the file leaves out: `keep`
            them as they are, or `suspend` them.
        max_change: Largest share of the people with an external id who are not suspended yet
            that may be suspended at once; a sync that would suspend more changes nothing (409).
        """
        return call(
            SyncView,
            "POST",
            f"/v1/collections/{part(collection_id)}/sync",
            query={"dry_run": dry_run, "missing": missing, "max_change": max_change},
            lines=lines,
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
        on: Sequence[Literal["granted"]] | Unset = UNSET,
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

    @listing
    def list_audit(
        self,
        *,
        collection: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[AuditRowView]]:
        """The rows of the audit, oldest first. A bound key sees those of its collections alone.

        collection: Only what belongs to this collection.
        from_: Only what happened then or later.
        to: Only what happened before.
        limit: Most items of the page.
        cursor: `next_cursor` of the previous page.
        """
        return call(
            Page[AuditRowView],
            "GET",
            "/v1/audit",
            query={
                "collection": collection,
                "from": from_,
                "to": to,
                "limit": limit,
                "cursor": cursor,
            },
        )

    @method
    def list_events(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        collection: str | None = None,
        door: str | None = None,
        types: str | None = None,
    ) -> Call[Events]:
        """The events after one that you have, or from the oldest on. None is passed by, however
        many write at once.

        after: Id of the last event that you have.
        limit: Most events.
        collection: Only what belongs to this collection.
        door: Only what happens at this door of `collection`.
        types: Only these types, such as `door.decision,door.action`.
        """
        return call(
            Events,
            "GET",
            "/v1/events",
            query={
                "after": after,
                "limit": limit,
                "collection": collection,
                "door": door,
                "types": types,
            },
        )

    @streaming
    def stream_events(
        self,
        *,
        collection: str | None = None,
        door: str | None = None,
        types: str | None = None,
        last_event_id: str | None = None,
    ) -> Call[Any]:
        """The events after the one of `Last-Event-ID`, or from now on, as they happen: server-
        sent events whose `data` is an event. At its end ask again with the last id that you
        have.

        collection: Only what belongs to this collection.
        door: Only what happens at this door of `collection`.
        types: Only these types, such as `door.decision,door.action`.
        last_event_id: Id of the last event that you have.
        """
        return call(
            Any,
            "GET",
            "/v1/events/stream",
            query={"collection": collection, "door": door, "types": types},
            headers={"last-event-id": last_event_id},
        )

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
        include: Sequence[Literal["name"]] | Unset = UNSET,
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
        include: Sequence[Literal["name"]] | Unset = UNSET,
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
        all: Literal[True] | Unset | None = UNSET,
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

    @method
    def live(self) -> Call[Health]:
        """Whether the process answers at all; also where every thread has work."""
        return call(Health, "GET", "/v1/health/live")

    @method
    def ready(self) -> Call[ReadyView]:
        """Whether requests can be served: the database answers, or decisions may be stale for a
        while; the models are loaded.
        """
        return call(ReadyView, "GET", "/v1/health/ready")

    @method
    def metrics(self) -> Call[str]:
        """Prometheus metrics of this process."""
        return call(str, "GET", "/metrics")
