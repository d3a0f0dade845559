"""Lint the Helm chart by Helm's own code, render it, and hold it against Kubernetes' schemas."""

import sys
from typing import Any, Final

import helm_python
import kubernetes_validate
import yaml

_KUBERNETES: Final = "1.30"
_BY_DEFAULT: Final[dict[str, Any]] = {}
_EVERYTHING: Final[dict[str, Any]] = {
    "replicas": 3,
    "settings": {"KITH_SHUTDOWN_SECONDS": 60, "KITH_COMPREFACE": True, "KITH_QUEUE": 10_000_000},
    "imagePullSecrets": [{"name": "registry"}],
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "tlsSecret": "tls",
        "annotations": {"a": "b"},
    },
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
}


def checked(chart: str, values: dict[str, Any]) -> list[str]:
    """The kinds of what the chart makes; an error of Helm or of a schema is raised."""
    found = helm_python.lint(chart, values, strict=True)
    if found["errors"]:
        raise SystemExit(str(found["errors"]))
    kinds = []
    rendered = helm_python.Chart.load(chart).render(values, name="kith", namespace="doors")
    for name, text in rendered.items():
        for each in yaml.safe_load_all(text) if name.endswith(".yaml") else ():
            if each:
                kubernetes_validate.validate(each, _KUBERNETES, strict=True)
                kinds.append(each["kind"])
                _check_numbers(each)
    return sorted(kinds)


def _check_numbers(made: dict[str, Any]) -> None:
    """Helm writes a large number as 1e+07, unless it is asked not to."""
    if made["kind"] == "Deployment":
        (container,) = made["spec"]["template"]["spec"]["containers"]
        for each in container["env"]:
            if "e+" in each["value"]:
                raise SystemExit(f"{each['name']} is {each['value']}, which Kith does not read.")


if __name__ == "__main__":
    for values in (_BY_DEFAULT, _EVERYTHING):
        print(*checked(sys.argv[1], values))
