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
    provider: Literal["cpu", "openvino", "cuda"] = Field(
        description="The library that computes embeddings: `cpu` is onnxruntime, and the reference."
    )
    precision: Literal["fp32", "bf16", "int8"] = Field(
        description="Number format of the computation."
    )
    self_check: float | None = Field(
        ge=-1,
        le=1.001,
        description="Lowest cosine of its embeddings to those of the reference: 0.999 or more; "
        "null: it is the reference.",
    )
    milliseconds: dict[str, float] = Field(
        description="Milliseconds of one embedding by each provider and precision, where several "
        "were measured."
    )
    calibration: dict[str, Any] = Field(
        description="The data and date of the bundle's calibration."
    )


class ModelList(BaseModel):
    """The bundles loaded: one."""

    items: list[ModelView] = Field(description="The bundles loaded: one.")
