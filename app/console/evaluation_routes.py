"""The pages that measure how well a collection does on its own people: the part that compares a
target, and the whole evaluation.
"""

from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from app.console.guard import MayRead
from app.console.refusals import PageRoute
from app.console.services import ConsoleServices, Provided
from app.console.threshold_routes import AskedTarget
from app.console.visits import Visit
from app.errors import DatabaseLost, InvalidRequest, NotReady
from app.evaluation.advice import advice
from app.evaluation.report import figures
from app.evaluation.report.page import MOST_ROWS
from app.gallery.evaluations import MOST_TEMPLATES, Measured
from app.gallery.fields import CollectionPath
from app.web.rooms import pages

router = pages("/console/c/{collection_id}/threshold", PageRoute)
_Templates = Annotated[str, Query(pattern=r"^$|^[1-9]$|^10$")]
_CHOICES: Final = range(1, MOST_TEMPLATES + 1)


@router.get("/missed")
def show_missed(
    collection_id: CollectionPath, visit: MayRead, services: Provided, target: AskedTarget = None
) -> Response:
    """A part of the page of the threshold: the people missed now and at ``target``. It is loaded
    after the page, because it takes time.
    """
    found, refused = _measured(services, collection_id, None)
    values: dict[str, Any] = {"target": target or "", "found": found, "refused": refused}
    if found is not None:
        now = found.evaluation.at_target
        asked = now if target is None or target == now.target else found.at(target)
        values |= {
            "now": now.missed(in_larger=found.is_drawn),
            "asked": asked.missed(in_larger=found.is_drawn),
            "other": None if asked is now else asked.target,
            "det": figures.operating_chart(
                found.evaluation, asked, drawn=found.is_drawn, spoken=visit.language.spoken
            ),
        }
    return visit.page("missed_part.html" if visit.is_fragment else "missed.html", **values)


@router.get("/evaluation")
def show_evaluation(
    collection_id: CollectionPath, visit: MayRead, services: Provided, templates: _Templates = ""
) -> Response:
    """The evaluation of the collection. Its people are enrolled with at most ``templates`` faces,
    or with all but the face that is tried.
    """
    found, refused = _measured(services, collection_id, int(templates) if templates else None)
    values: dict[str, Any] = {"templates": templates, "choices": _CHOICES}
    values |= {"found": found, "refused": refused}
    if found is not None:
        values |= _report(services, visit, found)
    part = visit.is_fragment
    return visit.page("evaluation_part.html" if part else "evaluation.html", **values)


def _measured(
    services: ConsoleServices, collection_id: str, templates: int | None
) -> tuple[Measured | None, InvalidRequest | None]:
    """The measurement, or the reason why there can be none; neither while it is made."""
    try:
        return services.evaluations.of(collection_id, templates), None
    except DatabaseLost:
        raise
    except NotReady:
        return None, None
    except InvalidRequest as error:
        return None, error


def _report(services: ConsoleServices, visit: Visit, found: Measured) -> dict[str, Any]:
    """The values that the parts of the report show."""
    whole, spoken = found.evaluation, visit.language.spoken
    measured, people = services.evaluations.shown(whole, MOST_ROWS)
    return {
        "advice": advice(whole),
        "option": "",
        "unlike": [],
        "measured": measured,
        "source": found.source,
        "people": people,
        "most_rows": MOST_ROWS,
        "file": "",
        "det": figures.det_chart(whole, spoken),
        "thresholds": figures.threshold_chart(whole, spoken),
        "similarities": figures.similarity_chart(whole, spoken),
    }
