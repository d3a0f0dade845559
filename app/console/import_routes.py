"""Many people at once: a list of them, a ZIP of their photos, or both."""

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response, StreamingResponse

from app.console.guard import MayEnroll
from app.console.importing import Import, Row, begin
from app.console.languages import N_
from app.console.refusals import PageRoute
from app.console.services import Provided
from app.console.visits import HEADERS, Visit
from app.console.words import reason, said
from app.gallery.fields import CollectionPath
from app.web.rooms import pages

router = pages("/console/c/{collection_id}/import", PageRoute)
_OUTCOMES: Final = {
    "created": N_("new"),
    "changed": N_("changed"),
    "unsuspended": N_("not suspended any more"),
    "enrolled": N_("enrolled"),
    "already": N_("enrolled before"),
    "refused": N_("refused"),
}
_SUBJECTS: Final = {
    "only": N_("refuse the photo"),
    "largest": N_("take the largest face"),
    "central": N_("take the face nearest to the middle"),
    "main": N_("take a large face near the middle"),
}


@router.get("")
def show_import(collection_id: CollectionPath, visit: MayEnroll) -> Response:
    """The form for the files, and the table that a script fills."""
    del collection_id
    return visit.page("import.html", subjects=said(visit.language, _SUBJECTS))


@router.post("")
def import_people(collection_id: CollectionPath, visit: MayEnroll, services: Provided) -> Response:
    """Import, or with ``dry_run`` say what would be: HTML of one row a line, each sent when its
    photo is done, and the summary as the last line.
    """
    begun = begin(services, visit, collection_id)
    return StreamingResponse(_lines(visit, begun), media_type="text/html", headers=HEADERS)


def _lines(visit: Visit, begun: Import) -> Iterator[str]:
    for row in begun.rows:
        yield _line(visit, "import_row.html", begun, row)
    yield _line(visit, "import_end.html", begun, None)


def _line(visit: Visit, template: str, begun: Import, row: Row | None) -> str:
    spoken = visit.language
    html = visit.part(
        template,
        begun=begun,
        row=row,
        words=lambda code: reason(spoken, code),
        outcomes=said(spoken, _OUTCOMES),
    )
    return f"{' '.join(html.split())}\n"
