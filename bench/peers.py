"""``make bench-peers``: what a picture costs in Kith and in its peers, with the same two models.

Peers are DeepFace's API (``represent`` with SFace and YuNet, started as its documentation does: one
worker of gunicorn) and the loop that a programmer would write with OpenCV (``bench.peers_loop``),
at a longer side of 640 pixels, as DeepFace looks for faces, and at the picture's own size. They are
in an environment of their own, ``.venv/peers``. One client sends the same pictures to all, in
turns; CPU is that of all their processes. Kith also searches its people, decides and records it;
DeepFace's answer is an embedding. ``KITH_TEST_DATA`` names the photographs.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from app.bundles.bundle import Bundle
from app.inference.pipeline import build_pipeline
from bench.composed import KINDS, Kind, frame_of, portraits_in
from bench.load import used_by
from tests.support.published import published_models
from tests.support.server import ServerProcess

_PYTHON: Final = Path(".venv/peers/bin/python")
_ROUNDS: Final = 4
_PICTURES: Final = 5
_SIDE: Final = 640
_SCORE: Final = "0.6"  # as in Kith's bundle; DeepFace's own is 0.9
_LEAST: Final = {250: (24,), 1920: (24, 60), 4000: (24, 120)}


@dataclass(slots=True)
class Cost:
    """Milliseconds of each picture: of all cores, and of the clock."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


Ask = Callable[[Path], tuple[int, float, float]]
"""The number of faces in a picture, and the milliseconds of both clocks."""


def main() -> None:
    """Measure and print."""
    named = os.environ.get("KITH_TEST_DATA")
    if not named:
        sys.exit("make bench-peers needs photographs: KITH_TEST_DATA=<folder with lfw-devtrain>")
    folder = Path(os.environ.get("KITH_TEST_BUNDLE", "data/models/face"))
    pipeline = build_pipeline(Bundle.load(folder))
    people = portraits_in(pipeline, Path(named) / "lfw-devtrain")
    rng = np.random.default_rng(17)
    with tempfile.TemporaryDirectory() as made, ExitStack() as ended:
        at = Path(made)
        models = published_models(at)
        enrolled, peers = next(people), _peers(at, models, ended)
        server = ended.enter_context(_kith(at / "kith", folder, enrolled))
        rows = []
        for kind in (each for each in KINDS if len(each.sizes) <= 1 and each.width in _LEAST):
            files = []
            for number in range(_PICTURES):
                files.append(at / f"{kind.width}-{number}.jpg")
                files[-1].write_bytes(frame_of(pipeline, kind, people, rng))
            asked = {f"Kith {least}": _asking_kith(server, least) for least in _LEAST[kind.width]}
            rows.append((kind, _measured({**asked, **peers}, files)))
        for title, of in (("CPU", lambda cost: cost.cpu), ("wall", lambda cost: cost.wall)):
            Console(width=120).print(_table(title, of, rows))


def _measured(asked: dict[str, Ask], files: list[Path]) -> dict[str, Cost]:
    """The costs of all; in each round each answers every picture, in turns."""
    costs = {name: Cost() for name in asked}
    for number in range(_ROUNDS + 1):
        for file in files:
            for name, ask in asked.items():
                faces, cpu, wall = ask(file)
                if faces < 1 and name != "loop":
                    raise RuntimeError(f"{name} found no face in {file.name}")
                if number:  # the first round warms caches
                    costs[name].cpu.append(cpu)
                    costs[name].wall.append(wall)
    return costs


def _table(
    title: str, of: Callable[[Cost], list[float]], rows: list[tuple[Kind, dict[str, Cost]]]
) -> Table:
    peers = ["DeepFace", f"loop {_SIDE}", "loop"]
    table = Table("picture", "min_face_size", "Kith", *peers, *(f"{each} / Kith" for each in peers))
    table.title = f"{title}, milliseconds a picture"
    middle = statistics.mean if title == "CPU" else statistics.median
    for kind, costs in rows:
        for name in (each for each in costs if each.startswith("Kith")):
            own = middle(of(costs[name]))
            theirs = [middle(of(costs[each])) for each in peers]
            table.add_row(
                f"{kind.width} x {kind.height}",
                name.removeprefix("Kith "),
                f"{own:.0f}",
                *(f"{each:.0f}" for each in theirs),
                *(f"{each / own:.1f}" for each in theirs),
            )
    return table


