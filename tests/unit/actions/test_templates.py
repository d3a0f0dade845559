"""A value stays one value, whatever it is and wherever it stands."""

import json
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actions.escaping import (
    FORM,
    escape_of,
    escaping_all,
    header,
    topic_level,
    url_piece,
)
from app.actions.targets import Target
from app.actions.templates import Facts, Template, Unfit

CARD = "{{person.credentials.acs.card}}"
FACTS = Facts(
    {"event_id": "evt_1", "external_id": ""},
    {"acs": "R-1", "a.b": "dotted"},
    (
        ("acs", "user_id", "ada"),
        ("acs", "card", "77213"),
        ("acs", "card", "2"),
        ("x.y", "card", "3"),
    ),
    "admin:pa:ss",
)


def filled(body: str, content_type: str, value: str) -> str:
    template = Template.parse(body)
    return template.filled(lambda _: value, escape_of(content_type, template))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("credential.acs", "ada"),
        ("person.credentials.acs", "ada"),
        ("person.credentials.acs.card", "77213"),
        ("person.credentials.acs.user_id", "ada"),
        ("person.credentials.x.y", "3"),
        ("person.credentials.x.y.card", "3"),
        ("door.ref.acs", "R-1"),
        ("door.ref.a.b", "dotted"),
        ("decision.event_id", "evt_1"),
        ("secret", "admin:pa:ss"),
        ("secret.user", "admin"),
        ("secret.password", "pa:ss"),
    ],
)
def test_each_placeholder_has_its_value(name: str, value: str) -> None:
    assert Template.parse(f"<{{{{ {name} }}}}>").filled(FACTS.value) == f"<{value}>"


@pytest.mark.parametrize(
    "name",
    ["credential.2n", "person.credentials.acs.email", "door.ref.other", "decision.external_id"],
)
def test_a_value_that_is_missing_is_said_by_name(name: str) -> None:
    with pytest.raises(Unfit, match=rf"\{{\{{{name}\}}\}} has no value"):
        FACTS.value(name)


@pytest.mark.parametrize(
    "text",
    [
        "{{person.name}}",
        "{{decision.similarity}}",
        "{{settings.admin_key}}",
        "{{door.ref.}}",
        "{{credential}}",
        "{{secret.other}}",
        "{{ 1 + 1 }}",
        "{{",
        "{{ door.ref.acs",
        "{% if x %}{{door.ref.acs}}{{ }}",
    ],
)
def test_what_nothing_fills_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"placeholder|without a name"):
        Template.parse(text)


def test_braces_of_json_are_text() -> None:
    text = '{"a":{"b":{"c":1}}}'
    assert Template.parse(text).filled(FACTS.value) == text


anything = st.text(min_size=1, max_size=40)


@given(anything)
def test_in_json_a_value_in_quotes_is_that_text(value: str) -> None:
    body = f'{{"card":"{CARD}","tail":"x{CARD}\\"","n":1}}'
    assert json.loads(filled(body, "application/json", value)) == {
        "card": value,
        "tail": f'x{value}"',
        "n": 1,
    }


@given(st.one_of(anything, st.integers().map(str), st.floats(allow_nan=False).map(str)))
def test_in_json_a_value_without_quotes_is_a_number_or_nothing(value: str) -> None:
    body = f'{{"card":{CARD}}}'
    try:
        made = filled(body, "application/json; charset=utf-8", value)
    except Unfit:
        return
    found = json.loads(made)
    assert list(found) == ["card"]
    assert type(found["card"]) in (int, float)


@given(anything)
def test_in_xml_a_value_is_that_text_or_nothing(value: str) -> None:
    body = f"<Open card=\"{CARD}\" other='{CARD}'><cmd>{CARD}</cmd></Open>"
    try:
        root = ET.fromstring(filled(body, "application/xml", value))  # noqa: S314
    except Unfit:
        return
    assert (root.get("card"), root.get("other"), root.findtext("cmd")) == (value, value, value)
    assert len(root.attrib) == 2
    assert len(root) == 1


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_in_a_form_a_value_is_one_field(value: str) -> None:
    made = filled(f"card={CARD}&door=1", "application/x-www-form-urlencoded", value)
    assert parse_qs(made, keep_blank_values=True) == {"card": [value], "door": ["1"]}


