"""The model bundle that runs."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class ModelView(BaseModel):
    """The model bundle that this service runs.

    ``manifest_sha256`` is of its ``manifest.json``, which states the SHA-256 of every other file:
    two services with the same one decide by the same models and the same calibration.
    """

    name: str = Field(description="Name of the bundle.")
    version: str = Field(description="Its version.")
    contract_id: str = Field(
        description="Id of the embedding path: embeddings of different ids cannot be compared."
    )
    manifest_sha256: str = Field(
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of the bundle's `manifest.json`, hexadecimal.",
    )
    licence: str = Field(description="Licence of the models.")
    dimension: int = Field(ge=1, description="Numbers in an embedding.")
    sample: Literal["face", "image"] = Field(
        description="What is embedded: the face that was found, or the whole image."
    )
    provider: str = Field(description="The onnxruntime execution provider that computes.")
    precision: str = Field(description="Number format of the computation.")
    calibration: dict[str, Any] = Field(
        description="The data and date of the bundle's calibration."
    )


class ModelList(BaseModel):
    """The bundles loaded: one."""

    items: list[ModelView] = Field(description="The bundles loaded: one.")
