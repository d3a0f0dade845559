"""The schemas of collections: request bodies and answers. Answers have no defaults."""

from typing import Literal

from pydantic import BaseModel, Field

from app.gallery.fields import (
    CollectionId,
    ContractId,
    FacesPerPerson,
    Metadata,
    OwnData,
    Revision,
    TargetFmr,
    TargetFpir,
)
from app.web.fields import BodyFields, Count, CreatedAt, Id, Label, UpdatedAt, Whole

Treatment = Literal["off", "warn", "refuse"]


class CollectionPatch(BodyFields):
    """Changes to a collection; a field left out stays unchanged."""

    name: Label | None = Field(None, description="A name for people; null: none.")
    target_fpir: TargetFpir = 0.001
    target_fmr: TargetFmr = 1e-4
    max_faces_per_person: FacesPerPerson = 20
    lookalikes: Treatment = Field(
        "warn", description="Treatment of an image that looks like another enrolled person."
    )
    unlike: Treatment = Field(
        "warn", description="Treatment of an image that is unlike the person's other faces."
    )
    keep_probes: Whole = Field(
        0,
        ge=0,
        le=1000,
        description="Number of the latest unknown faces whose embeddings are kept; never images.",
    )
    keep_crops: bool = Field(
        default=False,
        description="Whether the aligned crop of each newly enrolled face is kept (112 x 112 "
        "pixels, never answered), so that another model can embed it. Off deletes those kept.",
    )
    show_candidates: bool = Field(
        default=False,
        description="Whether keys without the scope `read` get candidates and exact "
        "similarities; never names. Off: the decision, the person, and steps of 0.05.",
    )
    min_face_size: Whole = Field(
        0,
        ge=0,
        le=100_000,
        description="Smallest face, px, that is compared with the people of this collection, by "
        "`identify`, `verify` and its doors, where that is more than `KITH_MIN_FACE_SIZE`. "
        "Smaller ones need not be found, which saves time.",
    )
    metadata: Metadata = Field(
        {}, description="The client's own data, at most 16 KiB of JSON; null: empty."
    )


class NewCollection(CollectionPatch):
    """A collection to make."""

    id: Id | None = Field(None, description="Id to give to the collection; null: one is made.")


class CollectionView(BaseModel):
    """A collection as it is now."""

    id: CollectionId
    name: str | None = Field(description="A name for people; null: none.")
    target_fpir: TargetFpir
    target_fmr: TargetFmr
    max_faces_per_person: FacesPerPerson
    lookalikes: Treatment = Field(
        description="Treatment of an image that looks like another enrolled person."
    )
    unlike: Treatment = Field(
        description="Treatment of an image that is unlike the person's other faces."
    )
    keep_probes: int = Field(
        ge=0, le=1000, description="Number of the latest unknown faces whose embeddings are kept."
    )
    keep_crops: bool = Field(
        description="Whether the aligned crops of newly enrolled faces are kept."
    )
    show_candidates: bool = Field(
        description="Whether keys without `read` get candidates and exact similarities."
    )
    min_face_size: int = Field(
        ge=0, le=100_000, description="Smallest face, px, that is compared; 0: the setting's."
    )
    metadata: OwnData
    contract_id: ContractId
    revision: Revision
    person_count: Count = Field(description="Persons enrolled, valid now or not.")
    face_count: Count = Field(description="Faces of these persons.")
    created_at: CreatedAt
    updated_at: UpdatedAt
