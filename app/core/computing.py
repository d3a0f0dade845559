"""Settings of how images are computed, each with its description."""

from typing import Annotated, Literal

from pydantic import Field

ProviderName = Annotated[
    Literal["auto", "cpu", "openvino", "cuda"],
    Field(
        description="Library that computes embeddings; `auto`: the fastest that is installed and "
        "passes the self-check, measured at the first start."
    ),
]
PrecisionName = Annotated[
    Literal["auto", "fp32", "bf16", "int8"],
    Field(
        description="Number format of that computation; `auto`: chosen with the provider; `int8`: "
        "for a bundle whose embedder is quantised."
    ),
]
Queue = Annotated[
    int,
    Field(ge=0, le=1_000_000, description="Images that may wait for inference; more get 503."),
]
