"""Persons. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from kith_client.model import Model, OtherWarning
from kith_client.models.common import BoxView, CredentialField, QualityView


class AddedFace(Model):
    """A template just made.

    id: The face's number in its collection; no later face gets it again.
    person_id: Id of the person.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    box: The face's box in its image.
    turned_degrees: Degrees by which the image was turned clockwise to be upright.
    detection_score: The detector's confidence, 0 to 1; higher is surer.
    quality: How usable the face is; null without a detector.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    created_at: Time of creation, UTC.
    index: Place of the image in the request, from 0.
    """

    id: int
    person_id: str
    image_sha256: str
    box: BoxView
    turned_degrees: Literal[0, 90, 180, 270] | int
    detection_score: float
    quality: QualityView | None
    contract_id: str
    created_at: datetime
    index: int


class ChangedPerson(Model):
    """A person who changed.

    external_id: The person's id in the other system.
    person_id: The person's id; null where they would be made, in a dry run.
    fields: The fields that changed; no values.
    """

    external_id: str
    person_id: str | None
    fields: list[Literal["name", "valid_from", "valid_until", "groups", "credentials"] | str]


class CredentialView(Model):
    """A system that knows the person, and the kind of credential it has; never the value.

    system: The system that knows the person by it, such as `acs` or `2n`.
    type: `card`: a number; `user_id`: the person's id in that system; `email`.
    format: How the system writes it, such as `WIEGAND26`; null: unsaid.
    """

    system: str
    type: Literal["card", "user_id", "email"] | str
    format: str | None


class FaceView(Model):
    """One template's origin; never the embedding.

    id: The face's number in its collection; no later face gets it again.
    person_id: Id of the person.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    box: The face's box in its image.
    turned_degrees: Degrees by which the image was turned clockwise to be upright.
    detection_score: The detector's confidence, 0 to 1; higher is surer.
    quality: How usable the face is; null without a detector.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    created_at: Time of creation, UTC.
    """

    id: int
    person_id: str
    image_sha256: str
    box: BoxView
    turned_degrees: Literal[0, 90, 180, 270] | int
    detection_score: float
    quality: QualityView | None
    contract_id: str
    created_at: datetime


class FacesAdded(Model):
    """The result for each image; partial success is success.

    faces: The faces enrolled, in the order of their images.
    rejected: The images that were not enrolled, in their order.
    warnings: Images that were enrolled but should be looked at.
    """

    faces: list[AddedFace]
    rejected: list[RejectedImage]
    warnings: list[
        LookalikeWarning | UnlikeWarning | TurnedWarning | SeveralFacesWarning | OtherWarning
    ]


class GroupOfLine(TypedDict):
    """A group that the person is in, and for how long.

    id: Id of the group, which must be there.
    valid_from: It does not count before; null: always.
    valid_until: It does not count from then on; null: it does not end.
    """

    id: str
    valid_from: NotRequired[datetime | str | None]
    valid_until: NotRequired[datetime | str | None]


class LookalikeWarning(Model):
    """An image that was enrolled although the service would have named somebody else for it.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reason: The kind of warning.
    person_id: The person whom the image looks like.
    similarity: Cosine of image and that person, -1 to 1; higher is closer. In steps of 0.05 to
        keys that do not get exact values.
    fpir: Rate, 0 to 1, at which strangers look as much like anybody in this gallery; null to
        keys that do not get exact values.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reason: Literal["looks_like_another_person"]
    person_id: str
    similarity: float
    fpir: float | None
    detail: str


class PersonAdded(Model):
    """The person made, and the result for each image.

    faces: The faces enrolled, in the order of their images.
    rejected: The images that were not enrolled, in their order.
    warnings: Images that were enrolled but should be looked at.
    person: The person made.
    """

    faces: list[AddedFace]
    rejected: list[RejectedImage]
    warnings: list[
        LookalikeWarning | UnlikeWarning | TurnedWarning | SeveralFacesWarning | OtherWarning
    ]
    person: PersonView


class PersonMerged(Model):
    """The result of a merge.

    person: The person who stays.
    faces_moved: Faces of the other person that this person has now.
    faces_left_out: Faces of both that are gone: of an image that both had, or over the limit.
    """

    person: PersonView
    faces_moved: int
    faces_left_out: int


