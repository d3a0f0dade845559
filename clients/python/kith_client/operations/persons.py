"""Persons. Written by ``make client`` from the service's OpenAPI document."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from kith_client.calls import UNSET, Call, Unset, call, part
from kith_client.images import Image
from kith_client.methods import listing, method
from kith_client.model import Page
from kith_client.models import (
    CredentialField,
    DismissalView,
    FacesAdded,
    FaceView,
    PersonAdded,
    PersonMerged,
    PersonView,
    SyncLine,
    SyncView,
)


class PersonsRoutes:
    """A method for each route of ``persons``."""

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
    def merge_persons(
        self,
        collection_id: str,
        person_id: str,
        *,
        other_id: str,
        idempotency_key: str | None = None,
        faces: Literal["all", "best"] | Unset = UNSET,
        identifiers: Literal["refuse", "move", "drop"] | Unset = UNSET,
    ) -> Call[PersonMerged]:
        """Merge another person, who is the same, into this one, and remove the other. This
        person keeps id, name, validity, groups and credentials, and gets the faces of the
        other. All else of the other goes, as when a person is removed: groups, feedback, sealed
        pictures. From this answer on, no decision names the other. The faces are not compared:
        that they are one person is your word. Refused (409) where an operator dismissed the two
        as two people, and where the other is suspended and this person is not.

        collection_id: Id of the collection.
        person_id: Id of the person.
        other_id: Id of the person who is the same: the faces move, and that person is removed.
        idempotency_key: The same key and body within 24 h get the first answer again, with the
            header `Idempotent-Replayed: true`. If its row was deleted since, it is created
            again.
        faces: Where both have more faces together than the collection allows: `all`: nothing is
            done (409); `best`: those of the best quality are kept, of both.
        identifiers: What becomes of the external id and the credentials of the other person.
            `refuse`: where there are any, nothing is done (409); `move`: this person gets them,
            and may have no external id yet; `drop`: they go with the other person.
        """
        return call(
            PersonMerged,
            "POST",
            f"/v1/collections/{part(collection_id)}/persons/{part(person_id)}/merge",
            headers={"Idempotency-Key": idempotency_key},
            body={"other_id": other_id, "faces": faces, "identifiers": identifiers},
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
    def dismiss_lookalikes(
        self, collection_id: str, person_id: str, other_id: str
    ) -> Call[DismissalView]:
        """Say that two persons who look alike are two people: the report lists them no more.
        The order of the two does not matter, and they need not be in the report. It holds until
        it is taken back, one of the two is removed, or one of them has no face any more of
        those that they have now. Nothing else changes for them: no threshold, no decision, no
        warning at enrolment.

        collection_id: Id of the collection.
        person_id: Id of the person.
        other_id: Id of the other person.
        """
        return call(
            DismissalView,
            "PUT",
            f"/v1/collections/{part(collection_id)}/lookalikes/{part(person_id)}/{part(other_id)}/dismissal",
        )

    @method
    def restore_lookalikes(self, collection_id: str, person_id: str, other_id: str) -> Call[None]:
        """Take back that two persons are two people: the report may list them again.

        collection_id: Id of the collection.
        person_id: Id of the person.
        other_id: Id of the other person.
        """
        return call(
            None,
            "DELETE",
            f"/v1/collections/{part(collection_id)}/lookalikes/{part(person_id)}/{part(other_id)}/dismissal",
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