@given(anything)
def test_in_an_address_a_value_is_one_segment_and_one_value(value: str) -> None:
    target = Target.parse(f"http://lock/open/{CARD}/now?user={CARD}&a=1", "http")
    try:
        made = target.origin + target.rest.filled(lambda _: value, escaping_all(url_piece))
    except Unfit:
        return
    parts = urlsplit(made)
    assert (parts.hostname, parts.port, parts.fragment) == ("lock", 80, "")
    assert [unquote(each) for each in parts.path.split("/")] == ["", "open", value, "now"]
    assert parse_qs(parts.query, keep_blank_values=True) == {"user": [value], "a": ["1"]}
    assert ".." not in parts.path.split("/")


@given(anything)
def test_in_a_header_and_in_a_topic_nothing_comes_after_the_value(value: str) -> None:
    for escape in (header, topic_level):
        try:
            made = escape(value)
        except ValueError:
            continue
        assert made == value
        assert not {"\r", "\n", "\0"} & set(made)
    if any(each in value for each in "/+#"):
        with pytest.raises(ValueError, match="topic"):
            topic_level(value)


@pytest.mark.parametrize(
    ("body", "content_type", "why"),
    [
        (f'{{"card": {CARD}', "application/json", "is no JSON"),
        (f'{{"card": x{CARD}}}', "application/json", "is no JSON"),
        (f'{{"card": "\\{CARD}"}}', "application/json", "backslash"),
        (f'{{"card": "\\u000{CARD}"}}', "application/json", "middle of an escape"),
        (f'{{"card": "\\u{CARD}"}}', "application/json", "middle of an escape"),
        (f'{{"card": "\\u00{CARD}{CARD}"}}', "application/json", "middle of an escape"),
        ('{"card": NaN}', "application/json", "is no JSON"),
        (f"<a>{CARD}", "application/xml", "is no XML"),
        (f"<a {CARD}='1'/>", "text/xml", "in a tag"),
        (f"<{CARD}/>", "application/xml", "in a tag"),
        (f"<!DOCTYPE a [<!ENTITY b 'c'>]><a>{CARD}</a>", "application/xml", "DOCTYPE"),
        (f"<a><!-- {CARD} --></a>", "application/xml", "comment"),
        (f"<a><![CDATA[{CARD}]]></a>", "application/xml", "CDATA"),
        (f"<a>&#x4{CARD};</a>", "application/xml", "between & and ;"),
        (f"<a b='&#{CARD};'/>", "application/xml", "between & and ;"),
        (f"card=%4{CARD}", FORM, "without two digits"),
        (f"card=%{CARD}", FORM, "without two digits"),
        ("x", "application/octet-stream", "is not known here"),
        ("x", "text/html", "is not known here"),
    ],
)
def test_a_body_that_is_none_of_its_kind_is_refused(body: str, content_type: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        escape_of(content_type, Template.parse(body))


def test_whole_escapes_may_stand_before_a_value() -> None:
    for body, kind in (
        (f'{{"card": "\\u0041{CARD}\\\\{CARD}"}}', "application/json"),
        (f"<a>&#x41;{CARD}</a>", "application/xml"),
        (f"card=%41{CARD}", FORM),
    ):
        escape_of(kind, Template.parse(body))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://lock/", "must begin with"),
        ("http://", "must have a host"),
        ("http://{{door.ref.host}}/open", "without placeholders"),
        ("http://lock{{door.ref.host}}/open", "without placeholders"),
        ("http://lock:{{door.ref.port}}/open", "without placeholders"),
        ("http://user:password@lock/", "no user or password"),
        ("http://lock@evil/", "no user or password"),
        ("http://lock:99999/", "must have a host"),
        ("http://lock\\@evil/", "no user or password"),
        ("http://lock\\evil/", "must have a host"),
        ("http://lock/a b", "characters of an address"),
        ("http://lock/ä", "characters of an address"),
        ("http://lock/#x", "characters of an address"),
        ("http://lock/\r\nX: y", "characters of an address"),
        ("http://lock/a/../b", "must not have . or .."),
        ("http://lock/a/%2e%2E/b", "must not have . or .."),
        ("http://lock/a/%2{{door.ref.e}}/b", "without two digits"),
        ("http://lock/?a=%{{door.ref.e}}", "without two digits"),
        ("http://①②⑦.0.0.1/", "must have a host"),
    ],
)
def test_an_address_has_a_fixed_host_and_no_tricks(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Target.parse(url, "http", "https")


def test_facts_show_no_secret() -> None:
    assert "77213" not in repr(FACTS)
    assert "pa:ss" not in repr(FACTS)
