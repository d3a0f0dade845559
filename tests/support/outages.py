"""Asking a service whose database may be away, and how stale it says that it is."""

import re

import httpx

from tests.api.support import files, ok, only_face
from tests.support.pictures import picture

DOORS = "/collections/doors"


def ask(client: httpx.Client, somebody: int, collection: str = "doors") -> httpx.Response:
    image = files(picture(somebody, 9), field="image")
    return client.post(f"/collections/{collection}/identify", files=image)


def verify(client: httpx.Client, person: str, somebody: int) -> httpx.Response:
    image = files(picture(somebody, 9), field="image")
    return client.post(f"{DOORS}/persons/{person}/verify", files=image)


def said(answer: httpx.Response) -> tuple[str, str | None, bool]:
    body = ok(answer)
    face = only_face(body)
    return face["decision"], face["person_id"], body["stale"]


def metric(client: httpx.Client, name: str) -> float:
    text = client.get(f"http://{client.base_url.netloc.decode()}/metrics").text
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))
