"""A run file is read strictly, and what is wrong with it is one line."""

from pathlib import Path

import pytest

from training.config import RunConfig, load_config
from training.errors import TrainingError

RUNS = sorted((Path(__file__).parents[2] / "training" / "runs").glob("*.toml"))


@pytest.mark.parametrize("path", RUNS, ids=lambda p: p.stem)
def test_a_shipped_run_is_valid_and_named_as_its_file(path: Path) -> None:
    assert load_config(path).name == path.stem


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "a"\n[train]\nrate = 1\n')
    config = load_config(tmp_path / "a.toml")
    assert config.train.rate == 1.0
    assert config.data == RunConfig(name="a").data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a run needs a name"),
        ('name = "a"\nepoch = 3', "unknown key 'epoch'"),
        ('name = "a"\n[train]\nepoch = 3', "train: unknown key 'epoch'; known here are"),
        ('name = "a"\n[train]\nepochs = "3"', "train: epochs is '3', which is not int"),
        ('name = "a"\n[train]\nepochs = true', "epochs is True"),
        ('name = "a"\n[loss]\nkind = "magic"', "it can be contrastive"),
        ('name = "a"\n[data]\nunseen = "7"', "unseen is '7', which is not float or a list"),
        ("name = ", "is not TOML"),
    ],
)
def test_a_wrong_run_file_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(TrainingError) as error:
        load_config(tmp_path / "a.toml")
    assert said in str(error.value).replace("|", "or")
    assert "\n" not in str(error.value).strip()


def test_a_missing_run_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="There is no run file"):
        load_config(tmp_path / "b.toml")
