"""``kith door`` at a real service, with real cameras that come and go."""

import io
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.support.agents import ADA, BOB, agent, drop, make_door
from tests.support.cameras import WebCam, empty, jpeg, webcam, write_video
from tests.support.pictures import picture
from tests.support.server import ServerProcess
from tests.support.waiting import wait_for

Server = Callable[..., ServerProcess]
SOON = ("--seconds", "0.3")
"""A burst is sent while its first frame is young, however busy the machine is."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Path) -> Iterator[ServerProcess]:
    """A service that many doors share, each in its own collection."""
    running = ServerProcess(tmp_path_factory.mktemp("site"), fake_bundle).start()
    yield running
    running.kill()


@pytest.fixture
def camera() -> Iterator[WebCam]:
    """It sees Ada, each time a little different."""
    with webcam() as found:
        found.pictures = [photo(shake) for shake in range(20, 60)]
        yield found


def photo(shake: int) -> bytes:
    """A photo of Ada in the format of cameras: FFmpeg would look at a stream of another for 5
    seconds."""
    with Image.open(io.BytesIO(picture(ADA, shake))) as found:
        return jpeg(found.convert("RGB"))


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return str(listening.getsockname()[1])


def outcome(answer: dict[str, object]) -> tuple[object, object]:
    return answer["decision"], answer["reason"]


def test_a_folder_is_followed_and_a_person_in_it_is_granted(
    site: ServerProcess, tmp_path: Path
) -> None:
    with site.client() as admin:
        key, _ = make_door(admin, "folder-is-followed")
    folder = tmp_path / "pictures"
    folder.mkdir()
    drop(folder, ADA, first=90)  # before the agent: nobody at the door
    with agent("--source", f"dir:{folder}", *SOON, key=key, server=site) as watching:
        watching.says("Watching")
        drop(folder, ADA)
        granted = watching.answer()
        assert outcome(granted) == ("granted", "granted")
        assert granted["person"]["id"] == "ada"
        assert granted["frames"]["received"] == 3
        assert granted["late"] is False
        drop(folder, BOB)
        assert outcome(watching.answer()) == ("denied", "unknown_person")
        assert watching.end() == 128 + signal.SIGINT
        assert not any("Traceback" in line for line in watching.said)


def test_pictures_that_are_too_old_are_never_sent(site: ServerProcess, tmp_path: Path) -> None:
    with site.client() as admin:
        key, _ = make_door(admin, "ctures-that-are-too-old")
    (waiting := tmp_path / "waiting").mkdir()
    (folder := tmp_path / "pictures").mkdir()
    drop(waiting, ADA)
    for file in waiting.iterdir():
        os.utime(file, (time.time() - 60, time.time() - 60))
    with agent("--source", f"dir:{folder}", *SOON, key=key, server=site) as watching:
        watching.says("Watching")
        for file in waiting.iterdir():
            file.replace(folder / file.name)
        time.sleep(2)  # longer than a burst takes
        assert not watching.has_answered()
        drop(folder, BOB)
        answer = watching.answer()
        assert (answer["reason"], answer["frames"]["received"]) == ("unknown_person", 3)


def test_a_folder_is_replayed_and_then_it_ends(site: ServerProcess, tmp_path: Path) -> None:
    with site.client() as admin:
        key, _ = make_door(admin, "folder-is-replayed")
    drop(tmp_path, ADA, count=5)
    arguments = ("--source", f"dir:{tmp_path}", "--replay", "--rate", "30")
    with agent(*arguments, key=key, server=site) as watching:
        answer = watching.answer()
        assert outcome(answer) == ("granted", "granted")
        assert answer["frames"]["received"] == 5
        assert watching.ended() == 0


def test_an_empty_corridor_sends_nothing(site: ServerProcess, camera: WebCam) -> None:
    with site.client() as admin:
        key, _ = make_door(admin, "corridor")
    camera.pictures = [jpeg(empty(noise=number)) for number in range(50)]
    source = f"{camera.url}/latest.jpg"
    with agent("--source", source, "--rate", "20", key=key, server=site) as watching:
        assert watching.answer()["decision"] == "denied"  # somebody might have stood there already
        watching.forget()
        served = camera.served
        wait_for(lambda: camera.served > served + 40)
        assert not watching.has_answered()
        camera.pictures = [photo(shake) for shake in range(20, 60)]
        assert outcome(watching.answer()) == ("granted", "granted")


@pytest.mark.parametrize("path", ["latest.jpg", "stream"])
def test_the_camera_and_the_service_may_be_restarted(
    server: Server, camera: WebCam, path: str
) -> None:
    running = server(KITH_PORT=free_port())
    with running.client() as admin:
        key, _ = make_door(admin)
    source = f"{camera.private_url}/{path}"
    camera.asks_for = "digest"
    with agent("--source", source, "--motion", "0", key=key, server=running) as watching:
        assert outcome(watching.answer()) == ("granted", "granted")
        camera.stop()
        watching.says(f"Waiting for the camera at {camera.url}/{path}: ")
        watching.forget()
        camera.start()
        watching.says("is there again")
        assert outcome(watching.answer()) == ("granted", "granted")
        running.stop()
        watching.says("Waiting for the service")
        watching.forget()
        running.start()
        watching.says("answers again")
        assert outcome(watching.answer()) == ("granted", "granted")
        assert watching.end(signal.SIGTERM) == 128 + signal.SIGTERM
        for start in ("Watching", "Waiting for the camera", "Waiting for the service"):
            assert sum(line.startswith(start) for line in watching.said) == 1, watching.said
        said = " ".join(watching.said)
        assert "p@ss" not in said
        assert "p%40ss" not in said


def test_it_waits_for_a_service_that_is_not_there_yet(server: Server, camera: WebCam) -> None:
    running = server(KITH_PORT=free_port())
    with running.client() as admin:
        key, _ = make_door(admin)
    running.stop()
    source = f"{camera.url}/latest.jpg"
    with agent("--source", source, "--once", key=key, server=running) as watching:
        watching.says("Waiting for the service")
        running.start()
        assert outcome(watching.answer()) == ("granted", "granted")
        assert watching.ended() == 0


def test_a_key_that_is_revoked_ends_it_with_a_sentence(site: ServerProcess, camera: WebCam) -> None:
    source = f"{camera.url}/latest.jpg"
    with site.client() as admin:
        key, key_id = make_door(admin, "key-that-is-revoked")
        with agent("--source", source, "--motion", "0", key=key, server=site) as watching:
            watching.answer()
            assert admin.delete(f"/keys/{key_id}").status_code == 204
            assert watching.ended() == 1
            (last,) = [line for line in watching.said if line.startswith("kith: ")]
            assert "is wrong, was revoked, or has expired" in last
            assert not any("Traceback" in line for line in watching.said)


def test_a_door_that_is_deleted_ends_it_with_a_sentence(
    site: ServerProcess, camera: WebCam
) -> None:
    source = f"{camera.url}/latest.jpg"
    with site.client() as admin:
        key, _ = make_door(admin, "door-that-is-deleted")
        with agent("--source", source, "--motion", "0", key=key, server=site) as watching:
            watching.answer()
            gone = admin.delete(
                "/collections/door-that-is-deleted/doors/front", headers={"If-Match": "*"}
            )
            assert gone.status_code == 204
            assert watching.ended() == 1
            assert any(line.startswith("kith: ") and "front" in line for line in watching.said)


def test_a_film_is_watched_to_its_end(site: ServerProcess, tmp_path: Path) -> None:
    with site.client() as admin:
        key, _ = make_door(admin, "film-is-watched")
    film = write_video(tmp_path / "film.mp4", [empty(noise=n) for n in range(20)], rate=10)
    with agent("--source", f"file:{film}", key=key, server=site) as watching:
        assert watching.answer()["decision"] == "denied"
        assert watching.ended() == 0


def test_a_door_that_wants_a_card_is_said_to_deny_everybody(
    site: ServerProcess, camera: WebCam
) -> None:
    with site.client() as admin:
        key, _ = make_door(admin, "door-that-wants-a-card", mode="verify")
    source = f"{camera.url}/latest.jpg"
    with agent("--source", source, "--once", key=key, server=site) as watching:
        assert outcome(watching.answer()) == ("denied", "factor_required")
        watching.says("mode verify")
        assert watching.ended() == 0
