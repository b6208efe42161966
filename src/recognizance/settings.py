"""Typed settings: defaults, then ``settings.toml`` in the home folder, then ``RECOGNIZANCE_*`` variables.

There is no global instance: `bootstrap` reads them once and hands parts to whom they concern.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from recognizance.errors import SettingsError

PREFIX = "RECOGNIZANCE_"
_FOLDERS = (
    "home",
    "keys",
    "cache",
    "manifest",
    "models",
    "calibrations",
    "packs",
    "vector_engine_authority",
    "accuracy_report",
)
PROFILE = "RECOGNIZANCE_PROFILE"
"""Names the AWS profile that the command line signs with; no setting of the server's."""


class Settings(BaseSettings):
    """Everything an operator can set.  `docs/settings.md` lists each; a test compares the two."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("recognizance"),
        description="The one folder to back up: the record (SQLite), settings.toml, derived files. "
        "Each server has its own.",
    )
    keys: Path | None = Field(
        default=None,
        description="Folder of the sealing key. Default: beside the home folder, named <home>-keys, so that "
        "a backup of the home folder does not carry the key that opens it.",
    )
    record: str | None = Field(
        default=None,
        description="Database of the record on a PostgreSQL server, which several servers may share: "
        "postgresql://USER@HOST/DATABASE, without a password (docs/postgresql.md). Default: a file of SQLite's in the "
        "home folder.",
    )
    cache: Path | None = Field(
        default=None,
        description="Folder of prepared models; can be deleted at any time. Default: <home>/cache.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on. Only loopback is accepted.")
    port: int = Field(default=8750, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    region: str = Field(default="us-east-1", description="Region name in ARNs and in `recognizance env`.")
    threads: int | None = Field(
        default=None, ge=1, description="Photographs processed at once. Default: the number of usable cores."
    )

    embedder: str = Field(default="sface", description="Name of the embedding model in the manifest.")
    manifest: Path | None = Field(
        default=None, description="TOML file with further models (bring your own): docs/models.md."
    )
    models: Path | None = Field(
        default=None, description="Folder with model files of the digests that the manifest names."
    )
    calibrations: Path | None = Field(
        default=None, description="Folder with further calibration files made by `recognizance calibrate`."
    )
    packs: Path | None = Field(
        default=None,
        description="Folder with rule packs of your own, one folder each (docs/rules.md). "
        "`recognizance policy enable` switches them on.",
    )
    mirror: bool = Field(
        default=False,
        description="Average each template with that of the mirrored crop: a little more accurate, twice "
        "the embedding time. Part of a gallery's model: the two kinds are never compared.",
    )

    image_bytes_max: int = Field(
        default=5_242_880, ge=1, description="Largest photograph in a Rekognition request, bytes."
    )
    photograph_bytes_max: int = Field(
        default=31_457_280,
        ge=1,
        description="Largest photograph in Recognizance's own operations and the command line, bytes.",
    )
    image_pixels_max: int = Field(
        default=64_000_000, ge=6_400, description="Largest photograph, pixels, judged before it is decoded."
    )
    waiting_max: int = Field(
        default=64, ge=1, description="Requests that may wait for a core before the server answers 'busy'."
    )

    vector_engine: str | None = Field(
        default=None,
        description="Milvus server that holds the templates for searching: milvus://127.0.0.1:19530, or "
        "milvus+tls://HOST:PORT (docs/milvus.md). Default: this server searches them itself.",
    )
    vector_engine_token: str | None = Field(
        default=None, description="What the Milvus server asks for: USER:PASSWORD or a key.", repr=False
    )
    vector_engine_authority: Path | None = Field(
        default=None, description="Certificate (PEM) that vouches for the Milvus server, if no public one does."
    )
    vector_engine_seconds: float = Field(
        default=30.0, gt=0, le=600, description="How long the Milvus server may take for one answer."
    )
    gallery_idle_seconds: float = Field(
        default=3_600.0,
        gt=0,
        description="Galleries that nobody has used for so long are let go of in memory, and loaded again when needed.",
    )

    operator_requests_per_minute: int = Field(
        default=60_000,
        ge=1,
        description="Requests that one operator may send a minute; an operator's own number wins over it.",
    )

    tester_requests_per_minute: int = Field(
        default=600,
        ge=1,
        description="The same for operators who are testers; their own number wins over it.",
    )
    testing_hours: int = Field(
        default=72,
        ge=1,
        le=8_760,
        description="Hours after which a collection that a tester made is deleted, with everything in it.",
    )
    accuracy_report: Path | None = Field(
        default=None,
        description="Folder that `recognizance evaluate … --out` left, with the report on this server's model that "
        "/accuracy shows. Default: the report that comes with the shipped model.",
    )

    emergency_hours: int = Field(
        default=48,
        description="Hours within which an emergency must have been ratified, at most: 24 or 48. "
        "Who declares one may name fewer.",
    )

    log_origin: str | None = Field(
        default=None,
        pattern=r"^[^\s+]{1,200}$",
        description="Name of the log in its checkpoints, e.g. logs.example.org/faces. Fixed when the log begins; "
        "default: recognizance/ and 16 random digits.",
    )
    witnesses: tuple[str, ...] = Field(
        default=(),
        description="Witnesses that are asked to cosign checkpoints: each its URL, a space and its verifier key.",
    )
    checkpoint_seconds: float = Field(
        default=10.0,
        gt=0,
        le=86_400,
        description="How often a log that has grown is signed, and cosigned by the witnesses.",
    )

    s3_endpoint: str | None = Field(
        default=None, description="S3 endpoint for Image.S3Object and `enrol s3://…`. None: S3 input is not offered."
    )
    s3_buckets: tuple[str, ...] = Field(default=(), description="Buckets that may be read.")
    s3_access_key_id: str | None = Field(default=None, description="Credentials for the S3 endpoint.")
    s3_secret_access_key: str | None = Field(default=None, description="Credentials for the S3 endpoint.", repr=False)
    s3_region: str = Field(default="us-east-1", description="Region of the S3 endpoint.")
    s3_object_bytes_max: int = Field(default=15_728_640, ge=1, description="Largest photograph in S3, bytes.")

    @field_validator("emergency_hours")
    @classmethod
    def _be_a_day_or_two(cls, hours: int) -> int:
        if hours not in (24, 48):
            raise ValueError("give 24 or 48")
        return hours

    @field_validator("s3_endpoint")
    @classmethod
    def _hold_no_secret(cls, endpoint: str | None) -> str | None:
        # Settings are quoted in the log, which nobody can take a password out of again.
        if endpoint is not None and "@" in urlsplit(endpoint).netloc:
            raise ValueError("credentials have settings of their own, s3_access_key_id and s3_secret_access_key")
        return endpoint

    @field_validator("vector_engine")
    @classmethod
    def _hold_no_token(cls, url: str | None) -> str | None:
        if url is not None and "@" in urlsplit(url).netloc:
            raise ValueError("credentials have a setting of their own, vector_engine_token")
        return url

    @field_validator("record")
    @classmethod
    def _name_a_database(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres"):
            raise ValueError("give postgresql://USER@HOST/DATABASE")
        asked = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if ":" in parts.netloc.rpartition("@")[0] or not asked.isdisjoint(("password", "sslpassword")):
            raise ValueError("passwords belong into the file that PGPASSFILE names; docs/postgresql.md")
        return url

    @property
    def record_place(self) -> Path | str:
        """Where the record is: a file, or the URL of a database."""
        return self.record or self.home / "record.db"

    @property
    def keys_folder(self) -> Path:
        """Where the sealing key lives."""
        return self.keys or self.home.with_name(self.home.name + "-keys")

    @property
    def cache_folder(self) -> Path:
        """Where prepared models live."""
        return self.cache or self.home / "cache"

    def chosen(self) -> dict[str, str | int | bool | None]:
        """Name the settings that are not defaults, for the record; of secrets and paths only that they are set."""
        found: dict[str, str | int | bool | None] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value == field.get_default(call_default_factory=True):
                continue
            if isinstance(value, Path) or not field.repr:
                found[name] = "set"
            else:
                found[name] = value if isinstance(value, str | int | bool) else str(value)
        return found

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, and the file over the defaults."""
        home = init_settings().get("home") or env_settings().get("home") or user_data_path("recognizance")
        file = TomlConfigSettingsSource(settings_cls, toml_file=Path(home).expanduser() / "settings.toml")
        return init_settings, env_settings, file


def read_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises
    ------
    SettingsError
        Naming every wrong setting at once.
    """
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg']}" for item in error.errors())
        raise SettingsError(
            f"The settings cannot be used: {lines}.",
            "Correct settings.toml in the home folder or the RECOGNIZANCE_* variable; docs/settings.md lists all.",
        ) from error
    except ValueError as error:  # a malformed TOML file
        raise SettingsError(
            f"The settings cannot be read: {error}.",
            "Correct settings.toml in the home folder, or the variable; lists are written as JSON.",
        ) from error
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX)
        and not name.startswith((f"{PREFIX}TEST_", f"{PREFIX}BENCH_"))
        and name != PROFILE
        and name[len(PREFIX) :].lower() not in Settings.model_fields
    )
    if unknown:
        raise SettingsError(f"{unknown[0]} is not a setting.", "docs/settings.md lists all.")
    folders = {
        name: value.expanduser().absolute() for name in _FOLDERS if (value := getattr(settings, name)) is not None
    }
    return settings.model_copy(update=folders)
