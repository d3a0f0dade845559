"""The first page: the collections, and a form to make one."""

from starlette.responses import Response

from app.console.guard import MayAdministerEverything, SignedIn
from app.console.refusals import PageRoute
from app.console.sent import checked, values_of
from app.console.services import Provided
from app.gallery.collection_schemas import NewCollection
from app.receipts.keeping import keep_nothing
from app.web.paging import Paged
from app.web.rooms import pages

router = pages("/console", PageRoute)


@router.get("")
def show_start(visit: SignedIn, services: Provided, paging: Paged) -> Response:
    """The collections that the key reaches."""
    only = None if visit.caller is None else visit.caller.collections
    found = services.collections.list(paging, only=only)
    return visit.page("start.html", found=found)


@router.post("/collections")
def make_collection(visit: MayAdministerEverything, services: Provided) -> Response:
    """Make a collection, and go to its people."""
    texts = visit.sent.filled("id", "name", "target_fpir")
    new = checked(NewCollection, values_of(NewCollection, texts))
    made = services.collections.create(new, keep_nothing)
    return visit.go(f"/c/{made.id}/people")
