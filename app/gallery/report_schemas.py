"""The schemas of reports about a whole gallery. Answers have no defaults."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.gallery.fields import ExternalId, PersonId, PersonName, Similarity
from app.web.fields import CreatedAt, Rate


class ReportedPerson(BaseModel):
    """A person in a report."""

    person_id: PersonId
    external_id: ExternalId
    name: PersonName


class DismissalView(BaseModel):
    """An operator's word that two persons who look alike are two people."""

    key_id: str | None = Field(description="Id of the key that said so; null for a command.")
    created_at: CreatedAt


class LookalikePair(BaseModel):
    """Two persons who are nearer to each other than strangers should be.

    A ``lookalike`` would be named as the other at the collection's target if it were not enrolled.
    """

    persons: Annotated[list[ReportedPerson], Field(min_length=2, max_length=2)] = Field(
        description="The two persons."
    )
    similarity: Similarity = Field(description="Cosine of the two, -1 to 1; higher is closer.")
    fmr: Rate = Field(
        description="Rate, 0 to 1, at which two strangers are this alike; lower is closer."
    )
    kind: Literal["lookalike", "probable_duplicate"] = Field(
        description="`probable_duplicate`: as near as faces of one person are on average."
    )
    dismissal: DismissalView | None = Field(
        description="That an operator said that they are two people; null: nobody did."
    )


class NearPerson(BaseModel):
    """The person whom Kith would name for a face that is another's."""

    person: ReportedPerson = Field(description="The person.")
    similarity: Similarity = Field(
        description="Cosine of the face and that person, -1 to 1; higher is closer."
    )


class OddFace(BaseModel):
    """A face that is as unlike its person's other faces as a stranger's."""

    person: ReportedPerson = Field(description="The person who has the face.")
    face_id: int = Field(ge=1, description="The face's number in its collection.")
    similarity: Similarity = Field(
        description="Cosine of the face and the person's other faces, -1 to 1; higher is closer."
    )
    near: NearPerson | None = Field(
        description="Another person whom Kith would name for the face; null: nobody."
    )
