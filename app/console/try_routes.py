"""The page that tries recognition: every face of a photo, with its decision in words."""

from starlette.responses import Response

from app.auth.principal import INSIDE
from app.console.guard import MayIdentify
from app.console.refusals import PageRoute
from app.console.services import Provided
from app.console.words import DECISIONS, reason, said, tries
from app.gallery.fields import CollectionPath
from app.recognition import render
from app.recognition.schemas.identification import IdentifyOptions
from app.web.rooms import pages

router = pages("/console/c/{collection_id}/try", PageRoute)


@router.get("")
def show_try(collection_id: CollectionPath, visit: MayIdentify) -> Response:
    """The page that asks for a photo."""
    del collection_id
    return visit.page("try.html")


@router.post("")
def identify(collection_id: CollectionPath, visit: MayIdentify, services: Provided) -> Response:
    """Identify the faces of a photo, as the API does; the photo is not kept."""
    decision = services.identification.identify(
        collection_id,
        visit.sent.image("image").data,
        IdentifyOptions(),
        request_id=visit.request.state.request_id,
        caller=visit.caller or INSIDE,
    )
    answer = render.identification(decision)
    spoken = visit.language
    return visit.page(
        "try_part.html",
        answer=answer,
        decisions=said(spoken, DECISIONS),
        tries=tries,
        words=lambda code: reason(spoken, code),
    )
