"""From images to a bundle that the service's own pipeline runs: the whole way, in one test run."""

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.bundles.bundle import Bundle
from app.inference.pipeline import build_pipeline
from tests.support.server import ServerProcess
from training.__main__ import main
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


Command = Callable[..., tuple[object, str, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Exit status, standard output and error of a command that ends at once, in this process."""

    def ended(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["training", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as status:
            main()
        said = capsys.readouterr()
        return status.value.code, said.out, said.err

    return ended


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


def test_training_tells_the_learned_digits_apart_where_the_untrained_network_does_not(
    run: Path,
) -> None:
    """Of the unseen digits no such thing holds: seven classes of 180 small images are too few."""
    config, model, prepared = trained(run)
    torch.manual_seed(config.seed)
    untrained = build_model(config.model, channels=1).eval()
    before, after = (
        measure(embed(network, prepared.train.images), prepared.train)[0]
        for network in (untrained, model)
    )
    assert after.eer < before.eer / 5
    assert after.dir_at_fpir_1 > before.dir_at_fpir_1


def test_a_finished_run_is_measured_and_exported_again_to_the_same_contract(run: Path) -> None:
    before = Bundle.load(run / "bundle").manifest.contract_id
    other = run / "again"
    done = training("export", str(run), "--bundle", str(other))
    assert done.returncode == 0, done.stderr[-3000:]
    assert Bundle.load(other).manifest.contract_id == before


def test_calibrating_anew_keeps_the_models_and_says_the_same(run: Path) -> None:
    before, target = Bundle.load(run / "bundle"), run / "calibrated"
    shutil.copytree(run / "bundle", target)
    (target / "calibration.json").write_text((run / "bundle" / "calibration.json").read_text())
    done = training("calibrate", str(run), "--bundle", str(target))
    assert done.returncode == 0, done.stderr[-3000:]
    after = Bundle.load(target)
    assert after.manifest == before.manifest
    assert after.calibration.to_dict() == before.calibration.to_dict()


def test_evaluating_writes_a_report_with_its_plots(run: Path) -> None:
    metrics = (run / "metrics.json").read_bytes()
    for name in ("metrics.json", "evaluation.md", "evaluation.html"):
        (run / name).unlink()
    done = training("evaluate", str(run))
    assert "Verification" in done.stdout
    assert (run / "metrics.json").read_bytes() == metrics
    text, page = ((run / f"evaluation.{kind}").read_text() for kind in ("md", "html"))
    assert "<table>" in page
    for word in ("EER", "ten folds", "TAR at FAR", "FNIR", "rank 1", "95 % of DIR"):
        assert word in text
    plots = re.findall(r"!\[\w+\]\((\S+)\)", text)
    assert len(plots) == 3
    for plot in plots:
        assert f'src="{plot}"' in page
        with Image.open(run / plot) as image:
            assert image.width > 400


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("train", ["config", "--out", "torchrun", "training/runs/"]),
        ("evaluate", ["out", "metrics.json", "evaluation.md"]),
        ("calibrate", ["out", "--bundle", "impostor tail"]),
        ("export", ["out", "--bundle", "KITH_MODEL"]),
        (
            "report",
            ["--out", "--mnist", "--omniglot", "--runs", "--section", "--epochs", "--seeds"],
        ),
    ],
)
def test_every_command_explains_itself_and_its_options(
    command: Command, name: str, options: list[str]
) -> None:
    status, out, _ = command(name, "--help")
    assert status == 0
    for option in options:
        assert option in out


def test_a_bad_run_file_is_one_line_on_standard_error(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "a"\ncolour = 3\n')
    done = training("train", str(tmp_path / "a.toml"), "--out", str(tmp_path / "o"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "unknown key 'colour'" in done.stderr


REPORT = ["report", "--out", "o", "--mnist", "NOTHING", "--omniglot", "o", "--section"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "NOTHING"], "holds no finished epoch"),
        ([*REPORT, "7"], "sections 1 to 6, and no 7"),
        ([*REPORT, "2"], "holds no *-images-idx3-ubyte file"),
    ],
)
def test_what_a_command_cannot_do_is_one_line(
    command: Command, tmp_path: Path, arguments: list[str], said: str
) -> None:
    where = [str(tmp_path / "x") if a in ("NOTHING", "o") else a for a in arguments]
    status, _, error = command(*where)
    assert status == 1
    assert said in error
    assert error.count("\n") == 1


def test_output_that_cannot_be_written_is_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with suppress(OSError), Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        status, _, error = command("--help")
    assert (status, error) == (1, "training: No space left on device.\n")


def test_the_report_names_a_command_that_can_be_copied_and_run(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[str] = []

    def build(*_: object, command: str, **__: object) -> None:
        named.append(command)

    monkeypatch.setattr("training.report.build.build_report", build)
    given = ["--out", "my report", "--mnist", "it's", "--omniglot", "o"]
    assert command("report", *given)[0] == 0
    assert shlex.split(named[0]) == [
        *("python", "-m", "training", "report"),
        *(*given, "--epochs", "20", "--seeds", "3"),
    ]


def test_a_folder_with_a_lone_image_and_an_empty_one_are_one_line_each(
    command: Command, tmp_path: Path
) -> None:
    images, run_file = tmp_path / "images", tmp_path / "a.toml"
    for person, count in (("ann", 3), ("bob", 3), ("cy", 1), ("dee", 3), ("eve", 3)):
        (images / person).mkdir(parents=True)
        for i in range(count):
            Image.new("L", (16, 16), 40 * i).save(images / person / f"{i}.png")
    (tmp_path / "empty").mkdir()
    for path, said in ((images, "1 identities have one image"), (tmp_path / "empty", "no images")):
        run_file.write_text(
            f'name = "a"\n[data]\nkind = "folder"\npath = "{path}"\nunseen = ["ann", "bob"]\n'
        )
        status, _, error = command("train", str(run_file), "--out", str(tmp_path / "out"))
        assert status == 1
        assert said in error
        assert error.count("\n") == 1
