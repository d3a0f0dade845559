"""Requests of clients that do not run here, as their sources send them, at a real server.

double-take 1.13.1 (axios, form-data), the JavaScript SDK 1.0.0 and the .NET SDK are replayed byte
for byte; Viseron calls the Python SDK, and is followed line by line.
"""

import base64
import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

from tests.integration.compreface.conftest import Site, both, collins, hopper, nobody
from tests.support.compreface import BOUNDARY, form, sdk

AXIOS = (
    "Accept: application/json, text/plain, */*\r\n"
    "x-api-key: {key}\r\n"
    "User-Agent: axios/0.21.1\r\n"
    "Host: {host}\r\n"
    "Connection: close\r\n"
)
DOUBLE_TAKE = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
VISERON: dict[str, object] = {
    "limit": 0,
    "det_prob_threshold": 0.8,
    "prediction_count": 1,
    "status": False,
}


def replay(
    site: Site, line: str, head: str = "", body: bytes = b"", *, chunked: bool = False
) -> tuple[int, Any]:
    """Status and JSON of the answer to ``line`` and a body, sent in chunks as a stream is."""
    host = urlsplit(site.url).netloc
    name, port = host.split(":")
    if chunked:
        head += "Transfer-Encoding: chunked\r\n"
        pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)] + [b""]
        body = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces)
    elif body:
        head += f"Content-Length: {len(body)}\r\n"
    common = AXIOS.format(key=site.key, host=host)
    with socket.create_connection((name, int(port)), timeout=60) as connection:
        connection.sendall(f"{line} HTTP/1.1\r\n{common}{head}\r\n".encode("latin-1") + body)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(answer.read())


def normalised(answer: dict[str, Any]) -> list[tuple[str, float]]:
    """The names and scores that double-take reads from an answer, at its own limit of 60."""
    if answer.get("code") == 28:
        return []
    found = []
    for face in answer["result"]:
        name, confidence = "unknown", 0.0
        for subject in face["subjects"][:1]:
            confidence = round(subject["similarity"] * 100, 2)
            name = subject["subject"].lower() if confidence >= 60 else name
        found.append((name, confidence))
    return found


def test_double_take_trains_recognises_and_removes(site: Site) -> None:
    train = "POST /api/v1/recognition/faces?subject=J%C3%BCrgen+M%C3%BCller"
    ask = "POST /api/v1/recognition/recognize?face_plugins=&det_prob_threshold=0.8"

    def send(line: str, image: bytes) -> tuple[int, Any]:
        return replay(site, line, DOUBLE_TAKE, form(("file", "1.jpg", image)), chunked=True)

    status, face = send(train, collins())
    assert (status, face["subject"]) == (201, "Jürgen Müller")
    status, answer = send(ask, collins(1.1))
    assert status == 200
    ((name, confidence),) = normalised(answer)
    assert (name, confidence >= 60) == ("jürgen müller", True)
    ((name, confidence),) = normalised(send(ask, hopper())[1])
    assert (name, confidence < 50) == ("unknown", True)
    assert send(ask, nobody()) == (
        400,
        {"code": 28, "message": "No face is found in the given image."},
    )
    removed = replay(site, "DELETE /api/v1/recognition/faces?subject=J%C3%BCrgen+M%C3%BCller")
    assert removed == (200, {"deleted": 1})
    assert normalised(send(ask, collins(1.1))[1]) == []


def test_viseron_trains_and_finds_the_first_subject_of_every_face(site: Site) -> None:
    service = sdk(site.url, **VISERON).init_face_recognition(site.key)
    faces = service.get_face_collection()
    for name, photos in (("Eileen", [collins(), collins(0.8)]), ("Grace", [nobody(), hopper()])):
        faces.delete_all(name)
        answers = [faces.add(image_path=photo, subject=name) for photo in photos]
        assert ["message" in each for each in answers] == [name == "Grace", False], answers
    assert service.get_subjects().list() == {"subjects": ["Eileen", "Grace"]}
    found = []
    for face in service.recognize(both())["result"]:
        subject = face["subjects"][0]
        found.append(subject["subject"] if subject["similarity"] >= 0.5 else "unknown")
    assert found == ["Eileen", "Grace"]
    service.get_subjects().delete("Grace")
    second = service.recognize(both())["result"][1]["subjects"][0]
    assert (second["subject"], second["similarity"] < 0.5) == ("Eileen", True)
    service.get_subjects().delete_all()
    assert service.recognize(both())["result"] == []


def test_the_javascript_sdk_enrols_recognises_and_deletes(site: Site) -> None:
    faces, as_json = "/api/v1/recognition/faces", "Content-Type: application/json\r\n"

    def send(line: str, **fields: bytes) -> tuple[int, Any]:
        texts = {name: base64.b64encode(image).decode() for name, image in fields.items()}
        return replay(site, line, as_json, json.dumps(texts).encode())

    _, one = send(f"POST {faces}?subject=Eileen?det_prob_threshold=0.8", file=collins())
    assert one["subject"] == "Eileen"  # its second option begins with a question mark as well
    _, two = send(f"POST {faces}?subject=Grace", file=hopper())
    status, answer = send(
        "POST /api/v1/recognition/recognize?limit=0&det_prob_threshold=0.8&prediction_count=2"
        "&face_plugins=undefined&status=true",
        file=both(),
    )
    assert status == 200
    assert [each["subjects"][0]["subject"] for each in answer["result"]] == ["Eileen", "Grace"]
    _, answer = send(f"POST {faces}/{one['image_id']}/verify?limit=0", file=collins(1.1))
    assert answer["result"][0]["similarity"] >= 0.5
    _, answer = send(
        "POST /api/v1/detection/detect?det_prob_threshold=0.8?status=true", file=both()
    )
    assert [set(each) for each in answer["result"]] == [{"box", "execution_time"}] * 2
    _, answer = send(
        "POST /api/v1/verification/verify?limit=0", source_image=collins(), target_image=both()
    )
    same, other = answer["result"][0]["face_matches"]
    assert same["similarity"] >= 0.5 > other["similarity"]
    ids = json.dumps([one["image_id"], two["image_id"], one["image_id"], "no-id"]).encode()
    kind = "Content-Type: application/json;charset=utf-8\r\n"
    assert replay(site, f"POST {faces}/delete", kind, ids) == (200, [one, two])
    assert replay(site, f"DELETE {faces}") == (200, {"deleted": 0})


def test_the_net_sdk_ends_the_path_of_subjects_with_a_slash(site: Site) -> None:
    path, as_json = "/api/v1/recognition/subjects", "Content-Type: application/json\r\n"
    made = replay(site, f"POST {path}/", as_json, b'{"subject":"Ada"}')
    assert made == (201, {"subject": "Ada"})
    assert replay(site, f"GET {path}/") == (200, {"subjects": ["Ada"]})
    renamed = replay(site, f"PUT {path}/Ada/", as_json, b'{"subject":"Bob","currentSubject":1}')
    assert renamed == (200, {"updated": True})
    assert replay(site, f"DELETE {path}/") == (200, {"deleted": 1})
