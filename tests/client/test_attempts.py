"""When a call is sent again, and when it must not be."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from kith_client import ConnectionFailed, Kith, KithError, UnexpectedAnswer
from kith_client.attempts import Patience, Send, Sleep, attempts, pauses
from kith_client.calls import Call
from kith_client.operations import Operations
from kith_client.problems import (
    Conflict,
    InvalidRequest,
    NotFound,
    Overloaded,
    RateLimited,
)
from tests.client.recorded import async_kith, kith, refusal

Outcome = httpx.Response | Exception
MODELS = httpx.Response(200, json={"items": []})
DEFAULT = Patience()
BUSY = refusal(503, "overloaded")
CREATED = httpx.Response(201, json={"id": "hq"})


def tried(
    call: Call[Any], *outcomes: Outcome, patience: Patience = DEFAULT
) -> tuple[list[Call[Any]], list[float]]:
    """The calls that were sent and the seconds that were waited, with these outcomes in turn."""
    steps, sent, slept = attempts(call, patience, "http://kith"), [], []
    following: Iterator[Outcome] = iter(outcomes)
    try:
        step = next(steps)
        while True:
            if isinstance(step, Sleep):
                slept.append(step.seconds)
                step = next(steps)
                continue
            sent.append(step.call)
            outcome = next(following)
            failed = isinstance(outcome, Exception)
            step = steps.throw(outcome) if failed else steps.send(outcome)  # type: ignore[arg-type]
    except StopIteration:
        return sent, slept


def test_what_was_refused_for_now_is_asked_again_after_growing_pauses() -> None:
    sent, slept = tried(Operations.models.call(), BUSY, BUSY, BUSY, MODELS)
    assert len(sent) == 4
    assert 0.25 <= slept[0] <= 0.5 <= slept[1] <= 1 <= slept[2] <= 2


def test_a_pause_is_never_shorter_than_the_service_asks_for() -> None:
    asked = refusal(429, "rate_limited", **{"retry-after": "7"})
    assert tried(Operations.models.call(), asked, MODELS)[1] == [7]


def test_pauses_end_growing_and_differ() -> None:
    found = pauses()
    assert all(each <= 15 for each in [next(found) for _ in range(20)])
    assert len({next(pauses()) for _ in range(20)}) == 20


def test_every_attempt_of_a_creation_has_the_same_key() -> None:
    lost = httpx.ReadTimeout("")
    sent, _ = tried(Operations.create_collection.call(id="hq"), lost, BUSY, CREATED)
    keys = {each.headers["Idempotency-Key"] for each in sent}
    assert len(sent) == 3
    assert len(keys) == 1
    own = Operations.create_collection.call(id="hq", idempotency_key="mine")
    assert own.headers["Idempotency-Key"] == "mine"
    other = Operations.create_collection.call(id="hq").headers["Idempotency-Key"]
    assert {other} != keys


@pytest.mark.parametrize(
    "call",
    [
        Operations.decide_at_door.call("front", [b"1"]),
        Operations.try_action.call("hq", "front", "open"),
        Operations.try_webhook.call("whk-1"),
        Operations.replay_webhook.call("whk-1", all=True),
    ],
    ids=lambda call: str(call.path),
)
@pytest.mark.parametrize("outcome", [BUSY, httpx.ConnectError("")], ids=["busy", "away"])
def test_what_would_act_twice_is_sent_once(call: Call[Any], outcome: Outcome) -> None:
    """Frames without times would be fresh again, and a lock would open again."""
    with pytest.raises(KithError):
        tried(call, outcome)


@pytest.mark.parametrize(
    ("outcome", "raised"),
    [
        (refusal(409, "conflict"), Conflict),
        (refusal(422, "invalid_request"), InvalidRequest),
        (refusal(404, "not_found"), NotFound),
        (httpx.Response(302, headers={"location": "http://elsewhere"}), KithError),
        (httpx.Response(200, text="<html>"), UnexpectedAnswer),
        (httpx.Response(200, json={"items": 5}), UnexpectedAnswer),
        (httpx.DecodingError("no gzip"), UnexpectedAnswer),
    ],
)
def test_what_would_fail_again_is_not_sent_again(outcome: Outcome, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        tried(Operations.models.call(), outcome)


def test_it_ends_with_the_last_failure() -> None:
    with pytest.raises(Overloaded):
        tried(Operations.models.call(), *[BUSY] * 3, patience=Patience(retries=2))
    with pytest.raises(ConnectionFailed, match="http://kith does not answer: refused"):
        tried(Operations.models.call(), httpx.ConnectError("refused"), patience=Patience(retries=0))


def test_no_attempt_begins_after_the_patience_is_over() -> None:
    with pytest.raises(RateLimited):
        tried(Operations.models.call(), refusal(429, "rate_limited", **{"retry-after": "61"}))


def test_a_removal_that_an_earlier_attempt_did_is_done() -> None:
    gone = refusal(404, "not_found")
    call = Operations.delete_person.call("hq", "ada")
    assert len(tried(call, httpx.ReadError(""), gone)[0]) == 2
    with pytest.raises(NotFound):
        tried(call, gone)
    for nothing in (httpx.ConnectError(""), refusal(429, "rate_limited")):
        with pytest.raises(NotFound):  # the first attempt was not done
            tried(call, nothing, gone)


def test_an_error_says_what_the_service_said() -> None:
    with pytest.raises(NotFound) as caught:
        tried(Operations.models.call(), refusal(404, "not_found"))
    error = caught.value
    assert (error.status, error.code, error.request_id) == (404, "not_found", "req-1")
    assert error.errors[0].field == "images[0]"
    assert str(error) == "not_found: It was wrong. (request req-1)"


def test_an_answer_of_a_proxy_is_an_error_without_a_code() -> None:
    with pytest.raises(KithError, match="502: answered with status 502") as caught:
        tried(
            Operations.models.call(),
            httpx.Response(502, text="<html>"),
            patience=Patience(retries=0),
        )
    assert caught.value.passing


@pytest.fixture
def flaky() -> Callable[[httpx.Request], httpx.Response]:
    """Busy each first time."""
    asked: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path in asked:
            return httpx.Response(200, json={"items": []})
        asked.add(request.url.path)
        return refusal(503, "overloaded", **{"retry-after": "0"})

    return answer


def test_both_clients_do_what_the_steps_ask_for(
    flaky: Callable[[httpx.Request], httpx.Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def rest(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("kith_client.client.time.sleep", slept.append)
    monkeypatch.setattr("kith_client.client.asyncio.sleep", rest)
    assert kith(flaky).models().items == []
    assert asyncio.run(async_kith(flaky).models()).items == []
    assert len(slept) == 1


def test_a_key_is_shown_nowhere() -> None:
    assert "a-key" not in repr(kith(lambda _: MODELS))


@pytest.mark.parametrize("key", ["a-\nkey", "a-key\r\nX: y", "a-kéy", "a-key\x00"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="characters that no key has") as refused:
        Kith("http://kith", key)
    assert "a-k" not in str(refused.value)


def test_a_key_of_a_file_may_end_with_a_line_break() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return MODELS

    http = httpx.Client(transport=httpx.MockTransport(answer))
    Kith(" http://kith/v1/\n", "a-key\n", http=http).models()
    assert (sent[0].headers["authorization"], sent[0].url.host) == ("Bearer a-key", "kith")


@pytest.mark.parametrize(
    "url",
    ["kith:8000", "ftp://kith", "http://", "http://[::1", "http://kith:x", "http://u:secret@kith"],
)
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a service") as refused:
        Kith(url, "a-key")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("given", ["a\nb", "é"])
def test_what_cannot_be_a_header_is_refused_before_it_is_sent(given: str) -> None:
    with pytest.raises(ValueError, match="Idempotency-Key"):
        Operations.create_collection.call(id="hq", idempotency_key=given)


def test_a_service_and_a_key_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KITH_URL", raising=False)
    with pytest.raises(ValueError, match="KITH_URL and KITH_KEY"):
        type(kith(lambda _: MODELS))(key="a-key")
    assert isinstance(next(attempts(Operations.models.call(), Patience(), "")), Send)
