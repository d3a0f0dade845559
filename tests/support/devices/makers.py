"""The devices of the recipes. Each opens for the right request alone."""

import json
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from tests.support.devices.base import PASSWORD, USER, Asked, Device, Reply

NOT_FOUND = Reply(404, {"error": "not found"})


class UniFiAccess(Device):
    """Token; 200 with a code, even for what it does not do."""

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {PASSWORD}":
            self.refused += 1
            return Reply(401, {"code": "CODE_UNAUTHORIZED", "msg": "token is invalid"})
        wanted = ("PUT", "/api/v1/developer/doors/door-7/unlock")
        if (asked.method, asked.path) != wanted:
            return Reply(200, {"code": "CODE_NOT_FOUND", "msg": "no such door"})
        self.opened.append("door-7")
        return Reply(200, {"code": "SUCCESS", "msg": "success", "data": "success"})


class Intercom2N(Device):
    """Digest; 200 with ``success``, and the rights of the user are its own matter."""

    USERS = frozenset({"4b3c22b3-0a1f-4d5e-8b4b-2a0f7a0c9d10"})

    def answer(self, asked: Asked) -> Reply:
        if challenge := self.digest(asked):
            return challenge
        query = asked.query
        if asked.path == "/api/accesspoint/grantaccess" and query.get("id") in ("0", "1"):
            if query.get("user") not in self.USERS:
                return Reply(200, {"success": False, "error": {"code": 12, "param": "user"}})
            self.opened.append(query["user"])
        elif asked.path == "/api/switch/ctrl" and query == {"switch": "1", "action": "on"}:
            self.opened.append("switch 1")
        else:
            return Reply(200, {"success": False, "error": {"code": 1}})
        return Reply(200, {"success": True})


class Axis(Device):
    """Digest; a door controller and an output."""

    def answer(self, asked: Asked) -> Reply:
        if challenge := self.digest(asked):
            return challenge
        if (asked.method, asked.path) == ("POST", "/vapix/doorcontrol"):
            if asked.json() != {"tdc:AccessDoor": {"Token": "Axis-00408c:1"}}:
                return Reply(400, {"FaultCode": "Sender"})
            self.opened.append("door")
            return Reply(200, {})
        if asked.path == "/axis-cgi/io/port.cgi" and unquote(asked.query["action"]) == "1:/500\\":
            self.opened.append("output 1")
            return Reply(200, b"OK\r\n")
        return NOT_FOUND


class Hikvision(Device):
    """Digest; XML to open, JSON for a check that waits."""

    WAITING = 4711

    def answer(self, asked: Asked) -> Reply:
        if challenge := self.digest(asked):
            return challenge
        base = "/ISAPI/AccessControl/"
        if asked.method == "PUT" and asked.path == f"{base}RemoteControl/door/1":
            root = ET.fromstring(asked.body)  # noqa: S314
            if root.tag != "RemoteControlDoor" or root.findtext("cmd") != "open":
                return Reply(400, b"<ResponseStatus><statusCode>5</statusCode></ResponseStatus>")
            self.opened.append("door 1")
            return Reply(200, b"<ResponseStatus><statusCode>1</statusCode></ResponseStatus>")
        if asked.method == "PUT" and asked.path == f"{base}remoteCheck":
            assert asked.query == {"format": "json"}
            check = json.loads(asked.body)["RemoteCheck"]
            if check["serialNo"] != self.WAITING:
                return Reply(400, {"statusCode": 6, "statusString": "Invalid Content"})
            if check["checkResult"] == "success":
                self.opened.append(check["serialNo"])
            return Reply(200, {"statusCode": 1, "statusString": "OK"})
        return NOT_FOUND


