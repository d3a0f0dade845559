"""The services that the routes of collections and persons use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.gallery.collection_service import CollectionService
from app.gallery.dismissals import DismissalService
from app.gallery.evaluations import Evaluations
from app.gallery.lookalikes import Lookalikes
from app.gallery.merging import MergeService
from app.gallery.odd_faces import OddFaces
from app.gallery.person_service import PersonService
from app.web.services import WebServices, provided


@dataclass(frozen=True, kw_only=True)
class GalleryServices(WebServices):
    """The services for collections and persons."""

    collections: CollectionService
    persons: PersonService
    merges: MergeService
    lookalikes: Lookalikes
    dismissals: DismissalService
    odd_faces: OddFaces
    evaluations: Evaluations


Provided = Annotated[GalleryServices, Depends(provided)]
