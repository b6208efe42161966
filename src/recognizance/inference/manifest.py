"""The model manifest: which file, whose licence, what goes in and what comes out."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from recognizance.errors import ModelUnavailableError, SettingsError


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputContract(_Row):
    """What a graph expects of its picture input; values are ``(pixel − mean) · scale``, pixels 0..255.

    ``mean`` is one number, or one for each channel in the order of ``colour``.
    """

    name: str
    output: str = ""
    width_px: int = 112
    height_px: int = 112
    colour: Literal["RGB", "BGR"] = "RGB"
    mean: float | tuple[float, float, float] = 0.0
    scale: float = 1.0


class ModelEntry(_Row):
    """One model."""

    name: str = Field(pattern=r"[a-z0-9][a-z0-9_.]{0,40}")
    task: Literal["detection", "embedding", "age", "gender"]
    file: str
    package: str = ""
    sha256: str = Field(pattern=r"[0-9a-f]{64}")
    licence: str
    source: str
    training_data: str = "unknown"
    runtime: Literal["openvino", "onnxruntime"] = "openvino"
    dimension: int = Field(default=0, ge=0, le=4096)
    input: InputContract

    @model_validator(mode="after")
    def _complete(self) -> "ModelEntry":
        if self.task == "embedding":
            if self.dimension < 1:
                raise ValueError("an embedding model needs its dimension")
            if (self.input.width_px, self.input.height_px) != (112, 112):
                raise ValueError("only 112×112 embedders are supported")
        if self.task != "detection" and not self.input.output:
            raise ValueError("the model needs input.output, the name of the graph's output")
        return self


class _Manifest(_Row):
    model: tuple[ModelEntry, ...]


def read_manifest(own: Path | None) -> dict[str, ModelEntry]:
    """Read the shipped manifest and, after it, the operator's own.

    Relative file names in `own` are meant from its folder.

    Raises
    ------
    SettingsError
        If `own` cannot be read or redefines a shipped model.
    """
    shipped = resources.files("recognizance.inference").joinpath("manifest.toml").read_text(encoding="utf-8")
    entries = {entry.name: entry for entry in _Manifest.model_validate(tomllib.loads(shipped)).model}
    if own is None:
        return entries
    remedy = f"Correct {own}; docs/models.md describes the form."
    try:
        rows = _Manifest.model_validate(tomllib.loads(own.read_text(encoding="utf-8"))).model
    except OSError as error:
        raise SettingsError(f"The model manifest {own} cannot be read: {error.strerror}.", remedy) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The model manifest {own} is not TOML: {error}.", remedy) from error
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise SettingsError(f"The model manifest {own} cannot be used: {lines}.", remedy) from error
    for row in rows:
        if row.name in entries:
            raise SettingsError(f"The model manifest {own} names {row.name!r} a second time.", remedy)
        entries[row.name] = row.model_copy(update={"file": str(own.parent / row.file)})
    return entries


def find_entry(entries: dict[str, ModelEntry], name: str, task: str) -> ModelEntry:
    """Look a model up.

    Raises
    ------
    ModelUnavailableError
    """
    entry = entries.get(name)
    if entry is None or entry.task != task:
        known = ", ".join(sorted(row.name for row in entries.values() if row.task == task))
        raise ModelUnavailableError(f"There is no {task} model named {name!r}.", f"Known: {known}.")
    return entry
