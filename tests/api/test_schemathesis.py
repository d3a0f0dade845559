"""The OpenAPI document is kept: requests made from it, right and wrong, are answered as it says."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy.ma  # noqa: F401 - see below
import pytest
import schemathesis
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    OperationConfig,
    OperationsConfig,
    PhasesConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    SimpleCheckConfig,
    StatefulPhaseConfig,
)
from schemathesis.engine import Status, events, from_schema
from schemathesis.filters import FilterSet
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.schemas import BaseSchema

from app.bootstrap import build
from app.main import create_app
from app.settings import Settings
from tests.support.server import ADMIN_KEY

DOORS: Final = r"/(doors|zones|groups|schedules|rules)(/|$)"
COLLECTIONS: Final = r"/v1/collections(/\{collection_id\})?$"
REMOVED: Final = r"/(collections|persons|faces|keys|webhooks)(/\{\w+\})?$"
PARTS: Final = {
    "doors": (200, 201, 404, 405, 409, 422, 428),
    "made and removed": (201, 204, 404, 409, 422),
    "all else": (200, 201, 404, 405, 409, 422),
}
"""Three runs, so that each sees enough of its routes; the statuses of which each must have some."""
OFF: Final = SimpleCheckConfig(enabled=False)
NAMING: Final = ("distances", "give_feedback", "merge_persons")
"""Operations whose body names persons, who need not be there: 404 in a new collection too."""
# A sync is described by one of its lines.
schemathesis.serializer.alias("application/x-ndjson", "application/json")

# The follower's thread would import numpy.ma, which parses source, while Hypothesis parses the
# modules of this repository: on CPython 3.11 two threads at that are a SystemError ("AST
# constructor recursion depth mismatch"), on a busy machine in two runs of five.


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[BaseSchema]:
    """The document as the service serves it, whose every request comes with the admin key."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("schemathesis"),
        model=fake_bundle,
        admin_key=ADMIN_KEY,
        log_level="WARNING",
    )
    app = create_app(settings, build(settings))
    yield schemathesis.openapi.from_asgi("/openapi.json", app, config=_config())
    shutdown_lifespans()


def _config() -> SchemathesisConfig:
    """All checks but two: a key is always sent, and no schema says which bytes are an image."""
    checks = ChecksConfig(
        ignored_auth=OFF, positive_data_acceptance=PositiveDataAcceptanceConfig(enabled=False)
    )
    # What is made and then deleted is seen in the phase that follows links, so that one has more.
    stateful = StatefulPhaseConfig(generation=_generation(60))
    project = ProjectConfig(
        headers={"X-API-Key": ADMIN_KEY},
        checks=checks,
        phases=PhasesConfig(stateful=stateful),
        operations=OperationsConfig(operations=[_naming()]),
        request_timeout=120,  # an answer that a busy machine gives late is an answer
        generation=_generation(12),
    )
    projects = ProjectsConfig(default=project)
    return SchemathesisConfig(projects=projects, seed=1)


def _naming() -> OperationConfig:
    theirs = FilterSet()
    theirs.include(operation_id=list(NAMING))
    return OperationConfig(filter_set=theirs, checks=ChecksConfig(ensure_resource_availability=OFF))


def _generation(examples: int) -> GenerationConfig:
    return GenerationConfig(
        max_examples=examples, deterministic=True, with_security_parameters=False
    )


def part(document: BaseSchema, name: str) -> BaseSchema:
    """The routes of doors with those that make and delete collections; those alone that make and
    remove the rest; or all others, without the stream of events, whose answer has no end.
    """
    if name == "made and removed":
        return document.include(path_regex=REMOVED, method=["POST", "DELETE"])
    if name == "doors":
        return document.include(path_regex=f"{DOORS}|{COLLECTIONS}")
    return document.exclude(path_regex=f"{DOORS}|/stream$")


@pytest.mark.parametrize("name", PARTS)
def test_every_answer_is_as_the_document_says(document: BaseSchema, name: str) -> None:
    wrong, answers = [], Counter[int]()
    for event in from_schema(part(document, name)).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(repr(event))
        elif isinstance(event, events.SchemaAnalysisWarnings):
            wrong += [repr(warning) for warning in event.warnings]
        elif isinstance(event, events.ScenarioFinished):
            wrong += _failures(event)
            answers.update(_statuses(event))
    assert not wrong, "\n\n".join(wrong[:10])
    # Enough of each kind to mean something: made, found, refused, conflicting, missing.
    assert all(answers[status] >= 5 for status in PARTS[name]), answers


def _failures(event: events.ScenarioFinished) -> list[str]:
    return [
        f"{check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
        for checks in event.recorder.checks.values()
        for check in checks
        if check.status is Status.FAILURE and check.failure_info
    ]


def _statuses(event: events.ScenarioFinished) -> list[int]:
    exchanges = event.recorder.interactions.values()
    return [each.response.status_code for each in exchanges if each.response is not None]
