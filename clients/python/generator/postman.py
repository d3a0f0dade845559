"""``clients/postman``: every route as a Postman collection, format 2.1."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from generator.hints import Schema, name_of

Item = dict[str, Any]
FORMAT: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ABOUT: Final = (
    "Every route of Kith. Set the variable `url` to your service and `key` to a key of it; the "
    "other variables are the ids that requests name. Written by `make client` from /openapi.json."
)
VALUES: Final = {
    "url": "http://127.0.0.1:8000", "key": "", "collection_id": "hq", "person_id": "ada",
    "door_id": "front", "zone_id": "lobby", "group_id": "staff", "schedule_id": "always",
    "rule_id": "staff-always", "action_id": "unlock", "external_id": "hr-1001", "face_id": "1",
    "other_id": "bob",
}  # fmt: skip
"""Variables of the collection; one that is not here, such as ``key_id``, is empty."""
SAMPLES: Final[dict[str, Any]] = {
    "name": "Ada", "time_zone": "Europe/Berlin", "url": "https://lock.example.com/unlock",
    "secrets": ["KITH_SECRET_WEBHOOK"],
}  # fmt: skip
"""Values of fields whose schema says too little for a request that is taken."""
CHOSEN: Final[dict[str, Item]] = {
    "create_rule": {"door_id": "{{door_id}}"}, "replay_webhook": {"all": True},
}  # fmt: skip
"""By the operation: a field of those of which the route wants one."""
ORDER: Final = ("POST", "PUT", "GET", "PATCH", "DELETE")
"""Methods of a path in the order of its requests: what is made can be looked at."""


def collection(document: Schema) -> str:
    """The file's text: a folder for each tag, a request for each method of a path."""
    schemas = document["components"]["schemas"]
    folders: dict[str, list[Item]] = {}
    for path, item in document["paths"].items():
        for verb in sorted(item, key=lambda each: ORDER.index(each.upper())):
            operation = item[verb]
            request = _request(path, verb.upper(), operation, schemas)
            folders.setdefault(operation["tags"][0], []).append(request)
    named = sorted(set(re.findall(r"{(\w+)}", " ".join(document["paths"]))))
    values = VALUES | {name: VALUES.get(name, "") for name in named}
    found = {
        "info": {
            "name": document["info"]["title"],
            "description": f"{ABOUT}\n\n{document['info']['summary']}",
            "version": document["info"]["version"],
            "schema": FORMAT,
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{key}}", "type": "string"}],
        },
        "variable": [{"key": name, "value": value} for name, value in values.items()],
        "item": [{"name": tag, "item": requests} for tag, requests in folders.items()],
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _request(path: str, verb: str, operation: Schema, schemas: dict[str, Schema]) -> Item:
    parameters = operation.get("parameters", [])
    content = operation.get("requestBody", {}).get("content", {})
    shown = path.replace("{", "{{").replace("}", "}}")
    query = [_entry(each) for each in parameters if each["in"] == "query"]
    asked = "&".join(f"{each['key']}={each['value']}" for each in query if not each["disabled"])
    url = {
        "raw": f"{{{{url}}}}{shown}" + (f"?{asked}" if asked else ""),
        "host": ["{{url}}"],
        "path": shown.strip("/").split("/"),
    }
    made: Item = {
        "method": verb,
        "header": [_entry(each) for each in parameters if each["in"] == "header"],
        "url": url | ({"query": query} if query else {}),
        "description": operation.get("description", operation["summary"]),
    }
    if "multipart/form-data" in content:
        schema = _whole(content["multipart/form-data"]["schema"], schemas)
        made["body"] = {"mode": "formdata", "formdata": list(_fields(schema, path, schemas))}
    elif content:
        (kind,) = content
        body = _sample(content[kind]["schema"], schemas, _own_id(path))
        made["header"].append({"key": "Content-Type", "value": kind})
        body |= CHOSEN.get(operation["operationId"], {})
        text = json.dumps(body, indent=None if "ndjson" in kind else 2)
        made["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    return {"name": operation["summary"], "request": made, "response": []}


def _entry(parameter: Schema) -> Item:
    """A query parameter or a header; off, but for those that the route asks for."""
    name = parameter["name"]
    default = parameter["schema"].get("default", "")
    text = default if isinstance(default, str) else json.dumps(default)
    value = {"If-Match": "*", "Idempotency-Key": "{{$guid}}"}.get(name, text)
    described = {"description": parameter["description"]} if "description" in parameter else {}
    return {
        "key": name,
        "value": value,
        "disabled": name != "If-Match" and not parameter.get("required", False),
        **described,
    }


def _fields(schema: Schema, path: str, schemas: dict[str, Schema]) -> Iterator[Item]:
    """The fields of a form; those that may be left out are off, but for the id of what is made."""
    for name, each in schema["properties"].items():
        found: Item = {"key": name, "description": each.get("description", "")}
        is_file = "binary" in json.dumps(each)
        if is_file:
            found |= {"type": "file", "src": []}
        else:
            value = _own_id(path) if name == "id" else _sample(each, schemas, "", name)
            text = value if isinstance(value, str) else json.dumps(value)
            found |= {"type": "text", "value": text}
        needed = name in schema.get("required", []) or name == "id" or is_file
        yield found | {"disabled": not needed}


def _own_id(path: str) -> str:
    """The variable that is the id of what a path makes: of ``.../persons`` it is ``person_id``."""
    name = path.rpartition("/")[2].removesuffix("s") + "_id"
    return f"{{{{{name}}}}}" if name in VALUES else ""


def _whole(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    return schemas[name] if (name := name_of(schema)) else schema


def _sample(schema: Schema, schemas: dict[str, Schema], own_id: str = "", name: str = "") -> Any:  # noqa: ANN401 - any JSON
    """A value that a schema allows: of an object what is required, and its id."""
    schema = _whole(schema, schemas)
    if name in SAMPLES:
        return SAMPLES[name]
    if f"{name}_id" in VALUES or name in VALUES:
        return f"{{{{{name if name in VALUES else f'{name}_id'}}}}}"
    for member in ("const", "default"):
        if member in schema:
            return schema[member]
    if "enum" in schema:
        return schema["enum"][0]
    if members := schema.get("anyOf") or schema.get("oneOf"):
        return _sample(members[0], schemas, own_id, name)
    if schema.get("type") == "object":
        needed = set(schema.get("required", [])) | ({"id"} if own_id else set())
        return {
            each: own_id if each == "id" else _sample(value, schemas, "", each)
            for each, value in schema.get("properties", {}).items()
            if each in needed
        }
    if schema.get("type") == "array":
        return [_sample(schema["items"], schemas, "", name)] * schema.get("minItems", 0)
    numbers = {"integer": 1, "number": schema.get("minimum", 0), "boolean": False}
    return numbers.get(str(schema.get("type")), "")
