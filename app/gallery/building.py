"""Builds the reports about the people of a collection."""

from typing import TypedDict

from app.bundles.manifest import Manifest
from app.core.clock import Clock
from app.core.db import Database
from app.decision.calibration import Calibration
from app.gallery.evaluations import Evaluations
from app.gallery.lookalikes import Lookalikes
from app.gallery.odd_faces import OddFaces
from app.replication.reader import GalleryReaders


class Reports(TypedDict):
    """The fields of ``GalleryServices`` that are reports."""

    lookalikes: Lookalikes
    odd_faces: OddFaces
    evaluations: Evaluations


def build_reports(
    database: Database,
    clock: Clock,
    replicas: GalleryReaders,
    manifest: Manifest,
    calibration: Calibration,
) -> Reports:
    """All of them, of collections that are of the manifest's contract."""
    of_everybody = database, replicas, calibration
    return Reports(
        lookalikes=Lookalikes(*of_everybody, contract_id=manifest.contract_id),
        odd_faces=OddFaces(*of_everybody, contract_id=manifest.contract_id),
        evaluations=Evaluations(database, clock, manifest, calibration),
    )
