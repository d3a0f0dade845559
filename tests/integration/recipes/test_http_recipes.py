"""The JSON of each page opens its device, once; a wrong secret opens nothing."""

import json
import re
import ssl
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.actions.calls import Caller, Result
from app.actions.checking import check_action
from app.actions.schemas import ActionFields
from app.actions.secrets import Secrets
from app.actions.templates import Facts
from app.egress.allowance import Allowance
from app.egress.dialling import Deadline, Egress
from tests.support.devices import makers
from tests.support.devices.base import PASSWORD, USER, Device

RECIPES = Path(__file__).parents[3] / "docs" / "recipes"
EGRESS = Egress(Allowance.parse("127.0.0.0/8"))
REF = {
    "unifi": "door-7",
    "axis": "Axis-00408c:1",
    "biostar": "5",
    "source": "Kith",
    "device": "Front door",
    "controller": "405419896",
    "door": "3",
}
CREDENTIALS = (
    ("2n", "card", "1"),
    ("2n", "user_id", "4b3c22b3-0a1f-4d5e-8b4b-2a0f7a0c9d10"),
    ("onguard", "card", "77213"),
    ("uhppoted", "card", "8165538"),
)
DECISION = {
    "event_id": "evt_1",
    "door_id": "front",
    "person_id": "ada",
    "session": "4711",
    "valid_until": "2026-05-04T12:00:05.000Z",
}
TOLD = {
    "event_id": "evt_1",
    "door": "front",
    "person": "ada",
    "valid_until": "2026-05-04T12:00:05.000Z",
}


class Recipe(NamedTuple):
    """The number of the JSON on its page, the device, what that did, and how it takes a wrong
    secret: the outcome and status.
    """

    page: str
    number: int
    device: type[Device]
    opened: object
    wrong: tuple[str, int | None]


HTTP = [
    Recipe("unifi-access", 0, makers.UniFiAccess, "door-7", ("refused", 401)),
    Recipe("2n", 0, makers.Intercom2N, CREDENTIALS[1][2], ("refused", 401)),
    Recipe("2n", 1, makers.Intercom2N, "switch 1", ("refused", 401)),
    Recipe("axis", 0, makers.Axis, "door", ("refused", 401)),
    Recipe("axis", 1, makers.Axis, "output 1", ("refused", 401)),
    Recipe("hikvision", 0, makers.Hikvision, "door 1", ("refused", 401)),
    Recipe("hikvision", 1, makers.Hikvision, 4711, ("refused", 401)),
    Recipe("biostar2", 0, makers.BioStar2, 5, ("failed", None)),
    Recipe("onguard", 0, makers.OnGuard, ("Kith", "Front door", 77213), ("failed", None)),
    Recipe("relays", 0, makers.Shelly, "relay 0", ("refused", 401)),
    Recipe("relays", 1, makers.Tasmota, "relay", ("unanswered", 200)),
    Recipe("home-assistant", 0, makers.HomeAssistant, TOLD, ("done", 200)),
    Recipe("node-red", 0, makers.NodeRed, TOLD, ("refused", 401)),
]
FRIGATE = Recipe("frigate", 0, makers.Frigate, {"subLabel": "ada"}, ("done", 200))


def recipes(page: str) -> list[dict[str, Any]]:
    """Each JSON of a page."""
    text = (RECIPES / f"{page}.md").read_text("utf-8")
    return [json.loads(each) for each in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """TLS of a device with a self-signed certificate, and that certificate's SHA-256."""
    key = tmp_path_factory.mktemp("tls") / "device.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    made = [*command.split(), "-subj", "/CN=device", "-keyout", str(key), "-out", f"{key}.crt"]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{key}.crt", key)
    shown = ["openssl", "x509", "-in", f"{key}.crt", "-noout", "-fingerprint", "-sha256"]
    printed = subprocess.run(shown, check=True, capture_output=True, text=True).stdout
    return context, printed.rpartition("=")[2].strip().replace(":", "").lower()


