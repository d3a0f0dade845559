"""The model bundle that runs."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class ModelView(BaseModel):
    """The model bundle that this service runs.

    ``manifest_sha256`` is of its ``manifest.json``, which states the SHA-256 of every other file:
    two services with the same one decide by the same models and the same calibration.
    """

    name: str
    version: str
    contract_id: str
    manifest_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    licence: str
    dimension: int = Field(ge=1)
    sample: Literal["face", "image"]
    provider: str
    precision: str
    calibration: dict[str, Any]


class ModelList(BaseModel):
    """The bundles loaded: one."""

    items: list[ModelView]
