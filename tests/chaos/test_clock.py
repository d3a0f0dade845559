"""The clock set back an hour under load: who is valid follows it, and nothing else minds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from tests.chaos.checked import assert_exact
from tests.chaos.conftest import Length
from tests.chaos.load import COLLECTION, Load
from tests.support.pictures import picture
from tests.support.server import ServerProcess
from tests.support.shifted import PROGRAM, set_clock

HOUR: Final = timedelta(hours=1)
PATH: Final = f"/collections/{COLLECTION}"
SINCE, UNTIL, REMOVED, LATER = range(101, 105)


def test_a_clock_that_is_set_back_changes_who_is_valid_and_nothing_else(
    server: Callable[..., ServerProcess], length: Length
) -> None:
    running = server(program=PROGRAM)
    half = (datetime.now(UTC) - HOUR / 2).isoformat()
    with running.client() as admin:
        assert admin.post("/collections", json={"id": COLLECTION, "keep_probes": 2}).is_success
        since = _enrolled(admin, SINCE, valid_from=half)
        _enrolled(admin, UNTIL, valid_until=half)
        _enrolled(admin, REMOVED)
        assert admin.delete(f"{PATH}/persons/{REMOVED}").status_code == 204
        load = Load([running.url], clients=2, people=8).start()
        for _ in range(length.of(short=1, long=100)):
            set_clock(running.data_dir, timedelta(0))
            assert _named(admin) == [SINCE]
            load.more(5)
            set_clock(running.data_dir, -HOUR)
            assert _named(admin) == [UNTIL]
            assert _enrolled(admin, SINCE, valid_from=half) == since  # sent again, not made again
            load.more(5)
        assert admin.patch(f"{PATH}/persons/{SINCE}", json={"name": "Ada"}).is_success
        _enrolled(admin, LATER)
        assert _named(admin) == [UNTIL, LATER]
        listed = [each["id"] for each in admin.get(f"{PATH}/persons").json()["items"]]
        assert listed.index(str(SINCE)) < listed.index(
            str(LATER)
        )  # by age, whatever the clock said
    load.stop()
    assert load.refused == 0
    url, index = f"sqlite:///{running.data_dir / 'kith.db'}", running.data_dir / "index"
    assert_exact(load, url, index)
    assert running.stop() == 0
    load.urls = [running.start().url]
    assert_exact(load, url, index)


def _enrolled(admin: httpx.Client, who: int, **window: str) -> Any:  # noqa: ANN401 - JSON
    answer = admin.post(
        f"{PATH}/persons",
        data={"id": str(who), **window},
        files={"images": picture(who)},
        headers={"Idempotency-Key": str(who)},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def _named(admin: httpx.Client) -> list[int]:
    """Those of the four who are named for their own picture."""
    found = []
    for who in (SINCE, UNTIL, REMOVED, LATER):
        answer = admin.post(f"{PATH}/identify", files={"image": picture(who)})
        (face,) = answer.raise_for_status().json()["faces"]
        found += [int(face["person_id"])] if face["person_id"] else []
    return found
