"""Several clients at once on a real server: each sees its own changes from the next request on."""

import threading
from collections.abc import Callable

import httpx

from tests.support.pictures import picture
from tests.support.server import ServerProcess

CLIENTS = 6
ROUNDS = 3
COLLECTION = "/collections/doors"


class Client:
    """One of several who enrol and remove people of their own, and look for them."""

    def __init__(self, http: httpx.Client, number: int) -> None:
        self.http = http
        self.number = number
        self.wrong: list[str] = []

    def run(self) -> None:
        try:
            for turn in range(ROUNDS):
                self._round(f"p-{self.number}-{turn}", 1 + self.number * ROUNDS + turn)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test reports it
            self.wrong.append(repr(error))

    def _round(self, person: str, somebody: int) -> None:
        """Enrol, see, change, see, remove, see."""
        self._expect("unknown before", None, somebody)
        self._ask(201, "POST", "/persons", data={"id": person}, files=_file("images", somebody))
        self._expect("named once enrolled", person, somebody, shake=1)
        self._ask(201, "POST", f"/persons/{person}/faces", files=_file("images", somebody, 2))
        self._expect("named with two faces", person, somebody)
        for face in self._ask(200, "GET", f"/persons/{person}/faces").json()["items"]:
            self._ask(204, "DELETE", f"/persons/{person}/faces/{face['id']}")
        self._expect("unknown without faces", None, somebody)
        self._ask(201, "POST", f"/persons/{person}/faces", files=_file("images", somebody, 3))
        self._expect("named again", person, somebody)
        self._ask(204, "DELETE", f"/persons/{person}")
        self._expect("unknown once removed", None, somebody)
        self._ask(404, "GET", f"/persons/{person}")

    def _expect(self, when: str, person: str | None, somebody: int, *, shake: int = 0) -> None:
        """Expect people to be there; which of so few made-up people is named is up to chance."""
        asked = {"data": {"max_candidates": "100"}, "files": _file("image", somebody, shake)}
        (face,) = self._ask(200, "POST", "/identify", **asked).json()["faces"]
        everybody = [each["person_id"] for each in face["candidates"]]
        mine = [each for each in everybody if each.startswith(f"p-{self.number}-")]
        if mine != [] if person is None else everybody[:1] != [person]:
            self.wrong.append(f"{when}: {everybody} where {person} is expected")

    def _ask(self, status: int, method: str, path: str, **body: object) -> httpx.Response:
        answer = self.http.request(method, COLLECTION + path, **body)  # type: ignore[arg-type]
        if answer.status_code != status:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer


def _file(field: str, somebody: int, shake: int = 0) -> dict[str, tuple[str, bytes]]:
    return {field: (f"{somebody}-{shake}.png", picture(somebody, shake))}


def test_every_client_sees_its_own_changes_from_the_next_request_on(
    server: Callable[..., ServerProcess],
) -> None:
    running = server()
    with running.client() as admin:
        assert admin.post("/collections", json={"id": "doors"}).status_code == 201
        clients = [Client(running.client(), number) for number in range(CLIENTS)]
        _together([client.run for client in clients])
        assert [wrong for client in clients for wrong in client.wrong] == []
        left = admin.get(COLLECTION).json()
        assert (left["person_count"], left["face_count"]) == (0, 0)
        # Each round: enrol, add, twice remove a face, add, remove the person.
        assert left["revision"] == CLIENTS * ROUNDS * 6
    for client in clients:
        client.http.close()


def test_of_many_who_enrol_one_id_at_once_one_does(server: Callable[..., ServerProcess]) -> None:
    running = server()
    answers = list[int]()

    def enrol() -> None:
        with running.client() as http:
            answer = http.post(
                f"{COLLECTION}/persons", data={"id": "ada"}, files=_file("images", 1)
            )
            answers.append(answer.status_code)

    with running.client() as admin:
        admin.post("/collections", json={"id": "doors"})
        _together([enrol] * CLIENTS)
        assert sorted(answers) == [201] + [409] * (CLIENTS - 1)
        left = admin.get(COLLECTION).json()
        assert (left["person_count"], left["face_count"], left["revision"]) == (1, 1, 1)


def test_who_is_removed_while_others_look_is_never_named_by_a_later_question(
    server: Callable[..., ServerProcess],
) -> None:
    running = server()
    removed, wrong = set[str](), list[str]()
    done = threading.Event()

    def look(somebody: int) -> None:
        with running.client() as http:
            while not done.is_set():
                gone = set(removed)
                answer = http.post(f"{COLLECTION}/identify", files=_file("image", somebody))
                if answer.status_code != 200:
                    wrong.append(answer.text)
                    return
                (face,) = answer.json()["faces"]
                named = {each["person_id"] for each in face["candidates"]}
                if named & gone:
                    wrong.append(f"{named & gone} after the removal")

    def remove() -> None:
        try:
            for number in range(1, 9):
                answer = admin.delete(f"{COLLECTION}/persons/p{number}")
                assert answer.status_code == 204
                removed.add(f"p{number}")
        finally:
            done.set()

    with running.client() as admin:
        admin.post("/collections", json={"id": "doors"})
        for number in range(1, 9):
            body = {"id": f"p{number}"}
            admin.post(f"{COLLECTION}/persons", data=body, files=_file("images", number))
        _together([lambda: look(1), lambda: look(5), lambda: look(8), remove])
        assert len(removed) == 8
    assert wrong == []


def _together(work: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=each, daemon=True) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(280)
        assert not thread.is_alive()