class BioStar2(Device):
    """A login, whose answer has the session in a header."""

    def answer(self, asked: Asked) -> Reply:
        if (asked.method, asked.path) == ("POST", "/api/login"):
            if asked.json() != {"User": {"login_id": USER, "password": PASSWORD}}:
                self.refused += 1
                return Reply(401, {"Response": {"code": "101", "message": "Login failed"}})
            return Reply(200, {"Response": {"code": "0"}}, {"bs-session-id": "session-1"})
        if asked.headers.get("bs-session-id") != "session-1":
            return Reply(401, {"Response": {"code": "10", "message": "Login required"}})
        wanted = {"DoorCollection": {"total": 1, "rows": [{"id": 5}]}}
        if asked.path != "/api/doors/open" or asked.json() != wanted:
            return Reply(400, {"Response": {"code": "20", "message": "Not found"}})
        self.opened.append(5)
        return Reply(200, {"Response": {"code": "0", "message": "Success"}})


class OnGuard(Device):
    """A login, whose answer has the token in a field; each call names the application."""

    def answer(self, asked: Asked) -> Reply:
        base = "/api/access/onguard/openaccess/"
        named = asked.headers.get("application-id") == "YOUR_APPLICATION_ID"
        if not named or asked.query != {"version": "1.0"}:
            return Reply(400, {"error": {"code": "openaccess.invalidapplicationid"}})
        if asked.path == f"{base}authentication":
            wanted = {"user_name": USER, "password": PASSWORD, "directory_id": "id-1"}
            if asked.json() != wanted:
                self.refused += 1
                return Reply(401, {"error": {"code": "openaccess.invalidcredentials"}})
            return Reply(200, {"session_token": "token-1", "version": "1.0"})
        if asked.headers.get("session-token") != "token-1":
            return Reply(401, {"error": {"code": "openaccess.invalidsession"}})
        called = asked.json()
        assert isinstance(called, dict)
        given = called["in_parameter_value_map"]
        if (called["type_name"], called["method_name"]) != (
            "Lnl_IncomingEvent",
            "SendIncomingEvent",
        ):
            return NOT_FOUND
        if not given["IsAccessGrant"] or not isinstance(given["BadgeID"], int):
            return Reply(400, {"error": {"code": "openaccess.invalidparameter"}})
        self.opened.append((given["Source"], given["Device"], given["BadgeID"]))
        return Reply(200, {"type_name": "Lnl_IncomingEvent"})


class Shelly(Device):
    """Digest with SHA-256."""

    algorithm = "SHA-256"

    def answer(self, asked: Asked) -> Reply:
        if challenge := self.digest(asked):
            return challenge
        if asked.path != "/rpc/Switch.Set":
            return NOT_FOUND
        assert asked.query == {"id": "0", "on": "true", "toggle_after": "3"}
        self.opened.append("relay 0")
        return Reply(200, {"was_on": False})


class Tasmota(Device):
    """User and password in the address."""

    def answer(self, asked: Asked) -> Reply:
        given = {name: unquote(value) for name, value in asked.query.items()}
        if (given.get("user"), given.get("password")) != (USER, PASSWORD):
            return Reply(200, {"WARNING": "Need user=<username>&password=<password>"})
        assert (asked.path, given["cmnd"]) == ("/cm", "Power On")
        self.opened.append("relay")
        return Reply(200, {"POWER": "ON"})


class HomeAssistant(Device):
    """A webhook whose id is its secret; 200 to any other as well."""

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/api/webhook/pa%3Ass%20word":
            self.opened.append(asked.json())
        return Reply(200)


class NodeRed(Device):
    """An HTTP-in node behind a password."""

    def answer(self, asked: Asked) -> Reply:
        if challenge := self.basic(asked):
            return challenge
        if (asked.method, asked.path) != ("POST", "/kith/granted"):
            return NOT_FOUND
        self.opened.append(asked.json())
        return Reply(200, {})


class Frigate(Device):
    """The sub-label of an event that there is."""

    def answer(self, asked: Asked) -> Reply:
        if asked.path != "/api/events/4711/sub_label":
            return Reply(404, {"success": False, "message": "Event not found"})
        self.opened.append(asked.json())
        return Reply(200, {"success": True, "message": "Event sub label set"})
