"""The repository is of no particular machine: a clone has all there is to know."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LARGEST = 1024 * 1024
# The one model that is kept: Kith trained it, so that a first start without a network can serve.
TRAINED_HERE = ROOT / "app" / "bundles" / "shipped" / "face-mini"
# What Kith's training adds to a published model's weights, and nothing of the model itself.
ADDED_HERE = ROOT / "app" / "bundles" / "recipes" / "face" / "adaptation.npz"
NOT_KEPT = {".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".onnx", ".npz", ".pt", ".pth", ".db"}

# The brackets keep this file from holding what it looks for.
REGISTRY = re.compile(
    r"p[y]pi[.]org|p[y]thonhosted|n[p]mjs[.]|a[n]aconda[.](?:org|com)|g[o]lang[.]org"
    r"|p[y]torch[.]org/whl|a[r]tifactory|d[e]vpi|(?<!\S)--(?:extra-)?i[n]dex-url|(?<!\S)--f[i]nd-links",
    re.IGNORECASE,
)
_FOLDERS = ("home", "Users", "root", "work", "workspace", "mnt")
MACHINE_PATH = re.compile(rf"(?<![\w.:/*}}$-])/(?:{'|'.join(_FOLDERS)})/|\b[A-Z]:\\Users\b")


def kept() -> list[Path]:
    """Every file that git keeps."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.rstrip("\0").split("\0")]
    return [path for path in paths if path.is_file()]


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in kept()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert found(REGISTRY) == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert found(MACHINE_PATH) == []


def test_no_photograph_and_no_model_is_kept() -> None:
    """Faces are biometric data, and models have licences of their own. The one face that a picture
    of the documentation shows is in the public domain, as NOTICE says.
    """
    suspect = {path for path in kept() if path.suffix.lower() in NOT_KEPT} - {ADDED_HERE}
    assert [path.name for path in suspect if path.parent != TRAINED_HERE] == []
    assert {path.name for path in suspect} <= {"embedder.onnx", "detector.onnx"}


def test_no_file_is_larger_than_what_belongs_into_a_repository() -> None:
    large = [path for path in kept() if path.stat().st_size > LARGEST]
    assert [path.name for path in large if path != TRAINED_HERE / "embedder.onnx"] == []


def test_what_is_looked_for_would_be_found() -> None:
    """The patterns of these tests can fail."""
    host = "registry.n" + "pmjs.test"
    assert REGISTRY.search(f"fetched from https://{host}/x")
    assert REGISTRY.search("pip install --extra-" + "index-url x")
    assert not REGISTRY.search("uv pip compile --no-emit-index-url --no-emit-find-links")
    for folder in _FOLDERS:
        assert MACHINE_PATH.search(f'open("/{folder}/ada/x")'), folder
    assert not MACHINE_PATH.search("https://example.test/home/x, data/work/x, $ROOT/root/x")
    assert ROOT / "README.md" in kept()