@contextmanager
def _kith(data: Path, bundle: Path, enrolled: bytes) -> Iterator[ServerProcess]:
    server = ServerProcess(data, bundle.resolve(), KITH_LOG_LEVEL="WARNING").start()
    try:
        with server.client() as client:
            client.post("/collections", json={"id": "bench"}).raise_for_status()
            client.post(
                "/collections/bench/persons", data={"id": "somebody"}, files={"images": enrolled}
            ).raise_for_status()
        yield server
    finally:
        server.kill()


def _asking_kith(server: ServerProcess, least: int) -> Ask:
    client = server.client()
    fields = {"min_face_size": str(least)}

    def ask(file: Path) -> tuple[int, float, float]:
        path = "/collections/bench/identify"
        answer, cpu, wall = _timed(client, path, [server.pid], {"image": file}, fields)
        return len(answer.json()["faces"]), cpu, wall

    return ask


def _peers(at: Path, models: dict[str, Path], ended: ExitStack) -> dict[str, Ask]:
    yunet, sface = models["detector.onnx"], models["embedder.onnx"]
    loops = {
        name: _loop(yunet, sface, longest, ended)
        for name, longest in ((f"loop {_SIDE}", _SIDE), ("loop", 0))
    }
    return {"DeepFace": _deepface(at, models, ended), **loops}


def _deepface(at: Path, models: dict[str, Path], ended: ExitStack) -> Ask:
    weights = at / ".deepface" / "weights"
    weights.mkdir(parents=True)
    for file in models.values():
        (weights / file.name).symlink_to(file)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(_PYTHON), "-m", "gunicorn", "--workers=1", f"--bind=127.0.0.1:{port}"]
    process = subprocess.Popen(
        [*command, "deepface.api.src.app:create_app()"],
        env={**os.environ, "DEEPFACE_HOME": str(at), "yunet_score_threshold": _SCORE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ended.callback(process.wait)
    ended.callback(process.terminate)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
    while process.poll() is None and not _answers(client):
        time.sleep(0.1)
    fields = {"model_name": "SFace", "detector_backend": "yunet"}

    def ask(file: Path) -> tuple[int, float, float]:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("utf-8")
        processes = [process.pid, *map(int, children.split())]
        answer, cpu, wall = _timed(client, "/represent", processes, {"img": file}, fields)
        return len(answer.json()["results"]), cpu, wall

    return ask


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/").is_success
    except httpx.TransportError:
        return False


def _loop(yunet: Path, sface: Path, longest: int, ended: ExitStack) -> Ask:
    script = Path(__file__).with_name("peers_loop.py")
    process = subprocess.Popen(
        [str(_PYTHON), str(script), str(yunet), str(sface), str(longest)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ended.callback(process.wait)
    ended.callback(process.kill)
    given, said = process.stdin, process.stdout
    assert given is not None
    assert said is not None

    def ask(file: Path) -> tuple[int, float, float]:
        given.write(f"{file}\n")
        given.flush()
        faces, cpu, wall = said.readline().split()
        return int(faces), float(cpu), float(wall)

    return ask


def _timed(
    client: httpx.Client, path: str, pids: list[int], files: dict[str, Path], fields: dict[str, str]
) -> tuple[httpx.Response, float, float]:
    """The answer, and the milliseconds of the processes ``pids`` and of the clock."""
    contents = {name: (file.name, file.read_bytes()) for name, file in files.items()}
    before, began = sum(map(used_by, pids)), time.perf_counter()
    answer = client.post(path, data=fields, files=contents)
    wall, after = time.perf_counter() - began, sum(map(used_by, pids))
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text[:300]}")
    return answer, (after - before) * 1e3, wall * 1e3


if __name__ == "__main__":
    main()
