"""``python -m bench.door``: the processor time of a decision at a door over an identification.

Both are asked of one service in this process, in turns, with the same frame. The bundle is the
small one of the tests, whose inference costs next to nothing; what a door adds does not depend on
it: the policy, the person's row, earlier grants, one transaction. Every decision is a new grant,
which is what costs most.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import insert, select

from app.access.door_schemas import NewDoor
from app.access.schemas import MembershipFields, NewGroup, NewRule, NewSchedule
from app.auth.principal import INSIDE
from app.bootstrap import Container, build
from app.core.db import Base
from app.core.logging import configure_logging
from app.doors.answers import DoorAnswer
from app.doors.schemas import DecisionOptions
from app.gallery.models import Collection
from app.index.packing import pack
from app.receipts.keeping import keep_nothing
from app.recognition.schemas.identification import IdentifyOptions
from app.settings import Settings
from tests.support.fake_bundle import DIMENSION, write_fake_bundle
from tests.support.pictures import picture
from tests.support.services import enrol, make_collection

_HQ: Final = "hq"
_ALL_DAY: Final = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}


class SteppingClock:
    """A clock that goes on by a minute a question, so that no grant is repeated."""

    def __init__(self) -> None:
        self._now = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """The present instant."""
        return self._now

    def step(self) -> None:
        """Go on."""
        self._now += timedelta(minutes=1)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--persons", type=int, default=10_000)
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--questions", type=int, default=400)
    given = parser.parse_args()
    configure_logging("WARNING", "json")
    clock = SteppingClock()
    with tempfile.TemporaryDirectory() as folder:
        bundle = write_fake_bundle(Path(folder) / "fake")
        container = build(Settings(data_dir=Path(folder) / "data", model=bundle), clock)
        container.open()
        try:
            _fill(container, given.persons, given.rules)
            configure_logging("INFO", "json")  # as the service: a decision has a line
            _report(_measured(container, clock, given.questions), given.persons, given.rules)
        finally:
            container.close()


def _fill(container: Container, persons: int, rules: int) -> None:
    services = container.services
    make_collection(container, _HQ)
    _add_people(container, persons - 1)
    enrol(container, "ada", 1, _HQ)
    services.doors.create(
        _HQ,
        NewDoor.model_validate(
            {"id": "front", "mode": "decide", "cooldown_ms": 0, "frames": {"min_used": 1}}
        ),
        keep_nothing,
    )
    hours = [{**_ALL_DAY, "start": "00:00", "end": "24:00"}]
    schedule = {"id": "always", "time_zone": "Europe/Berlin", "week": hours}
    services.schedules.create(_HQ, NewSchedule.model_validate(schedule), keep_nothing)
    for number in range(rules):
        group = f"group-{number}"
        services.groups.create(_HQ, NewGroup(id=group), keep_nothing)
        new = NewRule(group_id=group, door_id="front", schedule_id="always")
        services.rules.create(_HQ, new, keep_nothing)
    for number in range(3):
        services.members.put(_HQ, f"group-{number}", "ada", MembershipFields())


def _add_people(container: Container, count: int) -> None:
    """Persons of random vectors, one face each, put into the tables before anybody reads them."""
    tables, now = Base.metadata.tables, datetime(2026, 5, 4, tzinfo=UTC)
    vectors = np.random.default_rng(7).normal(size=(count, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with container.database.write(long_running=True) as session:
        key, contract = session.execute(select(Collection.key, Collection.contract_id)).one()
        person = {"collection_key": key, "metadata": {}, "created_at": now, "updated_at": now}
        people = [{**person, "id": f"p-{number}"} for number in range(count)]
        session.execute(insert(tables["persons"]), people)
        keys = session.scalars(select(tables["persons"].c.key).order_by("key")).all()
        face = {"collection_key": key, "contract_id": contract, "image_sha256": "0" * 64}
        face |= {"box": {}, "detection_score": 1.0, "quality": {}, "created_at": now}
        faces = [
            {**face, "number": 10**6 + place, "person_key": owner, "embedding": pack(vector)}
            for place, (owner, vector) in enumerate(zip(keys, vectors, strict=True))
        ]
        session.execute(insert(tables["faces"]), faces)


def _measured(container: Container, clock: SteppingClock, questions: int) -> dict[str, list[float]]:
    """Milliseconds of processor time of each question, by what was asked."""
    services, image, options = container.services, picture(1, 5), IdentifyOptions()

    def identify() -> None:
        services.identification.identify(_HQ, image, options, request_id="r")

    def decide() -> None:
        door = services.door_decisions.find(INSIDE, "front")
        answer = services.door_decisions.decide(
            door, [image], DecisionOptions(), caller=INSIDE, request_id="r"
        )
        if not isinstance(answer, DoorAnswer) or answer.concluded.decision.rule is None:
            raise RuntimeError(f"no grant: {answer}")
        clock.step()

    asked: dict[str, Callable[[], None]] = {"identify": identify, "a door": decide}
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(questions + 20):
        for name, ask in asked.items():
            began = time.thread_time()
            ask()
            if number >= 20:
                taken[name].append(1e3 * (time.thread_time() - began))
    return taken


def _report(taken: dict[str, list[float]], persons: int, rules: int) -> None:
    print(
        f"{persons:,} persons, {rules} rules, {len(taken['identify'])} questions each, in turns\n"
    )
    print("| question | p50, ms of processor | p95 |")
    print("| --- | --- | --- |")
    for name, each in taken.items():
        p95 = statistics.quantiles(each, n=20)[-1]
        print(f"| {name} | {statistics.median(each):.2f} | {p95:.2f} |")
    extra = statistics.median(taken["a door"]) - statistics.median(taken["identify"])
    ratio = statistics.median(taken["a door"]) / statistics.median(taken["identify"])
    print(f"\nA decision costs {extra:.2f} ms more (p50), {ratio:.2f} times an identification.")


if __name__ == "__main__":
    main()
