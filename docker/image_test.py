"""``make image-test``: builds the image, starts it as it would run, and uses it.

The base is a minimal Debian that debootstrap makes, or the image that KITH_IMAGE_BASE names. It
ends with a table of what was seen, and exit code 1 if any of it is not as it should be.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Any, Final

import httpx
import skimage.data
from buildah import IMAGE, KEPT, SECRETS, Container, build, config, container, debian, size
from make_prometheus_key import KEY, PROMETHEUS
from make_secrets import GRAFANA, KITH, POSTGRES
from PIL import Image, ImageEnhance
from rich.console import Console
from rich.table import Table

_LOG: Final = KEPT / "service.log"
_FOLDERS: Final = {
    "/": "read-only",
    "/opt/kith": "read-only",
    "/data": "writable",
    "/tmp": "writable",
}
_READY_SECONDS: Final = 120
_STOP_SECONDS: Final = 45


class Report:
    """The results of the checks: what was seen, and whether it is right."""

    def __init__(self) -> None:
        self.table = Table("", "seen", "")
        self.good = True

    def add(self, subject: str, seen: object, good: bool = True) -> None:  # noqa: FBT001, FBT002
        """Add one line."""
        self.good &= good
        self.table.add_row(subject, str(seen), "[green]right[/]" if good else "[red]wrong[/]")


def main() -> int:
    """Build the image, inspect and use it, and print the report."""
    out = Console()
    if missing := _missing():
        out.print(f"image-test was skipped: it needs {missing}.")
        return 0
    report = Report()
    KEPT.mkdir(parents=True, exist_ok=True)
    base = os.environ.get("KITH_IMAGE_BASE") or debian()
    began = time.monotonic()
    try:
        build(base)
    except subprocess.CalledProcessError as error:
        out.print(f"The build failed, with exit code {error.returncode}.")
        return 1
    report.add("built", f"in {time.monotonic() - began:.0f} s, on {base}")
    whole, below = size(IMAGE) / 1e6, size(base) / 1e6
    report.add("size", f"{whole:.0f} MB: the base's {below:.0f} and {whole - below:.0f}")
    _look_at_image(report)
    with container() as made:
        _look_inside(report, made)
        _make_secrets(report, made)
        _start_and_use(report, made)
    out.print(report.table)
    return 0 if report.good else 1


def _missing() -> str:
    if os.geteuid() != 0:
        return "root, as buildah's chroot isolation does"
    needed = ["buildah"] if os.environ.get("KITH_IMAGE_BASE") else ["buildah", "debootstrap"]
    return " and ".join(name for name in needed if shutil.which(name) is None)


def _look_at_image(report: Report) -> None:
    found = config(IMAGE)
    report.add("user", found["User"], found["User"] not in {"", "0", "root"})
    command = found["Entrypoint"] + found["Cmd"]
    report.add("command", command, command == ["kith", "serve"])
    check = found.get("Healthcheck", {}).get("Test")
    report.add("health check", check, check == ["CMD", "kith", "health"])
    report.add("stop signal", found["StopSignal"], found["StopSignal"] == "SIGTERM")
    report.add("volumes", list(found["Volumes"]), list(found["Volumes"]) == ["/data"])
    left = [pair for pair in found["Env"] if pair.startswith("PIP_")]
    report.add("settings of the build left", left, not left)


def _look_inside(report: Report, made: Container) -> None:
    user = made.run("id", "-u").stdout.strip()
    report.add("runs as", f"uid {user}", user == str(KITH))
    for folder, expected in _FOLDERS.items():
        tried = made.run("sh", "-c", f"echo > {folder}/tried && rm {folder}/tried")
        refused = "read-only" if "Read-only file system" in tried.stderr else tried.stderr
        seen = "writable" if tried.returncode == 0 else refused
        report.add(folder, seen, seen == expected)
    shown = made.run("kith", "models", "show")
    report.add("bundle", shown.stderr.strip() or "whole", shown.returncode == 0)


def _make_secrets(report: Report, made: Container) -> None:
    """Make the secrets as Compose does; then each reader tries to read all of them."""
    script = ["python", "/opt/kith/setup/make_secrets.py", "/run/secrets"]
    for _ in range(2):
        done = made.run(*script, user="0:10000")
    report.add("secrets", done.stderr.strip() or "made", done.returncode == 0)
    files = sorted(file.name for file in SECRETS.iterdir())
    readers = {"Kith": KITH, "PostgreSQL": POSTGRES, "Grafana": GRAFANA}
    expected = {
        "Kith": ["kith_admin_key", "kith_database_url"],
        "PostgreSQL": ["postgres_password"],
        "Grafana": ["grafana_password"],
    }
    for reader, uid in readers.items():
        group = 0 if reader == "Grafana" else uid
        tried = (
            f"cd /run/secrets; for f in {' '.join(files)}; do cat $f > /dev/null && echo $f; done"
        )
        read = made.run("sh", "-c", tried, user=f"{uid}:{group}").stdout.split()
        report.add(f"{reader} can read", ", ".join(read), read == expected[reader])


def _start_and_use(report: Report, made: Container) -> None:
    early = made.run("kith", "health").returncode
    report.add("health before the start", f"exit code {early}", early == 1)
    found = config(IMAGE)
    with _LOG.open("w", encoding="utf-8") as stream:
        command = made.command(*found["Entrypoint"], *found["Cmd"])
        service = subprocess.Popen(command, stdout=stream, stderr=stream)
        try:
            seconds = _seconds_to_health(made, service)
            report.add("healthy", f"after {seconds:.1f} s", seconds < _READY_SECONDS)
            _use(report, made)
            began = time.monotonic()
            # Not to buildah, who would pass on a signal that nobody can handle.
            os.kill(_logged("service.started")[0]["pid"], signal.SIGTERM)
            code = service.wait(_STOP_SECONDS)
            seconds = time.monotonic() - began
            report.add("stopped", f"in {seconds:.1f} s, exit code {code}", code == 0)
        finally:
            service.terminate()
            service.wait()
    finished = len(_logged("request.finished"))
    report.add("log", f"{finished} requests, as JSON", finished >= 4)


def _logged(event: str) -> list[dict[str, Any]]:
    lines = _LOG.read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    return [entry for entry in entries if entry["event"] == event]


def _seconds_to_health(made: Container, service: subprocess.Popen[bytes]) -> float:
    """Until the image's own check says so, or for ever where it never does."""
    began = time.monotonic()
    while time.monotonic() - began < _READY_SECONDS and service.poll() is None:
        if made.run("kith", "health").returncode == 0:
            return time.monotonic() - began
        time.sleep(0.5)
    return float("inf")


