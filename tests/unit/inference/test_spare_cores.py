"""Several faces of one picture share the cores that no other picture needs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image

from app import analysis
from app.analysis import build_analyser
from app.bundles.bundle import Bundle
from app.inference import session
from app.inference.inference_slots import InferenceSlots
from app.inference.pipeline import build_pipeline
from app.inference.session import open_session
from app.inference.spare_cores import SpareCores
from app.inference.subject import largest_faces
from app.settings import Settings
from tests.support.cameras import jpeg
from tests.unit.inference.faces import astronaut, resized

SECONDS = 60


@contextmanager
def inside(slots: InferenceSlots) -> Iterator[None]:
    """Take a turn as a request of one image does."""
    with slots.admit() as admitted, admitted.turn():
        yield


def test_results_come_in_the_order_of_the_items() -> None:
    slots = InferenceSlots(4, 0, wait_seconds=SECONDS)
    with inside(slots):
        assert SpareCores(slots).each(lambda item: item * 2, range(100)) == list(range(0, 200, 2))
    assert SpareCores(slots).each(str, []) == []


def test_a_spare_core_takes_a_part() -> None:
    """Each of two items waits until the other is begun, which one thread alone never gets past."""
    slots, both = InferenceSlots(2, 0, wait_seconds=SECONDS), threading.Barrier(2)
    with inside(slots):
        threads = SpareCores(slots).each(
            lambda _: (both.wait(SECONDS), threading.get_ident())[1], range(2)
        )
    assert len(set(threads)) == 2


def test_a_core_that_another_picture_has_takes_no_part() -> None:
    slots = InferenceSlots(2, 0, wait_seconds=SECONDS)
    with inside(slots), inside(slots):
        threads = SpareCores(slots).each(lambda _: threading.get_ident(), range(50))
    assert set(threads) == {threading.get_ident()}


def test_every_turn_is_given_back_where_the_work_fails() -> None:
    slots = InferenceSlots(3, 0, wait_seconds=SECONDS)

    def fail(item: int) -> int:
        raise ValueError(item)

    for _ in range(10):
        with inside(slots), pytest.raises(ValueError, match=r"\d"):
            SpareCores(slots).each(fail, range(8))
    with inside(slots):
        assert slots.take_spare()
        assert slots.take_spare()
        assert not slots.take_spare()


def test_a_turn_for_which_somebody_waits_is_not_spare() -> None:
    slots = InferenceSlots(1, 1, wait_seconds=SECONDS)
    assert slots.take_spare()
    entered = threading.Event()

    def work() -> None:
        with inside(slots):
            entered.set()

    waiting = threading.Thread(target=work)
    waiting.start()
    while not slots._waiting:
        assert not slots.take_spare()
    slots.leave()
    assert entered.wait(SECONDS)
    waiting.join(SECONDS)


def test_a_picture_is_alone_while_a_turn_is_free_and_no_other_is_taken() -> None:
    slots = InferenceSlots(2, 0, wait_seconds=SECONDS)
    with inside(slots):
        assert slots.is_alone()
        with inside(slots):
            assert not slots.is_alone()
        assert slots.is_alone()
    only = InferenceSlots(1, 0, wait_seconds=SECONDS)
    with inside(only):
        assert not only.is_alone()


def test_a_second_core_changes_no_box_and_no_embedding(face_bundle: Path) -> None:
    bundle, answers = Bundle.load(face_bundle), iter([True] * 100)
    image = resized(astronaut(), 3)
    narrow, wide = build_pipeline(bundle), build_pipeline(bundle, None, lambda: next(answers))
    one, other = narrow.find(image), wide.find(image)
    assert [each.box for each in one] == [each.box for each in other]
    crops = [each.crop for each in one]
    np.testing.assert_allclose(narrow.embed(crops), wide.embed(crops), atol=1e-6)
    assert sum(1 for _ in answers) < 100


@pytest.mark.parametrize(("threads", "wide"), [(1, 0), (2, 2)])
def test_models_are_opened_for_a_second_core_where_there_may_be_one(
    face_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int, wide: int
) -> None:
    opened: list[int] = []

    def counted(*given: Any, threads: int = 1) -> ort.InferenceSession:  # noqa: ANN401
        opened.append(threads)
        return open_session(*given, threads=threads)

    monkeypatch.setattr(session, "open_session", counted)
    build_analyser(Bundle.load(face_bundle), Settings(data_dir=tmp_path, threads=threads))
    assert opened.count(2) == wide


@pytest.mark.parametrize("is_idle", [True, False])
def test_a_second_core_is_used_by_a_lone_picture_where_one_is_idle(
    face_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_idle: bool
) -> None:
    """Each model has one session of one thread and one of two."""
    ran: list[int] = []

    class Observed:
        def __init__(self, *given: Any, threads: int = 1) -> None:  # noqa: ANN401
            self._session, self._threads = open_session(*given, threads=threads), threads

        def run(self, *given: Any) -> Any:  # noqa: ANN401
            ran.append(self._threads)
            return self._session.run(*given)

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401
            return getattr(self._session, name)

    for room in ("session", "detector", "providers"):
        monkeypatch.setattr(f"app.inference.{room}.open_session", Observed)
    monkeypatch.setattr(analysis, "is_core_free", lambda: is_idle)
    settings = Settings(data_dir=tmp_path, threads=2, provider="cpu")
    analyser = build_analyser(Bundle.load(face_bundle), settings)
    photo = jpeg(Image.fromarray(astronaut()))

    def used() -> set[int]:
        ran.clear()
        assert analyser.analyse(photo, largest_faces(1)).faces[0].embedding is not None
        return set(ran)

    assert (2 in used()) is is_idle
    with inside(analyser._slots):
        assert used() == {1}
