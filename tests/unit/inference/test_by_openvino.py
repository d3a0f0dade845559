"""OpenVINO itself: what it computes, when it is loaded, what it sends."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from app.bundles.bundle import Bundle
from app.inference.choice import REFERENCE, Wish, choose
from app.inference.providers import Precision, Provider, Way
from app.inference.self_check import lowest_cosine, reference_crops
from app.vision.preprocess import to_blob


def test_openvino_gives_the_same_rows_from_many_threads(fake_bundle: Path, tmp_path: Path) -> None:
    bundle = Bundle.load(fake_bundle)
    how = bundle.manifest.preprocessing.build()
    blobs = [to_blob([crop], how) for crop in reference_crops(how)] * 20
    found = choose(bundle, Wish("openvino", "fp32", threads=2, notes=tmp_path))
    reference = choose(bundle, REFERENCE)
    with ThreadPoolExecutor(8) as pool:
        rows = np.concatenate(list(pool.map(found.run, blobs)))
    assert found.way == Way(Provider.OPENVINO, Precision.FP32)
    assert lowest_cosine(rows, np.concatenate([reference.run(blob) for blob in blobs])) > 0.99999


_PROGRAM = """
import sys
from pathlib import Path
from app.bundles.bundle import Bundle
from app.inference.choice import Wish, choose
bundle = Bundle.load(Path(sys.argv[1]))
for provider in sys.argv[2:]:
    choose(bundle, Wish(provider))
print(*sorted(name for name in sys.modules if name.startswith("openvino")))
"""


def _loaded(bundle: Path, home: Path, *providers: str) -> list[str]:
    command = [sys.executable, "-c", _PROGRAM, str(bundle), *providers]
    done = subprocess.run(
        command, env={"HOME": str(home)}, capture_output=True, text=True, check=True, timeout=120
    )
    assert not list(home.iterdir())
    return done.stdout.split()


def test_nothing_of_openvino_is_loaded_unless_it_may_gain(
    fake_bundle: Path, tmp_path: Path
) -> None:
    assert _loaded(fake_bundle, tmp_path, "cpu", "auto") == []


def test_openvino_sends_no_event_to_its_maker(fake_bundle: Path, tmp_path: Path) -> None:
    loaded = _loaded(fake_bundle, tmp_path, "openvino")
    assert "openvino" in loaded
    assert not [name for name in loaded if name.startswith("openvino_telemetry.")]
