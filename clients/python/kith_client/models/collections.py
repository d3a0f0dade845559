"""Collections. Written by ``make client`` from the service's OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from kith_client.model import Model
from kith_client.models.common import DismissalView


class CollectionView(Model):
    """A collection as it is now.

    id: Id of the collection.
    name: A name for people; null: none.
    target_fpir: False-positive identification rate: how often a stranger may be named.
    target_fmr: False-match rate of a 1:1 verification.
    max_faces_per_person: Most faces that a person may have.
    lookalikes: Treatment of an image that looks like another enrolled person.
    unlike: Treatment of an image that is unlike the person's other faces.
    keep_probes: Number of the latest unknown faces whose embeddings are kept.
    keep_crops: Whether the aligned crops of newly enrolled faces are kept.
    show_candidates: Whether keys without `read` get candidates and exact similarities.
    min_face_size: Smallest face, px, that is compared; 0: the setting's.
    metadata: The client's own data.
    contract_id: Id of the embedding path: embeddings of another cannot be compared.
    revision: Number of changes of the collection's enrolled people so far.
    person_count: Persons enrolled, valid now or not.
    face_count: Faces of these persons.
    created_at: Time of creation, UTC.
    updated_at: Time of the last change, UTC.
    """

    id: str
    name: str | None
    target_fpir: float
    target_fmr: float
    max_faces_per_person: int
    lookalikes: Literal["off", "warn", "refuse"] | str
    unlike: Literal["off", "warn", "refuse"] | str
    keep_probes: int
    keep_crops: bool
    show_candidates: bool
    min_face_size: int
    metadata: dict[str, Any]
    contract_id: str
    revision: int
    person_count: int
    face_count: int
    created_at: datetime
    updated_at: datetime


class LookalikePair(Model):
    """Two persons who are nearer to each other than strangers should be. A ``lookalike`` would
    be named as the other at the collection's target if it were not enrolled.

    persons: The two persons.
    similarity: Cosine of the two, -1 to 1; higher is closer.
    fmr: Rate, 0 to 1, at which two strangers are this alike; lower is closer.
    kind: `probable_duplicate`: as near as faces of one person are on average.
    dismissal: That an operator said that they are two people; null: nobody did.
    """

    persons: list[ReportedPerson]
    similarity: float
    fmr: float
    kind: Literal["lookalike", "probable_duplicate"] | str
    dismissal: DismissalView | None


class NearPerson(Model):
    """The person whom Kith would name for a face that is another's.

    person: The person.
    similarity: Cosine of the face and that person, -1 to 1; higher is closer.
    """

    person: ReportedPerson
    similarity: float


class OddFace(Model):
    """A face that is as unlike its person's other faces as a stranger's.

    person: The person who has the face.
    face_id: The face's number in its collection.
    similarity: Cosine of the face and the person's other faces, -1 to 1; higher is closer.
    near: Another person whom Kith would name for the face; null: nobody.
    """

    person: ReportedPerson
    face_id: int
    similarity: float
    near: NearPerson | None


class ReportedPerson(Model):
    """A person in a report.

    person_id: Id of the person.
    external_id: The person's id in the client's own system; null: none.
    name: The person's name; null: none.
    """

    person_id: str
    external_id: str | None
    name: str | None
