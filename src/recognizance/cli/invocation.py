"""What the person asked of every command."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recognizance.settings import Settings


@dataclass
class Invocation:
    """The global options of one run; travels as the context's ``obj``."""

    home: Path | None = None
    profile: str | None = None
    debug: bool = False

    def settings(self, **overrides: Any) -> "Settings":
        """Read the settings; the command's own options (unless None) win over them.

        Raises
        ------
        SettingsError
        """
        from recognizance.settings import read_settings

        return read_settings(home=self.home, **overrides)

    def command(self, rest: str) -> str:
        """Spell a command that works on the same home folder, for the person to copy."""
        words = ["recognizance"]
        if self.home is not None:
            home = os.path.abspath(self.home.expanduser())  # noqa: PTH100 - keeps links as they were typed
            words += ["--home", shlex.quote(home)]
        if self.profile is not None:
            words += ["--profile", shlex.quote(self.profile)]
        return " ".join([*words, rest])
