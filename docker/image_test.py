"""``make image-test``: builds the image, starts it as it would run, and uses it.

With buildah alone: no daemon, no registry. The base is a minimal Debian that debootstrap makes, or
the image that KITH_IMAGE_BASE names. Everything is kept in ``build/image-test``; remove that folder
to begin anew. It ends with a table of what was seen, and exit code 1 if any of it was wrong.
"""

import ast
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import skimage.data
from make_secrets import KITH
from PIL import Image, ImageEnhance
from rich.console import Console
from rich.table import Table

_ROOT: Final = Path(__file__).parents[1]
_KEPT: Final = _ROOT / "build" / "image-test"
_BASE: Final = "localhost/kith-base:bookworm"
_IMAGE: Final = "localhost/kith:image-test"
_KEY: Final = "an-admin-key-for-this-test-0123456789"
_READY_SECONDS: Final = 120
_STOP_SECONDS: Final = 45


@dataclass(slots=True)
class Report:
    """What was seen, and whether it is what should be."""

    rows: list[tuple[str, str, bool]] = field(default_factory=list)

    def tell(self, subject: str, seen: object, *, good: bool = True) -> None:
        """One line of the table."""
        self.rows.append((subject, str(seen), good))

    @property
    def good(self) -> bool:
        """Whether all of it was."""
        return all(good for *_, good in self.rows)

    def table(self) -> Table:
        """All that was seen, in its order."""
        table = Table("", "seen", "")
        for subject, seen, good in self.rows:
            table.add_row(subject, seen, "[green]right[/green]" if good else "[red]wrong[/red]")
        return table


def main() -> int:
    """Build, use, tell."""
    out = Console()
    if missing := _missing():
        out.print(f"image-test was skipped: it needs {missing}.")
        return 0
    report = Report()
    _KEPT.mkdir(parents=True, exist_ok=True)
    base = os.environ.get("KITH_IMAGE_BASE") or _debian()
    began = time.monotonic()
    _build(base)
    report.tell("built", f"on {base}, in {time.monotonic() - began:.0f} s")
    _look_at_image(report, base)
    with _container() as container:
        _look_inside(report, container)
        _use(report, container)
    out.print(report.table())
    return 0 if report.good else 1


def _missing() -> str:
    if os.geteuid() != 0:
        return "root, for buildah's chroot isolation"
    wanted = ["buildah"] if os.environ.get("KITH_IMAGE_BASE") else ["buildah", "debootstrap"]
    return " and ".join(name for name in wanted if shutil.which(name) is None)


def _buildah(*arguments: str) -> list[str]:
    """The command line of buildah on a storage of this test's own."""
    storage = ["--root", str(_KEPT / "storage"), "--runroot", str(_KEPT / "run")]
    return ["buildah", *storage, "--storage-driver", "vfs", *arguments]


