"""A real agent says to a real service how its camera is, and one that is gone is silent."""

import io
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import httpx
from PIL import Image

from tests.support.agents import ADA, agent, make_door
from tests.support.cameras import jpeg, webcam
from tests.support.pictures import picture
from tests.support.server import ServerProcess
from tests.support.shifted import PROGRAM, set_clock
from tests.support.waiting import wait_for

SILENT_SECONDS: Final = 15


def test_an_agent_reports_its_camera_and_a_dead_one_is_silent(
    server: Callable[..., ServerProcess],
) -> None:
    running = server(program=PROGRAM, KITH_DOOR_SILENT_SECONDS=str(SILENT_SECONDS))
    with running.client() as admin, webcam() as camera:
        camera.pictures = [photo(shake) for shake in range(20, 60)]
        key, _ = make_door(admin)
        assert health(admin)["state"] == "unknown"
        with agent("--source", f"{camera.url}/latest.jpg", key=key, server=running) as watching:
            wait_for(lambda: health(admin)["state"] == "ok")
            camera.stop()
            wait_for(lambda: health(admin)["state"] == "no_picture")
            assert health(admin)["detail"] == "camera_lost"
            camera.start()
            wait_for(lambda: health(admin)["state"] == "ok")
            assert watching.end(signal.SIGKILL) == -signal.SIGKILL
        set_clock(running.data_dir, timedelta(seconds=SILENT_SECONDS + 1))
        wait_for(lambda: health(admin)["state"] == "silent")
        set_clock(running.data_dir, timedelta())
        with agent(
            "--source", f"{camera.url}/latest.jpg", "--once", key=key, server=running
        ) as one:
            one.answer()
        assert health(admin)["state"] == "silent"  # one that ends by itself does not report
        items = admin.get("/events", params={"types": "door.health"}).json()["items"]
    said = [each["data"]["state"] for each in items]
    assert said == ["ok", "no_picture", "ok", "silent"]


def photo(shake: int) -> bytes:
    with Image.open(io.BytesIO(picture(ADA, shake))) as found:
        return jpeg(found.convert("RGB"))


def health(admin: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = admin.get("/collections/hq/doors/front").json()["health"]
    return found
