"""Doors and the rules for them move with their collection."""

from pathlib import Path
from typing import Any

import pytest

from app.access.door_schemas import NewDoor
from app.access.schemas import (
    MembershipFields,
    NewGroup,
    NewRule,
    NewSchedule,
    NewZone,
)
from app.actions.schemas import ActionFields
from app.bootstrap import Container
from app.core.paging import Paging
from app.core.preconditions import ANY
from app.gallery import credential_repository
from app.gallery.repository import get_collection
from app.gallery.schemas import PersonPatch
from app.receipts.keeping import keep_nothing
from tests.integration.backup.archives import (
    NOW,
    altered,
    backed_up,
    everything_in,
    imported,
    restored,
    without,
)

pytestmark = pytest.mark.both_databases
ALL = Paging(limit=10, after=0)
CARD = {"system": "acs", "type": "card", "format": "WIEGAND26", "value": "4711"}
THEIRS = (
    "memberships",
    "credentials",
    "zones",
    "groups",
    "schedules",
    "doors",
    "rules",
    "door_actions",
    "policy_revisions",
)


@pytest.fixture
def site(service: Container) -> Container:
    """Doors in both collections, so that keys of the second are no longer free for the first."""
    each = service.services
    for collection in ("lab", "hq"):
        each.zones.create(collection, NewZone(id="lobby"), keep_nothing)
        each.doors.create(collection, NewDoor(id="front", zone_id="lobby"), keep_nothing)
        each.groups.create(collection, NewGroup(id="staff"), keep_nothing)
        week = [{"days": ["mon"], "start": "08:00", "end": "24:00"}]
        office = {"id": "office", "time_zone": "UTC", "week": week}
        each.schedules.create(collection, NewSchedule.model_validate(office), keep_nothing)
        unlock = ActionFields(kind="http", url="https://lock.invalid/", body="{}")
        each.actions.put(collection, "front", "unlock", unlock)
        rule = NewRule(id="r", group_id="staff", zone_id="lobby", schedule_id="office")
        each.rules.create(collection, rule, keep_nothing)
        each.members.put(collection, "staff", "ada", MembershipFields(valid_until=NOW))
        each.persons.update(collection, "ada", PersonPatch.model_validate({"credentials": [CARD]}))
    return service


def policy(service: Container, collection: str) -> dict[str, Any]:
    """All that clients see of a collection's doors and rules."""
    each = service.services
    rows = [each.zones, each.doors, each.groups, each.schedules, each.rules]
    found: list[Any] = [one.list(collection, ALL).items for one in rows]  # type: ignore[attr-defined]
    views = [view.model_dump(exclude={"collection_id"}) for rows in found for view in rows]
    members = each.members.list(collection, "staff", ALL).items
    with service.database.read() as session:
        owner = get_collection(session, collection)
        card = credential_repository.holder(session, owner, system="acs", kind="card", value="4711")
        assert card is not None
        assert [each.format for each in card.credentials] == ["WIEGAND26"]
        members_and_holder = [*(member.model_dump() for member in members), card.id]
    actions = each.actions.list(collection, "front", ALL).items
    sent = [action.model_dump(exclude={"collection_id"}) for action in actions]
    return {"rows": views, "members": members_and_holder, "actions": sent}


def test_a_restore_brings_them_back(site: Container, tmp_path: Path) -> None:
    before, rows = policy(site, "hq"), everything_in(site.database)
    assert all(rows[name] == 2 for name in THEIRS)
    backed_up(site.database, tmp_path / "kith.zip")
    site.services.rules.delete("hq", "r", ANY)
    restored(site.database, tmp_path / "kith.zip", replace=True)
    assert policy(site, "hq") == before


def test_an_imported_collection_has_its_own(site: Container, tmp_path: Path) -> None:
    backed_up(site.database, tmp_path / "hq.zip", "hq")
    imported(site.database, tmp_path / "hq.zip", new_id="copy")
    assert policy(site, "copy") == policy(site, "hq")
    assert all(everything_in(site.database)[name] == 3 for name in THEIRS)
    site.services.rules.delete("copy", "r", ANY)
    assert len(policy(site, "hq")["rows"]) == 5


def test_an_archive_of_before_schema_0013_has_nobody_suspended(
    site: Container, tmp_path: Path
) -> None:
    backed_up(site.database, tmp_path / "kith.zip")
    altered(tmp_path / "kith.zip", without("persons", "suspended"))
    restored(site.database, tmp_path / "kith.zip", replace=True)
    assert site.services.persons.get("hq", "ada").suspended is False
