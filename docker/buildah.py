"""Buildah on a storage of its own: a base, the image of Kith, and a container of it.

Needs root, and no daemon and no registry. All of it is kept in ``build/image-test``; remove that
folder to start again from nothing.
"""

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from make_secrets import KITH

_ROOT: Final = Path(__file__).parents[1]
KEPT: Final = _ROOT / "build" / "image-test"
IMAGE: Final = "localhost/kith:image-test"
_DEBIAN: Final = "localhost/kith-base:bookworm"
SECRETS: Final = KEPT / "volumes" / "run" / "secrets"
_DROPPED: Final = [
    "AUDIT_WRITE",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
]
"""All that buildah gives but CHOWN; to drop all and add one leaves it with none."""
_VOLUMES: Final = {"/tmp": KITH, "/run/secrets": 0}
"""The mounted folders and the uid of their owner; the image itself declares /data a volume."""

_READ_ONLY: Final = """
mount --bind "$0" "$0"
mount -o remount,bind,ro "$0"
mount -t tmpfs -o mode=755 none "$0/run" # where buildah itself must write
mkdir "$0/run/secrets"
exec "$@"
"""
"""Mounts a folder over itself so that not even root could write to it, then runs a command."""


def buildah(*arguments: str) -> list[str]:
    """A command line."""
    storage = ["--root", str(KEPT / "storage"), "--runroot", str(KEPT / "run")]
    return ["buildah", *storage, "--storage-driver", "vfs", *arguments]


def output_of(*arguments: str) -> str:
    """The standard output of buildah, which must succeed."""
    done = subprocess.run(buildah(*arguments), stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


@contextmanager
def mounted(image: str) -> Iterator[tuple[str, Path]]:
    """A working container of an image, and the folder of its files, until the block ends."""
    name = output_of("from", "--pull-never", image)
    try:
        yield name, Path(output_of("mount", name))
    finally:
        output_of("rm", name)


def debian() -> str:
    """A minimal Debian with Python, made at the first call."""
    known = output_of("images", "--noheading", "--format", "{{.Name}}:{{.Tag}}")
    if _DEBIAN not in known.split():
        with mounted("scratch") as (name, files):
            packages = "--include=python3,python3-venv,ca-certificates"
            command = ["debootstrap", "--variant=minbase", packages, "bookworm", str(files)]
            subprocess.run(command, check=True)
            output_of("run", "--isolation", "chroot", name, "apt-get", "clean")
            output_of("commit", "--quiet", name, _DEBIAN)
    return _DEBIAN


def build(base: str) -> None:
    """The image, as the Dockerfile says."""
    options = ["--isolation", "chroot", "--format", "docker", "--file", "docker/Dockerfile"]
    options += ["--build-arg", f"BASE={base}", "--tag", IMAGE, *_pip_of_this_machine()]
    subprocess.run(buildah("bud", *options, "."), cwd=_ROOT, check=True)
    output_of("rmi", "--prune")  # what the tag named before


def _pip_of_this_machine() -> list[str]:
    """Options that lend a build this machine's pip settings, for where only a mirror is reached.

    They go in as ``/etc/pip.conf``, and with them whatever lies on this machine that they name:
    certificates, constraints, folders of wheels. Nothing of it gets into the image.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    pairs = [line.partition("=")[::2] for line in listed.stdout.splitlines()]
    # Of the environment last: it wins over files.
    pairs.sort(key=lambda pair: pair[0].startswith(":env:"))
    settings = {name.rpartition(".")[2]: ast.literal_eval(value).split() for name, value in pairs}
    file = KEPT / "pip.conf"
    lines = [f"{name} = {' '.join(words)}" for name, words in settings.items()]
    file.write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
    named = {_named(word) for words in settings.values() for word in words}
    lent = sorted(str(path) for path in named if path.is_absolute() and path.exists())
    volumes = [f"{file}:/etc/pip.conf:ro", *(f"{each}:{each}:ro" for each in lent)]
    return [f"--volume={volume}" for volume in volumes]


def _named(word: str) -> Path:
    """The path in a setting; of an index of files its folder's folder, where the files are."""
    index = word.removeprefix("file://")
    return Path(index) if index == word else Path(index).parent


def config(image: str) -> dict[str, Any]:
    """The run configuration of an image, such as its user and command."""
    found: dict[str, Any] = json.loads(output_of("inspect", "--type", "image", image))
    of_docker: dict[str, Any] = found["Docker"]["config"]
    return of_docker


def size(image: str) -> int:
    """Bytes of all of an image's files."""
    with mounted(image) as (_, files):
        command = ["du", "--summarize", "--block-size=1", str(files)]
        used = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return int(used.stdout.split()[0])


@dataclass(frozen=True, slots=True)
class Container:
    """A container of the image as Compose makes it: its root read-only, with a volume, a /tmp and a
    folder of secrets.
    """

    name: str
    files: Path
    volumes: list[str]
    settings: dict[str, str]

    def command(self, *arguments: str, user: str | None = None) -> list[str]:
        """The command line that runs ``arguments`` in it, as the image's user or as another.

        Another has no capability but to give files away, as Compose has it for who makes secrets.
        """
        options = ["--isolation", "chroot"]
        options += [f"--env={name}={value}" for name, value in self.settings.items()]
        options += [f"--volume={volume}" for volume in self.volumes]
        if user is not None:
            options += ["--user", user, *(f"--cap-drop=CAP_{name}" for name in _DROPPED)]
        outside = ["unshare", "--mount", "sh", "-ec", _READ_ONLY, str(self.files)]
        return [*outside, *buildah("run", *options, self.name, "--", *arguments)]

    def run(self, *arguments: str, user: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``arguments`` in it to their end."""
        command = self.command(*arguments, user=user)
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    @property
    def url(self) -> str:
        """The service's address on the host: the container has no network of its own."""
        return f"http://127.0.0.1:{self.settings['KITH_PORT']}"


@contextmanager
def container() -> Iterator[Container]:
    """A new one, whose volume is empty."""
    shutil.rmtree(KEPT / "volumes", ignore_errors=True)
    with mounted(IMAGE) as (name, files):
        folders = {target: KEPT / "volumes" / target.lstrip("/") for target in _VOLUMES}
        for target, owner in _VOLUMES.items():
            folders[target].mkdir(parents=True)
            os.chown(folders[target], owner, owner)
        volumes = [f"{folder}:{target}" for target, folder in folders.items()]
        # The database that the secrets name is not there; the environment wins.
        settings = {"KITH_PORT": str(_free_port()), "KITH_DATABASE_URL": "sqlite:////data/kith.db"}
        yield Container(name, files, volumes, settings)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
