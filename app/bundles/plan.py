"""Reads a recipe: the sources, the models that they become, and the files that go with them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.bundles.manifest import CALIBRATION, MODEL_CARD, Manifest, entry_of
from app.core.documents import parsed
from app.errors import BundleError


@dataclass(frozen=True, slots=True)
class Plan:
    """A recipe that was read: ``steps`` is ``recipe.json``, over that of the recipe it adapts."""

    steps: dict[str, Any]
    calibration: dict[str, Any]
    model_card: str
    changes: Path | None

    def made(self, name: str) -> str:
        """SHA-256 of a model that the recipe makes."""
        return str(self.steps["made"][name])

    def has_made(self, manifest: Manifest) -> bool:
        """Whether the recipe makes the models and the contract that ``manifest`` states."""
        stated = {name: entry.sha256 for name, entry in manifest.models.items()}
        return (
            all(stated.get(name) == self.made(name) for name in self.steps["made"])
            and self._described(manifest).expected_contract_id() == manifest.contract_id
        )

    def _described(self, manifest: Manifest) -> Manifest:
        """The ``manifest`` with the recipe's description."""
        content = manifest.model_dump(mode="json") | self.steps["description"]
        return Manifest.model_validate(content)

    @property
    def name(self) -> str:
        """The bundle's name."""
        return str(self.steps["description"]["name"])


def read_plan(recipe: Path) -> Plan:
    """Read the recipe in ``recipe``; ``BundleError`` where a file is not the one it states."""
    steps = parsed((recipe / "recipe.json").read_bytes())
    if "adapts" in steps:
        steps = {**read_plan(recipe.parent / steps["adapts"]).steps, **steps}
    calibration, card = (
        _stated(recipe / name, steps.get("files", {})) for name in (CALIBRATION, MODEL_CARD)
    )
    changes = recipe / steps["changes"] if "changes" in steps else None
    return Plan(steps, parsed(calibration), card.decode(), changes)


def _stated(file: Path, digests: dict[str, str]) -> bytes:
    content = file.read_bytes()
    found = entry_of(content).sha256
    if digests.get(file.name, found) != found:
        raise BundleError(
            f"{file} has the SHA-256 {found}; its recipe states {digests[file.name]}. Install Kith "
            "again."
        )
    return content
