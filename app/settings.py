"""Every setting of the service: an environment variable with the prefix ``KITH_``, or a file of
that name in lower case, as Docker and Kubernetes provide secrets. README.md has a table of them.
"""

import os
import warnings
from pathlib import Path
from typing import Annotated, Final, Literal

import pydantic_settings
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core import bounds
from app.core.addresses import TrustedProxies
from app.core.computing import PrecisionName, ProviderName, Queue
from app.core.environment import SettingNames, allowed_values
from app.core.logging import LogFormat
from app.core.retention import AuditDays, EventDays, EvidenceDays, EvidenceKey, ProbeEvidence
from app.core.web_addresses import checked_root_path, split_origins
from app.egress import settings as egress
from app.errors import BundleError, SettingsError

MEBIBYTE = 1024 * 1024
_YEAR: Final = 365 * 24 * 3600
"""Seconds. No setting needs more, and beyond 292 years Python cannot wait."""
_TEBIBYTE: Final = 1024**4
SHIPPED: Final = Path(__file__).parent / "bundles" / "shipped"
"""The bundles that come with Kith, each in the folder of its name."""
_SECRETS_DIR: Final = Path("/run/secrets")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sendable(key: SecretStr | None) -> SecretStr | None:
    """Check that a header can carry the key unchanged: it loses blanks at its ends."""
    text = "" if key is None else key.get_secret_value()
    if text != text.strip() or any(not " " <= each <= "~" for each in text):
        raise ValueError("use printable ASCII characters alone, without a blank at either end")
    return key


class Settings(BaseSettings):
    """Frozen, read once at the start and passed in; never a global."""

    model_config = SettingsConfigDict(env_prefix="KITH_", frozen=True, extra="forbid")

    host: Annotated[str, Field(description="Address that the service listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port; 0 takes any free one.")] = 8000
    root_path: Annotated[
        str,
        AfterValidator(checked_root_path),
        Field(
            description="Path under which a proxy offers the service, such as `/kith`, whether or "
            "not the proxy takes it off; unset: the service is at `/`."
        ),
    ] = ""
    cors_origins: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(split_origins),
        Field(
            description="Origins whose web pages may call the API from a browser, with commas "
            "between them, such as `https://desk.example.com`; `*`: all; unset: none."
        ),
    ] = ()
    public_docs: bounds.PublicDocs = True
    data_dir: Annotated[
        Path, Field(description="Folder for the database, the model bundle and `admin.key`.")
    ] = Path("data")
    secrets_dir: Annotated[
        Path,
        Field(
            description="Folder of files that each hold a setting, such as `kith_admin_key`; "
            "a variable wins over a file."
        ),
    ] = _SECRETS_DIR
    database_url: Annotated[
        str | None,
        Field(
            min_length=1,
            repr=False,
            description="`postgresql://user:password@host/name`, for several replicas; "
            "unset: SQLite in `KITH_DATA_DIR/kith.db`.",
        ),
    ] = None
    admin_key: Annotated[
        SecretStr | None,
        Field(
            min_length=24,
            description="The admin key, 24 characters or more of printable ASCII; unset: the "
            "first start makes one.",
        ),
        AfterValidator(_sendable),
    ] = None
    trusted_proxies: Annotated[
        str,
        AfterValidator(TrustedProxies.checked),
        Field(
            description="Addresses and networks of the proxies in front of Kith, with commas, and "
            "`unix` for those on a Unix socket: the log takes the client's address from their "
            "`X-Forwarded-For`, the console from `X-Forwarded-Proto` whether it is https."
        ),
    ] = ""
    egress_allow: egress.AllowedPlaces = ""
    mqtt_url: egress.BrokerUrl = None
    mqtt_password: egress.BrokerPassword = None
    mqtt_ca: egress.BrokerAuthority = None
    mqtt_prefix: egress.TopicPrefix = "kith"
    mqtt_discovery: egress.DiscoveryPrefix = "homeassistant"
    model: Annotated[
        Path | None,
        Field(
            description="Folder of the model bundle, or `face-mini`, which comes with Kith, or the "
            "name of one in `KITH_DATA_DIR/models`; unset: `KITH_DATA_DIR/models/face`."
        ),
    ] = None
    model_source: Annotated[
        Path | None,
        Field(description="Folder with the two source models; `kith models pull` tries it first."),
    ] = None
    provider: ProviderName = "auto"
    precision: PrecisionName = "auto"
    threads: Annotated[
        int, Field(ge=1, le=4096, description="Inferences that run at once; default: one a core.")
    ] = _cores()
    queue: Queue = 64
    max_image_bytes: Annotated[
        int, Field(ge=1, le=_TEBIBYTE, description="Largest encoded image, in bytes.")
    ] = 10 * MEBIBYTE
    max_image_pixels: Annotated[
        int, Field(ge=1, le=10**10, description="Largest decoded image, in pixels.")
    ] = 40_000_000
    max_request_bytes: Annotated[
        int, Field(ge=1, le=_TEBIBYTE, description="Largest request body, in bytes.")
    ] = 64 * MEBIBYTE
    max_bodies_bytes: Annotated[
        int,
        Field(
            ge=1,
            le=_TEBIBYTE,
            description="Most memory for the bodies of all requests in progress, in bytes; JSON "
            "counts three times. More get 503.",
        ),
    ] = 256 * MEBIBYTE
    max_connections: Annotated[
        int, Field(ge=1, le=1_000_000, description="Most connections at once; more get 503.")
    ] = 500
    max_streams: bounds.MaxStreams = 64
    stream_seconds: bounds.StreamSeconds = 3600
    sync_lines: bounds.SyncLines = 50_000
    door_silent_seconds: bounds.DoorSilentSeconds = 180
    console: bounds.ConsoleOn = True
    compreface: bounds.CompreFaceOn = False
    request_seconds: Annotated[
        int,
        Field(
            ge=1,
            le=_YEAR,
            description="Seconds that a client may take to send a request's head, that its body or "
            "its reading of the answer may fall behind 64 KiB a second, and that a request waits "
            "for inference.",
        ),
    ] = 30
    min_face_size: Annotated[
        int,
        Field(ge=1, le=100_000, description="Smallest face, px, that is enrolled or identified."),
    ] = 24
    min_detection_score: Annotated[
        float, Field(ge=0, le=1, description="Lowest detection score that is enrolled.")
    ] = 0.7
    min_quality: Annotated[
        float, Field(ge=0, le=1, description="Lowest quality score that is enrolled.")
    ] = 0.2
    max_yaw: Annotated[
        float, Field(ge=0, le=90, description="Largest turn of the head enrolled, in degrees.")
    ] = 60.0
    max_cut_off: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Largest share of an aligned face outside of the image that is enrolled.",
        ),
    ] = 0.4
    min_recognisability: Annotated[
        float, Field(ge=0, le=1, description="Lowest recognisability that is enrolled; 0: any.")
    ] = 0.15
    large_from: bounds.LargeFrom = 50_000
    snapshot_seconds: bounds.SnapshotSeconds = 300
    stale_ok_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=_YEAR,
            description="Seconds for which identify and verify answer from the last known state, "
            "marked `stale`, while the database does not answer; 0: they answer 503.",
        ),
    ] = 0
    audit_days: AuditDays = 180
    evidence_key: EvidenceKey = None
    probe_evidence: ProbeEvidence = "hash"
    evidence_days: EvidenceDays = 180
    event_days: EventDays = 30
    shutdown_seconds: Annotated[
        int,
        Field(ge=1, le=_YEAR, description="Seconds that a stop waits for requests in progress."),
    ] = 30
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(description="Lowest level logged.")
    ] = "INFO"
    log_format: Annotated[
        LogFormat,
        Field(description="`console`, `json`, or `auto`: text on a terminal, JSON elsewhere."),
    ] = "auto"

    @property
    def database(self) -> str | Path:
        """The database's URL, or the file of the embedded one."""
        return self.database_url or self.data_dir / "kith.db"

    @property
    def bundle_dir(self) -> Path:
        """Folder of the model bundle, with the default filled in and a shipped one's name found."""
        if self.model is None:
            return self.data_dir / "models" / "face"
        return self.bundle_named(self.model)

    def bundle_named(self, named: Path) -> Path:
        """The folder ``named``, or where there is none the bundle of that name: one that comes with
        Kith, or one in ``KITH_DATA_DIR/models``. ``BundleError`` where neither is there.
        """
        # isdir: whether there may be a folder of the operator's that this process may not see.
        if os.path.isdir(named) or len(named.parts) != 1:  # noqa: PTH112 - its is_dir() raises then
            return named
        mine = self.data_dir / "models"
        for each in (SHIPPED / named, mine / named):
            if os.path.isdir(each):  # noqa: PTH112
                return each
        raise BundleError(
            f"No model bundle {str(named)!r} was found: there is no folder {named.absolute()}, "
            f"none of that name comes with Kith ({_bundles_in(SHIPPED)}), and none is in {mine} "
            f"({_bundles_in(mine)}). Give one of these names or a bundle's folder; `kith models "
            "pull` gets the default bundle."
        )

    @property
    def admin_key_file(self) -> Path:
        """The file to which the first start writes the admin key."""
        return self.data_dir / "admin.key"


