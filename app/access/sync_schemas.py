"""The lines of a sync, and its answer."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from app.gallery.credential_schemas import MOST_CREDENTIALS, CredentialFields
from app.gallery.fields import Revision
from app.web.fields import BodyFields, Count, Id, Instant, Label

MOST_GROUPS = 64
"""Groups of a person in a line."""
MOST_SHOWN = 1000
"""People in each list of an answer; the counts are of all."""

ChangedField = Literal["name", "valid_from", "valid_until", "groups", "credentials"]


class GroupOfLine(BodyFields):
    """A group that the person is in, and for how long."""

    id: Id = Field(description="Id of the group, which must be there.")
    valid_from: Instant | None = Field(None, description="It does not count before; null: always.")
    valid_until: Instant | None = Field(
        None, description="It does not count from then on; null: it does not end."
    )

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the client sent
        """Read the id alone as the group without an end."""
        return {"id": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_from must be before valid_until")
        return self


def _as_list(value: Any) -> Any:  # noqa: ANN401 - whatever the client sent
    """Read null as an empty list."""
    return [] if value is None else value


class SyncLine(BodyFields):
    """A person as the other system has them; a field left out stays as it is, null empties it."""

    external_id: Label = Field(description="The person's id in the other system.")
    name: Label | None = Field(None, description="A name for people; null: none.")
    valid_from: Instant | None = Field(None, description="Not named before; null: always.")
    valid_until: Instant | None = Field(None, description="Not named from then on; null: never.")
    groups: Annotated[
        list[GroupOfLine],
        BeforeValidator(_as_list, json_schema_input_type=list[GroupOfLine | Id] | None),
    ] = Field(
        [],
        max_length=MOST_GROUPS,
        description="All groups that the person is in, by id or with a validity; null: none.",
    )
    credentials: CredentialFields = Field(
        [],
        max_length=MOST_CREDENTIALS,
        description="All that other systems know the person by; null: nothing.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("valid_from must be before valid_until")
        if len({each.id for each in self.groups}) < len(self.groups):
            raise ValueError("a group is named twice")
        return self


class SyncedPerson(BaseModel):
    """A person of the sync."""

    external_id: str = Field(description="The person's id in the other system.")
    person_id: Id | None = Field(
        description="The person's id; null where they would be made, in a dry run."
    )


class ChangedPerson(SyncedPerson):
    """A person who changed."""

    fields: list[ChangedField] = Field(description="The fields that changed; no values.")


class SyncCounts(BaseModel):
    """How many people each list is of."""

    lines: Count = Field(description="People in the file.")
    created: Count = Field(description="People made.")
    changed: Count = Field(description="People who were there, and changed.")
    unchanged: Count = Field(description="People of the file who stay as they are.")
    suspended: Count = Field(description="People not in the file, suspended by this sync.")
    unsuspended: Count = Field(
        description="People in the file again whom an earlier sync had suspended."
    )
    missing: Count = Field(
        description="People with an external id who are not in the file, suspended or not."
    )


class SyncView(BaseModel):
    """The result of a sync, or of a dry run of it."""

    dry_run: bool = Field(description="Whether nothing was changed.")
    refusal: str | None = Field(
        description="In a dry run: why the same sync would be refused; null: it would not."
    )
    revision: Revision
    counts: SyncCounts = Field(description="The number of people of each kind.")
    created: list[SyncedPerson] = Field(description="People made.")
    changed: list[ChangedPerson] = Field(description="People who changed, and in what.")
    suspended: list[SyncedPerson] = Field(description="People suspended.")
    unsuspended: list[SyncedPerson] = Field(description="People who are not suspended any more.")
    complete: bool = Field(
        description=f"Whether the lists name everybody; each ends after {MOST_SHOWN:,} people."
    )


MissingPolicy = Literal["keep", "suspend"]


def times(each: GroupOfLine) -> tuple[datetime | None, datetime | None]:
    """From when until when the membership counts."""
    return each.valid_from, each.valid_until
