"""The pages of a collection's people: find them, enrol them, and check photos before enrolment."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.access.schemas import MembershipFields
from app.auth.principal import INSIDE
from app.console.enrolling import Enrolled, Enrolment, shots_of, subject_of
from app.console.guard import MayEnroll, MaySeeEnrolled
from app.console.refusals import PageRoute
from app.console.sent import checked, instant
from app.console.services import WHOLE, Provided
from app.console.visits import Visit
from app.console.words import all_said, reason
from app.core.paging import Paging
from app.gallery.fields import CollectionPath
from app.gallery.schemas import NewPerson
from app.recognition.schemas.faces import DetectOptions
from app.recognition.views import detection
from app.web.paging import Paged
from app.web.rooms import pages

router = pages("/console/c/{collection_id}", PageRoute)
_TILES = 60


@router.get("/people")
def show_people(
    collection_id: CollectionPath,
    visit: MaySeeEnrolled,
    services: Provided,
    paging: Paged,
    q: Annotated[str, Query(max_length=256)] = "",
) -> Response:
    """The people, or those with a text in their name or ids; a script gets their cards alone."""
    paging = Paging(min(paging.limit, _TILES), paging.after, paging.secret, paging.listed)
    found = services.persons.find(collection_id, paging, text=q.strip())
    template = "people_part.html" if visit.is_fragment else "people.html"
    collection = services.collections.get(collection_id)
    return visit.page(template, found=found, q=q, collection=collection)


@router.get("/enrol")
def show_enrolment(collection_id: CollectionPath, visit: MayEnroll, services: Provided) -> Response:
    """The form for somebody new."""
    groups = services.groups.list(collection_id, WHOLE).items
    return visit.page("enrol.html", groups=groups)


@router.post("/people")
def enrol(collection_id: CollectionPath, visit: MayEnroll, services: Provided) -> Response:
    """Enrol somebody, with the photos of the form."""
    sent = visit.sent
    values = {name: sent.text(name) or None for name in ("name", "external_id")}
    values |= {name: instant(sent.text(name)) for name in ("valid_from", "valid_until")}
    new = checked(NewPerson, values)
    done = Enrolment(services, visit, collection_id).make(new, shots_of(sent))
    if done.person_id is not None:
        for group in sent.texts.get("groups", ()):
            services.members.put(collection_id, group, done.person_id, MembershipFields())
    return show_results(visit, done)


def show_results(visit: Visit, done: Enrolled) -> Response:
    """The results of all photos, as a page or a part of one."""

    def words(code: str) -> str:
        return reason(visit.language, code)

    template = "enrolled_part.html" if visit.is_fragment else "enrolled.html"
    return visit.page(template, done=done, words=words)


@router.post("/look")
def look(collection_id: CollectionPath, visit: MayEnroll, services: Provided) -> Response:
    """Show where the faces of a photo are, and what enrolling it would answer. Nothing is written
    or kept.

    ``person`` is the id of the person to enrol it for, ``subject`` the face to take. With ``live``
    the places of faces are left out: the photo is one of many frames of a camera.
    """
    sent = visit.sent
    image, person_id = sent.image("image"), sent.text("person") or None
    tried = services.persons.try_images(
        collection_id,
        person_id,
        [image],
        subject=subject_of(sent.text("subject")),
        caller=visit.caller or INSIDE,
    )
    problems = [code for each in tried.rejected for code in each.reasons]
    unreadable = any(each.error for each in tried.rejected)
    found = None
    if not (unreadable or sent.is_on("live")):
        detected = services.detection.detect(image.data, DetectOptions())
        found = detection(detected, request_id=visit.request.state.request_id)
    return visit.page(
        "look_part.html",
        found=found,
        problems=all_said(visit.language, problems),
        warnings=all_said(visit.language, [each.reason for each in tried.warnings]),
        chosen=sent.text("subject"),
    )
