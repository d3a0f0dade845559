"""Lists the odd faces of every collection of one contract: a report, not a fault of the data."""

from collections.abc import Iterator

from app.bundles.bundle import Bundle
from app.core.db import Database
from app.gallery import repository
from app.gallery.models import Collection, Person
from app.gallery.odd_faces import Odd, odd_faces
from app.gallery.templates import TemplateFeed
from app.gallery.views import similarity_view
from app.maintenance.findings import Finding
from app.replication.deltas import joined


def findings(database: Database, bundle: Bundle) -> Iterator[Finding]:
    """One for each odd face, the most unlike of a collection first."""
    contract = bundle.manifest.contract
    feed = TemplateFeed(database, contract)
    for position in feed.positions():
        with feed.since(position.key, None) as parts:
            people = joined(parts).people
        with database.read(long_running=True) as session:
            owner = session.get_one(Collection, position.key)
            rows = odd_faces(session, owner, people, bundle.calibration)
            keys = {key for row in rows for key in row.named}
            persons = {each.key: each for each in repository.persons_with(session, keys)}
            yield from (_finding(owner, row, persons) for row in rows)


def _finding(owner: Collection, row: Odd, persons: dict[int, Person]) -> Finding:
    what = f"similarity {similarity_view(row.similarity)} to the person's other faces"
    if row.near is not None:
        alike = similarity_view(row.near_similarity)
        what += f"; Kith would name {persons[row.near].id!r} for it (similarity {alike})"
    return Finding(
        f"collection {owner.id}, person {persons[row.person].id}, face {row.number}",
        what,
        "look at its photo; delete the face if it is somebody else's",
    )
