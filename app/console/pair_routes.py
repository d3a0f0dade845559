"""The pages of two people who look alike: compare, dismiss or merge them."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from fastapi import Depends, Path
from starlette.responses import Response

from app.console.guard import MayEnroll, MayRead
from app.console.refusals import PageRoute
from app.console.sent import checked
from app.console.services import Provided
from app.console.visits import Visit
from app.core.ids import ID_PATTERN
from app.errors import InvalidRequest
from app.gallery.fields import CollectionPath
from app.gallery.report_schemas import ReportedPerson
from app.gallery.schemas import MergeFields, PersonView
from app.receipts.keeping import keep_nothing
from app.web.rooms import pages

router = pages("/console/c/{collection_id}/watch/pair/{one}/{other}", PageRoute)
_SideId = Annotated[str, Path(pattern=ID_PATTERN)]


class _Pair(NamedTuple):
    """The two people of the address."""

    collection_id: CollectionPath
    one: _SideId
    other: _SideId


ThisPair = Annotated[_Pair, Depends()]


@dataclass(frozen=True, slots=True)
class Side:
    """A person of a pair, and the ids of the groups that they are in."""

    person: PersonView
    groups: list[str]


@router.get("")
def show_pair(this: ThisPair, visit: MayRead, services: Provided) -> Response:
    """The two people next to each other, and the result if they were merged."""
    if this.one == this.other:
        raise InvalidRequest("Two people are compared here, and this is one of them twice.")
    shown = [
        Side(
            services.persons.get(this.collection_id, each),
            [member.group_id for member in services.members.of(this.collection_id, each)],
        )
        for each in (this.one, this.other)
    ]
    most = services.collections.get(this.collection_id).max_faces_per_person
    return visit.page("pair.html", sides=[shown, shown[::-1]], most=most)


@router.post("/dismiss")
def dismiss(this: ThisPair, visit: MayEnroll, services: Provided) -> Response:
    """Dismiss the two as two people; a script gets the part that replaces the pair on its page."""
    services.dismissals.put(this.collection_id, this.one, this.other)
    if visit.is_fragment:
        found = [services.persons.get(this.collection_id, each) for each in (this.one, this.other)]
        persons = [
            ReportedPerson(person_id=each.id, external_id=each.external_id, name=each.name)
            for each in found
        ]
        return visit.page("dismissed_part.html", persons=persons)
    return _go_to_watch(visit)


@router.post("/restore")
def restore(this: ThisPair, visit: MayEnroll, services: Provided) -> Response:
    """Take the dismissal back."""
    services.dismissals.delete(this.collection_id, this.one, this.other)
    return _go_to_watch(visit)


@router.post("/merge")
def merge(this: ThisPair, visit: MayEnroll, services: Provided) -> Response:
    """Merge the second of the two into the first; the page is the receipt."""
    given = {name: visit.sent.text(name) for name in ("faces", "identifiers")}
    asked = {name: text for name, text in given.items() if text}
    fields = checked(MergeFields, {"other_id": this.other, **asked})
    merged = services.merges.merge(this.collection_id, this.one, fields, keep_nothing)
    return visit.page(
        "merged.html",
        merged=merged,
        gone=this.other,
        request_id=visit.request.state.request_id,
    )


def _go_to_watch(visit: Visit) -> Response:
    return visit.go(f"/c/{visit.collection}/watch")
