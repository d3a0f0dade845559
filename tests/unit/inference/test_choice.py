"""The way to compute the embedder: which is taken, what is written down, what is refused."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from app.bundles.bundle import Bundle
from app.errors import BundleError, SettingsError
from app.inference import choice, notes, providers
from app.inference.choice import Wish, choose
from app.inference.providers import Precision, Provider, Run, Way, open_way
from app.vision.preprocess import Blob
from tests.support.fake_bundle import write_fake_bundle

CPU = Way(Provider.CPU, Precision.FP32)
FULL = Way(Provider.OPENVINO, Precision.FP32)
SHORT = Way(Provider.OPENVINO, Precision.BF16)


class Machine:
    """Three ways, of which ``slow`` take longer and ``wrong`` give other rows; ``opened`` are those
    that were opened. Time passes in each thread alone, by its own runs.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slow: set[Way] = {CPU, SHORT}
        self._now = threading.local()
        self.wrong: dict[Way, float] = {}
        self.opened: list[Way] = []
        self.asked: list[Way] = [CPU, FULL, SHORT]
        monkeypatch.setattr(choice, "possible", lambda *_: self.asked)
        monkeypatch.setattr(choice, "others_than_cpu", lambda: True)
        monkeypatch.setattr(choice, "open_way", self._open)
        monkeypatch.setattr(choice, "time", self)
        monkeypatch.setattr(choice, "_WORTH_MS", 0.0)

    def perf_counter(self) -> float:
        return getattr(self._now, "value", 0.0)

    monotonic = perf_counter

    def _open(self, embedder: Path, way: Way, *, threads: int) -> Run:
        self.opened.append(way)
        real, off = open_way(embedder, CPU, threads=threads), self.wrong.get(way, 0.0)

        def run(blob: Blob) -> NDArray[np.float32]:
            self._now.value = self.perf_counter() + (0.3 if way in self.slow else 0.1)
            rows = real(blob)
            rows = rows + np.float32(off) * np.roll(rows, 1, axis=1)
            return np.asarray(rows / np.linalg.norm(rows), np.float32)

        return run


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.fixture
def bundle(fake_bundle: Path) -> Bundle:
    return Bundle.load(fake_bundle)


@pytest.fixture
def auto(tmp_path: Path) -> Wish:
    return Wish("auto", notes=tmp_path / "providers")


def test_auto_takes_the_fastest_and_says_what_it_measured(
    machine: Machine, bundle: Bundle, auto: Wish
) -> None:
    found = choose(bundle, auto)
    assert found.way == FULL
    assert found.cosine == pytest.approx(1, abs=1e-5)
    assert found.milliseconds.keys() == {str(way) for way in (CPU, FULL, SHORT)}


def test_the_reference_stays_where_nothing_is_gained(
    machine: Machine, bundle: Bundle, auto: Wish
) -> None:
    machine.slow = {CPU, FULL, SHORT}
    found = choose(bundle, auto)
    assert (found.way, found.cosine) == (CPU, None)


def test_a_faster_way_that_does_not_pass_the_self_check_is_not_taken(
    machine: Machine, bundle: Bundle, auto: Wish
) -> None:
    machine.slow, machine.wrong = {CPU, FULL}, {SHORT: 0.2}
    with capture_logs() as lines:
        assert choose(bundle, auto).way == CPU
    (line,) = [each for each in lines if each["event"] == "provider.refused"]
    assert line["way"] == "openvino bf16"
    assert "cosine of 0.9" in line["why"]


def test_a_way_that_was_asked_for_and_does_not_pass_is_refused_by_its_name(
    machine: Machine, bundle: Bundle, tmp_path: Path
) -> None:
    machine.asked, machine.wrong = [SHORT], {SHORT: 0.2}
    wish = Wish("openvino", "bf16", notes=tmp_path / "providers")
    with pytest.raises(BundleError, match=r"openvino bf16 does not pass .* cosine of 0\.9\d+ "):
        choose(bundle, wish)
    assert not list((tmp_path / "providers").glob("*.json"))


def test_a_way_as_far_from_the_reference_as_is_allowed_passes(
    machine: Machine, bundle: Bundle, tmp_path: Path
) -> None:
    machine.asked, machine.wrong = [SHORT], {SHORT: 0.01}
    found = choose(bundle, Wish("openvino", "bf16", notes=tmp_path))
    assert found.way == SHORT
    assert found.cosine is not None
    assert 0.999 <= found.cosine < 0.99999


@pytest.mark.parametrize("slow", [{CPU, SHORT}, {FULL, SHORT}])
def test_the_second_start_measures_nothing(
    machine: Machine, bundle: Bundle, auto: Wish, slow: set[Way]
) -> None:
    machine.slow = slow
    first = choose(bundle, auto)
    machine.opened = []
    machine.slow = {CPU, FULL, SHORT} - slow
    again = choose(bundle, auto)
    assert (again.way, again.milliseconds) == (first.way, first.milliseconds)
    assert machine.opened == [first.way]


