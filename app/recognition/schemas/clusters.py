"""Groups of faces of one person each."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.gallery.fields import ExternalId, PersonId, PersonName, RuleField, Similarity
from app.gallery.schemas import SeveralFaces
from app.web.fields import BodyFields, Count, Rate


class ClusterOptions(BodyFields):
    """The input to group; images are sent as files."""

    stored_probes: bool = Field(default=False, description="The collection's stored probes.")
    subject: RuleField = "largest"


class KnownPerson(BaseModel):
    """The enrolled person whose faces a group has."""

    person_id: PersonId
    external_id: ExternalId
    name: PersonName
    similarity: Similarity = Field(
        description="Cosine of the group's and the person's embeddings; higher is closer."
    )
    fpir: Rate = Field(
        description="Rate, 0 to 1, at which strangers are as similar to anybody in the collection."
    )


class ClusterView(BaseModel):
    """Faces of one person, by label and by place among all ``labels``.

    ``cohesion`` is their mean similarity to each other, null for a single face. ``person`` is null
    where the group is nobody enrolled. Only stored probes have times at which they were seen.
    """

    labels: list[str] = Field(description="Labels of the faces of this group.")
    indices: list[Count] = Field(description="Their places in the report's `labels`, from 0.")
    cohesion: Similarity | None = Field(
        description="Mean cosine of the faces to each other; higher is closer, null for a single "
        "face."
    )
    first_seen: datetime | None = Field(
        description="Time of the earliest stored probe, UTC; null for images."
    )
    last_seen: datetime | None = Field(
        description="Time of the latest stored probe, UTC; null for images."
    )
    person: KnownPerson | None = Field(
        description="The enrolled person of this group; null where it is nobody."
    )


class ClusterReport(BaseModel):
    """All ``labels`` in the order sent (ids, oldest first, for stored probes), and the clusters of
    one or more of them, largest first. Two strangers are as near as members of a cluster with a
    probability of at most ``max_fmr``.
    """

    labels: list[str] = Field(
        description="All faces in the order sent; ids, oldest first, for stored probes."
    )
    max_fmr: Rate = Field(
        description="Rate, 0 to 1, at which two strangers are as near as members of a group."
    )
    clusters: list[ClusterView] = Field(
        description="The groups, largest first; each face is in one."
    )
    warnings: list[SeveralFaces] = Field(description="Images in which several faces were found.")
