"""Groups of faces of one person each."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.gallery.fields import RuleField, Similarity
from app.gallery.schemas import SeveralFaces
from app.web.fields import BodyFields, Count, Id, Rate


class ClusterOptions(BodyFields):
    """The input to group; images are sent as files."""

    stored_probes: bool = Field(default=False, description="The collection's stored probes.")
    subject: RuleField = "largest"


class KnownPerson(BaseModel):
    """The enrolled person whose faces a group has."""

    person_id: Id
    external_id: str | None
    name: str | None
    similarity: Similarity
    fpir: Rate


class ClusterView(BaseModel):
    """Faces of one person, by label and by place among all ``labels``.

    ``cohesion`` is their mean similarity to each other, null for a single face. ``person`` is null
    where the group is nobody enrolled. Only stored probes have times at which they were seen.
    """

    labels: list[str]
    indices: list[Count]
    cohesion: Similarity | None
    first_seen: datetime | None
    last_seen: datetime | None
    person: KnownPerson | None


class ClusterReport(BaseModel):
    """All ``labels`` in the order sent (ids, oldest first, for stored probes), and the clusters of
    one or more of them, largest first. Two strangers are as near as members of a cluster with a
    probability of at most ``max_fmr``.
    """

    labels: list[str]
    max_fmr: Rate
    clusters: list[ClusterView]
    warnings: list[SeveralFaces]
