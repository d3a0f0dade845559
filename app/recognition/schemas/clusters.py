"""Groups of faces of one person each."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.gallery.fields import RuleField, Similarity
from app.gallery.schemas import SeveralFaces
from app.web.fields import BodyFields, Count, Id, Rate


class ClusterOptions(BodyFields):
    """What to group, where not images."""

    stored_probes: bool = Field(default=False, description="The collection's stored probes.")
    subject: RuleField = "largest"


class KnownPerson(BaseModel):
    """Somebody enrolled who a group of faces is."""

    person_id: Id
    external_id: str | None
    name: str | None
    similarity: Similarity
    fpir: Rate


class ClusterView(BaseModel):
    """Faces of one person: which, by label and by place among all ``labels``.

    ``cohesion`` is their mean similarity to each other, null of a single face; ``person`` who they
    are together, null where that is nobody enrolled. When they were seen is told of stored probes.
    """

    labels: list[str]
    indices: list[Count]
    cohesion: Similarity | None
    first_seen: datetime | None
    last_seen: datetime | None
    person: KnownPerson | None


class ClusterReport(BaseModel):
    """All ``labels`` in the order sent (of stored probes their ids, oldest first), and the clusters
    of one or more of them, largest first. Two strangers are as near as members with a chance of at
    most ``max_fmr``.
    """

    labels: list[str]
    max_fmr: Rate
    clusters: list[ClusterView]
    warnings: list[SeveralFaces]