def _bundles_in(folder: Path) -> str:
    return ", ".join(sorted(each.parent.name for each in folder.glob("*/manifest.json"))) or "empty"


_SECRET: Final = frozenset(
    {"admin_key", "database_url", "evidence_key", "mqtt_password", "mqtt_url"}
)
"""Settings whose values are never repeated: a URL may hold a password, and the wrong one of a pair
of keys is private."""
_SHOWN: Final = 200  # characters of a wrong value


def load_settings() -> Settings:
    """The settings of this process; ``SettingsError`` names each variable or file that is wrong."""
    folder = _secrets_dir()
    names = SettingNames("KITH_", Settings.model_fields)
    names.check(os.environ, folder)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of a secret that is there and would not be read
            return Settings(_secrets_dir=folder)
    except ValidationError as error:
        raise SettingsError(" ".join(_message(each, names) for each in error.errors())) from None
    except (UserWarning, pydantic_settings.SettingsError) as error:
        why = str(error.__cause__ or error).rstrip(".")
        raise SettingsError(f"A secret in KITH_SECRETS_DIR is not usable: {why}.") from None


def _message(error: ErrorDetails, names: SettingNames) -> str:
    field = str(error["loc"][0])
    where, value = names.where(field, os.environ)
    shown = "" if value is None or field in _SECRET else f" is {value[:_SHOWN]!r}"
    if error["type"] == "value_error":
        return f"{where}{shown}: {error['ctx']['error']}."
    allowed = allowed_values(Settings.model_json_schema()["properties"][field])
    return f"{where}{shown}{'; it' if shown else ''} must be {allowed}."


def _secrets_dir() -> Path | None:
    """The folder that KITH_SECRETS_DIR names; the usual one only where it is there and readable."""
    named = os.environ.get("KITH_SECRETS_DIR")
    if named is None:
        return _SECRETS_DIR if os.access(_SECRETS_DIR, os.R_OK | os.X_OK) else None
    return Path(named)
