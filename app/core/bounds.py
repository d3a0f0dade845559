"""Settings of what is offered to clients and how much they may take, each with its description."""

from typing import Annotated, Final

from pydantic import Field

_DAY: Final = 24 * 3600
_YEAR: Final = 365 * _DAY
MaxStreams = Annotated[
    int, Field(ge=0, le=100_000, description="Most streams of events at once; more get 503.")
]
StreamSeconds = Annotated[
    int,
    Field(
        ge=1,
        le=_DAY,
        description="Seconds after which a stream of events ends; its client comes back.",
    ),
]
PublicDocs = Annotated[
    bool, Field(description="Whether `/docs` and the documents of the API need no key.")
]
ConsoleOn = Annotated[
    bool, Field(description="Whether the pages for people are at `/console`: `on` or `off`.")
]
CompreFaceOn = Annotated[
    bool,
    Field(description="Whether clients of CompreFace are answered under `/api/v1`: `on` or `off`."),
]
DoorSilentSeconds = Annotated[
    int,
    Field(
        ge=15,
        le=_DAY,
        description="Seconds without a report after which a door whose client reports is `silent`.",
    ),
]
SyncLines = Annotated[
    int, Field(ge=1, le=10**6, description="Most people in the file of one sync; more get 413.")
]

LargeFrom = Annotated[
    int, Field(ge=1_000, le=10**9, description="Persons from which on a search scans codes.")
]
SnapshotSeconds = Annotated[
    int,
    Field(
        ge=1,
        le=_YEAR,
        description="Seconds between snapshots of changed galleries in `KITH_DATA_DIR/index`.",
    ),
]
