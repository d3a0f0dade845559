"""Ids that are made from names: unlike names have unlike ids."""

import re
import subprocess
import sys
import unicodedata
from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.ids import ID_PATTERN, former_ids_of_name, id_of_name
from app.core.names import is_text, one_spelling, printable, spellings

_NAMES = st.text(st.characters(), min_size=1, max_size=300)  # lone surrogates too
_NEAR_IDS = st.from_regex(r"[A-Za-z0-9._ -]{0,70}(-[0-9a-f]{14,18})?", fullmatch=True)

SCRIPTS = [
    *("Анна Петрова", "Борис Иванов", "Анна", "анна"),
    *("Zoë Müller", "Zoé Möller", "Zoe Muller", "zoe-muller", "Zo-M-ller"),
    *("王小明", "李小龙", "山田太郎", "김철수", "محمد علي", "דוד כהן", "דוד כהן\u200f", "राम"),
    *("🙂", "🙃", "👩‍💻", "👩💻"),
    *("x" * 64 + "a", "x" * 64 + "b", "x" * 64, "x" * 63),
    *("Ada", "ada", "Ada ", "Ada.", "Ada-", " Ada", "Ada\t", "Ada\n", "Ada\x00"),
    *("..", ".", "-", "_", "person", "person-", "..a", "con", "nul"),
    *("caf\udce9", "caf\udcea", "caf\\udce9", "café"),
    *("Ada+Lovelace", "Ada Lovelace", "Ada-Lovelace", "Ada_Lovelace", "Ada--Lovelace"),
    *("\u202eada", "a" + "\u0301" * 200, "½", "ﬁ", "fi", "Ⅷ", "VIII"),
]


def test_names_that_differ_in_any_character_have_ids_of_their_own() -> None:
    names = [*SCRIPTS, *(id_of_name(name) for name in SCRIPTS)]
    names += [id_of_name(name) for name in names]
    different = {one_spelling(name) for name in names}
    assert len({id_of_name(name) for name in different}) == len(different)


@given(st.lists(st.one_of(_NAMES, _NEAR_IDS.filter(bool)), min_size=2, max_size=20))
@example(["a", "a-" + "0" * 16])
def test_unlike_names_never_share_an_id(names: list[str]) -> None:
    names += [id_of_name(name) for name in names]
    for one, other in combinations(names, 2):
        same = one_spelling(one) == one_spelling(other)
        assert (id_of_name(one) == id_of_name(other)) == same


@given(st.one_of(_NAMES, _NEAR_IDS))
def test_an_id_is_always_one_and_the_spelling_changes_nothing(name: str) -> None:
    made = id_of_name(name)
    assert re.fullmatch(ID_PATTERN, made)
    for form in ("NFC", "NFD"):
        assert id_of_name(unicodedata.normalize(form, name)) == made
    assert made in (name, id_of_name(made)) or re.search(r"-[0-9a-f]{16}$", made)
    assert all(re.fullmatch(ID_PATTERN, each) for each in former_ids_of_name(name))


def test_a_name_that_is_an_id_keeps_it_unless_it_could_be_a_made_one() -> None:
    for name in ("ada", "Ada", "hr-1001", "A.B_c-", "x" * 64, "per-" + "0" * 20):
        assert id_of_name(name) == name
    copied = id_of_name("Анна Петрова")
    assert re.fullmatch(r"person-[0-9a-f]{16}", copied)
    assert id_of_name(copied).startswith(f"{copied}-")


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("Zoë Müller", "Zoe-Muller"),
        ("Łukasz Żółć", "Lukasz-Zolc"),
        ("Søren Strauß", "Soren-Strauss"),
        ("Anna Петрова", "Anna"),
        ("王小明", "person"),
        ("..", "person"),
        ("x" * 100, "x" * 47),
    ],
)
def test_what_is_latin_in_a_name_can_be_read_in_its_id(name: str, readable: str) -> None:
    assert re.fullmatch(rf"{re.escape(readable)}-[0-9a-f]{{16}}", id_of_name(name))


def test_ids_are_the_same_in_another_process() -> None:
    names = [name for name in SCRIPTS if "\x00" not in name and is_text(name)]
    code = "import sys; from app.core.ids import id_of_name; print(*map(id_of_name, sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, check=True)
    assert done.stdout.decode().split() == [id_of_name(name) for name in names]


def test_the_ids_are_those_of_every_later_version() -> None:
    """Somebody who is enrolled under an id must be found under it for ever."""
    assert id_of_name("Анна Петрова") == "person-ed8495eda427eb0e"
    assert id_of_name("Zoë Müller") == "Zoe-Muller-d6e575a6b527db9e"
    assert id_of_name("x" * 80) == "x" * 47 + "-d929cdeea7e6a0f4"


def test_the_former_ids_are_those_that_kith_made_without_a_digest() -> None:
    assert former_ids_of_name("Анна Петрова") == ["person"]
    assert former_ids_of_name("Ada Lovelace") == ["Ada-Lovelace"]
    assert former_ids_of_name("Zoë M") == ["Zo-M", "Zoe-M"]  # as Linux and as macOS wrote it
    assert former_ids_of_name("x" * 80) == ["x" * 64]


@given(_NAMES)
def test_a_printable_name_is_one_line_of_utf_8(name: str) -> None:
    shown = printable(name)
    assert len(f"{shown}.".splitlines()) == 1
    shown.encode()
    assert "\x1b" not in shown


def test_what_is_printable_is_left_as_it_is() -> None:
    for name in ("Анна Петрова", "王小明", "محمد علي", "👩‍💻", "a b.jpg"):
        assert printable(name) == name
    assert printable("caf\udce9\n\u202e") == "caf\\xe9\\x0a\\u202e"
    assert spellings("Zoë") == {"Zoë", "Zoe\u0308"}
