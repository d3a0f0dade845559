"""From images to a bundle that the service's own pipeline runs: the whole way, in one test run."""

import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from app.bundles.bundle import Bundle
from app.decision.calibration_file import to_json
from app.decision.noise import score_noise
from app.inference.pipeline import build_pipeline
from tests.support.server import ServerProcess
from tests.training.conftest import Command, run_command
from training import checkpoint
from training import prepare as prepare_module
from training import run as run_module
from training.datasets import digits
from training.evaluate.embedding import embed
from training.evaluate.identification import unit_rows
from training.evaluate.suite import measure
from training.prepare import build_model
from training.run import open_run

ROOT = Path(__file__).parents[2]


@dataclass
class Loads:
    """How often each was loaded or made."""

    data: int = 0
    network: int = 0
    kept: int = 0
    embedded: int = 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Loads]:
    out, loads = tmp_path_factory.mktemp("digits"), Loads()

    def counted(module: ModuleType, name: str, field: str) -> None:
        original = getattr(module, name)

        def call(*args: object, **kwargs: object) -> object:
            setattr(loads, field, getattr(loads, field) + 1)
            return original(*args, **kwargs)

        patched.setattr(module, name, call)

    with pytest.MonkeyPatch.context() as patched:
        counted(prepare_module, "load_data", "data")
        counted(prepare_module, "build_model", "network")
        counted(run_module, "build_model", "network")
        counted(run_module, "embed", "embedded")
        counted(checkpoint, "load", "kept")
        status, _, error = run_command("train", "training/runs/digits.toml", "--out", str(out))
    assert status == 0, error[-3000:]
    return out, loads


@pytest.fixture(scope="module")
def run(trained: tuple[Path, Loads]) -> Path:
    return trained[0]


def test_a_run_is_loaded_once_for_training_measuring_calibrating_and_exporting(
    trained: tuple[Path, Loads],
) -> None:
    """The checkpoint twice: is there one to go on from, and which weights were kept."""
    assert trained[1] == Loads(data=1, network=1, kept=2, embedded=2)


def test_the_log_says_rate_speed_and_time_of_each_epoch_and_the_checkpoint_only_the_rate(
    run: Path,
) -> None:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert all(0 < line["rate"] <= 3e-3 for line in lines)
    for line in lines:  # 50 steps of 14 x 6 images
        assert line["images_per_second"] * line["seconds"] == pytest.approx(50 * 14 * 6)
    history = json.loads((run / "state.json").read_text())["state"]["history"]
    assert set(lines[0]) - set(history[0]) == {"images_per_second", "seconds"}
    assert [each["rate"] for each in history] == [line["rate"] for line in lines]


def test_digits_become_a_bundle_that_the_service_loads(run: Path) -> None:
    bundle = Bundle.load(run / "bundle")
    pipeline = build_pipeline(bundle)
    data = digits.load(28)
    image = np.repeat(data.images[0], 3, axis=2)
    (sample,) = pipeline.find(image)
    row = pipeline.embed([sample.crop])
    assert row.shape == (1, 32)
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
    assert bundle.calibration.evidence["contract_id"] == bundle.manifest.contract_id
    assert str(ROOT).encode() not in bundle.embedder.read_bytes()
    assert bundle.calibration.evidence["pair_threshold"]["slope"] > 0
    learned = bundle.calibration.evidence["learned_threshold"]
    assert learned["distance"] == "cosine"
    assert learned["slope"] > 0
    assert "1 - cosine" in (run / "bundle" / "MODEL_CARD.md").read_text()


