"""Moments as people type them: a day, or a time of a day."""

import re
from datetime import UTC, datetime, timedelta

from recognizance.cli.errors import MisuseError

HELP = "YYYY-MM-DD, or YYYY-MM-DDTHH:MM; UTC, unless an offset such as +02:00 follows."
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def beginning(text: str | None) -> datetime | None:
    """Read from when something is: a day begins with its first moment."""
    return None if text is None else _read(text)


def ending(text: str | None) -> datetime | None:
    """Read until when something is: a day that is named is part of it."""
    if text is None:
        return None
    return _read(text) + timedelta(days=1 if _DAY.fullmatch(text) else 0)


def spelt(moment: datetime | None) -> str | None:
    """Spell a moment for JSON."""
    return moment.isoformat() if moment else None


def shown(moment: datetime | None) -> str:
    """Spell a moment for people, in the time of their machine."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else "–"


def _read(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MisuseError(f"{text!r} is no day and no time.", f"Write it as {HELP}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
