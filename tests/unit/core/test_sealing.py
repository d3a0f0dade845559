"""Sealed bytes open with the right key and whole, and a wrong key is refused."""

import pytest

from app.core.sealing import Opener, Sealer, checked_public, name_of, new_pair
from app.errors import InvalidRequest
from tests.unit.core.refused import refusal

PAIR = new_pair()


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 40_000])
def test_what_was_sealed_opens_with_the_private_key(content: bytes) -> None:
    box = Sealer(PAIR.public).seal(content)
    assert Opener(PAIR.private).open(box.content) == content
    assert box.to == Opener(PAIR.private).name == name_of(PAIR.public)
    assert len(box.content) == len(content) + 48


def test_nothing_else_opens_it_and_no_two_are_alike() -> None:
    sealer = Sealer(PAIR.public)
    sealed = sealer.seal(b"a picture").content
    assert sealed != sealer.seal(b"a picture").content
    assert Opener(new_pair().private).open(sealed) is None
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert Opener(PAIR.private).open(bytes(changed)) is None
    assert Opener(PAIR.private).open(sealed[:-1]) is None
    assert Opener(PAIR.private).open(b"") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PAIR.private, "private key"),
        (PAIR.public[:-1], "cut off or mistyped"),
        (PAIR.public + "A", "cut off or mistyped"),
        (PAIR.public.swapcase().replace("KITH-PUBLIC", "kith-public"), "cut off or mistyped"),
        ("kith-public-", "cut off or mistyped"),
        ("kith-public-ü", "cut off or mistyped"),
        ("age1qqqq", "begin 'kith-public-'"),
        ("", "begin 'kith-public-'"),
    ],
    ids=["private", "cut", "longer", "mistyped", "empty", "no-ascii", "of-others", "nothing"],
)
def test_what_is_no_public_key_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked_public(text)


def test_what_is_no_private_key_is_refused() -> None:
    for text in (PAIR.public, PAIR.private[:-2], "hello"):
        with pytest.raises(InvalidRequest, match="not usable"):
            Opener(text)


@pytest.mark.usefixtures("secrets")
class TestSettings:
    def test_pictures_are_not_sealed_without_a_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KITH_PROBE_EVIDENCE", "sealed")
        assert refusal() == (
            "KITH_PROBE_EVIDENCE is 'sealed': there is no KITH_EVIDENCE_KEY to seal to; "
            "`kith audit evidence keys` makes a pair of keys."
        )

    def test_the_private_key_is_refused_and_not_said_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KITH_PROBE_EVIDENCE", "sealed")
        monkeypatch.setenv("KITH_EVIDENCE_KEY", PAIR.private)
        said = refusal()
        assert said.startswith("KITH_EVIDENCE_KEY: this is the private key, which opens")
        assert PAIR.private.removeprefix("kith-private-")[:8] not in said
