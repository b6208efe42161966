"""Photographs in S3, through the endpoint that the settings name."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from recognizance.cli.errors import MisuseError
from recognizance.cli.items import Item, Source, State, is_photograph, require_fitting
from recognizance.cli.naming import Naming, external_id
from recognizance.errors import ImageError, SettingsError

if TYPE_CHECKING:
    from recognizance.rekognition.s3 import S3Source
    from recognizance.settings import Settings

SCHEME = "s3://"


@dataclass(frozen=True, slots=True)
class _Object:
    """An object as it was listed."""

    store: "S3Source"
    endpoint: str
    bucket: str
    key: str
    size: int
    etag: str

    @property
    def name(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def identity(self) -> str:
        return f"{self.endpoint}\n{self.bucket}\n{self.key}"

    @property
    def held_bytes(self) -> int:
        return 0

    def state(self) -> State:
        return self.size, self.etag

    def read(self, bytes_max: int) -> bytes:
        try:
            data = self.store.fetch(self.bucket, self.key, etag=self.etag)
        except ImageError as error:
            raise type(error)(f"{self.name}: {error.message}", error.remedy) from error
        return require_fitting(data, self.name, bytes_max)

    def ready(self, bytes_max: int) -> "_Object":
        return self


def read_bucket(given: str, naming: Naming, settings: "Settings") -> Source:
    """List the photographs under ``s3://BUCKET/PREFIX``.

    Raises
    ------
    MisuseError, SettingsError
    """
    from recognizance.bootstrap import open_s3

    bucket, _, prefix = given.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise MisuseError(f"{given} names no bucket.", "Write s3://BUCKET/PREFIX.")
    store = open_s3(settings, bytes_max=settings.photograph_bytes_max)
    if store is None:
        raise SettingsError(
            "The settings name no S3 endpoint.",
            "Set RECOGNIZANCE_S3_ENDPOINT, RECOGNIZANCE_S3_BUCKETS and the credentials: docs/settings.md.",
        )
    objects = [item for item in store.list(bucket, prefix) if not item.key.endswith("/")]
    root = prefix.rpartition("/")[0]
    chosen = [item for item in objects if is_photograph(item.key)]
    items = (
        Item(
            _Object(store, str(settings.s3_endpoint), bucket, item.key, item.size, item.etag),
            external_id(PurePosixPath(item.key.removeprefix(root).lstrip("/")), naming),
        )
        for item in chosen
    )
    return Source.of(tuple(items), skipped=len(objects) - len(chosen), close=store.close)