def test_the_service_started_with_the_bundle_enrols_and_identifies_digits(
    run: Path, server: Callable[..., ServerProcess]
) -> None:
    data = digits.load(28)
    sevens, zeros = (np.flatnonzero(data.labels == digit) for digit in (7, 0))

    def png(row: int) -> tuple[str, bytes, str]:
        buffer = io.BytesIO()
        Image.fromarray(data.images[row, :, :, 0]).save(buffer, format="PNG")
        return ("digit.png", buffer.getvalue(), "image/png")

    with server(run / "bundle").client() as client:
        assert client.post("/collections", json={"id": "d", "target_fpir": 0.01}).is_success
        for name, rows in (("seven", sevens), ("zero", zeros)):
            files = [("images", png(int(row))) for row in rows[:3]]
            answer = client.post("/collections/d/persons", data={"id": name}, files=files)
            assert answer.is_success, answer.text
        first = []
        for row in (*sevens[3:13], *zeros[3:13]):
            answer = client.post("/collections/d/identify", files={"image": png(int(row))})
            assert answer.status_code == 200, answer.text
            first.append(answer.json()["faces"][0]["candidates"][0]["person_id"])
    right = np.array(first) == ["seven"] * 10 + ["zero"] * 10
    assert right.mean() >= 0.8


def test_the_service_embeds_as_training_did(run: Path) -> None:
    opened = open_run(run)
    images = opened.prepared.unseen.images[:20]
    served = build_pipeline(Bundle.load(run / "bundle"))
    crops = [served.find(np.repeat(image, 3, axis=2))[0].crop for image in images]
    assert np.abs(served.embed(crops) - opened.embeddings[:20]).max() < 1e-4


def test_the_bundle_says_how_near_onnx_and_torch_are_and_what_was_measured(run: Path) -> None:
    card = (run / "bundle" / "MODEL_CARD.md").read_text()
    found = re.search(r"differ by at most ([\d.e+-]+\d)", card)
    assert found is not None
    assert float(found[1]) <= 1e-4
    assert "DIR" in card
    split = json.loads((run / "split.json").read_text())
    assert split["unseen"] == ["7", "8", "9"]


def test_training_separates_the_learned_digits_where_the_untrained_network_does_not(
    run: Path,
) -> None:
    """The unseen digits are not tested: seven classes of 180 small images are too few."""
    opened = open_run(run)
    torch.manual_seed(opened.config.seed)
    untrained, data = (
        build_model(opened.config.model, channels=1).eval(),
        opened.prepared.train,
    )
    before, after = (
        measure(embed(network, data.images), data)[0] for network in (untrained, opened.model)
    )
    assert after.eer < before.eer / 5
    assert after.dir_at_fpir_1 > before.dir_at_fpir_1


def test_a_finished_run_is_exported_again_to_the_same_contract(command: Command, run: Path) -> None:
    before = Bundle.load(run / "bundle").manifest.contract_id
    other = run / "again"
    status, _, error = command("export", str(run), "--bundle", str(other))
    assert status == 0, error
    assert Bundle.load(other).manifest.contract_id == before


def test_calibrating_again_keeps_the_models_and_says_the_same(command: Command, run: Path) -> None:
    before, target = Bundle.load(run / "bundle"), run / "calibrated"
    shutil.copytree(run / "bundle", target)
    (target / "calibration.json").write_text((run / "bundle" / "calibration.json").read_text())
    status, _, error = command("calibrate", str(run), "--bundle", str(target))
    assert status == 0, error
    after = Bundle.load(target)
    assert after.manifest == before.manifest
    assert to_json(after.calibration) == to_json(before.calibration)
    opened = open_run(run)
    labels = opened.prepared.unseen.labels
    margin = score_noise(unit_rows(opened.embeddings), unit_rows(opened.again), labels)
    assert after.calibration.ambiguity_margin == margin


def test_evaluating_writes_a_report_with_its_plots(command: Command, run: Path) -> None:
    metrics = (run / "metrics.json").read_bytes()
    for name in ("metrics.json", "evaluation.md", "evaluation.html"):
        (run / name).unlink()
    assert "Verification" in command("evaluate", str(run))[1]
    assert (run / "metrics.json").read_bytes() == metrics
    text, page = ((run / f"evaluation.{kind}").read_text() for kind in ("md", "html"))
    assert "<table>" in page
    for word in ("EER", "ten folds", "TAR at FAR", "FNIR", "rank 1", "95 % of DIR", "95 % of FPIR"):
        assert word in text
    plots = re.findall(r"!\[\w+\]\((\S+)\)", text)
    assert len(plots) == 3
    for plot in plots:
        assert f'src="{plot}"' in page
        with Image.open(run / plot) as image:
            assert image.width > 400