@pytest.mark.parametrize("what", ["machine", "onnxruntime", "openvino", "asked"])
def test_what_changed_is_measured_again(
    machine: Machine, bundle: Bundle, auto: Wish, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    choose(bundle, auto)
    machine.slow = {FULL, SHORT}
    now = notes.state_of("auto", "auto").model_copy(update={what: "another"})
    monkeypatch.setattr(choice, "state_of", lambda *_: now)
    assert choose(bundle, auto).way == CPU


def test_each_bundle_has_a_note_of_its_own(
    machine: Machine, bundle: Bundle, auto: Wish, tmp_path: Path
) -> None:
    other = Bundle.load(write_fake_bundle(tmp_path / "other", seed=1))
    choose(bundle, auto)
    choose(other, auto)
    machine.opened = []
    assert (choose(bundle, auto).way, choose(other, auto).way) == (FULL, FULL)
    assert CPU not in machine.opened


def test_a_noted_way_that_does_not_pass_any_more_is_not_taken(
    machine: Machine, bundle: Bundle, auto: Wish
) -> None:
    assert choose(bundle, auto).way == FULL
    machine.wrong = {FULL: 0.2, SHORT: 0.2}
    with capture_logs() as lines:
        assert choose(bundle, auto).way == CPU
    assert "provider.note_refused" in [line["event"] for line in lines]


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def _other_rows(file: Path) -> None:
    note = json.loads(file.read_text())
    note["references"] = [[0.5, 0.5]]
    file.write_text(json.dumps(note))


def _other_way(file: Path) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | {"provider": "abacus"}))


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("spoil", [_cut, _other_rows, _other_way, _folder])
def test_a_note_that_makes_no_sense_costs_a_measurement(
    machine: Machine, bundle: Bundle, auto: Wish, spoil: Callable[[Path], None]
) -> None:
    choose(bundle, auto)
    assert auto.notes is not None
    (file,) = auto.notes.glob("*.json")
    spoil(file)
    with capture_logs() as lines:
        assert choose(bundle, auto).way == FULL
    assert lines[0]["event"].startswith("provider.note_")


def test_a_folder_that_cannot_be_written_costs_a_measurement(
    machine: Machine, bundle: Bundle, tmp_path: Path
) -> None:
    (tmp_path / "providers").touch()
    with capture_logs() as lines:
        assert choose(bundle, Wish("auto", notes=tmp_path / "providers")).way == FULL
    assert [line["event"] for line in lines] == [
        "provider.note_unreadable",
        "provider.note_unwritten",
    ]


def test_a_data_folder_that_is_none_is_left_to_the_start_to_complain_of(
    machine: Machine, bundle: Bundle, tmp_path: Path
) -> None:
    (tmp_path / "data").touch()
    with capture_logs() as lines:
        assert choose(bundle, Wish("auto", notes=tmp_path / "data" / "providers")).way == FULL
    assert lines == []


def test_of_starts_at_once_one_measures(machine: Machine, bundle: Bundle, auto: Wish) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: choose(bundle, auto).way, range(4)))
    assert found == [FULL] * 4
    assert machine.opened.count(SHORT) == 1


def test_a_quick_model_looks_for_no_other_way(
    machine: Machine, bundle: Bundle, auto: Wish, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.slow = set()
    monkeypatch.setattr(choice, "_WORTH_MS", 1e9)
    assert choose(bundle, auto).way == CPU
    assert set(machine.opened) == {CPU}
    assert auto.notes is not None
    assert not auto.notes.exists()


def test_what_is_not_there_is_an_error_that_says_what_to_install(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match=r"KITH_PROVIDER is 'cuda'.*install onnxruntime-gpu"):
        choose(bundle, Wish("cuda"))
    monkeypatch.setattr(providers, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"'openvino'.*pip install kith\[openvino\]"):
        choose(bundle, Wish("openvino"))
    with pytest.raises(SettingsError, match=r"'bf16'.*cpu fp32 alone.*OpenVINO is not installed"):
        choose(bundle, Wish("auto", "bf16"))
    assert choose(bundle, Wish("auto")).way == CPU


def test_a_precision_that_the_machine_lacks_is_named(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "has_bf16", lambda: False)
    for wish in (Wish("cpu", "bf16"), Wish("openvino", "bf16"), Wish("auto", "bf16")):
        with pytest.raises(SettingsError, match=r"KITH_PRECISION is 'bf16'.*AVX512_BF16 or AMX"):
            choose(bundle, wish)
    with pytest.raises(SettingsError, match=r"KITH_PRECISION is 'int8'.*computes in fp32"):
        choose(bundle, Wish("auto", "int8"))
