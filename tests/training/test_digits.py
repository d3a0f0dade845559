"""From images to a bundle that the service's own pipeline runs: the whole way, in one test run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from app.inference.bundle import Bundle
from app.inference.pipeline import build_pipeline
from training.datasets import digits
from training.evaluate.embedding import embed
from training.evaluate.suite import measure
from training.finish import trained
from training.prepare import build_model

ROOT = Path(__file__).parents[2]


def training(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("digits")
    done = training("train", "training/runs/digits.toml", "--out", str(out))
    assert done.returncode == 0, done.stderr[-3000:]
    return out


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
    assert bundle.calibration.evidence["pair_threshold"]["slope"] > 0


def test_the_service_embeds_as_training_did(run: Path) -> None:
    _, model, prepared = trained(run)
    images = prepared.unseen.images[:20]
    served = build_pipeline(Bundle.load(run / "bundle"))
    crops = [served.find(np.repeat(image, 3, axis=2))[0].crop for image in images]
    assert np.abs(served.embed(crops) - embed(model, images)).max() < 1e-4


def test_the_bundle_says_how_near_onnx_and_torch_are_and_what_was_measured(run: Path) -> None:
    card = (run / "bundle" / "MODEL_CARD.md").read_text()
    found = re.search(r"differ by at most ([\d.e+-]+\d)", card)
    assert found is not None
    assert float(found[1]) <= 1e-4
    assert "DIR" in card
    split = json.loads((run / "split.json").read_text())
    assert split["unseen"] == ["7", "8", "9"]


def test_training_beats_the_same_network_untrained(run: Path) -> None:
    config, model, prepared = trained(run)
    torch.manual_seed(config.seed)
    untrained = build_model(config.model, channels=1).eval()
    learned, unseen = (
        [measure(embed(network, data.images), data)[0] for network in (untrained, model)]
        for data in (prepared.train, prepared.unseen)
    )
    assert learned[1].eer < learned[0].eer / 2
    assert unseen[1].dir_at_fpir_1 > unseen[0].dir_at_fpir_1


def test_a_finished_run_is_measured_and_exported_again_to_the_same_contract(run: Path) -> None:
    before = Bundle.load(run / "bundle").manifest.contract_id
    other = run / "again"
    done = training("export", str(run), "--bundle", str(other))
    assert done.returncode == 0, done.stderr[-3000:]
    assert Bundle.load(other).manifest.contract_id == before
    assert "Verification" in training("evaluate", str(run)).stdout


@pytest.mark.parametrize("command", ["train", "evaluate", "calibrate", "export", "report"])
def test_every_command_explains_itself(command: str) -> None:
    done = training(command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_a_bad_run_file_is_one_line_on_standard_error(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "a"\ncolour = 3\n')
    done = training("train", str(tmp_path / "a.toml"), "--out", str(tmp_path / "o"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "unknown key 'colour'" in done.stderr