class PersonView(Model):
    """A person as enrolled now.

    id: Id of the person.
    collection_id: Id of the collection.
    name: The person's name; null: none.
    external_id: The person's id in the client's own system; null: none.
    metadata: The client's own data.
    valid_from: Not named before, UTC; null: always.
    valid_until: Not named from then on, UTC; null: never.
    suspended: Whether every door denies the person.
    suspended_by_sync: Whether a sync suspended the person, so that a sync may end it.
    credentials: What other systems know the person by, without the values.
    face_count: Faces enrolled.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    collection_id: str
    name: str | None
    external_id: str | None
    metadata: dict[str, Any]
    valid_from: datetime | None
    valid_until: datetime | None
    suspended: bool
    suspended_by_sync: bool
    credentials: list[CredentialView]
    face_count: int
    created_at: datetime
    updated_at: datetime


class RejectedImage(Model):
    """An image that was not enrolled, and why.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reasons: Why it was not enrolled.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reasons: list[
        Literal[
            "invalid_image",
            "no_face",
            "multiple_faces",
            "face_too_small",
            "face_cut_off",
            "low_detection_score",
            "low_quality",
            "extreme_pose",
            "not_recognisable",
            "duplicate_image",
            "looks_like_another_person",
            "unlike_the_person",
            "face_limit_reached",
        ]
        | str
    ]
    detail: str


class SeveralFacesWarning(Model):
    """An image that was enrolled although several faces were found in it, and which was taken.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reason: The kind of warning.
    faces_found: Faces found in the image.
    box: The box of the face that was taken.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reason: Literal["several_faces"]
    faces_found: int
    box: BoxView
    detail: str


class SyncCounts(Model):
    """How many people each list is of.

    lines: People in the file.
    created: People made.
    changed: People who were there, and changed.
    unchanged: People of the file who stay as they are.
    suspended: People not in the file, suspended by this sync.
    unsuspended: People in the file again whom an earlier sync had suspended.
    missing: People with an external id who are not in the file, suspended or not.
    """

    lines: int
    created: int
    changed: int
    unchanged: int
    suspended: int
    unsuspended: int
    missing: int


class SyncLine(TypedDict):
    """A person as the other system has them; a field left out stays as it is, null empties it.

    external_id: The person's id in the other system.
    name: A name for people; null: none.
    valid_from: Not named before; null: always.
    valid_until: Not named from then on; null: never.
    groups: All groups that the person is in, by id or with a validity; null: none.
    credentials: All that other systems know the person by; null: nothing.
    """

    external_id: str
    name: NotRequired[str | None]
    valid_from: NotRequired[datetime | str | None]
    valid_until: NotRequired[datetime | str | None]
    groups: NotRequired[Sequence[GroupOfLine | str] | None]
    credentials: NotRequired[Sequence[CredentialField] | None]


class SyncView(Model):
    """The result of a sync, or of a dry run of it.

    dry_run: Whether nothing was changed.
    refusal: In a dry run: why the same sync would be refused; null: it would not.
    revision: Number of changes of the collection's enrolled people so far.
    counts: The number of people of each kind.
    created: People made.
    changed: People who changed, and in what.
    suspended: People suspended.
    unsuspended: People who are not suspended any more.
    complete: Whether the lists name everybody; each ends after 1,000 people.
    """

    dry_run: bool
    refusal: str | None
    revision: int
    counts: SyncCounts
    created: list[SyncedPerson]
    changed: list[ChangedPerson]
    suspended: list[SyncedPerson]
    unsuspended: list[SyncedPerson]
    complete: bool


class SyncedPerson(Model):
    """A person of the sync.

    external_id: The person's id in the other system.
    person_id: The person's id; null where they would be made, in a dry run.
    """

    external_id: str
    person_id: str | None


class TurnedWarning(Model):
    """An image that was turned to be upright before it was enrolled.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reason: The kind of warning.
    turned_degrees: Degrees by which the image was turned clockwise to be upright.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reason: Literal["image_turned"]
    turned_degrees: Literal[0, 90, 180, 270] | int
    detail: str


class UnlikeWarning(Model):
    """An image that was enrolled although it is unlike the person's other faces.

    index: Place of the image in the request, from 0.
    filename: Name of the image's file; null where it was sent without.
    image_sha256: SHA-256 of the image as sent, hexadecimal.
    reason: The kind of warning.
    similarity: Cosine of the face and the person's other faces, or the other images of the
        request, -1 to 1; higher is closer; null for keys without the scope `read`.
    detail: The reason in words, and what to do.
    """

    index: int
    filename: str | None
    image_sha256: str
    reason: Literal["unlike_the_person"]
    similarity: float | None
    detail: str
