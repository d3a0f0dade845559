"""The commands' help, and their errors: one line each."""

import shlex
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from tests.training.conftest import Command
from training import checkpoint
from training.checkpoint import LoopState
from training.epochs import EpochLog
from training.errors import TrainingError


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("train", ["config", "--out", "--data", "torchrun", "training/runs/"]),
        ("evaluate", ["out", "--data", "metrics.json", "evaluation.md"]),
        ("calibrate", ["out", "--bundle", "KITH_TRAINING_DATA", "impostor tail"]),
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


def test_a_bad_run_file_is_one_line_on_standard_error(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "a"\ncolour = 3\n')
    status, _, error = command("train", str(tmp_path / "a.toml"), "--out", str(tmp_path / "o"))
    assert (status, error.count("\n")) == (1, 1)
    assert "a.toml: unknown key 'colour' = 3; known here are" in error


def test_a_run_file_names_data_below_a_folder_that_an_option_or_a_variable_names(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_file, out = tmp_path / "a.toml", str(tmp_path / "out")
    run_file.write_text('name = "a"\n[data]\nkind = "folder"\npath = "images"\n')
    (tmp_path / "there" / "images").mkdir(parents=True)
    arguments = ("train", str(run_file), "--out", out)
    status, _, error = command(*arguments)
    assert (status, error.count("\n")) == (1, 1)
    assert "There is no images, which data.path names. Name the folder" in error
    monkeypatch.setenv("KITH_TRAINING_DATA", str(tmp_path / "there"))
    assert f"{tmp_path}/there/images holds no images" in command(*arguments)[2]
    _, _, error = command(*arguments, "--data", str(tmp_path / "nowhere"))
    assert (
        error
        == f"training: --data (KITH_TRAINING_DATA) is {tmp_path}/nowhere, which is no folder.\n"
    )
    run_file.write_text(run_file.read_text().replace("images", f"{tmp_path}/there/images"))
    assert f"{tmp_path}/there/images holds no images" in command(*arguments)[2]


def test_a_run_of_an_earlier_release_and_a_log_that_is_none_are_one_line_each(
    command: Command, tmp_path: Path
) -> None:
    old = {"name": "a", "loss": {"kind": "none", "point": 4.0}}
    checkpoint.save(tmp_path, "best", tensors={}, state=LoopState(1), config=old)
    status, _, error = command("evaluate", str(tmp_path))
    assert (status, error.count("\n")) == (1, 1)
    assert "key 'point' = 4.0 has moved; it is distillation.point now. It is of an earlier" in error
    for line in ("half of a li", "[1]", "{}"):
        (tmp_path / "log.jsonl").write_text(line)
        with pytest.raises(TrainingError, match=r"log\.jsonl holds a line that is no record"):
            EpochLog(tmp_path, epochs=1)


REPORT = ["report", "--out", "o", "--mnist", "NOTHING", "--omniglot", "o", "--section"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "NOTHING"], "holds no finished epoch"),
        ([*REPORT, "7"], "sections 1 to 6, and no 7"),
        ([*REPORT, "2"], "holds no *-images-idx3-ubyte file"),
        ([*REPORT[:2], "o", "--mnist", "/nowhere", *REPORT[5:], "2"], "There is no /nowhere."),
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


def test_output_that_cannot_be_written_is_one_line(command: Command) -> None:
    with suppress(OSError), Path("/dev/full").open("w") as full:
        status, _, error = command("--help", stdout=full)
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
