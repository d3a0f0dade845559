"""The pages of one person: their data, faces, groups and credentials, and their removal."""

import json
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple

from fastapi import Depends, Path
from starlette.responses import Response

from app.access.schemas import MembershipFields
from app.console.enrolling import Enrolment, shots_of
from app.console.guard import MayEnroll, MaySeeEnrolled
from app.console.people_routes import show_results
from app.console.refusals import PageRoute
from app.console.sent import Sent, checked, instant, values_of
from app.console.services import WHOLE, Provided
from app.console.visits import Visit
from app.errors import InvalidRequest
from app.gallery.credential_schemas import MOST_CREDENTIALS
from app.gallery.fields import CollectionPath, PersonPath
from app.gallery.schemas import PersonPatch, PersonView
from app.web.rooms import pages

router = pages("/console/c/{collection_id}/people/{person_id}", PageRoute)
_TEXTS: Final = ("name", "external_id")
_TIMES: Final = ("valid_from", "valid_until")
_OF_A_CREDENTIAL: Final = ("system", "type", "format", "value")


class _Person(NamedTuple):
    """The person of the address."""

    collection_id: CollectionPath
    person_id: PersonPath

    @property
    def page(self) -> str:
        """The path of their page."""
        return f"/c/{self.collection_id}/people/{self.person_id}"


ThisPerson = Annotated[_Person, Depends()]


@router.get("")
def show_person(this: ThisPerson, visit: MaySeeEnrolled, services: Provided) -> Response:
    """The person's data; never a picture, and never the value of a credential."""
    person = services.persons.get(*this)
    member_of = {each.group_id for each in services.members.of(*this)}
    return visit.page(
        "person.html",
        person=person,
        shown=_shown(person),
        faces=services.persons.faces(*this, WHOLE).items,
        groups=services.groups.list(this.collection_id, WHOLE).items,
        member_of=member_of,
    )


@router.post("")
def change_person(this: ThisPerson, visit: MayEnroll, services: Provided) -> Response:
    """Change the fields whose text differs from what the page showed."""
    services.persons.update(*this, checked(PersonPatch, _changes(visit.sent)))
    return visit.go(this.page)


@router.post("/faces")
def add_faces(this: ThisPerson, visit: MayEnroll, services: Provided) -> Response:
    """Add the photos of the form."""
    shots = shots_of(visit.sent)
    if not shots:
        raise InvalidRequest("Choose a photo first.")
    done = Enrolment(services, visit, this.collection_id).add(this.person_id, shots)
    return show_results(visit, done)


@router.post("/faces/{face_id}/delete")
def delete_face(
    this: ThisPerson,
    face_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    visit: MayEnroll,
    services: Provided,
) -> Response:
    """Remove one face."""
    services.persons.delete_face(*this, face_id)
    return visit.go(this.page)


@router.post("/groups")
def choose_groups(this: ThisPerson, visit: MayEnroll, services: Provided) -> Response:
    """Put the person into the groups that were ticked on the page, and remove them from those whose
    tick was removed there. All other memberships stay as they are.
    """
    before = set(visit.sent.texts.get("was-groups", ()))
    wanted = set(visit.sent.texts.get("groups", ()))
    for group in sorted(wanted - before):
        services.members.put(this.collection_id, group, this.person_id, MembershipFields())
    for group in sorted(before - wanted):
        services.members.delete(this.collection_id, group, this.person_id)
    return visit.go(this.page)


@router.post("/credentials")
def replace_credentials(this: ThisPerson, visit: MayEnroll, services: Provided) -> Response:
    """Replace all credentials by those of the form."""
    rows = [
        {name: visit.sent.text(f"{name}-{place}") for name in _OF_A_CREDENTIAL}
        for place in range(MOST_CREDENTIALS)
    ]
    given = [{**row, "format": row["format"] or None} for row in rows if row["value"]]
    patch = checked(PersonPatch, {"credentials": given})
    services.persons.update(*this, patch)
    return visit.go(this.page)


@router.post("/erase")
def erase(this: ThisPerson, visit: MayEnroll, services: Provided) -> Response:
    """Remove the person and everything about them; the page is the receipt."""
    if visit.sent.text("really") != this.person_id:
        raise InvalidRequest("Write the id of the person to erase them; nothing was done.")
    person = services.persons.get(*this)
    services.persons.delete(*this)
    return _receipt(visit, person)


def _receipt(visit: Visit, person: PersonView) -> Response:
    request_id = visit.request.state.request_id
    return visit.page(
        "erased.html", person_id=person.id, faces=person.face_count, request_id=request_id
    )


def _shown(person: PersonView) -> dict[str, str]:
    """The fields of a person as the form shows them."""
    return {
        "name": person.name or "",
        "external_id": person.external_id or "",
        "valid_from": _moment(person.valid_from),
        "valid_until": _moment(person.valid_until),
        "suspended": "true" if person.suspended else "",
        "metadata": _json(person.metadata) if person.metadata else "",
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _moment(value: datetime | None) -> str:
    return "" if value is None else f"{value:%Y-%m-%dT%H:%M:%S}"


def _changes(sent: Sent) -> dict[str, Any]:
    """The fields that the operator changed. The form says what it showed: what somebody else has
    changed since, such as a suspension, stays.
    """
    now = {name: sent.text(name) for name in (*_TEXTS, *_TIMES, "suspended", "metadata")}
    changed = {name for name, text in now.items() if text != sent.text(f"was-{name}")}
    values: dict[str, Any] = {name: now[name] or None for name in _TEXTS if name in changed}
    values |= {name: instant(now[name]) for name in _TIMES if name in changed}
    if "suspended" in changed:
        values["suspended"] = bool(now["suspended"])
    if "metadata" in changed:
        texts = {"metadata": [now["metadata"] or "{}"]}
        values |= values_of(PersonPatch, texts)
    return values
