"""``kith evaluate door``: a folder of people as bursts of frames."""

import shutil
from pathlib import Path

import pytest

from tests.integration.evaluate.command import make_staff, put, report_of
from tests.support.commands import Command
from tests.support.lfw import people
from tests.support.pictures import picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten people of three pictures, six of one."""
    return make_staff(tmp_path / "staff", several=10, people=16)


class Door:
    """`kith evaluate door` with one bundle; the report goes to ``out``."""

    def __init__(self, command: Command, bundle: Path, tmp_path: Path) -> None:
        self._command = command
        self._settings = {"KITH_MODEL": bundle, "KITH_DATA_DIR": tmp_path, "COLUMNS": 200}
        self.out = tmp_path / "out"

    def __call__(self, *arguments: object) -> tuple[int, str]:
        done = self._command("evaluate", "door", *arguments, "--out", self.out, **self._settings)
        return done.status, done.out + done.err


@pytest.fixture
def door(kith_command: Command, fake_bundle: Path, tmp_path: Path) -> Door:
    return Door(kith_command, fake_bundle, tmp_path)


def test_a_folder_becomes_a_table_and_a_report(door: Door, folder: Path) -> None:
    put(folder, "Person 3", "broken.jpg", b"\xff\xd8\xff not much of a JPEG")
    put(folder, "Person 4", "copy.png", picture(4, 1))
    put(folder, ".", "loose.png", picture(99))

    status, said = door(folder, "--frames", 3)

    assert status == 0, said
    assert "16 people, 5 and 5 enrolled in turn; 3 frames a burst" in said
    assert "mean, and frames agree" in said
    assert "Left out, loose: 1 (" in said
    assert "Person" not in said
    report = report_of(door.out)
    assert (report["format"], report["name"], report["frames"]) == (1, "staff", 3)
    assert (report["mated_bursts"], report["stranger_bursts"]) == (10, 22)
    assert (report["frames_used"], report["frames_offered"]) == (48, 48)
    assert report["templates"] == 20
    assert [each["target"] for each in report["operating_points"]] == [0.1, 0.01, 0.001]
    rules = [each["rule"] for each in report["operating_points"][0]["rules"]]
    assert rules == ["mean", "mean_alone", "single_frame", "maximum"]
    page = (door.out / "report.html").read_text("utf-8")
    assert "mean, and frames agree" in page
    assert "<dt>Left out</dt>" in page
    assert "Person" not in page


def test_a_seed_gives_the_same_figures_again(door: Door, folder: Path) -> None:
    figures = []
    for seed in (1, 1):
        status, said = door(folder, "--people", 12, "--seed", seed, "--frames", 2)
        assert status == 0, said
        assert "12 people" in said
        figures.append(report_of(door.out)["operating_points"])
        shutil.rmtree(door.out)
    assert figures[0] == figures[1]


def test_other_photos_of_the_person_are_the_frames(door: Door, folder: Path) -> None:
    """People of one picture have none; those of two have one to be enrolled with and one frame."""
    put(folder, "Person 12", "more.png", picture(12, 1))
    status, said = door(folder, "--real", "--frames", 4)
    assert status == 0, said
    report = report_of(door.out)
    assert (report["mated_bursts"], report["frames_offered"], report["templates"]) == (10, 20, 10)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--frames", "0"], "--frames must be 1 to 8; 0 is not."),
        (["--frames", "9"], "--frames must be 1 to 8; 9 is not."),
        (["--people", "1"], "--people must be 2 or more; 1 is not."),
        (["--seed", "-1"], "--seed must be 0 or more; -1 is not."),
    ],
)
def test_an_option_out_of_its_range_is_named(
    door: Door, folder: Path, arguments: list[str], said: str
) -> None:
    status, shown = door(folder, *arguments)
    assert (status, said in shown) == (1, True), shown
    assert not door.out.exists()


def test_too_few_people_are_explained_and_leave_no_report(door: Door, tmp_path: Path) -> None:
    few = tmp_path / "few"
    for somebody in range(5):
        put(few, f"Person {somebody}", "0.png", picture(somebody))
    put(few, "Person 0", "1.png", picture(0, 1))
    status, said = door(few)
    assert status == 1
    assert "1 of 5 people here have both a photo to be enrolled with and another one" in said
    assert not door.out.exists()
    status, said = door(tmp_path / "out of the way")
    assert (status, "does not exist" in said) == (2, True)


def test_a_folder_named_door_is_a_folder_where_it_has_its_path(
    kith_command: Command, fake_bundle: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rename(folder.with_name("door"))
    monkeypatch.chdir(folder.parent)
    settings = {"KITH_MODEL": fake_bundle, "KITH_DATA_DIR": folder.parent}
    done = kith_command("evaluate", "./door", "--out", "report", **settings)
    assert done.status == 0, done.err
    assert report_of(folder.parent / "report")["size"]["persons"] == 16
    lost = kith_command("evaluate", "door", **settings)
    assert (lost.status, "Missing argument" in lost.err) == (2, True)


@pytest.mark.data
def test_real_faces_are_found_and_strangers_are_not(
    photos: Path, face_bundle: Path, kith_command: Command, tmp_path: Path
) -> None:
    """Sixteen people of three photos, eight of one."""
    made = tmp_path / "staff"
    several = [files for files in people(photos, least=3) if len(files) < 6][::9][:16]
    single = [files for files in people(photos, least=1) if len(files) == 1][:80:10]
    for files in several + single:
        for file in files[:3]:
            (made / file.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, made / file.parent.name)
    door = Door(kith_command, face_bundle, tmp_path)

    status, said = door(made, "--frames", 3)

    assert status == 0, said
    report = report_of(door.out)
    assert report["galleries"] == [8, 8]
    assert report["frames_used"] >= 0.95 * report["frames_offered"] > 0
    for point in report["operating_points"]:
        mean = point["rules"][0]
        assert mean["fpir"]["low"] <= point["target"]
        assert mean["tpir"]["rate"] >= 0.8