def _use(report: Report, made: Container) -> None:
    """With an astronaut in the public domain, who comes with scikit-image."""
    key = (SECRETS / "kith_admin_key").read_text(encoding="utf-8").strip()
    photo = Image.fromarray(skimage.data.astronaut())
    another = ImageEnhance.Brightness(photo.rotate(5)).enhance(0.8)
    with _client(made, key) as client:
        collection = client.post("/collections", json={"id": "hq"})
        report.add("collection made", collection.status_code, collection.status_code == 201)
        images = {"images": _jpeg(photo)}
        enrolled = client.post("/collections/hq/persons", data={"id": "eileen"}, files=images)
        report.add("enrolled", enrolled.status_code, enrolled.status_code == 201)
        asked = client.post("/collections/hq/identify", files={"image": _jpeg(another)}).json()
        named = asked["faces"][0]["person_id"]
        seen = f"{named}, in {asked['timings_ms']['total']:.0f} ms"
        report.add("identified", seen, named == "eileen")
    script = ["python", "/opt/kith/setup/make_prometheus_key.py", made.url, "/run/secrets"]
    done = made.run(*script, user="0:10000")
    report.add("key for Prometheus", done.stderr.strip() or "made", done.returncode == 0)
    key = made.run("cat", f"/run/secrets/{KEY}", user=f"{PROMETHEUS}:{PROMETHEUS}").stdout.strip()
    with _client(made, key) as client:
        metrics = client.get(f"{made.url}/metrics")
        report.add("metrics", metrics.status_code, metrics.status_code == 200)
        lines = [line for line in metrics.text.splitlines() if not line.startswith("#")]
        memory = dict(line.rsplit(" ", 1) for line in lines)["process_resident_memory_bytes"]
        report.add("memory", f"{float(memory) / 1e6:.0f} MB")


def _client(made: Container, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=f"{made.url}/v1", headers=headers, timeout=60, trust_env=False)


def _jpeg(photo: Image.Image) -> bytes:
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=95)
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(main())
