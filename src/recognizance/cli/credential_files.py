"""Secrets into files that their owner alone can read: an AWS profile, or a file of its own."""

import os
import re
import secrets
from pathlib import Path

from recognizance.cli.errors import MisuseError

_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_SECTION = re.compile(r"\s*\[\s*(.+?)\s*\]")
_KEYS = re.compile(r"\s*aws_(access_key_id|secret_access_key|session_token)\s*=")


def credentials_file() -> Path:
    """Find the file of profiles that every AWS SDK reads."""
    return Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()


def require_writable(path: Path, profile: str, *, replace: bool) -> None:
    """See that a profile can be written, before there is a secret that could be lost.

    Raises
    ------
    MisuseError
    """
    if not _NAME.fullmatch(profile):
        raise MisuseError(f"{profile!r} is no name for a profile.", "Use letters, digits, and _ . - @.")
    lines = _read(path)
    if not replace and any(_is_section(line, profile) for line in lines):
        raise MisuseError(
            f"The profile {profile} is in {path} already.", "Choose another name, or add --replace to change its key."
        )
    path.resolve().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(path.resolve().parent, os.W_OK):
        raise MisuseError(f"{path.parent} cannot be written.", "Let its owner run this, or use --out FILE.")


def write_profile(path: Path, profile: str, access_key_id: str, secret: str) -> None:
    """Add a profile with a key, or put another key into it; the rest of the file stays as it is."""
    lines, mine = [], False
    keys = [f"aws_access_key_id = {access_key_id}", f"aws_secret_access_key = {secret}"]
    written = False
    for line in _read(path):
        if _SECTION.match(line):
            mine = _is_section(line, profile)
        if mine and _KEYS.match(line):
            continue
        lines.append(line)
        if mine and not written and _SECTION.match(line):
            lines += keys
            written = True
    if not written:
        lines += [*([""] if lines else []), f"[{profile}]", *keys]
    _write(path.resolve(), "\n".join(lines) + "\n")


def require_absent(path: Path) -> None:
    """See that nothing would be overwritten, before there is a secret that could be lost; raises `MisuseError`."""
    if path.exists() or path.is_symlink():
        raise MisuseError(f"{path} exists.", "Name a file that does not.")
    if not os.access(path.absolute().parent, os.W_OK):
        raise MisuseError(f"{path.absolute().parent} cannot be written.", "Choose another place.")


def write_alone(path: Path, profile: str, access_key_id: str, secret: str) -> None:
    """Write a file of one profile, which AWS_SHARED_CREDENTIALS_FILE can name."""
    text = f"[{profile}]\naws_access_key_id = {access_key_id}\naws_secret_access_key = {secret}\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise MisuseError(f"{path} is not a file of profiles.", "Use --out FILE.") from error


def _is_section(line: str, profile: str) -> bool:
    found = _SECTION.match(line)
    return found is not None and found[1] == profile


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
