"""The report as it is kept: JSON whose fields are those of the dataclasses, and whose ``format``
rises when one of them changes its meaning.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final, Literal

from app.evaluation.bursts import DoorEvaluation
from app.evaluation.measure import Evaluation

FORMAT: Final = 2
DOOR_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a measurement, the model and the time. ``name`` is the folder's or the
    collection's.

    ``left_out`` counts the entries of the folder that are no photos, by kind.
    """

    kind: Literal["folder", "collection"]
    name: str
    made_at: datetime
    kith: str
    model: str
    contract_id: str
    left_out: Mapping[str, int] = field(default_factory=dict)


def as_json(source: Source, evaluation: Evaluation | DoorEvaluation) -> str:
    """The whole report as JSON text."""
    content = {
        "format": FORMAT if isinstance(evaluation, Evaluation) else DOOR_FORMAT,
        **asdict(source),
        "made_at": source.made_at.isoformat(timespec="seconds"),
        **asdict(evaluation),
    }
    return json.dumps(content, allow_nan=False, indent=1) + "\n"