def _told(*arguments: str) -> str:
    done = subprocess.run(_buildah(*arguments), stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def _debian() -> str:
    """A minimal Debian with Python, made once."""
    if subprocess.run(
        _buildah("inspect", "--type", "image", _BASE), capture_output=True
    ).returncode:
        made = _told("from", "scratch")
        try:
            packages = "--include=python3,python3-venv,ca-certificates"
            command = ["debootstrap", "--variant=minbase", packages, "bookworm"]
            subprocess.run([*command, _told("mount", made)], check=True)
            _told("run", "--isolation", "chroot", made, "apt-get", "clean")
            _told("commit", "--quiet", made, _BASE)
        finally:
            _told("rm", made)
    return _BASE


def _build(base: str) -> None:
    command = ["bud", "--isolation", "chroot", "--format", "docker", "--file", "docker/Dockerfile"]
    command += ["--build-arg", f"BASE={base}", "--tag", _IMAGE, *_pip_of_this_machine()]
    subprocess.run(_buildah(*command, "."), cwd=_ROOT, check=True)


def _pip_of_this_machine() -> list[str]:
    """Options that lend a build this machine's pip settings, for where only a mirror is reached.

    The settings go in as ``/etc/pip.conf``, and with them whatever lies on this machine that they
    name: certificates, constraints, folders of wheels. Nothing of it gets into the image.
    """
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    settings: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        origin, _, option = name.rpartition(".")
        if origin in {"global", "install", "download"}:
            settings.setdefault(option, ast.literal_eval(value))
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        if name.startswith(":env:."):  # the environment wins, and is not handed on
            settings[name.removeprefix(":env:.")] = ast.literal_eval(value)
    lent = _KEPT / "pip.conf"
    lines = [f"{option} = {' '.join(value.split())}" for option, value in settings.items()]
    lent.write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
    named = {word.removeprefix("file://") for value in settings.values() for word in value.split()}
    files = sorted(word for word in named if word.startswith("/") and Path(word).exists())
    mounts = [f"{lent}:/etc/pip.conf:ro", *(f"{file}:{file}:ro" for file in files)]
    return [word for mount in mounts for word in ("--volume", mount)]


def _look_at_image(report: Report, base: str) -> None:
    config = _config(_IMAGE)
    environment = dict(pair.split("=", 1) for pair in config["Env"])
    size, under = _bytes(_IMAGE), _bytes(base)
    report.tell("size", f"{size / 1e6:.0f} MB, of which the base {under / 1e6:.0f} MB")
    report.tell("user", config["User"], good=config["User"] not in {"", "0", "root"})
    command = config["Entrypoint"] + config["Cmd"]
    report.tell("command", " ".join(command), good=command == ["kith", "serve"])
    health = config.get("Healthcheck", {}).get("Test")
    report.tell(
        "health check", " ".join(health or ["none"]), good=health == ["CMD", "kith", "health"]
    )
    report.tell("stop signal", config["StopSignal"], good=config["StopSignal"] == "SIGTERM")
    volumes = list(config["Volumes"])
    report.tell("volume", ", ".join(volumes), good=volumes == [environment["KITH_DATA_DIR"]])
    left = [name for name in environment if name.startswith("PIP_")]
    report.tell("settings of pip left", ", ".join(left) or "none", good=not left)


def _config(image: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_told("inspect", "--type", "image", image))["Docker"][
        "config"
    ]
    return found


def _bytes(image: str) -> int:
    """The size of all of an image's files."""
    made = _told("from", "--pull-never", image)
    try:
        used = subprocess.run(
            ["du", "-s", "--block-size=1", _told("mount", made)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return int(used.stdout.split()[0])
    finally:
        _told("rm", made)


@dataclass(frozen=True, slots=True)
class Container:
    """A container of the image on a read-only root, with a volume, a /tmp and a secret."""

    name: str
    root: Path
    volumes: list[str]
    port: int

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs ``arguments`` in it."""
        mounts = [word for volume in self.volumes for word in ("--volume", volume)]
        settings = ["--env", f"KITH_PORT={self.port}"]
        run = _buildah("run", "--isolation", "chroot", *mounts, *settings, self.name, *arguments)
        # A mount of its own over the container's files, which cannot be written.
        readonly = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
        return ["unshare", "--mount", "sh", "-ec", readonly, str(self.root), *run]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``arguments`` in it to their end."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=120)


@contextmanager
def _container() -> Iterator[Container]:
    name = _told("from", "--pull-never", _IMAGE)
    folders = {
        target: _KEPT / "volumes" / target.strip("/")
        for target in ("/data", "/tmp", "/run/secrets")
    }
    try:
        shutil.rmtree(_KEPT / "volumes", ignore_errors=True)
        root = Path(_told("mount", name))
        for target, folder in folders.items():
            folder.mkdir(parents=True)
            os.chown(folder, KITH, KITH)
            (root / target.lstrip("/")).mkdir(parents=True, exist_ok=True)
        secret = folders["/run/secrets"] / "kith_admin_key"
        secret.write_text(f"{_KEY}\n", encoding="utf-8")
        secret.chmod(0o400)
        os.chown(secret, KITH, KITH)
        volumes = [f"{folder}:{target}" for target, folder in folders.items()]
        yield Container(name, root, volumes, _free_port())
    finally:
        _told("rm", name)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _look_inside(report: Report, container: Container) -> None:
    who = container.run("id", "-u").stdout.strip()
    report.tell("runs as", f"uid {who}", good=who == str(KITH))
    for place, writable in (("/opt/kith", False), ("/data", True), ("/tmp", True)):
        can = container.run("sh", "-c", f"echo x > {place}/x && rm {place}/x").returncode == 0
        report.tell(f"{place} is", "writable" if can else "read-only", good=can == writable)
    root = container.run("sh", "-c", "grep ' / ' /proc/self/mountinfo").stdout.split()
    flags = root[5] if len(root) > 5 else "?"
    report.tell("root file system", flags, good="ro" in flags.split(","))
    contract = container.run("kith", "models", "show")
    report.tell(
        "bundle",
        "whole" if contract.returncode == 0 else contract.stderr,
        good=contract.returncode == 0,
    )


def _use(report: Report, container: Container) -> None:
    """Start, wait for the health check, enrol, identify, stop."""
    log = _KEPT / "service.log"
    config = _config(_IMAGE)
    before = container.run("kith", "health")
    report.tell(
        "health before the start", f"exit code {before.returncode}", good=before.returncode == 1
    )
    with log.open("w", encoding="utf-8") as stream:
        began = time.monotonic()
        service = subprocess.Popen(
            container.command(*config["Entrypoint"], *config["Cmd"]), stdout=stream, stderr=stream
        )
        try:
            seconds = _wait_for_health(container, service)
            report.tell("healthy", f"after {seconds:.1f} s", good=seconds < _READY_SECONDS)
            _identify(report, f"http://127.0.0.1:{container.port}")
            service.send_signal(signal.SIGTERM)
            began = time.monotonic()
            code = service.wait(_STOP_SECONDS)
            report.tell(
                "stopped", f"in {time.monotonic() - began:.1f} s, exit code {code}", good=code == 0
            )
        finally:
            service.kill()
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    finished = [json.loads(line)["event"] for line in lines].count("request.finished")
    report.tell("log", f"{finished} requests as JSON", good=finished > 3)


def _wait_for_health(container: Container, service: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    while (waited := time.monotonic() - began) < _READY_SECONDS and service.poll() is None:
        if container.run("kith", "health").returncode == 0:
            return time.monotonic() - began
        time.sleep(0.5)
    return max(waited, _READY_SECONDS)


def _identify(report: Report, url: str) -> None:
    """An astronaut in the public domain, who ships with scikit-image."""
    photo = Image.fromarray(skimage.data.astronaut())
    another = ImageEnhance.Brightness(photo.rotate(5)).enhance(0.8)
    headers = {"Authorization": f"Bearer {_KEY}"}
    with httpx.Client(base_url=f"{url}/v1", headers=headers, timeout=60, trust_env=False) as client:
        made = client.post("/collections", json={"id": "hq"})
        report.tell("collection", made.status_code, good=made.status_code == 201)
        enrolled = client.post(
            "/collections/hq/persons", data={"id": "eileen"}, files={"images": _jpeg(photo)}
        )
        report.tell("enrolled", enrolled.status_code, good=enrolled.status_code == 201)
        asked = client.post("/collections/hq/identify", files={"image": _jpeg(another)}).json()
        named = asked["faces"][0]["person_id"]
        report.tell(
            "identified", f"{named} in {asked['timings_ms']['total']} ms", good=named == "eileen"
        )
        metrics = client.get(f"{url}/metrics").text
        report.tell(
            "metrics", f"{len(metrics.splitlines())} lines", good="kith_decisions_total{" in metrics
        )


def _jpeg(photo: Image.Image) -> bytes:
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=95)
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(main())
