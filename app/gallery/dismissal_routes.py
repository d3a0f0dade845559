"""``/v1/collections/{c}/lookalikes/{p}/{q}/dismissal``: an operator's word that two people who look
alike are two.
"""

from typing import Final

from app.auth.guard import MayEnroll
from app.gallery.fields import CollectionPath, OtherPath, PersonPath
from app.gallery.report_schemas import DismissalView
from app.gallery.services import Provided
from app.web.problems import documented
from app.web.rooms import room

router = room("persons", "/v1/collections/{collection_id}/lookalikes")
_PATH: Final = "/{person_id}/{other_id}/dismissal"


@router.put(_PATH, responses=documented(404, 409))
def dismiss_lookalikes(
    collection_id: CollectionPath,
    person_id: PersonPath,
    other_id: OtherPath,
    _caller: MayEnroll,
    services: Provided,
) -> DismissalView:
    """Say that two persons who look alike are two people: the report lists them no more.

    The order of the two does not matter, and they need not be in the report. It holds until it is
    taken back, one of the two is removed, or one of them has no face any more of those that they
    have now. Nothing else changes for them: no threshold, no decision, no warning at enrolment.
    """
    return services.dismissals.put(collection_id, person_id, other_id)


@router.delete(_PATH, status_code=204, responses=documented(404))
def restore_lookalikes(
    collection_id: CollectionPath,
    person_id: PersonPath,
    other_id: OtherPath,
    _caller: MayEnroll,
    services: Provided,
) -> None:
    """Take back that two persons are two people: the report may list them again."""
    services.dismissals.delete(collection_id, person_id, other_id)