def call(recipe: Recipe, device: Device, digest: str, secret: str) -> Result:
    """Send the page's action to the device that takes the place of the one it names."""
    (named,) = set(re.findall(r"https?://[^/]+", json.dumps(recipes(recipe.page)[recipe.number])))
    text = json.dumps(recipes(recipe.page)[recipe.number]).replace(named, device.origin)
    fields = ActionFields.model_validate_json(text.replace("0" * 64, digest))
    check_action(fields, REF, EGRESS)
    name = fields.auth.secret or "KITH_SECRET_NONE"
    caller = Caller(EGRESS, Secrets(None, {name: secret}))
    fields = fields.model_copy(update={"timeout_ms": 10_000})
    return caller.call(fields, Facts(DECISION, REF, CREDENTIALS), Deadline.after(60))


def secret_of(recipe: Recipe) -> str:
    """The right one."""
    whole = {"unifi-access", "home-assistant"}
    return PASSWORD if recipe.page in whole else f"{USER}:{PASSWORD}"


def started(recipe: Recipe, tls: tuple[ssl.SSLContext, str]) -> Device:
    """The recipe's device, with TLS where the page's address has it."""
    secure = recipes(recipe.page)[recipe.number]["url"].startswith("https")
    return recipe.device(tls[0] if secure else None)


def _name(recipe: Recipe) -> str:
    return f"{recipe.page}-{recipe.number}"


@pytest.mark.parametrize("recipe", [*HTTP, FRIGATE], ids=_name)
def test_a_recipe_opens_its_device_once(recipe: Recipe, tls: tuple[ssl.SSLContext, str]) -> None:
    with started(recipe, tls).running() as device:
        result = call(recipe, device, tls[1], secret_of(recipe))
    assert (result.outcome, result.status, result.error) == ("done", 200, None)
    assert device.opened == [recipe.opened]


@pytest.mark.parametrize("recipe", HTTP, ids=_name)
@pytest.mark.parametrize("secret", ["kith:wrong", "other:pa:ss word"])
def test_a_wrong_secret_opens_nothing_and_is_not_repeated_in_the_result(
    recipe: Recipe, tls: tuple[ssl.SSLContext, str], secret: str
) -> None:
    with started(recipe, tls).running() as device:
        result = call(recipe, device, tls[1], secret)
    assert device.opened == []
    assert (result.outcome, result.status) == recipe.wrong
    assert "wrong" not in (result.error or "")


def test_a_person_without_the_credential_opens_nothing(
    tls: tuple[ssl.SSLContext, str],
) -> None:
    with makers.Intercom2N().running() as device:
        (named, _) = recipes("2n")
        named["url"] = named["url"].replace("http://intercom.example.lan", device.origin)
        caller = Caller(EGRESS, Secrets(None, {"KITH_SECRET_2N": f"{USER}:{PASSWORD}"}))
        facts = Facts(DECISION, REF, CREDENTIALS[:1])
        fields = ActionFields.model_validate(named)
        result = caller.call(fields, facts, Deadline.after(60))
    del tls
    assert (result.outcome, device.refused, device.opened) == ("unfit", 0, [])
    assert result.error is not None
    assert "{{person.credentials.2n.user_id}} has no value" in result.error


def test_every_page_has_a_recipe_that_is_tested_and_the_list_has_every_page() -> None:
    pages = {file.stem for file in RECIPES.glob("*.md")} - {"README"}
    by_mqtt = {"uhppoted", "relays"}
    assert pages == {each.page for each in [*HTTP, FRIGATE]} | by_mqtt
    listed = re.findall(r"\]\(([a-z0-9-]+)\.md\)", (RECIPES / "README.md").read_text("utf-8"))
    assert sorted(listed) == sorted(pages)
    for page in pages:
        assert "*Not verified on" in (RECIPES / f"{page}.md").read_text("utf-8")
        tested = sum(each.page == page for each in [*HTTP, FRIGATE])
        by_http = [each for each in recipes(page) if each["kind"] == "http"]
        assert len(by_http) == tested
